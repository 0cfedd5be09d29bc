"""A whole network by boto3 against `egret serve`: it comes, changes and goes, survives a restart, and
`egret explain` reads from the answers of the Describe actions what was programmed."""

from network import (
    allocation, ANYWHERE, by, ec2, everything, explained, igw, nat, nat_gateway_until, Network, NO_VPC, pages,
    server, subnet, table, vpc,
)
from serve import code_of, eventually


# Tags


def tags_with_keys(ec2):
    """DescribeTags, with a member by which its rows can be told apart."""
    def call(**arguments):
        page = ec2.describe_tags(**arguments)
        for tag in page["Tags"]:
            tag["Both"] = f"{tag['ResourceId']} {tag['Key']}"
        return page
    return call


def test_tags_of_all_kinds(ec2, vpc, subnet, table, igw, allocation, nat):
    ids = [vpc, subnet, table, igw, allocation, nat]
    tags = [{"Key": "team", "Value": "net"}, {"Key": "empty", "Value": ""}]
    ec2.create_tags(Resources=ids, Tags=tags)

    def found(**filters):
        return ec2.describe_tags(Filters=by(**filters))["Tags"]

    assert {tag["ResourceId"] for tag in found(key=["team"])} == set(ids)
    kinds = {tag["ResourceId"]: tag["ResourceType"] for tag in found(value=["net"])}
    assert [kinds[id] for id in ids] == [
        "vpc", "subnet", "route-table", "internet-gateway", "elastic-ip", "natgateway"]
    assert pages(tags_with_keys(ec2), "Tags", "Both") >= {f"{id} team" for id in ids}
    # Only where the value is that one.
    ec2.delete_tags(Resources=ids, Tags=[{"Key": "team", "Value": "other"}])
    assert len(found(key=["team"])) == 6
    ec2.delete_tags(Resources=ids, Tags=[{"Key": "team"}])
    assert found(key=["team"]) == [] and len(found(key=["empty"])) == 6
    ec2.delete_tags(Resources=ids)
    assert found(resource_id=ids) == []
    assert code_of(ec2.create_tags, Resources=[NO_VPC], Tags=tags)[0].startswith("Invalid")
    reserved = [{"Key": "aws:mine", "Value": "x"}]
    assert code_of(ec2.create_tags, Resources=[vpc], Tags=reserved)[0] == "InvalidParameterValue"
    many = [{"Key": f"k{n}", "Value": ""} for n in range(51)]
    assert code_of(ec2.create_tags, Resources=[vpc], Tags=many)[0] == "TagLimitExceeded"
    assert found(resource_id=[vpc]) == []


# The whole, and what comes of it


class Services:
    """Services of App Runner, one for each of these subnets."""

    def __init__(self, server, subnets):
        self.server = server
        self.ec2, self.app_runner = server.client("ec2"), server.client("apprunner")
        self.services, self.connectors = [], []
        for n, subnet in enumerate(subnets):
            made = self.app_runner.create_vpc_connector(VpcConnectorName=f"from-{n}", Subnets=[subnet])
            self.connectors.append(made["VpcConnector"]["VpcConnectorArn"])
            egress = {"EgressType": "VPC", "VpcConnectorArn": self.connectors[n]}
            image = {"ImageIdentifier": "public.ecr.aws/a/b:c", "ImageRepositoryType": "ECR_PUBLIC"}
            made = self.app_runner.create_service(
                ServiceName=f"service-{n}", SourceConfiguration={"ImageRepository": image},
                NetworkConfiguration={"EgressConfiguration": egress})
            self.services.append(made["Service"]["ServiceArn"])
        self.until("RUNNING")

    def shown(self):
        return [self.app_runner.describe_service(ServiceArn=arn)["Service"] for arn in self.services]

    def until(self, status):
        eventually(lambda: all(service["Status"] == status for service in self.shown()))

    def explain(self, folder, n, to="203.0.113.10:443"):
        return explained(self.server, folder, f"service-{n}", to)

    def delete(self):
        for arn in self.services:
            self.app_runner.delete_service(ServiceArn=arn)
        self.until("DELETED")
        for arn in self.connectors:
            self.app_runner.delete_vpc_connector(VpcConnectorArn=arn)


def test_a_network_over_three_zones_comes_changes_and_goes(server, ec2, tmp_path):
    before = everything(ec2)
    network = Network(ec2)
    services = Services(server, network.private)
    for n in range(3):
        delivered, text = services.explain(tmp_path / f"made-{n}", n)
        assert delivered and network.nats[n] in text
        assert not any(nat in text for nat in network.nats if nat != network.nats[n])

    # All by one gateway.
    for table in network.tables[1:]:
        ec2.replace_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, NatGatewayId=network.nats[0])
    delivered, text = services.explain(tmp_path / "one", 2)
    assert delivered and network.nats[0] in text and network.nats[2] not in text

    # The gateway is gone: a blackhole.
    ec2.delete_nat_gateway(NatGatewayId=network.nats[0])
    nat_gateway_until(ec2, network.nats[0], "deleted")
    delivered, text = services.explain(tmp_path / "gone", 0)
    assert not delivered and "blackhole" in text

    # Interfaces of services keep their subnets.
    for subnet in network.private:
        assert code_of(ec2.delete_subnet, SubnetId=subnet)[0] == "DependencyViolation"
    services.delete()
    network.destroy()
    assert everything(ec2) == before


def test_what_is_there_is_there_after_a_restart(serve, tmp_path):
    server = serve("--data", tmp_path / "data", operation_time="300ms")
    ec2 = server.client("ec2")
    network = Network(ec2)
    # Killed in the middle: what was under way goes on.
    extra = ec2.allocate_address()["AllocationId"]
    pending = network.nat(network.public[0], extra)
    before = everything(ec2)
    server.kill()
    ec2 = serve("--data", tmp_path / "data").client("ec2")
    nat_gateway_until(ec2, pending, "available")
    after = everything(ec2)
    for kind in before:
        if kind != "NatGateways":
            assert after[kind] == before[kind], kind
    network.ec2 = ec2
    network.nats.append(pending)
    network.allocations.append(extra)
    network.destroy()
    assert [vpc["IsDefault"] for vpc in ec2.describe_vpcs()["Vpcs"]] == [True]


def test_the_aws_cli_has_no_complaints(server):
    vpc = server.aws("aws ec2 create-vpc --cidr-block 10.0.0.0/16")["Vpc"]["VpcId"]
    made = server.aws(f"aws ec2 create-subnet --vpc-id {vpc} --cidr-block 10.0.1.0/24")
    subnet = made["Subnet"]["SubnetId"]
    server.aws(f"aws ec2 modify-subnet-attribute --subnet-id {subnet} --map-public-ip-on-launch")
    shown = server.aws(f"aws ec2 describe-subnets --subnet-ids {subnet}")["Subnets"][0]
    assert shown["MapPublicIpOnLaunch"]
    server.aws(f"aws ec2 delete-subnet --subnet-id {subnet}")
    server.aws(f"aws ec2 delete-vpc --vpc-id {vpc}")
