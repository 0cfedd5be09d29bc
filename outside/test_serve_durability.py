"""What was acknowledged is there after kill -9, and nothing is there by halves."""

import random
import threading
import time

import botocore.exceptions
from serve import ROOT, code_of, eventually

VPC = ROOT / "scenarios" / "18-documentation-example" / "aws"
ROUNDS, WRITERS, SEED = 8, 4, 11
IMAGE = {"ImageRepository": {"ImageIdentifier": "public.ecr.aws/a/b", "ImageRepositoryType": "ECR_PUBLIC"}}


class Writer(threading.Thread):
    """Makes and deletes connectors, and notes what it was told."""

    def __init__(self, server, number, count):
        super().__init__(daemon=True)
        self.client = server.client("apprunner")
        self.number, self.count = number, count
        self.there, self.unsure, self.made = {}, set(), 0

    def run(self):
        rng = random.Random(SEED + self.number * 1_000 + self.count)
        try:
            while True:
                if self.there and rng.random() < 0.3:
                    self.delete(rng.choice(sorted(self.there)))
                else:
                    self.create(f"w{self.number}-{self.count}-{self.made}")
        except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError):
            pass  # The server is gone: of what was asked last nothing is known.

    def create(self, name):
        self.made += 1
        self.unsure = {name}
        tags = [{"Key": "name", "Value": name}, {"Key": "again", "Value": name}]
        made = self.client.create_vpc_connector(VpcConnectorName=name, Subnets=["subnet-a"], Tags=tags)
        self.there[name] = made["VpcConnector"]["VpcConnectorArn"]
        self.unsure = set()

    def delete(self, name):
        arn = self.there.pop(name)
        self.unsure = {name}
        self.client.delete_vpc_connector(VpcConnectorArn=arn)
        self.unsure = set()


def test_kill_9_loses_nothing_that_was_acknowledged(serve, tmp_path):
    args = ("--data", tmp_path / "data", "--scenario", VPC, "--no-quotas")
    server = serve(*args)
    expected, made = {}, 0
    for count in range(ROUNDS):
        writers = [Writer(server, number, count) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(0.3 + 0.1 * count)
        server.kill()
        for writer in writers:
            writer.join(30)
        server.start()
        for writer in writers:
            expected |= writer.there
            made += writer.made
        unsure = set().union(*(writer.unsure for writer in writers))
        expected = check(server, expected, unsure)
    assert made > 10 * ROUNDS, f"the load was no load: {made}"


def check(server, expected, unsure):
    """Compares; what is there from now on."""
    client = server.client("apprunner")
    found = {c["VpcConnectorName"]: c["VpcConnectorArn"]
             for c in client.list_vpc_connectors()["VpcConnectors"]}
    assert set(expected) - unsure <= set(found), "what was acknowledged is lost"
    assert set(found) <= set(expected) | unsure, "what was deleted is there"
    for name, arn in found.items():
        # A connector and its tags are one change.
        tags = client.list_tags_for_resource(ResourceArn=arn)["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == {"name": name, "again": name}
    return found


def test_what_was_under_way_goes_on_after_a_restart(serve, tmp_path):
    server = serve("--data", tmp_path, "--scenario", VPC, operation_time="2s")
    client = server.client("apprunner")
    connector = client.create_vpc_connector(VpcConnectorName="main", Subnets=["subnet-a"])["VpcConnector"]
    egress = {"EgressType": "VPC", "VpcConnectorArn": connector["VpcConnectorArn"]}
    arn = client.create_service(ServiceName="main", SourceConfiguration=IMAGE, NetworkConfiguration={
        "EgressConfiguration": egress})["Service"]["ServiceArn"]
    server.kill()
    server.start()
    client = server.client("apprunner")
    assert client.describe_service(ServiceArn=arn)["Service"]["Status"] == "OPERATION_IN_PROGRESS"
    eventually(lambda: client.describe_service(ServiceArn=arn)["Service"]["Status"] == "RUNNING")
    assert code_of(client.delete_vpc_connector,
                   VpcConnectorArn=connector["VpcConnectorArn"])[0] == "InvalidRequestException"


def test_the_same_requests_make_the_same_ids(serve):
    def ids(seed):
        client = serve("--scenario", VPC, "--seed", seed).client("apprunner")
        return client.create_vpc_connector(VpcConnectorName="main", Subnets=["subnet-a"])["VpcConnector"]["VpcConnectorArn"]
    assert ids(1) == ids(1) != ids(2)


def test_one_folder_has_one_server(serve, tmp_path):
    import subprocess
    from serve import EGRET
    serve("--data", tmp_path)
    done = subprocess.run([EGRET, "serve", "--listen", "127.0.0.1:0", "--data", tmp_path],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 3 and "the account cannot be kept in" in done.stderr


def test_a_server_that_is_stopped_ends_well(serve, tmp_path):
    server = serve("--data", tmp_path)
    server.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert server.stop() == 0
    server.start()
    assert len(server.client("ec2").describe_vpcs()["Vpcs"]) == 2
