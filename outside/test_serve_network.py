"""EC2's actions on VPCs, subnets, routes, gateways and addresses, by boto3 against `egret serve`: what
they do, each error, pages, filters; and the network that comes of it, as `egret explain` reads it from the
answers of the Describe actions."""

import json
import subprocess

import pytest
from network import Network, everything, nat_gateway, nat_gateway_until, tagged
from serve import EGRET, ROOT, code_of, eventually

NO_VPC, NO_SUBNET, NO_TABLE = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "rtb-0123456789abcdef0"
NO_IGW, NO_NAT, NO_ALLOCATION = "igw-0123456789abcdef0", "nat-0123456789abcdef0", "eipalloc-0123456789abcdef0"
ANYWHERE = "0.0.0.0/0"


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


# VPCs


def test_vpcs_have_attributes(ec2, vpc):
    def attribute(name, of=vpc):
        shown = ec2.describe_vpc_attribute(VpcId=of, Attribute=name)
        return shown[name[0].upper() + name[1:]]["Value"]

    assert attribute("enableDnsSupport") and not attribute("enableDnsHostnames")
    assert not attribute("enableNetworkAddressUsageMetrics")
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert attribute("enableDnsHostnames")
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    assert not attribute("enableDnsSupport")
    code, _ = code_of(ec2.describe_vpc_attribute, VpcId=vpc, Attribute="enableMagic")
    assert code == "InvalidParameterValue"
    both = {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": True}}
    assert code_of(ec2.modify_vpc_attribute, VpcId=vpc, **both)[0] == "InvalidParameterCombination"
    assert code_of(ec2.modify_vpc_attribute, VpcId=vpc)[0] == "MissingParameter"
    metrics = {"EnableNetworkAddressUsageMetrics": {"Value": True}}
    assert code_of(ec2.modify_vpc_attribute, VpcId=vpc, **metrics)[0] == "UnsupportedOperation"
    missing = ("InvalidVpcID.NotFound", f"The vpc ID '{NO_VPC}' does not exist")
    assert code_of(ec2.describe_vpc_attribute, VpcId=NO_VPC, Attribute="enableDnsSupport") == missing
    assert code_of(ec2.modify_vpc_attribute, VpcId=NO_VPC, EnableDnsSupport={"Value": True}) == missing


def test_vpcs_have_further_cidrs(ec2, vpc):
    made = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]
    assert made["CidrBlockState"]["State"] == "associating"
    shown = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]
    assert shown["CidrBlock"] == "10.0.0.0/16"
    both = {block["CidrBlock"]: block for block in shown["CidrBlockAssociationSet"]}
    assert set(both) == {"10.0.0.0/16", "10.1.0.0/16"}
    assert both["10.1.0.0/16"]["CidrBlockState"]["State"] == "associated"
    # Every table has a local route for it.
    assert routes(ec2, main_table(ec2, vpc)["RouteTableId"])["10.1.0.0/16"]["GatewayId"] == "local"

    def refused(cidr, of=vpc):
        return code_of(ec2.associate_vpc_cidr_block, VpcId=of, CidrBlock=cidr)[0]

    assert refused("10.1.128.0/17") == "InvalidVpc.Range"
    assert refused("10.2.0.0/8") == "InvalidVpc.Range"
    assert refused("nonsense") == "InvalidParameterValue"
    assert refused("10.2.0.0/16", NO_VPC) == "InvalidVpcID.NotFound"
    for third in (2, 3, 4):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=f"10.{third}.0.0/16")
    assert refused("10.5.0.0/16") == "CidrLimitExceeded"

    subnet = make_subnet(ec2, vpc, "10.1.0.0/24")["SubnetId"]
    gone = {"AssociationId": made["AssociationId"]}
    assert code_of(ec2.disassociate_vpc_cidr_block, **gone)[0] == "OperationNotPermitted"
    ec2.delete_subnet(SubnetId=subnet)
    answer = ec2.disassociate_vpc_cidr_block(**gone)
    assert answer["CidrBlockAssociation"]["CidrBlockState"]["State"] == "disassociating"
    assert "10.1.0.0/16" not in routes(ec2, main_table(ec2, vpc)["RouteTableId"])
    code = code_of(ec2.disassociate_vpc_cidr_block, **gone)[0]
    assert code == "InvalidVpcCidrBlockAssociationIdError.NotFound"
    primary = {"AssociationId": both["10.0.0.0/16"]["AssociationId"]}
    assert code_of(ec2.disassociate_vpc_cidr_block, **primary)[0] == "OperationNotPermitted"


def test_a_further_cidr_is_not_what_a_route_leads_away(ec2, vpc, nat, table):
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.9.1.0/24", NatGatewayId=nat)
    code, _ = code_of(ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock="10.9.0.0/16")
    assert code == "InvalidVpc.Range"
    # Part of what a route leads away may become the VPC's: the local route is the longer one.
    ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.9.1.0/25")


def test_the_default_vpc_goes_and_comes_back(ec2):
    assert code_of(ec2.create_default_vpc)[0] == "DefaultVpcAlreadyExists"
    default = ec2.describe_vpcs(Filters=by(is_default=["true"]))["Vpcs"][0]["VpcId"]
    assert code_of(ec2.delete_vpc, VpcId=default) == (
        "DependencyViolation", f"The vpc '{default}' has dependencies and cannot be deleted.")
    for subnet in ec2.describe_subnets(Filters=by(vpc_id=[default]))["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    filters = [{"Name": "attachment.vpc-id", "Values": [default]}]
    igw = ec2.describe_internet_gateways(Filters=filters)["InternetGateways"][0]["InternetGatewayId"]
    ec2.detach_internet_gateway(InternetGatewayId=igw, VpcId=default)
    ec2.delete_internet_gateway(InternetGatewayId=igw)
    ec2.delete_vpc(VpcId=default)
    assert ec2.describe_vpcs()["Vpcs"] == [] and ec2.describe_network_acls()["NetworkAcls"] == []
    assert ec2.describe_security_groups()["SecurityGroups"] == []
    attributes = ec2.describe_account_attributes(AttributeNames=["default-vpc"])["AccountAttributes"]
    assert attributes[0]["AttributeValues"][0]["AttributeValue"] == "none"

    made = ec2.create_default_vpc()["Vpc"]
    assert made["IsDefault"] and made["CidrBlock"] == "172.31.0.0/16"
    subnets = ec2.describe_subnets(Filters=by(vpc_id=[made["VpcId"]]))["Subnets"]
    assert len(subnets) == 6 and all(s["DefaultForAz"] and s["MapPublicIpOnLaunch"] for s in subnets)


def test_vpcs_are_limited(ec2):
    for n in range(4):
        ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")
    assert code_of(ec2.create_vpc, CidrBlock="10.9.0.0/16") == (
        "VpcLimitExceeded", "The maximum number of VPCs has been reached.")


# Zones, Regions, the account


def test_zones_and_regions(ec2):
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [zone["ZoneName"] for zone in zones] == [f"us-east-1{letter}" for letter in "abcdef"]
    assert zones[0]["ZoneId"] == "use1-az1" and zones[0]["State"] == "available"
    one = ec2.describe_availability_zones(ZoneIds=["use1-az2"])["AvailabilityZones"]
    assert [zone["ZoneName"] for zone in one] == ["us-east-1b"]
    last = ec2.describe_availability_zones(Filters=by(zone_name=["*f"]))["AvailabilityZones"]
    assert [zone["ZoneId"] for zone in last] == ["use1-az6"]
    assert code_of(ec2.describe_availability_zones, ZoneNames=["us-east-1z"]) == (
        "InvalidParameterValue", "Invalid availability zone: [us-east-1z]")
    assert code_of(ec2.describe_availability_zones, Filters=by(magic=["x"]))[0] == "InvalidParameterValue"

    regions = ec2.describe_regions(RegionNames=["eu-west-1"])["Regions"]
    assert [region["Endpoint"] for region in regions] == ["ec2.eu-west-1.amazonaws.com"]
    assert len(ec2.describe_regions(Filters=by(region_name=["us-*"]))["Regions"]) == 4
    assert code_of(ec2.describe_regions, RegionNames=["mars-1"])[0] == "InvalidParameterValue"


def test_account_attributes(ec2):
    found = ec2.describe_account_attributes()["AccountAttributes"]
    values = {a["AttributeName"]: a["AttributeValues"][0]["AttributeValue"] for a in found}
    assert values["supported-platforms"] == "VPC" and values["max-elastic-ips"] == "5"
    assert values["default-vpc"] == ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    code, _ = code_of(ec2.describe_account_attributes, AttributeNames=["magic"])
    assert code == "InvalidParameterValue"


# Subnets


def test_a_subnet_is_made_described_changed_and_deleted(ec2, vpc):
    made = make_subnet(ec2, vpc, "10.0.1.7/24", AvailabilityZone="us-east-1b", **tagged("subnet", "app"))
    id = made["SubnetId"]
    assert made["CidrBlock"] == "10.0.1.0/24" and made["AvailabilityZoneId"] == "use1-az2"
    # AWS keeps five addresses of each subnet.
    assert made["AvailableIpAddressCount"] == 251 and made["State"] == "available"
    assert made["SubnetArn"] == f"arn:aws:ec2:us-east-1:123456789012:subnet/{id}"
    assert ec2.describe_subnets(SubnetIds=[id])["Subnets"] == [made]
    ec2.modify_subnet_attribute(SubnetId=id, MapPublicIpOnLaunch={"Value": True})
    assert ec2.describe_subnets(SubnetIds=[id])["Subnets"][0]["MapPublicIpOnLaunch"]
    # It has the VPC's default network ACL.
    associated = [{"Name": "association.subnet-id", "Values": [id]}]
    assert len(ec2.describe_network_acls(Filters=associated)["NetworkAcls"]) == 1
    ec2.delete_subnet(SubnetId=id)
    assert ec2.describe_network_acls(Filters=associated)["NetworkAcls"] == []
    missing = ("InvalidSubnetID.NotFound", f"The subnet ID '{id}' does not exist")
    assert code_of(ec2.describe_subnets, SubnetIds=[id]) == missing
    assert code_of(ec2.delete_subnet, SubnetId=id) == missing
    assert code_of(ec2.modify_subnet_attribute, SubnetId=id, MapPublicIpOnLaunch={"Value": True}) == missing


@pytest.mark.parametrize("cidr, code, message", [
    ("10.1.0.0/24", "InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid."),
    ("10.0.0.0/15", "InvalidSubnet.Range", "The CIDR '10.0.0.0/15' is invalid."),
    ("10.0.2.0/29", "InvalidSubnet.Range", "The CIDR '10.0.2.0/29' is invalid."),
    ("10.0.1.128/25", "InvalidSubnet.Conflict", "The CIDR '10.0.1.128/25' conflicts with another subnet"),
    ("10.0.0.0/16", "InvalidSubnet.Conflict", "The CIDR '10.0.0.0/16' conflicts with another subnet"),
    ("10.0.0/24", "InvalidParameterValue",
     "Value (10.0.0/24) for parameter cidrBlock is invalid. This is not a valid CIDR block."),
])
def test_cidrs_that_a_subnet_cannot_have(ec2, vpc, subnet, cidr, code, message):
    assert code_of(ec2.create_subnet, VpcId=vpc, CidrBlock=cidr) == (code, message)


def test_subnets_refused(ec2, vpc, nat):
    def refused(**more):
        return code_of(ec2.create_subnet, **({"VpcId": vpc, "CidrBlock": "10.0.9.0/24"} | more))

    assert refused(VpcId=NO_VPC)[0] == "InvalidVpcID.NotFound"
    code, message = refused(AvailabilityZone="us-east-1z")
    assert code == "InvalidParameterValue" and "us-east-1a, us-east-1b" in message
    assert refused(AvailabilityZoneId="use1-az9")[0] == "InvalidParameterValue"
    both = {"AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az1"}
    assert refused(**both)[0] == "InvalidParameterCombination"
    assert refused(Ipv6CidrBlock="2001:db8::/64")[0] == "UnsupportedOperation"
    assert refused(DryRun=True)[0] == "DryRunOperation"
    assert refused(**tagged("vpc", "x"))[0] == "InvalidParameterValue"
    assert code_of(ec2.create_subnet, VpcId=vpc)[0] == "MissingParameter"
    assert len(ec2.describe_subnets(Filters=by(vpc_id=[vpc]))["Subnets"]) == 1
    subnet = nat_gateway(ec2, nat)["SubnetId"]
    assert code_of(ec2.delete_subnet, SubnetId=subnet) == (
        "DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.")
    dns64 = {"EnableDns64": {"Value": True}}
    assert code_of(ec2.modify_subnet_attribute, SubnetId=subnet, **dns64)[0] == "UnsupportedOperation"


def test_subnets_by_filters_and_pages(ec2, vpc):
    made = [make_subnet(ec2, vpc, f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{'ab'[n % 2]}",
                        **tagged("subnet", f"app-{n}"))["SubnetId"] for n in range(12)]

    def found(*filters):
        filters = [{"Name": name, "Values": values} for name, *values in filters]
        return {subnet["SubnetId"] for subnet in ec2.describe_subnets(Filters=filters)["Subnets"]}

    assert found(("vpc-id", vpc)) == set(made)
    assert found(("tag:Name", "app-3", "app-4")) == set(made[3:5])
    assert found(("tag:Name", "app-1*")) == {made[1], made[10], made[11]}
    assert found(("tag-key", "Name"), ("availability-zone", "us-east-1b")) == set(made[1::2])
    assert found(("cidr-block", "10.0.7.0/24")) == {made[7]}
    assert found(("vpc-id", vpc), ("availability-zone-id", "use1-az1")) == set(made[0::2])
    assert found(("vpc-id", vpc), ("available-ip-address-count", "250")) == set()
    assert code_of(ec2.describe_subnets, Filters=by(magic=["x"])) == (
        "InvalidParameterValue", "The filter 'magic' is invalid")
    assert pages(ec2.describe_subnets, "Subnets", "SubnetId", Filters=by(vpc_id=[vpc])) == set(made)
    assert code_of(ec2.describe_subnets, MaxResults=1001)[0] == "InvalidParameterValue"
    assert code_of(ec2.describe_subnets, NextToken="nonsense")[0] == "InvalidNextToken"
    paginator = ec2.get_paginator("describe_subnets").paginate(PaginationConfig={"PageSize": 7})
    assert sum(len(page["Subnets"]) for page in paginator) == 18


# Route tables and associations


def test_a_route_table_is_made_associated_and_deleted(ec2, vpc, subnet):
    made = ec2.create_route_table(VpcId=vpc, **tagged("route-table", "private"))["RouteTable"]
    id = made["RouteTableId"]
    assert made["Routes"] == [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local",
                               "Origin": "CreateRouteTable", "State": "active"}]
    assert made["Associations"] == [] and made["Tags"] == [{"Key": "Name", "Value": "private"}]
    association = ec2.associate_route_table(RouteTableId=id, SubnetId=subnet)["AssociationId"]
    again = ec2.associate_route_table(RouteTableId=id, SubnetId=subnet)
    assert again["AssociationId"] == association and again["AssociationState"]["State"] == "associated"
    shown = ec2.describe_route_tables(RouteTableIds=[id])["RouteTables"][0]["Associations"]
    assert shown == [{"Main": False, "RouteTableAssociationId": association, "RouteTableId": id,
                      "SubnetId": subnet, "AssociationState": {"State": "associated"}}]
    assert code_of(ec2.delete_route_table, RouteTableId=id) == (
        "DependencyViolation", f"The routeTable '{id}' has dependencies and cannot be deleted.")
    other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    assert code_of(ec2.associate_route_table, RouteTableId=other, SubnetId=subnet) == (
        "Resource.AlreadyAssociated",
        f"the specified association for route table {other} conflicts with an existing association")
    moved = ec2.replace_route_table_association(AssociationId=association, RouteTableId=other)
    assert moved["NewAssociationId"] != association
    ec2.delete_route_table(RouteTableId=id)
    missing = ("InvalidRouteTableID.NotFound", f"The routeTable ID '{id}' does not exist")
    assert code_of(ec2.delete_route_table, RouteTableId=id) == missing
    assert code_of(ec2.describe_route_tables, RouteTableIds=[id]) == missing
    assert code_of(ec2.associate_route_table, RouteTableId=id, SubnetId=subnet) == missing
    ec2.disassociate_route_table(AssociationId=moved["NewAssociationId"])
    assert code_of(ec2.disassociate_route_table, AssociationId=association) == (
        "InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")


def test_the_main_table_can_be_another(ec2, vpc, table):
    main = main_table(ec2, vpc)
    tie = main["Associations"][0]["RouteTableAssociationId"]
    assert code_of(ec2.disassociate_route_table, AssociationId=tie)[0] == "InvalidParameterValue"
    assert code_of(ec2.delete_route_table, RouteTableId=main["RouteTableId"])[0] == "DependencyViolation"
    ec2.replace_route_table_association(AssociationId=tie, RouteTableId=table)
    assert main_table(ec2, vpc)["RouteTableId"] == table
    ec2.delete_route_table(RouteTableId=main["RouteTableId"])
    ec2.delete_vpc(VpcId=vpc)


def test_route_tables_of_another_network(ec2, vpc, subnet, table):
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    foreign = main_table(ec2, other)["RouteTableId"]
    code, _ = code_of(ec2.associate_route_table, RouteTableId=foreign, SubnetId=subnet)
    assert code == "InvalidParameterValue"
    own = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    code, _ = code_of(ec2.replace_route_table_association, AssociationId=own, RouteTableId=foreign)
    assert code == "InvalidParameterValue"
    assert code_of(ec2.create_route_table, VpcId=NO_VPC)[0] == "InvalidVpcID.NotFound"
    code, _ = code_of(ec2.associate_route_table, RouteTableId=table, SubnetId=NO_SUBNET)
    assert code == "InvalidSubnetID.NotFound"
    code, _ = code_of(ec2.associate_route_table, RouteTableId=table, GatewayId=NO_IGW)
    assert code == "UnsupportedOperation"


def test_route_tables_by_filters_and_pages(ec2, vpc, subnet, igw):
    made = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(11)]
    ec2.create_route(RouteTableId=made[0], DestinationCidrBlock=ANYWHERE, GatewayId=igw)
    ec2.associate_route_table(RouteTableId=made[1], SubnetId=subnet)

    def found(name, value):
        filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": name, "Values": [value]}]
        shown = ec2.describe_route_tables(Filters=filters)["RouteTables"]
        return {table["RouteTableId"] for table in shown}

    assert found("route.gateway-id", igw) == {made[0]}
    assert found("route.destination-cidr-block", "0.0.0.0/*") == {made[0]}
    assert found("route.origin", "CreateRoute") == {made[0]}
    assert found("route.state", "blackhole") == set()
    assert found("association.subnet-id", subnet) == {made[1]}
    assert found("association.main", "true") == {main_table(ec2, vpc)["RouteTableId"]}
    everyone = pages(ec2.describe_route_tables, "RouteTables", "RouteTableId", Filters=by(vpc_id=[vpc]))
    assert everyone == set(made) | {main_table(ec2, vpc)["RouteTableId"]}


# Routes


def test_routes_are_made_replaced_and_deleted(ec2, table, igw, nat):
    there = {"RouteTableId": table, "DestinationCidrBlock": ANYWHERE}
    assert ec2.create_route(GatewayId=igw, **there)["Return"] is True
    assert routes(ec2, table)[ANYWHERE] == {"DestinationCidrBlock": ANYWHERE, "GatewayId": igw,
                                            "Origin": "CreateRoute", "State": "active"}
    assert code_of(ec2.create_route, NatGatewayId=nat, **there) == (
        "RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists.")
    ec2.replace_route(NatGatewayId=nat, **there)
    assert routes(ec2, table)[ANYWHERE]["NatGatewayId"] == nat
    ec2.delete_route(**there)
    assert ANYWHERE not in routes(ec2, table)
    assert code_of(ec2.delete_route, **there) == (
        "InvalidRoute.NotFound", f"no route with destination-cidr-block 0.0.0.0/0 in route table {table}")
    assert code_of(ec2.replace_route, NatGatewayId=nat, **there) == (
        "InvalidParameterValue",
        "There is no route defined for '0.0.0.0/0' in the route table. Use CreateRoute instead.")
    # EC2 takes a CIDR's first address for what was meant.
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.0.2.9/24", GatewayId=igw)
    assert "192.0.2.0/24" in routes(ec2, table)


def test_routes_by_prefix_list(ec2, table, nat):
    made = ec2.create_managed_prefix_list(PrefixListName="peers", MaxEntries=3, AddressFamily="IPv4",
                                          Entries=[{"Cidr": "198.51.100.0/24"}])
    there = {"RouteTableId": table, "DestinationPrefixListId": made["PrefixList"]["PrefixListId"]}
    ec2.create_route(NatGatewayId=nat, **there)
    assert routes(ec2, table)[there["DestinationPrefixListId"]]["NatGatewayId"] == nat
    assert code_of(ec2.create_route, NatGatewayId=nat, **there)[0] == "RouteAlreadyExists"
    ec2.delete_route(**there)
    assert code_of(ec2.delete_route, **there)[0] == "InvalidRoute.NotFound"
    missing = {"DestinationPrefixListId": "pl-0123456789abcdef0", "RouteTableId": table}
    assert code_of(ec2.create_route, NatGatewayId=nat, **missing)[0] == "InvalidPrefixListID.NotFound"


@pytest.mark.parametrize("target, code", [
    ({"GatewayId": NO_IGW}, "InvalidGatewayID.NotFound"),
    ({"NatGatewayId": NO_NAT}, "InvalidNatGatewayID.NotFound"),
    ({"NetworkInterfaceId": "eni-0123456789abcdef0"}, "InvalidNetworkInterfaceID.NotFound"),
    ({"VpcPeeringConnectionId": "pcx-0123456789abcdef0"}, "InvalidVpcPeeringConnectionID.NotFound"),
    ({"TransitGatewayId": "tgw-0123456789abcdef0"}, "InvalidTransitGatewayID.NotFound"),
    ({"VpcEndpointId": "vpce-0123456789abcdef0"}, "InvalidVpcEndpointId.NotFound"),
    ({"InstanceId": "i-0123456789abcdef0"}, "InvalidInstanceID.NotFound"),
    ({"EgressOnlyInternetGatewayId": "eigw-0123456789abcdef0"}, "UnsupportedOperation"),
    ({"CarrierGatewayId": "cagw-0123456789abcdef0"}, "UnsupportedOperation"),
    ({"GatewayId": NO_IGW, "NatGatewayId": NO_NAT}, "InvalidParameterCombination"),
    ({}, "MissingParameter"),
])
def test_targets_that_there_are_not(ec2, table, target, code):
    there = {"RouteTableId": table, "DestinationCidrBlock": ANYWHERE}
    assert code_of(ec2.create_route, **there, **target)[0] == code


def test_routes_refused(ec2, vpc, table, igw, nat, subnet):
    def refused(cidr=ANYWHERE, **more):
        arguments = {"RouteTableId": table, "DestinationCidrBlock": cidr, "NatGatewayId": nat} | more
        return code_of(ec2.create_route, **arguments)[0]

    assert refused(RouteTableId=NO_TABLE) == "InvalidRouteTableID.NotFound"
    assert refused("nonsense") == "InvalidParameterValue"
    assert refused("169.254.168.0/24") == "InvalidParameterValue"
    assert refused("10.0.0.0/16") == "RouteAlreadyExists"
    # More specific than local: a whole subnet, to what inspects packets.
    assert refused("10.0.1.0/25") == "InvalidParameterValue"
    arguments = {"RouteTableId": table, "DestinationCidrBlock": "10.0.1.0/24"}
    assert code_of(ec2.create_route, GatewayId=igw, **arguments)[0] == "InvalidParameterValue"
    ec2.create_route(NatGatewayId=nat, **arguments)
    assert code_of(ec2.create_route, RouteTableId=table, NatGatewayId=nat)[0] == "MissingParameter"
    ipv6 = {"RouteTableId": table, "DestinationIpv6CidrBlock": "::/0", "NatGatewayId": nat}
    assert code_of(ec2.create_route, **ipv6)[0] == "UnsupportedOperation"
    # What is another network's.
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    foreign = {"RouteTableId": main_table(ec2, other)["RouteTableId"], "DestinationCidrBlock": ANYWHERE}
    for target in ({"GatewayId": igw}, {"NatGatewayId": nat}):
        code, message = code_of(ec2.create_route, **foreign, **target)
        assert code == "InvalidParameterValue" and "belong to different networks" in message


def test_local_routes_stay_and_can_lead_elsewhere(ec2, table, nat, igw):
    local = {"RouteTableId": table, "DestinationCidrBlock": "10.0.0.0/16"}
    assert code_of(ec2.delete_route, **local) == (
        "InvalidParameterValue", f"cannot remove local route 10.0.0.0/16 in route table {table}")
    assert code_of(ec2.replace_route, GatewayId=igw, **local)[0] == "InvalidParameterValue"
    ec2.replace_route(NatGatewayId=nat, **local)
    shown = routes(ec2, table)["10.0.0.0/16"]
    assert shown["NatGatewayId"] == nat and shown["Origin"] == "CreateRouteTable"
    ec2.replace_route(LocalTarget=True, **local)
    assert routes(ec2, table)["10.0.0.0/16"]["GatewayId"] == "local"
    other = {"RouteTableId": table, "DestinationCidrBlock": ANYWHERE}
    ec2.create_route(NatGatewayId=nat, **other)
    assert code_of(ec2.replace_route, LocalTarget=True, **other)[0] == "InvalidParameterValue"


# Internet gateways


def test_an_internet_gateway_comes_and_goes(ec2, vpc, table):
    made = ec2.create_internet_gateway(**tagged("internet-gateway", "out"))["InternetGateway"]
    id = made["InternetGatewayId"]
    assert made["Attachments"] == [] and made["OwnerId"] == "123456789012"
    pair = {"InternetGatewayId": id, "VpcId": vpc}
    assert code_of(ec2.detach_internet_gateway, **pair) == (
        "Gateway.NotAttached", f"resource {id} is not attached to network {vpc}")
    ec2.attach_internet_gateway(**pair)
    shown = ec2.describe_internet_gateways(InternetGatewayIds=[id])["InternetGateways"][0]
    assert shown["Attachments"] == [{"State": "available", "VpcId": vpc}]
    assert code_of(ec2.attach_internet_gateway, **pair) == (
        "Resource.AlreadyAssociated", f"resource {id} is already attached to network {vpc}")
    second = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    code, _ = code_of(ec2.attach_internet_gateway, InternetGatewayId=second, VpcId=vpc)
    assert code == "InvalidParameterValue"
    assert code_of(ec2.delete_internet_gateway, InternetGatewayId=id) == (
        "DependencyViolation", f"The internetGateway '{id}' has dependencies and cannot be deleted.")
    assert code_of(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, GatewayId=id)
    ec2.detach_internet_gateway(**pair)
    assert routes(ec2, table)[ANYWHERE]["State"] == "blackhole"
    ec2.delete_internet_gateway(InternetGatewayId=id)
    assert routes(ec2, table)[ANYWHERE]["State"] == "blackhole"
    missing = ("InvalidInternetGatewayID.NotFound", f"The internetGateway ID '{id}' does not exist")
    assert code_of(ec2.delete_internet_gateway, InternetGatewayId=id) == missing
    assert code_of(ec2.attach_internet_gateway, **pair) == missing
    assert code_of(ec2.describe_internet_gateways, InternetGatewayIds=[id]) == missing
    code, _ = code_of(ec2.attach_internet_gateway, InternetGatewayId=second, VpcId=NO_VPC)
    assert code == "InvalidVpcID.NotFound"


def test_internet_gateways_by_filters_pages_and_quota(serve):
    ec2 = serve("--no-quotas").client("ec2")
    tags = [tagged("internet-gateway", f"g{n}") for n in range(7)]
    made = [ec2.create_internet_gateway(**tag)["InternetGateway"]["InternetGatewayId"] for tag in tags]
    named = [{"Name": "tag:Name", "Values": ["g?"]}]
    found = pages(ec2.describe_internet_gateways, "InternetGateways", "InternetGatewayId", Filters=named)
    assert found == set(made)
    attached = [{"Name": "attachment.state", "Values": ["available"]}]
    assert len(ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]) == 1
    limited = serve().client("ec2")
    for _ in range(4):
        limited.create_internet_gateway()
    assert code_of(limited.create_internet_gateway)[0] == "InternetGatewayLimitExceeded"


# Elastic IP addresses


def test_addresses_are_allocated_and_released(ec2):
    made = ec2.allocate_address(Domain="vpc", **tagged("elastic-ip", "nat"))
    assert made["Domain"] == "vpc" and made["PublicIp"].startswith("198.18.")
    id = made["AllocationId"]
    shown = ec2.describe_addresses(AllocationIds=[id])["Addresses"][0]
    assert shown["PublicIp"] == made["PublicIp"] and "AssociationId" not in shown
    assert ec2.describe_addresses(PublicIps=[made["PublicIp"]])["Addresses"] == [shown]
    assert ec2.describe_addresses(Filters=by(public_ip=["198.18.*"]))["Addresses"] == [shown]
    assert ec2.describe_addresses(Filters=[{"Name": "tag:Name", "Values": ["other"]}])["Addresses"] == []
    chosen = ec2.allocate_address(Domain="vpc", Address="198.51.100.10")
    assert chosen["PublicIp"] == "198.51.100.10"
    for taken in ("198.51.100.10", "10.0.0.1"):
        assert code_of(ec2.allocate_address, Address=taken)[0] == "InvalidAddress.NotFound"
    for _ in range(3):
        ec2.allocate_address()
    assert code_of(ec2.allocate_address) == (
        "AddressLimitExceeded", "The maximum number of addresses has been reached.")
    ec2.release_address(AllocationId=id)
    missing = ("InvalidAllocationID.NotFound", f"The allocation ID '{id}' does not exist")
    assert code_of(ec2.release_address, AllocationId=id) == missing
    assert code_of(ec2.describe_addresses, AllocationIds=[id]) == missing
    assert code_of(ec2.describe_addresses, PublicIps=["192.0.2.1"]) == (
        "InvalidAddress.NotFound", "Address '192.0.2.1' not found.")
    assert code_of(ec2.release_address)[0] == "MissingParameter"
    ec2.release_address(PublicIp="198.51.100.10")
    assert code_of(ec2.allocate_address, PublicIpv4Pool="ipv4pool-ec2-1")[0] == "UnsupportedOperation"
    assert code_of(ec2.allocate_address, Domain="standard")[0] == "InvalidParameterValue"


def test_addresses_are_nobody_elses(serve):
    """A scenario's hosts have theirs."""
    ec2 = serve("--scenario", ROOT / "scenarios" / "01-nat-over-three-zones").client("ec2")
    code, _ = code_of(ec2.allocate_address, Address="203.0.113.10")
    assert code == "InvalidAddress.NotFound"


def test_an_address_of_a_nat_gateway_is_not_the_accounts_to_move(ec2, nat, allocation):
    shown = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]
    address = nat_gateway(ec2, nat)["NatGatewayAddresses"][0]
    assert shown["AssociationId"] == address["AssociationId"]
    assert shown["NetworkInterfaceId"] == address["NetworkInterfaceId"]
    assert shown["PrivateIpAddress"] == address["PrivateIp"]
    assert code_of(ec2.disassociate_address, AssociationId=shown["AssociationId"])[0] == "AuthFailure"
    assert code_of(ec2.release_address, AllocationId=allocation) == (
        "InvalidIPAddress.InUse", f"Address {shown['PublicIp']} is in use.")
    other = ec2.allocate_address()["AllocationId"]
    onto = {"AllocationId": other, "NetworkInterfaceId": shown["NetworkInterfaceId"]}
    assert code_of(ec2.associate_address, **onto)[0] == "AuthFailure"
    unknown = {"AllocationId": other, "NetworkInterfaceId": "eni-0123456789abcdef0"}
    assert code_of(ec2.associate_address, **unknown)[0] == "InvalidNetworkInterfaceID.NotFound"
    assert code_of(ec2.associate_address, AllocationId=other, InstanceId="i-0123456789abcdef0")[0] == (
        "InvalidInstanceID.NotFound")
    assert code_of(ec2.associate_address, AllocationId=other)[0] == "MissingParameter"
    assert code_of(ec2.disassociate_address)[0] == "MissingParameter"
    assert code_of(ec2.disassociate_address, AssociationId="eipassoc-0123456789abcdef0")[0] == (
        "InvalidAssociationID.NotFound")


# NAT gateways


def test_a_nat_gateway_lives(ec2, subnet, igw, allocation, table):
    asked = {"SubnetId": subnet, "AllocationId": allocation, "ClientToken": "once"}
    answer = ec2.create_nat_gateway(**asked, **tagged("natgateway", "nat-a"))
    made, id = answer["NatGateway"], answer["NatGateway"]["NatGatewayId"]
    assert answer["ClientToken"] == "once"
    assert made["State"] == "pending" and made["ConnectivityType"] == "public"
    again = ec2.create_nat_gateway(**asked, **tagged("natgateway", "nat-a"))["NatGateway"]
    assert again["NatGatewayId"] == id
    assert code_of(ec2.create_nat_gateway, **asked)[0] == "IdempotentParameterMismatch"
    available = nat_gateway_until(ec2, id, "available")
    address = available["NatGatewayAddresses"][0]
    assert address["IsPrimary"] and address["Status"] == "succeeded"
    assert address["AllocationId"] == allocation and address["PrivateIp"] == "10.0.1.4"
    assert available["Tags"] == [{"Key": "Name", "Value": "nat-a"}] and "DeleteTime" not in available
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"] == 250
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[id])

    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, NatGatewayId=id)
    assert routes(ec2, table)[ANYWHERE]["State"] == "active"
    assert ec2.delete_nat_gateway(NatGatewayId=id)["NatGatewayId"] == id
    deleted = nat_gateway_until(ec2, id, "deleted")
    assert deleted["DeleteTime"] >= deleted["CreateTime"]
    assert routes(ec2, table)[ANYWHERE]["State"] == "blackhole"
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[id])
    # Shown still, and nothing of it is left behind.
    assert ec2.delete_nat_gateway(NatGatewayId=id)["NatGatewayId"] == id
    assert nat_gateway(ec2, id)["State"] == "deleted"
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"] == 251
    ec2.release_address(AllocationId=allocation)
    assert code_of(ec2.create_route, RouteTableId=table, DestinationCidrBlock="192.0.2.0/24",
                   NatGatewayId=id)[0] == "InvalidNatGatewayID.NotFound"


def test_nat_gateways_that_fail(ec2, vpc, subnet, allocation):
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]
    failed = nat_gateway_until(ec2, made["NatGatewayId"], "failed")
    assert failed["FailureCode"] == "Gateway.NotAttached"
    assert failed["FailureMessage"] == f"Network {vpc} has no Internet gateway attached"
    # The address is still free, and so is everything else.
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]
    nat_gateway_until(ec2, made["NatGatewayId"], "available")
    twice = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]
    failed = nat_gateway_until(ec2, twice["NatGatewayId"], "failed")
    assert failed["FailureCode"] == "Resource.AlreadyAssociated"
    ec2.delete_nat_gateway(NatGatewayId=twice["NatGatewayId"])
    assert nat_gateway(ec2, twice["NatGatewayId"])["State"] == "deleted"
    assert nat_gateway(ec2, made["NatGatewayId"])["State"] == "available"


def test_nat_gateways_refused(ec2, vpc, subnet, igw, allocation):
    def refused(**more):
        return code_of(ec2.create_nat_gateway, **({"SubnetId": subnet} | more))[0]

    assert refused(SubnetId=NO_SUBNET, AllocationId=allocation) == "InvalidSubnetID.NotFound"
    assert refused() == "MissingParameter"
    assert refused(AllocationId=NO_ALLOCATION) == "InvalidAllocationID.NotFound"
    assert refused(AllocationId=allocation, SecondaryAllocationIds=[allocation]) == "InvalidParameterValue"
    assert refused(ConnectivityType="private", AllocationId=allocation) == "InvalidParameterCombination"
    assert refused(ConnectivityType="secret") == "InvalidParameterValue"
    assert refused(AllocationId=allocation, SecondaryPrivateIpAddressCount=1) == "InvalidParameterCombination"
    assert refused(ConnectivityType="private", SecondaryPrivateIpAddressCount=8) == "AddressLimitExceeded"
    assert refused(ConnectivityType="private", PrivateIpAddress="10.0.1.1") == "InvalidParameterValue"
    assert refused(ConnectivityType="private", PrivateIpAddress="10.0.2.9") == "InvalidParameterValue"
    assert refused(AllocationId=allocation, AvailabilityMode="regional") == "UnsupportedOperation"
    missing = ("NatGatewayNotFound", f"The Nat Gateway {NO_NAT} was not found")
    assert code_of(ec2.describe_nat_gateways, NatGatewayIds=[NO_NAT]) == missing
    assert code_of(ec2.delete_nat_gateway, NatGatewayId=NO_NAT) == missing
    for _ in range(5):
        ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    assert refused(ConnectivityType="private") == "NatGatewayLimitExceeded"


def test_nat_gateways_by_filters_and_pages(serve):
    ec2 = serve("--no-quotas").client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = make_subnet(ec2, vpc, "10.0.1.0/24")["SubnetId"]
    made = [ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
            for _ in range(7)]
    for nat in made:
        nat_gateway_until(ec2, nat, "available")
    ec2.delete_nat_gateway(NatGatewayId=made[0])
    nat_gateway_until(ec2, made[0], "deleted")

    def found(name, *values):
        filters = [{"Name": name, "Values": list(values)}]
        return {nat["NatGatewayId"] for nat in ec2.describe_nat_gateways(Filter=filters)["NatGateways"]}

    assert found("state", "available") == set(made[1:])
    assert found("state", "delet*") == {made[0]}
    assert found("subnet-id", subnet) == set(made) == found("vpc-id", vpc)
    assert found("connectivity-type", "public") == set()
    assert found("nat-gateway-id", made[2], made[3]) == set(made[2:4])
    assert pages(ec2.describe_nat_gateways, "NatGateways", "NatGatewayId") == set(made)
    assert code_of(ec2.describe_nat_gateways, Filter=by(magic=["x"]))[0] == "InvalidParameterValue"


def statuses(ec2, nat):
    return [address["Status"] for address in nat_gateway(ec2, nat)["NatGatewayAddresses"]]


def test_a_public_nat_gateway_has_further_addresses(ec2, nat, allocation):
    second = ec2.allocate_address()["AllocationId"]
    both = {"NatGatewayId": nat, "AllocationIds": [second]}
    answer = ec2.associate_nat_gateway_address(**both)["NatGatewayAddresses"]
    assert answer[1]["Status"] == "associating" and not answer[1]["IsPrimary"]
    eventually(lambda: statuses(ec2, nat) == ["succeeded"] * 2)
    assert code_of(ec2.associate_nat_gateway_address, **both)[0] == "Resource.AlreadyAssociated"
    primary, further = nat_gateway(ec2, nat)["NatGatewayAddresses"]
    assert further["AllocationId"] == second and further["PrivateIp"] != primary["PrivateIp"]
    gone = {"NatGatewayId": nat, "AssociationIds": [further["AssociationId"]]}
    code, _ = code_of(ec2.disassociate_nat_gateway_address, **gone, MaxDrainDurationSeconds=4001)
    assert code == "InvalidParameterValue"
    answer = ec2.disassociate_nat_gateway_address(**gone)["NatGatewayAddresses"]
    assert answer[1]["Status"] == "disassociating"
    eventually(lambda: statuses(ec2, nat) == ["succeeded"])
    ec2.release_address(AllocationId=second)
    assert code_of(ec2.disassociate_nat_gateway_address, **gone)[0] == "InvalidAssociationID.NotFound"
    first = {"NatGatewayId": nat, "AssociationIds": [primary["AssociationId"]]}
    assert code_of(ec2.disassociate_nat_gateway_address, **first)[0] == "InvalidParameterValue"
    assert code_of(ec2.assign_private_nat_gateway_address, NatGatewayId=nat,
                   PrivateIpAddressCount=1)[0] == "InvalidParameterValue"
    unknown = {"NatGatewayId": nat, "AllocationIds": [NO_ALLOCATION]}
    assert code_of(ec2.associate_nat_gateway_address, **unknown)[0] == "InvalidAllocationID.NotFound"
    none = {"NatGatewayId": NO_NAT, "AllocationIds": [allocation]}
    assert code_of(ec2.associate_nat_gateway_address, **none)[0] == "NatGatewayNotFound"


def test_a_private_nat_gateway_has_further_addresses(ec2, subnet):
    made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", PrivateIpAddress="10.0.1.50",
                                  SecondaryPrivateIpAddresses=["10.0.1.4"])["NatGateway"]
    nat = made["NatGatewayId"]
    nat_gateway_until(ec2, nat, "available")
    ec2.assign_private_nat_gateway_address(NatGatewayId=nat, PrivateIpAddressCount=2)
    eventually(lambda: statuses(ec2, nat) == ["succeeded"] * 4)
    shown = [address["PrivateIp"] for address in nat_gateway(ec2, nat)["NatGatewayAddresses"]]
    assert shown == ["10.0.1.50", "10.0.1.4", "10.0.1.5", "10.0.1.6"]

    def refused(call, *addresses, **more):
        return code_of(call, NatGatewayId=nat, PrivateIpAddresses=list(addresses), **more)[0]

    assign, unassign = ec2.assign_private_nat_gateway_address, ec2.unassign_private_nat_gateway_address
    assert refused(assign, "10.0.1.4") == "InvalidIPAddress.InUse"
    assert refused(assign, "10.0.1.2") == "InvalidParameterValue"
    assert refused(assign, "10.0.1.9", PrivateIpAddressCount=1) == "InvalidParameterCombination"
    assert refused(assign, *(f"10.0.1.{n}" for n in range(20, 25))) == "AddressLimitExceeded"
    assert code_of(assign, NatGatewayId=nat)[0] == "MissingParameter"
    assert refused(unassign, "10.0.1.50") == "InvalidParameterValue"
    assert refused(unassign, "10.0.1.99") == "InvalidParameterValue"
    unassign(NatGatewayId=nat, PrivateIpAddresses=["10.0.1.4"])
    eventually(lambda: len(statuses(ec2, nat)) == 3)
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"] == 248
    assert code_of(ec2.associate_nat_gateway_address, NatGatewayId=nat,
                   AllocationIds=[NO_ALLOCATION])[0] == "InvalidParameterValue"


def test_a_small_subnet_is_full(ec2, vpc):
    subnet = make_subnet(ec2, vpc, "10.0.0.0/28")["SubnetId"]
    private = {"SubnetId": subnet, "ConnectivityType": "private"}
    first = ec2.create_nat_gateway(SecondaryPrivateIpAddressCount=7, **private)["NatGateway"]["NatGatewayId"]
    nat_gateway_until(ec2, first, "available")
    second = ec2.create_nat_gateway(SecondaryPrivateIpAddressCount=3, **private)["NatGateway"]["NatGatewayId"]
    assert nat_gateway_until(ec2, second, "failed")["FailureCode"] == "InsufficientFreeAddressesInSubnet"
    third = ec2.create_nat_gateway(SecondaryPrivateIpAddressCount=2, **private)["NatGateway"]["NatGatewayId"]
    nat_gateway_until(ec2, third, "available")
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"] == 0
    assert code_of(ec2.assign_private_nat_gateway_address, NatGatewayId=third,
                   PrivateIpAddressCount=1)[0] == "InsufficientFreeAddressesInSubnet"


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
        """What `egret explain` reads from what the Describe actions say: whether it is delivered, and how."""
        folder.mkdir()
        files = {kind: {kind: rows} for kind, rows in everything(self.ec2).items()}
        files |= {f"service-{n}": {"Service": service} for n, service in enumerate(self.shown())}
        shown = [self.app_runner.describe_vpc_connector(VpcConnectorArn=arn) for arn in self.connectors]
        files |= {f"connector-{n}": {"VpcConnector": c["VpcConnector"]} for n, c in enumerate(shown)}
        for name, rows in files.items():
            (folder / f"{name}.json").write_text(json.dumps(rows, default=str))
        command = [EGRET, "explain", str(folder), "--from", f"service-{n}", "--to", to, "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode in (0, 1), done.stderr + done.stdout
        return done.returncode == 0, done.stdout

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
