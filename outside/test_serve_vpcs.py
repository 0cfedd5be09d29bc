"""EC2 by boto3 against `egret serve`: VPCs, their CIDRs and attributes, subnets, zones, the account."""

import pytest
from network import (
    allocation, by, ec2, igw, main_table, make_subnet, nat, nat_gateway, NO_VPC, pages, routes, server,
    subnet, table, tagged, vpc,
)
from serve import code_of


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
    assert code == "InvalidVpcCidrBlockAssociationID.NotFound"
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
