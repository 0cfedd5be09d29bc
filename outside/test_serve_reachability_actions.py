"""Reachability Analyzer's actions by boto3 and the aws CLI against `egret serve`: all errors, filters and
pages, restarts, and botocore's model as the judge of what is answered."""

import xml.etree.ElementTree as tree
from datetime import datetime, timedelta, timezone

import botocore.session
from network import ANYWHERE, by, ec2, server, tagged
from reachability import World, codes, ended, ids, make_path, start, world
from serve import code_of

NO_PATH, NO_ANALYSIS = "nip-0123456789abcdef0", "nia-0123456789abcdef0"
NO_ENI = "eni-0123456789abcdef0"


def test_paths_are_made_described_and_deleted(world, ec2):
    made = make_path(ec2, world.client, Destination=world.server, DestinationPort=5432, SourceIp="10.0.1.4",
                     **tagged("network-insights-path", "to the database"))
    id = made["NetworkInsightsPathId"]
    assert made["NetworkInsightsPathArn"].endswith(f":network-insights-path/{id}")
    assert made["Tags"] == [{"Key": "Name", "Value": "to the database"}]
    assert made["SourceArn"].endswith(world.client) and made["DestinationArn"].endswith(world.server)
    assert (made["Protocol"], made["DestinationPort"], made["SourceIp"]) == ("tcp", 5432, "10.0.1.4")
    # By ARN it is the same.
    again = make_path(ec2, made["SourceArn"], Destination=made["DestinationArn"], Protocol="udp")
    assert (again["Source"], again["Destination"]) == (world.client, world.server)

    def found(*ids, **filters):
        rows = ec2.describe_network_insights_paths(NetworkInsightsPathIds=list(ids), Filters=by(**filters))
        return {row["NetworkInsightsPathId"] for row in rows["NetworkInsightsPaths"]}
    other = again["NetworkInsightsPathId"]
    assert found() == {id, other} and found(id) == {id}
    assert found(protocol=["udp"]) == {other} and found(source=[world.client]) == {id, other}
    assert found(destination=["eni-*"], **{"tag:Name": ["to*"]}) == {id}
    assert code_of(ec2.describe_network_insights_paths, Filters=by(magic=["x"]))[0] == "InvalidParameterValue"
    missing = ("InvalidNetworkInsightsPathId.NotFound",
               f"The network insights path ID '{NO_PATH}' does not exist")
    assert code_of(ec2.describe_network_insights_paths, NetworkInsightsPathIds=[NO_PATH]) == missing
    assert code_of(ec2.delete_network_insights_path, NetworkInsightsPathId=NO_PATH) == missing
    assert code_of(ec2.start_network_insights_analysis, NetworkInsightsPathId=NO_PATH) == missing

    analysis = start(ec2, id)["NetworkInsightsAnalysisId"]
    assert code_of(ec2.delete_network_insights_path, NetworkInsightsPathId=id)[0] == (
        "AnalysisExistsForNetworkInsightsPath")
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=analysis)
    assert ec2.delete_network_insights_path(NetworkInsightsPathId=id)["NetworkInsightsPathId"] == id
    assert found() == {other}
    assert [tag for tag in ec2.describe_tags()["Tags"] if tag["ResourceId"] == id] == []


def test_paths_that_cannot_be(world, ec2):
    def code(**said):
        path = {"Source": world.client, "Destination": world.server, "Protocol": "tcp"} | said
        path = {name: value for name, value in path.items() if value is not None}
        return code_of(ec2.create_network_insights_path, **path)[0]
    assert code(Protocol="icmp") == "InvalidParameterValue"
    assert code(Source=NO_ENI) == code(Destination=NO_ENI) == "InvalidNetworkInterfaceID.NotFound"
    assert code(Source="i-0123456789abcdef0") == "InvalidInstanceID.NotFound"
    assert code(Source=world.app) == code(Destination=world.vpc) == "InvalidParameterValue"
    assert code(Destination=world.client) == "InvalidParameterValue"
    assert code(Destination=None) == "MissingParameter"
    assert code(Destination="pcx-0123456789abcdef0") == "InvalidVpcPeeringConnectionID.NotFound"
    assert code(Destination="tgw-0123456789abcdef0") == "InvalidTransitGatewayID.NotFound"
    assert code(DestinationIp="10.0.0") == code(SourceIp="::1") == "InvalidParameterValue"
    assert code(DestinationPort=0) == code(DestinationPort=65536) == "InvalidParameterValue"
    address = {"DestinationAddress": "10.0.2.4"}
    assert code(DestinationPort=1, FilterAtSource=address) == "InvalidParameterCombination"
    backwards = {"DestinationPortRange": {"FromPort": 9, "ToPort": 1}}
    assert code(FilterAtSource=backwards) == "InvalidParameterValue"
    assert code(DryRun=True) == "DryRunOperation"
    gateway = ec2.describe_network_interfaces(Filters=by(**{"interface-type": ["nat_gateway"]}))
    assert code(Source=gateway["NetworkInterfaces"][0]["NetworkInterfaceId"]) == "InvalidParameterValue"
    assert code(Source="arn:aws:apprunner:us-east-1:123456789012:service/web/0") == "InvalidParameterValue"
    assert ec2.describe_network_insights_paths()["NetworkInsightsPaths"] == []


def test_analyses_are_started_described_and_deleted(world, ec2):
    path = make_path(ec2, world.client, Destination=world.server, DestinationPort=5432)["NetworkInsightsPathId"]
    refused = make_path(ec2, world.client, Destination=world.server, DestinationPort=22)["NetworkInsightsPathId"]
    before = datetime.now(timezone.utc) - timedelta(seconds=5)
    found = start(ec2, path, **tagged("network-insights-analysis", "first"))
    id, other = found["NetworkInsightsAnalysisId"], start(ec2, refused)["NetworkInsightsAnalysisId"]
    assert found["NetworkInsightsAnalysisArn"].endswith(f":network-insights-analysis/{id}")
    assert found["NetworkInsightsPathId"] == path and found["Tags"][0]["Value"] == "first"

    def rows(**asked):
        rows = ec2.describe_network_insights_analyses(**asked)["NetworkInsightsAnalyses"]
        return {row["NetworkInsightsAnalysisId"] for row in rows}
    assert rows() == {id, other} and rows(NetworkInsightsPathId=refused) == {other}
    assert rows(Filters=by(path_found=["true"])) == {id} and rows(Filters=by(status=["succeeded"])) == {id, other}
    assert rows(AnalysisStartTime=before) == {id, other} and rows(AnalysisEndTime=before) == set()
    missing = ("InvalidNetworkInsightsAnalysisId.NotFound",
               f"The network insights analysis ID '{NO_ANALYSIS}' does not exist")
    assert code_of(ec2.describe_network_insights_analyses, NetworkInsightsAnalysisIds=[NO_ANALYSIS]) == missing
    assert code_of(ec2.delete_network_insights_analysis, NetworkInsightsAnalysisId=NO_ANALYSIS) == missing
    assert code_of(ec2.describe_network_insights_analyses, NetworkInsightsPathId=NO_PATH)[0] == (
        "InvalidNetworkInsightsPathId.NotFound")
    begin = ec2.start_network_insights_analysis
    assert code_of(begin, NetworkInsightsPathId=path, DryRun=True)[0] == "DryRunOperation"
    assert code_of(begin, NetworkInsightsPathId=path, FilterInArns=["nat"])[0] == "InvalidParameterValue"
    other_account = {"AdditionalAccounts": ["111122223333"]}
    assert code_of(begin, NetworkInsightsPathId=path, **other_account)[0] == "UnsupportedOperation"
    # The same token is the same analysis.
    twice = [begin(NetworkInsightsPathId=path, ClientToken="a")["NetworkInsightsAnalysis"] for _ in range(2)]
    assert len({analysis["NetworkInsightsAnalysisId"] for analysis in twice}) == 1
    assert code_of(begin, NetworkInsightsPathId=refused, ClientToken="a")[0] == "IdempotentParameterMismatch"
    for analysis in rows():
        ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=analysis)
    assert rows() == set()


def test_what_was_found_stays_as_it_was_found(world, ec2):
    first = world.outside()
    ec2.delete_route(RouteTableId=world.private, DestinationCidrBlock=ANYWHERE)
    assert codes(start(ec2, first["NetworkInsightsPathId"])) == ["NO_ROUTE_TO_DESTINATION"]
    assert ended(ec2, first["NetworkInsightsAnalysisId"]) == first


def test_pages(world, ec2):
    for port in range(1, 8):
        path = make_path(ec2, world.client, Destination=world.server, DestinationPort=port)
        start(ec2, path["NetworkInsightsPathId"])
    for action, member, id in (
        ("describe_network_insights_paths", "NetworkInsightsPaths", "NetworkInsightsPathId"),
        ("describe_network_insights_analyses", "NetworkInsightsAnalyses", "NetworkInsightsAnalysisId"),
    ):
        pages = ec2.get_paginator(action).paginate(PaginationConfig={"PageSize": 2})
        sizes = [page[member] for page in pages]
        assert [len(page) for page in sizes] == [2, 2, 2, 1]
        assert len({row[id] for page in sizes for row in page}) == 7
        assert code_of(getattr(ec2, action), NextToken="x")[0] == "InvalidNextToken"
        assert code_of(getattr(ec2, action), MaxResults=101)[0] == "InvalidParameterValue"


def test_a_restart_loses_nothing(serve, tmp_path):
    server = serve("--data", tmp_path / "account", operation_time="1s")
    world = World(server.client("ec2"))
    path = make_path(world.ec2, world.client, Destination=world.server, DestinationPort=5432)
    begun = world.ec2.start_network_insights_analysis(NetworkInsightsPathId=path["NetworkInsightsPathId"])
    server.kill()
    server.start()
    ec2 = server.client("ec2")
    found = ended(ec2, begun["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"])
    assert found["NetworkPathFound"] and ids(found["ForwardPathComponents"])[0] == world.client


def test_the_aws_command_line(server, world):
    aws = server.aws
    made = aws(f"aws ec2 create-network-insights-path --source {world.client} --destination {world.igw} "
               "--protocol tcp --destination-port 443")
    path = made["NetworkInsightsPath"]["NetworkInsightsPathId"]
    begun = aws(f"aws ec2 start-network-insights-analysis --network-insights-path-id {path}")
    id = begun["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"]
    # It waits as scripts do.
    ended(world.ec2, id)
    shown = aws(f"aws ec2 describe-network-insights-analyses --network-insights-analysis-ids {id}")
    [analysis] = shown["NetworkInsightsAnalyses"]
    assert analysis["NetworkPathFound"] and ids(analysis["ForwardPathComponents"])[-1] == world.igw
    aws(f"aws ec2 delete-network-insights-analysis --network-insights-analysis-id {id}")
    aws(f"aws ec2 delete-network-insights-path --network-insights-path-id {path}")


def test_botocore_knows_all_that_is_answered(world, ec2):
    """Members that the model does not have would be dropped in silence: the XML is looked at itself."""
    seen = []
    ec2.meta.events.register("after-call.ec2.DescribeNetworkInsightsAnalyses",
                             lambda http_response, **_: seen.append(http_response.content))
    world.only(world.web, 443)
    world.to_server(DestinationPort=22), world.outside()
    model = botocore.session.get_session().get_service_model("ec2")
    shape = model.operation_model("DescribeNetworkInsightsAnalyses").output_shape
    for content in seen:
        know(tree.fromstring(content), shape, skip={"requestId"})


def know(element, shape, skip=frozenset()):
    tag = element.tag.rsplit("}", 1)[-1]
    if shape.type_name == "structure":
        members = {m.serialization.get("name", name): m for name, m in shape.members.items()}
        for child in element:
            name = child.tag.rsplit("}", 1)[-1]
            if name not in skip:
                assert name in members, f"{name} in {tag}"
                know(child, members[name])
    elif shape.type_name == "list":
        for child in element:
            assert child.tag.rsplit("}", 1)[-1] == "item"
            know(child, shape.member)
    else:
        assert len(element) == 0, tag
