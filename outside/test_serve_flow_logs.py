"""Flow logs by boto3 and the aws CLI against `egret serve`: all actions, each error, filters and pages, and
the files, read by tools that know nothing of Egret."""

import gzip
import re
from pathlib import Path

import pyarrow.parquet
import pytest
import requests
from network import NO_SUBNET, NO_VPC, by, ec2, pages, subnet, tagged, vpc
from serve import ROOT, code_of, eventually

NO_LOG = "fl-0123456789abcdef0"
BUCKET = "arn:aws:s3:::my-logs"
DEFAULT = ("${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} "
           "${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}")


@pytest.fixture
def s3(tmp_path):
    return tmp_path / "s3"


@pytest.fixture
def server(serve, s3):
    return serve("--s3", s3)


@pytest.fixture
def eni(ec2, subnet):
    return ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]


def said(*resources, **more):
    return {"ResourceType": "VPC", "ResourceIds": list(resources), "TrafficType": "ALL",
            "LogDestinationType": "s3", "LogDestination": BUCKET} | more


def make(ec2, *resources, **more):
    made = ec2.create_flow_logs(**said(*resources, **more))
    assert made["Unsuccessful"] == []
    return made["FlowLogIds"]


def shown(ec2, id):
    return ec2.describe_flow_logs(FlowLogIds=[id])["FlowLogs"][0]


def files(s3):
    return sorted(str(path.relative_to(s3)) for path in Path(s3).rglob("*") if path.is_file())


# The actions


def test_a_flow_log_is_made_described_and_deleted(ec2, vpc):
    [id] = make(ec2, vpc, **tagged("vpc-flow-log", "all"))
    row = shown(ec2, id)
    assert row["FlowLogId"] == id and row["ResourceId"] == vpc and row["TrafficType"] == "ALL"
    assert row["FlowLogStatus"] == "ACTIVE" and row["DeliverLogsStatus"] == "SUCCESS"
    assert row["LogDestinationType"] == "s3" and row["LogDestination"] == BUCKET
    assert row["LogFormat"] == DEFAULT and row["MaxAggregationInterval"] == 600
    assert row["DestinationOptions"] == {
        "FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}
    assert row["Tags"] == [{"Key": "Name", "Value": "all"}]
    tags = ec2.describe_tags(Filters=by(resource_id=[id]))["Tags"]
    assert [tag["ResourceType"] for tag in tags] == ["vpc-flow-log"]
    ec2.create_tags(Resources=[id], Tags=[{"Key": "team", "Value": "net"}])
    assert len(shown(ec2, id)["Tags"]) == 2
    assert ec2.delete_flow_logs(FlowLogIds=[id])["Unsuccessful"] == []
    assert ec2.describe_flow_logs()["FlowLogs"] == []
    assert ec2.describe_tags(Filters=by(resource_id=[id]))["Tags"] == []


def test_flow_logs_of_all_kinds_of_resources(ec2, vpc, subnet, eni):
    options = {"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": True}
    format = "${interface-id} ${pkt-srcaddr} ${flow-direction}"
    [of_subnet] = make(ec2, subnet, ResourceType="Subnet", TrafficType="REJECT", MaxAggregationInterval=60,
                       LogFormat=format, DestinationOptions=options, LogDestination=f"{BUCKET}/a/b/")
    [of_eni] = make(ec2, eni, ResourceType="NetworkInterface", TrafficType="ACCEPT")
    [of_vpc] = make(ec2, vpc)
    row = shown(ec2, of_subnet)
    assert (row["LogFormat"], row["MaxAggregationInterval"], row["DestinationOptions"]) == (format, 60, options)
    assert row["LogDestination"] == f"{BUCKET}/a/b/"

    def found(**filters):
        rows = ec2.describe_flow_logs(Filters=by(**filters))["FlowLogs"]
        return {row["FlowLogId"] for row in rows}
    assert found() == {of_vpc, of_subnet, of_eni}
    assert found(resource_id=[subnet]) == {of_subnet} and found(traffic_type=["A*"]) == {of_vpc, of_eni}
    assert found(flow_log_id=[of_eni]) == {of_eni} and found(log_destination_type=["s3"]) == found()
    assert found(deliver_log_status=["FAILED"]) == found(log_group_name=["*"]) == set()
    assert code_of(ec2.describe_flow_logs, Filters=by(magic=["x"]))[0] == "InvalidParameterValue"
    missing = ("InvalidFlowLogId.NotFound", f"The flow log ID '{NO_LOG}' does not exist")
    assert code_of(ec2.describe_flow_logs, FlowLogIds=[NO_LOG]) == missing


def test_what_is_not_successful_is_told(ec2, vpc):
    made = ec2.create_flow_logs(**said(NO_VPC, vpc))
    assert len(made["FlowLogIds"]) == 1
    [item] = made["Unsuccessful"]
    assert item["ResourceId"] == NO_VPC and item["Error"]["Code"] == "InvalidVpcId.NotFound"
    made = ec2.create_flow_logs(**said(NO_SUBNET, ResourceType="Subnet"))
    assert made["FlowLogIds"] == [] and made["Unsuccessful"][0]["Error"]["Code"] == "InvalidSubnetID.NotFound"
    [item] = ec2.delete_flow_logs(FlowLogIds=[NO_LOG])["Unsuccessful"]
    assert item["ResourceId"] == NO_LOG and item["Error"]["Code"] == "InvalidFlowLogId.NotFound"


def test_flow_logs_that_cannot_be(ec2, vpc):
    def code(**more):
        arguments = {name: value for name, value in said(vpc, **more).items() if value is not None}
        return code_of(ec2.create_flow_logs, **arguments)[0]
    assert code(TrafficType="SOME") == code(MaxAggregationInterval=61) == "InvalidParameter"
    assert code(TrafficType=None) == code(LogDestination=None) == "MissingParameter"
    assert code(LogFormat="${srcadr}") == code(LogFormat="srcaddr") == "InvalidParameter"
    for place in ("logs", f"{BUCKET}/../../etc/", "arn:aws:s3:::..", f"{BUCKET}/AWSLogs/", f"{BUCKET}//a"):
        assert code(LogDestination=place) == "InvalidParameter"
    assert code(LogGroupName="group") == "InvalidParameter"
    assert code(LogDestinationType="magic") == "InvalidParameter"
    assert code(DestinationOptions={"FileFormat": "csv"}) == "InvalidParameter"
    # What Egret does not do, it says.
    assert code(LogDestinationType="cloud-watch-logs", LogDestination=None) == "UnsupportedOperation"
    assert code(LogDestinationType=None) == code(LogDestinationType="kinesis-data-firehose") == (
        "UnsupportedOperation")
    assert code(ResourceIds=["tgw-0123456789abcdef0"], ResourceType="TransitGateway") == "UnsupportedOperation"
    assert code(DryRun=True) == "DryRunOperation"
    assert ec2.describe_flow_logs()["FlowLogs"] == []
    make(ec2, vpc)
    assert code_of(ec2.create_flow_logs, **said(vpc)) == (
        "FlowLogAlreadyExists",
        "There is an existing Flow Log with the same configuration and log destination.")
    make(ec2, vpc, TrafficType="REJECT")


def test_a_token_makes_one_flow_log(ec2, vpc):
    made = [ec2.create_flow_logs(**said(vpc, ClientToken="once"))["FlowLogIds"] for _ in range(2)]
    assert made[0] == made[1] and len(ec2.describe_flow_logs()["FlowLogs"]) == 1
    assert code_of(ec2.create_flow_logs, **said(vpc, ClientToken="once", TrafficType="REJECT"))[0] == (
        "IdempotentParameterMismatch")


def test_pages(ec2, vpc):
    for n in range(12):
        make(ec2, vpc, LogDestination=f"{BUCKET}-{n}")
    assert len(pages(ec2.describe_flow_logs, "FlowLogs", "FlowLogId")) == 12
    assert code_of(ec2.describe_flow_logs, MaxResults=4)[0] == "InvalidParameterValue"
    assert code_of(ec2.describe_flow_logs, NextToken="x")[0] == "InvalidNextToken"


def test_without_a_folder_it_says_what_to_do(serve):
    ec2 = serve().client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    code, message = code_of(ec2.create_flow_logs, **said(vpc))
    assert code == "UnsupportedOperation" and "--s3 DIR" in message


# The files


def test_records_are_where_aws_puts_them(server, ec2, s3, eni, vpc):
    [text] = make(ec2, vpc, LogDestination=f"{BUCKET}/net/")
    [hourly] = make(ec2, vpc, TrafficType="REJECT", LogFormat="${vpc-id} ${interface-id} ${log-status}",
                    DestinationOptions={"FileFormat": "parquet", "HiveCompatiblePartitions": True,
                                        "PerHourPartition": True})
    assert server.stop() == 0
    parquet, packed = files(s3)
    day, end = r"\d{4}/\d{2}/\d{2}", r"\d{8}T\d{4}Z_[0-9a-f]{8}"
    whose = "123456789012_vpcflowlogs_us-east-1"
    assert re.fullmatch(rf"my-logs/net/AWSLogs/123456789012/vpcflowlogs/us-east-1/{day}/{whose}_{text}_{end}"
                        r"\.log\.gz", packed), packed
    hive = r"aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=\d{4}/month=\d{2}"
    assert re.fullmatch(rf"my-logs/AWSLogs/{hive}/day=\d\d/hour=\d\d/{whose}_{hourly}_{end}\.log\.parquet",
                        parquet), parquet
    # An interface without traffic has a record that says so.
    header, line = gzip.open(s3 / packed, "rt").read().splitlines()
    assert header == DEFAULT.replace("$", "").replace("{", "").replace("}", "")
    fields = dict(zip(header.split(), line.split()))
    assert fields["interface-id"] == eni and fields["log-status"] == "NODATA"
    assert fields["account-id"] == "123456789012" and fields["version"] == "2"
    assert 0 <= int(fields["end"]) - int(fields["start"]) < 600 and fields["srcaddr"] == "-"
    table = pyarrow.parquet.read_table(s3 / parquet).to_pylist()
    assert table == [{"vpc_id": vpc, "interface_id": eni, "log_status": "NODATA"}]


def test_live_traffic_is_recorded_packet_by_packet(serve, s3):
    server = serve("--s3", s3, "--scenario", ROOT / "scenarios" / "01-nat-over-three-zones")
    ec2 = server.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    [id] = make(ec2, vpc)
    allowed, refused = (run_traffic(server, to=f"api.example.com:{port}", rate=500, seconds=1, flows=5)
                        for port in (443, 80))
    assert allowed["dropped"] == 0 and refused["dropped"] == refused["sent"]
    ec2.delete_flow_logs(FlowLogIds=[id])
    eventually(lambda: len(files(s3)) == 1)
    header, *lines = gzip.open(s3 / files(s3)[0], "rt").read().splitlines()
    records = [dict(zip(header.split(), line.split())) for line in lines]
    # The interface that the service's tasks share is theirs alone: it saw every packet, there and back.
    tags = [{"Name": "tag:AWSAppRunnerManaged", "Values": ["true"]}]
    shared = {eni["NetworkInterfaceId"] for eni in ec2.describe_network_interfaces(Filters=tags)["NetworkInterfaces"]}

    def packets(**wanted):
        found = (record for record in records if record["interface-id"] in shared and wanted.items() <= record.items())
        return sum(int(record["packets"]) for record in found)

    assert packets(dstport="443", action="ACCEPT") == allowed["sent"] == allowed["delivered"]
    assert packets(srcport="443", action="ACCEPT") == allowed["answers_delivered"]
    assert packets(dstport="80", action="REJECT") == refused["dropped"]
    assert packets(dstport="80", action="ACCEPT") == packets(dstport="443", action="REJECT") == 0


def run_traffic(server, **plan):
    """Traffic of the service `web`, to its end."""
    url = f"{server.url}/egret/v1/traffic"
    run = requests.post(url, json={"from": "web"} | plan, timeout=10).json()

    def over():
        now = requests.get(f"{url}/{run['id']}", timeout=10).json()
        return now if now["state"] != "running" else None

    ended = eventually(over)
    assert ended["sent"] > 0 and ended["lost"] == ended["under_way"] == 0
    return ended


def test_a_flow_log_that_is_deleted_writes_no_more(server, ec2, s3, eni, vpc):
    [id] = make(ec2, vpc)
    ec2.delete_flow_logs(FlowLogIds=[id])
    # What it saw until then is written.
    eventually(lambda: len(files(s3)) == 1)
    assert server.stop() == 0
    assert len(files(s3)) == 1


def test_flow_logs_go_on_after_a_restart(serve, tmp_path):
    server = serve("--data", tmp_path)
    ec2 = server.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet)
    [id] = make(ec2, vpc)
    server.kill()
    server.start()
    assert shown(server.client("ec2"), id)["ResourceId"] == vpc
    assert server.stop() == 0
    # The folder of the data has the files.
    [file] = files(tmp_path / "s3")
    assert id in file


def test_records_that_cannot_be_written_are_told(serve, tmp_path):
    (tmp_path / "s3").write_text("no folder")
    server = serve("--s3", tmp_path / "s3")
    ec2 = server.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet)
    make(ec2, vpc)
    assert server.stop() == 0
    said = [line for line in server.log if "not delivered" in line.get("fields", {}).get("message", "")]
    assert len(said) == 1


def test_the_aws_command_line(server, vpc):
    made = server.aws(f"aws ec2 create-flow-logs --resource-type VPC --resource-ids {vpc} --traffic-type ALL "
                      f"--log-destination-type s3 --log-destination {BUCKET} --max-aggregation-interval 60")
    [id] = made["FlowLogIds"]
    found = server.aws(f"aws ec2 describe-flow-logs --flow-log-ids {id}")["FlowLogs"]
    assert [row["MaxAggregationInterval"] for row in found] == [60]
    server.aws(f"aws ec2 delete-flow-logs --flow-log-ids {id}")
