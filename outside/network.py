"""A VPC over three zones, made, seen and taken down again as Terraform does it: what tests of EC2 share."""

import json
import subprocess

import pytest
from serve import EGRET, ROOT, eventually

# Ids that nothing has.
NO_VPC, NO_SUBNET, NO_TABLE = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "rtb-0123456789abcdef0"
NO_IGW, NO_NAT, NO_ALLOCATION = "igw-0123456789abcdef0", "nat-0123456789abcdef0", "eipalloc-0123456789abcdef0"
ANYWHERE = "0.0.0.0/0"

# The third zone of us-east-1 is none of App Runner's.
ZONES = ("us-east-1a", "us-east-1b", "us-east-1d")


def tagged(kind, name):
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]}


def nat_gateway(ec2, id):
    return ec2.describe_nat_gateways(NatGatewayIds=[id])["NatGateways"][0]


def nat_gateway_until(ec2, id, state):
    """The gateway, as soon as it is in that state."""
    def reached():
        found = nat_gateway(ec2, id)
        return found if found["State"] == state else None
    return eventually(reached)


@pytest.fixture
def server(serve):
    return serve()


@pytest.fixture
def ec2(server):
    return server.client("ec2")


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2, vpc):
    return make_subnet(ec2, vpc, "10.0.1.0/24")["SubnetId"]


@pytest.fixture
def igw(ec2, vpc):
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made


@pytest.fixture
def table(ec2, vpc):
    return ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


@pytest.fixture
def allocation(ec2):
    return ec2.allocate_address(Domain="vpc")["AllocationId"]


@pytest.fixture
def nat(ec2, subnet, igw, allocation):
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)
    return nat_gateway_until(ec2, made["NatGateway"]["NatGatewayId"], "available")["NatGatewayId"]


def make_subnet(ec2, vpc, cidr, **more):
    return ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, **more)["Subnet"]


def by(**filters):
    return [{"Name": name.replace("_", "-"), "Values": values} for name, values in filters.items()]


def routes(ec2, table):
    found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return {route.get("DestinationCidrBlock") or route["DestinationPrefixListId"]: route for route in found}


def main_table(ec2, vpc):
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    return ec2.describe_route_tables(Filters=filters)["RouteTables"][0]


def pages(call, member, ids, **more):
    """All of a list, five at a time; each comes once."""
    found, token = [], None
    while True:
        page = call(MaxResults=5, **({"NextToken": token} if token else {}), **more)
        assert len(page[member]) <= 5
        found += [row[ids] for row in page[member]]
        token = page.get("NextToken")
        if not token:
            assert len(found) == len(set(found))
            return set(found)


class Network:
    """A public and a private subnet in each zone, and a NAT gateway in each public one."""

    def __init__(self, ec2):
        self.ec2 = ec2
        made = ec2.create_vpc(CidrBlock="10.0.0.0/16", **tagged("vpc", "main"))
        self.vpc = made["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.igw, VpcId=self.vpc)
        self.public = [self.subnet(f"10.0.{100 + n}.0/24", zone) for n, zone in enumerate(ZONES)]
        self.private = [self.subnet(f"10.0.{n}.0/24", zone) for n, zone in enumerate(ZONES)]
        self.tables, self.associations = [], []
        self.out = self.table(*self.public)
        self.route(self.out, GatewayId=self.igw)
        self.allocations = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in ZONES]
        self.nats = [self.nat(*pair) for pair in zip(self.public, self.allocations)]
        for nat in self.nats:
            nat_gateway_until(ec2, nat, "available")
        for subnet, nat in zip(self.private, self.nats):
            self.route(self.table(subnet), NatGatewayId=nat)

    def subnet(self, cidr, zone):
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=zone)
        return made["Subnet"]["SubnetId"]

    def table(self, *subnets):
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.tables.append(table)
        for subnet in subnets:
            made = self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            self.associations.append(made["AssociationId"])
        return table

    def route(self, table, cidr="0.0.0.0/0", **target):
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=cidr, **target)

    def nat(self, subnet, allocation):
        made = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)
        return made["NatGateway"]["NatGatewayId"]

    def destroy(self):
        """Whatever depends on something goes before it."""
        ec2 = self.ec2
        for association in self.associations:
            ec2.disassociate_route_table(AssociationId=association)
        for table in self.tables:
            ec2.delete_route_table(RouteTableId=table)
        for nat in self.nats:
            ec2.delete_nat_gateway(NatGatewayId=nat)
        for nat in self.nats:
            nat_gateway_until(ec2, nat, "deleted")
        for allocation in self.allocations:
            ec2.release_address(AllocationId=allocation)
        for subnet in self.public + self.private:
            ec2.delete_subnet(SubnetId=subnet)
        ec2.detach_internet_gateway(InternetGatewayId=self.igw, VpcId=self.vpc)
        ec2.delete_internet_gateway(InternetGatewayId=self.igw)
        ec2.delete_vpc(VpcId=self.vpc)


#: What an account has, by the action that says so, and the member of its answer.
KINDS = {
    "describe_vpcs": "Vpcs",
    "describe_subnets": "Subnets",
    "describe_route_tables": "RouteTables",
    "describe_internet_gateways": "InternetGateways",
    "describe_nat_gateways": "NatGateways",
    "describe_addresses": "Addresses",
    "describe_network_acls": "NetworkAcls",
    "describe_security_groups": "SecurityGroups",
    "describe_security_group_rules": "SecurityGroupRules",
    "describe_managed_prefix_lists": "PrefixLists",
    "describe_network_interfaces": "NetworkInterfaces",
    "describe_vpc_endpoints": "VpcEndpoints",
    "describe_vpc_peering_connections": "VpcPeeringConnections",
    "describe_transit_gateways": "TransitGateways",
    "describe_transit_gateway_vpc_attachments": "TransitGatewayVpcAttachments",
    "describe_transit_gateway_route_tables": "TransitGatewayRouteTables",
    "describe_tags": "Tags",
}


def everything(ec2):
    """All that the account has; what is gone, and only shown still, is left out."""
    found = {kind: getattr(ec2, action)()[kind] for action, kind in KINDS.items()}
    gone = {id for rows in found.values() for row in rows if is_gone(row) for id in row.values() if isinstance(id, str)}
    found["Tags"] = [tag for tag in found["Tags"] if tag["ResourceId"] not in gone]
    return {kind: [row for row in rows if not is_gone(row)] for kind, rows in found.items()}


def is_gone(row):
    status = row.get("Status")
    state = status.get("Code") if isinstance(status, dict) else row.get("State")
    return state in ("deleted", "failed", "rejected")


def explained(server, folder, service, to):
    """What `egret explain` reads from what the Describe actions say: whether it is delivered, and how."""
    folder.mkdir()
    ec2, app_runner = server.client("ec2"), server.client("apprunner")
    files = {kind: {kind: rows} for kind, rows in everything(ec2).items()}
    # DescribeManagedPrefixLists does not say what is in them.
    for list in files["PrefixLists"]["PrefixLists"]:
        entries = ec2.get_managed_prefix_list_entries(PrefixListId=list["PrefixListId"])["Entries"]
        files[f"entries-{list['PrefixListId']}"] = {"Entries": entries}
    for row in app_runner.list_services()["ServiceSummaryList"]:
        shown = app_runner.describe_service(ServiceArn=row["ServiceArn"])["Service"]
        files[row["ServiceName"]] = {"Service": shown}
    for row in app_runner.list_vpc_connectors()["VpcConnectors"]:
        files["connector " + row["VpcConnectorName"]] = {"VpcConnector": row}
    for name, rows in files.items():
        (folder / f"{name}.json").write_text(json.dumps(rows, default=str))
    command = [EGRET, "explain", str(folder), "--from", service, "--to", to, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode in (0, 1), done.stderr + done.stdout
    return done.returncode == 0, done.stdout
