"""App Runner's actions, by boto3 against `egret serve`: what they do, each error, pages."""

import json
import urllib.request

import pytest
from serve import ROOT, code_of, eventually

# The VPC of the App Runner guide's example: subnet-a, -b and -c, sg-1 and sg-2.
VPC = ROOT / "scenarios" / "18-documentation-example" / "aws"
SUBNETS = ["subnet-a", "subnet-b", "subnet-c"]
IMAGE = {"ImageRepository": {"ImageIdentifier": "public.ecr.aws/aws-containers/hello:latest",
                             "ImageRepositoryType": "ECR_PUBLIC"}}
ARN = "arn:aws:apprunner:us-east-1:123456789012"


@pytest.fixture
def server(serve):
    return serve("--scenario", VPC)


@pytest.fixture
def app_runner(server):
    return server.client("apprunner")


def connector(app_runner, name="main", **more):
    made = app_runner.create_vpc_connector(VpcConnectorName=name, Subnets=SUBNETS, **more)
    return made["VpcConnector"]


def egress(connector):
    arn = connector["VpcConnectorArn"]
    return {"EgressConfiguration": {"EgressType": "VPC", "VpcConnectorArn": arn}}


def service(app_runner, name="main", network=None, **more):
    more |= {"NetworkConfiguration": network} if network else {}
    return app_runner.create_service(ServiceName=name, SourceConfiguration=IMAGE, **more)["Service"]


def status(app_runner, arn, wanted):
    def reached():
        found = app_runner.describe_service(ServiceArn=arn)["Service"]
        return found if found["Status"] == wanted else None
    return eventually(reached)


def running(app_runner, name="main", network=None, **more):
    return status(app_runner, service(app_runner, name, network, **more)["ServiceArn"], "RUNNING")


# Connectors


def test_a_connector_is_made_described_listed_and_deleted(app_runner):
    made = connector(app_runner, SecurityGroups=["sg-1", "sg-2"])
    arn = made["VpcConnectorArn"]
    assert arn.startswith(f"{ARN}:vpcconnector/main/1/") and len(arn.split("/")[-1]) == 32
    assert made["VpcConnectorRevision"] == 1 and made["Status"] == "ACTIVE"
    assert made["Subnets"] == SUBNETS and made["SecurityGroups"] == ["sg-1", "sg-2"]
    assert app_runner.describe_vpc_connector(VpcConnectorArn=arn)["VpcConnector"] == made
    assert app_runner.list_vpc_connectors()["VpcConnectors"] == [made]
    gone = app_runner.delete_vpc_connector(VpcConnectorArn=arn)["VpcConnector"]
    assert gone["Status"] == "INACTIVE" and gone["DeletedAt"] >= gone["CreatedAt"]
    assert app_runner.list_vpc_connectors()["VpcConnectors"] == []
    # It is still described, and its name is free again.
    assert app_runner.describe_vpc_connector(VpcConnectorArn=arn)["VpcConnector"] == gone
    assert connector(app_runner)["VpcConnectorArn"] != arn


def test_without_groups_a_connector_has_the_default_one(app_runner):
    assert connector(app_runner)["SecurityGroups"] == ["sg-default"]


@pytest.mark.parametrize("arguments, message", [
    ({"VpcConnectorName": "m" * 41}, "length less than or equal to 40"),
    ({"VpcConnectorName": "-main"}, "regular expression pattern"),
    ({"Subnets": []}, "Subnets must not be empty."),
    ({"Subnets": ["subnet-x"]}, "The subnet ID 'subnet-x' does not exist."),
    ({"Subnets": ["subnet-a", "subnet-a"]}, "Subnets has subnet-a twice."),
    ({"Subnets": [f"subnet-{n}" for n in range(17)]}, "17 items; 16 are allowed."),
    ({"SecurityGroups": ["sg-x"]}, "The security group ID 'sg-x' does not exist."),
    ({"SecurityGroups": ["sg-1", "sg-1"]}, "SecurityGroups has sg-1 twice."),
    ({"SecurityGroups": ["sg-1"] * 6}, "6 items; 5 are allowed."),
    ({"Tags": [{"Key": "aws:mine", "Value": "x"}]}, "regular expression pattern"),
    ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "key a is there twice"),
    ({"Tags": [{"Key": "a", "Value": "v" * 257}]}, "length less than or equal to 256"),
    ({"Tags": [{"Key": str(n), "Value": ""} for n in range(51)]}, "at most 50 tags"),
])
def test_what_makes_no_connector(app_runner, arguments, message):
    good = {"VpcConnectorName": "main", "Subnets": SUBNETS}
    code, said = code_of(app_runner.create_vpc_connector, **{**good, **arguments})
    assert code == "InvalidRequestException" and message in said
    assert app_runner.list_vpc_connectors()["VpcConnectors"] == []


def test_an_active_name_is_taken(app_runner):
    connector(app_runner)
    code, said = code_of(connector, app_runner=app_runner)
    assert code == "InvalidRequestException" and "already exists" in said


def test_the_eleventh_connector_is_over_quota(app_runner):
    for n in range(10):
        connector(app_runner, f"main-{n}")
    code, said = code_of(connector, app_runner=app_runner, name="main-10")
    assert (code, "quota of 10 VPC connectors" in said) == ("ServiceQuotaExceededException", True)
    # One that was deleted does not count.
    first = app_runner.list_vpc_connectors(MaxResults=1)["VpcConnectors"][0]
    app_runner.delete_vpc_connector(VpcConnectorArn=first["VpcConnectorArn"])
    connector(app_runner, "main-10")


def test_unsupported_zones_are_named_with_their_subnets(serve, tmp_path):
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text("""\
title: Two zones
vpc:
  cidr: 10.0.0.0/16
  subnets:
    subnet-1: { az: use1-az1, cidr: 10.0.1.0/24 }
    subnet-3: { az: use1-az3, cidr: 10.0.3.0/24 }
""")
    app_runner = serve("--scenario", scenario).client("apprunner")
    code, said = code_of(app_runner.create_vpc_connector, VpcConnectorName="main",
                         Subnets=["subnet-1", "subnet-3"])
    assert code == "InvalidRequestException" and "subnet-3 (use1-az3)" in said
    assert "subnet-1" not in said


def test_connectors_that_are_not_there(app_runner):
    arn = f"{ARN}:vpcconnector/main/1/{'0' * 32}"
    for call in (app_runner.describe_vpc_connector, app_runner.delete_vpc_connector):
        code, said = code_of(call, VpcConnectorArn=arn)
        assert code == "ResourceNotFoundException" and arn in said
        assert code_of(call, VpcConnectorArn="main")[0] == "InvalidRequestException"
    gone = connector(app_runner)["VpcConnectorArn"]
    app_runner.delete_vpc_connector(VpcConnectorArn=gone)
    assert code_of(app_runner.delete_vpc_connector, VpcConnectorArn=gone)[0] == "ResourceNotFoundException"


def test_connectors_come_in_pages(app_runner):
    names = {connector(app_runner, f"main-{n}")["VpcConnectorName"] for n in range(5)}
    seen, token, pages = [], {}, 0
    while True:
        page = app_runner.list_vpc_connectors(MaxResults=2, **token)
        seen += [each["VpcConnectorName"] for each in page["VpcConnectors"]]
        pages += 1
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert (set(seen), len(seen), pages) == (names, 5, 3)
    assert code_of(app_runner.list_vpc_connectors, NextToken="none")[0] == "InvalidRequestException"
    assert code_of(app_runner.list_vpc_connectors, MaxResults=101)[0] == "InvalidRequestException"


# Services


def test_a_service_is_made_and_deleted(app_runner):
    made = app_runner.create_service(ServiceName="main", SourceConfiguration=IMAGE)
    first, arn = made["Service"], made["Service"]["ServiceArn"]
    assert first["Status"] == "OPERATION_IN_PROGRESS"
    assert arn == f"{ARN}:service/main/{first['ServiceId']}" and len(first["ServiceId"]) == 32
    # What the request did not say.
    assert first["NetworkConfiguration"] == {
        "EgressConfiguration": {"EgressType": "DEFAULT"},
        "IngressConfiguration": {"IsPubliclyAccessible": True},
        "IpAddressType": "IPV4",
    }
    assert first["InstanceConfiguration"] == {"Cpu": "1024", "Memory": "2048"}
    assert first["HealthCheckConfiguration"] == {
        "Protocol": "TCP", "Path": "/", "Interval": 5, "Timeout": 2, "HealthyThreshold": 1,
        "UnhealthyThreshold": 5,
    }
    assert first["AutoScalingConfigurationSummary"]["AutoScalingConfigurationName"] == "DefaultConfiguration"
    status(app_runner, arn, "RUNNING")
    assert [s["ServiceName"] for s in app_runner.list_services()["ServiceSummaryList"]] == ["main"]
    gone = app_runner.delete_service(ServiceArn=arn)
    assert gone["Service"]["Status"] == "OPERATION_IN_PROGRESS"
    deleted = status(app_runner, arn, "DELETED")
    assert deleted["DeletedAt"] >= deleted["CreatedAt"]
    assert app_runner.list_services()["ServiceSummaryList"] == []
    operations = app_runner.list_operations(ServiceArn=arn)["OperationSummaryList"]
    assert [(o["Type"], o["Status"], o["TargetArn"]) for o in operations] == [
        ("DELETE_SERVICE", "SUCCEEDED", arn), ("CREATE_SERVICE", "SUCCEEDED", arn)]
    assert [o["Id"] for o in operations] == [gone["OperationId"], made["OperationId"]]
    assert all(o["EndedAt"] >= o["StartedAt"] for o in operations)


def test_a_service_is_paused_and_resumed(app_runner):
    arn = running(app_runner)["ServiceArn"]
    assert code_of(app_runner.resume_service, ServiceArn=arn)[0] == "InvalidStateException"
    app_runner.pause_service(ServiceArn=arn)
    status(app_runner, arn, "PAUSED")
    # What is allowed, and what is not.
    for call in (app_runner.pause_service, app_runner.update_service):
        assert code_of(call, ServiceArn=arn)[0] == "InvalidStateException"
    app_runner.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    app_runner.resume_service(ServiceArn=arn)
    status(app_runner, arn, "RUNNING")
    app_runner.pause_service(ServiceArn=arn)
    status(app_runner, arn, "PAUSED")
    app_runner.delete_service(ServiceArn=arn)
    status(app_runner, arn, "DELETED")


def test_an_update_changes_what_it_says_and_nothing_else(app_runner):
    main = connector(app_runner)
    size = {"Cpu": "2 vCPU", "Memory": "4 GB"}
    before = running(app_runner, InstanceConfiguration=size)
    arn = before["ServiceArn"]
    coming = app_runner.update_service(ServiceArn=arn, NetworkConfiguration=egress(main))["Service"]
    assert coming["Status"] == "OPERATION_IN_PROGRESS"
    after = status(app_runner, arn, "RUNNING")
    for shown in (coming, after):
        assert shown["NetworkConfiguration"]["EgressConfiguration"]["EgressType"] == "VPC"
    kept = ("InstanceConfiguration", "SourceConfiguration", "HealthCheckConfiguration", "CreatedAt")
    assert [after[key] for key in kept] == [before[key] for key in kept]
    assert after["InstanceConfiguration"] == {"Cpu": "2048", "Memory": "4096"}
    assert after["UpdatedAt"] > before["UpdatedAt"]
    code = {"CodeRepository": {"RepositoryUrl": "https://example.com", "SourceCodeVersion": {
        "Type": "BRANCH", "Value": "main"}}}
    said = code_of(app_runner.update_service, ServiceArn=arn, SourceConfiguration=code)
    assert said[0] == "InvalidRequestException" and "between code and image" in said[1]


def test_one_operation_at_a_time(serve):
    app_runner = serve("--scenario", VPC, operation_time="1h").client("apprunner")
    arn = service(app_runner)["ServiceArn"]
    for call in (app_runner.update_service, app_runner.pause_service, app_runner.resume_service,
                 app_runner.delete_service):
        code, said = code_of(call, ServiceArn=arn)
        assert code == "InvalidStateException" and "OPERATION_IN_PROGRESS" in said
    operation = app_runner.list_operations(ServiceArn=arn)["OperationSummaryList"][0]
    assert operation["Status"] == "IN_PROGRESS" and "EndedAt" not in operation


@pytest.mark.parametrize("arguments, message", [
    ({"ServiceName": "m" * 41}, "length less than or equal to 40"),
    ({"SourceConfiguration": {}}, "One of CodeRepository and ImageRepository"),
    ({"SourceConfiguration": {**IMAGE, "CodeRepository": {
        "RepositoryUrl": "x", "SourceCodeVersion": {"Type": "BRANCH", "Value": "x"}}}}, "Exactly one"),
    ({"InstanceConfiguration": {"Cpu": "256", "Memory": "12 GB"}}, "not a supported combination"),
    ({"InstanceConfiguration": {"Cpu": "3 vCPU"}}, "regular expression pattern"),
    ({"HealthCheckConfiguration": {"Interval": 21}}, "value less than or equal to 20"),
    ({"HealthCheckConfiguration": {"Protocol": "UDP"}}, "enum value set: [TCP, HTTP]"),
    ({"NetworkConfiguration": {"EgressConfiguration": {"EgressType": "NAT"}}}, "enum value set"),
    ({"NetworkConfiguration": {"EgressConfiguration": {"EgressType": "VPC"}}}, "requires a VpcConnectorArn"),
    ({"NetworkConfiguration": {"EgressConfiguration": {"VpcConnectorArn": f"{ARN}:vpcconnector/x/1/y"}}},
     "only valid when EgressType is VPC"),
    ({"NetworkConfiguration": {"EgressConfiguration": {
        "EgressType": "VPC", "VpcConnectorArn": f"{ARN}:vpcconnector/x/1/y"}}}, "does not exist"),
    ({"NetworkConfiguration": {"IpAddressType": "DUAL_STACK"}}, "DUAL_STACK"),
    ({"ObservabilityConfiguration": {"ObservabilityEnabled": True}}, "ObservabilityConfigurationArn"),
    ({"AutoScalingConfigurationArn": f"{ARN}:autoscalingconfiguration/mine"}, "does not exist"),
])
def test_what_makes_no_service(app_runner, arguments, message):
    good = {"ServiceName": "main", "SourceConfiguration": IMAGE}
    code, said = code_of(app_runner.create_service, **{**good, **arguments})
    assert code == "InvalidRequestException" and message in said
    assert app_runner.list_services()["ServiceSummaryList"] == []


def test_a_connector_that_was_deleted_is_of_no_use(app_runner):
    gone = connector(app_runner)
    app_runner.delete_vpc_connector(VpcConnectorArn=gone["VpcConnectorArn"])
    code, said = code_of(service, app_runner=app_runner, network=egress(gone))
    assert code == "InvalidRequestException" and "INACTIVE" in said


def test_a_name_is_taken_until_its_service_is_deleted(app_runner):
    arn = running(app_runner)["ServiceArn"]
    code, said = code_of(service, app_runner=app_runner)
    assert code == "InvalidRequestException" and "already exists" in said
    app_runner.delete_service(ServiceArn=arn)
    status(app_runner, arn, "DELETED")
    assert service(app_runner)["ServiceArn"] != arn


def test_the_thirty_first_service_is_over_quota(app_runner):
    for n in range(30):
        service(app_runner, f"main-{n}")
    code, said = code_of(service, app_runner=app_runner, name="main-30")
    assert (code, "quota of 30 services" in said) == ("ServiceQuotaExceededException", True)


def test_services_and_operations_come_in_pages(app_runner):
    names = [f"main-{n:02}" for n in range(25)]
    arns = [service(app_runner, name)["ServiceArn"] for name in names]
    first = app_runner.list_services(MaxResults=20)
    rest = app_runner.list_services(MaxResults=20, NextToken=first["NextToken"])
    seen = first["ServiceSummaryList"] + rest["ServiceSummaryList"]
    assert sorted(s["ServiceName"] for s in seen) == names and "NextToken" not in rest
    assert code_of(app_runner.list_services, MaxResults=21)[0] == "InvalidRequestException"
    arn = arns[0]
    status(app_runner, arn, "RUNNING")
    for call, wanted in ((app_runner.pause_service, "PAUSED"), (app_runner.resume_service, "RUNNING")):
        call(ServiceArn=arn)
        status(app_runner, arn, wanted)
    kinds, token = [], {}
    for _ in range(3):
        page = app_runner.list_operations(ServiceArn=arn, MaxResults=1, **token)
        kinds += [o["Type"] for o in page["OperationSummaryList"]]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert kinds == ["RESUME_SERVICE", "PAUSE_SERVICE", "CREATE_SERVICE"] and token is None
    assert code_of(app_runner.list_operations, ServiceArn=arn, NextToken="x")[0] == "InvalidRequestException"


def test_services_that_are_not_there(app_runner):
    arn = f"{ARN}:service/main/{'0' * 32}"
    for call in (app_runner.describe_service, app_runner.update_service, app_runner.pause_service,
                 app_runner.resume_service, app_runner.delete_service, app_runner.list_operations):
        assert code_of(call, ServiceArn=arn)[0] == "ResourceNotFoundException"


# Interfaces, and who may go


def test_a_connector_in_use_stays(app_runner):
    main = connector(app_runner)
    arn = main["VpcConnectorArn"]
    web = running(app_runner, "main", egress(main))["ServiceArn"]
    said = ("InvalidRequestException",
            f"Provided VPC connector arn is being used by other services. ARN: {arn}")
    assert code_of(app_runner.delete_vpc_connector, VpcConnectorArn=arn) == said
    app_runner.pause_service(ServiceArn=web)
    status(app_runner, web, "PAUSED")
    assert code_of(app_runner.delete_vpc_connector, VpcConnectorArn=arn) == said
    app_runner.delete_service(ServiceArn=web)
    status(app_runner, web, "DELETED")
    app_runner.delete_vpc_connector(VpcConnectorArn=arn)


def test_a_connector_is_free_when_the_update_away_from_it_is_done(app_runner):
    old, new = connector(app_runner, "old-one"), connector(app_runner, "new-one")
    arn = running(app_runner, "main", egress(old))["ServiceArn"]
    app_runner.update_service(ServiceArn=arn, NetworkConfiguration=egress(new))
    status(app_runner, arn, "RUNNING")
    app_runner.delete_vpc_connector(VpcConnectorArn=old["VpcConnectorArn"])
    assert code_of(app_runner.delete_vpc_connector,
                   VpcConnectorArn=new["VpcConnectorArn"])[0] == "InvalidRequestException"
    default = {"EgressConfiguration": {"EgressType": "DEFAULT"}}
    app_runner.update_service(ServiceArn=arn, NetworkConfiguration=default)
    status(app_runner, arn, "RUNNING")
    app_runner.delete_vpc_connector(VpcConnectorArn=new["VpcConnectorArn"])


def test_interfaces_are_shared_and_go_with_the_last_user(server, app_runner):
    # EC2 shows them by their tags, whatever else of it is there.
    def interfaces():
        tags = server.client("ec2").describe_tags(
            Filters=[{"Name": "key", "Values": ["AWSAppRunnerManaged"]}])["Tags"]
        return {tag["ResourceId"] for tag in tags}

    one = connector(app_runner, "one-way", SecurityGroups=["sg-1", "sg-2"])
    # The same set of groups in another order.
    other = connector(app_runner, "other-way", SecurityGroups=["sg-2", "sg-1"])
    apart = connector(app_runner, "apart", SecurityGroups=["sg-1"])
    assert interfaces() == set(), "a connector that nobody uses has none"
    first = running(app_runner, "first", egress(one))["ServiceArn"]
    shared = interfaces()
    assert len(shared) == 3, "one in each subnet"
    second = running(app_runner, "second", egress(other))["ServiceArn"]
    assert interfaces() == shared
    third = running(app_runner, "third", egress(apart))["ServiceArn"]
    assert len(interfaces()) == 6 and shared < interfaces()
    for arn, left in ((first, 6), (third, 3), (second, 0)):
        app_runner.delete_service(ServiceArn=arn)
        status(app_runner, arn, "DELETED")
        assert len(interfaces()) == left


def test_a_subnet_without_addresses_fails_the_service(serve, tmp_path):
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(f"""\
title: A subnet that is full
vpc:
  cidr: 10.0.0.0/16
  subnets:
    subnet-1: {{ az: use1-az1, cidr: 10.0.1.0/28 }}
hosts:
{chr(10).join(f'  host-{n}: {{ address: 10.0.1.{n} }}' for n in range(4, 15))}
""")
    app_runner = serve("--scenario", scenario).client("apprunner")
    made = app_runner.create_vpc_connector(VpcConnectorName="main", Subnets=["subnet-1"])["VpcConnector"]
    arn = service(app_runner, "main", egress(made))["ServiceArn"]
    status(app_runner, arn, "CREATE_FAILED")
    assert app_runner.list_operations(ServiceArn=arn)["OperationSummaryList"][0]["Status"] == "FAILED"
    # It may only be deleted, and holds nothing.
    assert code_of(app_runner.pause_service, ServiceArn=arn)[0] == "InvalidStateException"
    app_runner.delete_vpc_connector(VpcConnectorArn=made["VpcConnectorArn"])
    # An update that cannot be is undone.
    again = app_runner.create_vpc_connector(VpcConnectorName="main", Subnets=["subnet-1"])["VpcConnector"]
    other = running(app_runner, "other")["ServiceArn"]
    app_runner.update_service(ServiceArn=other, NetworkConfiguration=egress(again))
    after = status(app_runner, other, "RUNNING")
    assert after["NetworkConfiguration"]["EgressConfiguration"] == {"EgressType": "DEFAULT"}
    last = app_runner.list_operations(ServiceArn=other)["OperationSummaryList"][0]
    assert (last["Type"], last["Status"]) == ("UPDATE_SERVICE", "ROLLBACK_SUCCEEDED")
    app_runner.delete_vpc_connector(VpcConnectorArn=again["VpcConnectorArn"])
    app_runner.delete_service(ServiceArn=arn)
    status(app_runner, arn, "DELETED")


# Tags


def test_tags(app_runner):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    for arn in (connector(app_runner, Tags=tags)["VpcConnectorArn"],
                service(app_runner, Tags=tags)["ServiceArn"]):
        def shown():
            return app_runner.list_tags_for_resource(ResourceArn=arn)["Tags"]
        assert shown() == tags
        app_runner.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "3"}, {"Key": "c", "Value": ""}])
        app_runner.untag_resource(ResourceArn=arn, TagKeys=["a", "never"])
        assert shown() == [{"Key": "b", "Value": "3"}, {"Key": "c", "Value": ""}]
        many = [{"Key": str(n), "Value": ""} for n in range(49)]
        assert code_of(app_runner.tag_resource, ResourceArn=arn, Tags=many)[0] == "InvalidRequestException"
        assert len(shown()) == 2, "a change is whole or nothing"


def test_tags_of_what_is_not_there(app_runner):
    arn = f"{ARN}:service/main/{'0' * 32}"
    for call, more in ((app_runner.list_tags_for_resource, {}), (app_runner.untag_resource, {"TagKeys": ["a"]}),
                       (app_runner.tag_resource, {"Tags": [{"Key": "a", "Value": "b"}]})):
        assert code_of(call, ResourceArn=arn, **more)[0] == "ResourceNotFoundException"


# What there is besides


def test_an_action_that_is_not_there_is_said_not_to_be(server, app_runner):
    assert code_of(app_runner.list_connections)[0] == "UnknownOperationException"
    said = lambda: [e for e in server.log if e.get("fields", {}).get("action") == "ListConnections"]
    assert eventually(said), "the log is read by a thread of its own"


def test_every_answer_is_as_the_model_has_it(server, app_runner):
    """botocore reads what it knows; what it does not know would be lost without a word."""
    main = connector(app_runner, SecurityGroups=["sg-1"])
    arn = running(app_runner, "main", egress(main))["ServiceArn"]
    asked = {
        "DescribeVpcConnector": {"VpcConnectorArn": main["VpcConnectorArn"]}, "ListVpcConnectors": {},
        "DescribeService": {"ServiceArn": arn}, "ListServices": {}, "ListOperations": {"ServiceArn": arn},
        "ListTagsForResource": {"ResourceArn": arn},
    }
    for action, body in asked.items():
        headers = {"X-Amz-Target": f"AppRunner.{action}", "Content-Type": "application/x-amz-json-1.0"}
        request = urllib.request.Request(server.url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            said = json.load(answer)
        fits(said, app_runner.meta.service_model.operation_model(action).output_shape)


def fits(value, shape):
    match shape.type_name:
        case "structure":
            assert set(value) <= set(shape.members), (shape.name, set(value) - set(shape.members))
            assert set(shape.required_members) <= set(value), (shape.name, value)
            for name, member in value.items():
                fits(member, shape.members[name])
        case "list":
            for item in value:
                fits(item, shape.member)
        case "string":
            assert isinstance(value, str)
            assert value in shape.enum if shape.enum else True, (shape.name, value)
        case "integer" | "long":
            assert isinstance(value, int)
        case "boolean":
            assert isinstance(value, bool)
        case "timestamp":
            assert isinstance(value, (int, float))
