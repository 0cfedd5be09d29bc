"""Elastic IP addresses on interfaces, default subnets, and attributes, by boto3 against `egret serve`."""

import pytest
from network import (
    allocation, ANYWHERE, by, ec2, explained, igw, main_table, make_subnet, NO_ALLOCATION, pages, server, subnet,
    tagged, vpc,
)
from serve import code_of


@pytest.fixture
def interface(ec2, subnet):
    made = ec2.create_network_interface(SubnetId=subnet, SecondaryPrivateIpAddressCount=1)
    return made["NetworkInterface"]


def shown(ec2, allocation):
    return ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]


def onto(interface, **more):
    return {"NetworkInterfaceId": interface["NetworkInterfaceId"], **more}


# AssociateAddress


def test_an_address_comes_onto_an_interface_and_goes(server, ec2, vpc, interface, igw, allocation, tmp_path):
    table = main_table(ec2, vpc)["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, GatewayId=igw)
    sender = interface["NetworkInterfaceId"]
    delivered, text = explained(server, tmp_path / "private", sender, "203.0.113.10:443")
    assert not delivered

    made = ec2.associate_address(AllocationId=allocation, **onto(interface))["AssociationId"]
    address = shown(ec2, allocation)
    assert made.startswith("eipassoc-") and address["AssociationId"] == made
    assert address["NetworkInterfaceId"] == sender and address["NetworkInterfaceOwnerId"] == "123456789012"
    assert address["PrivateIpAddress"] == interface["PrivateIpAddress"]
    for filters in [{"association_id": [made]}, {"network_interface_id": [sender]},
                    {"private_ip_address": [interface["PrivateIpAddress"]]}]:
        assert ec2.describe_addresses(Filters=by(**filters))["Addresses"] == [address]
    association = ec2.describe_network_interfaces(NetworkInterfaceIds=[sender])["NetworkInterfaces"][0]["Association"]
    assert association["AssociationId"] == made and association["PublicIp"] == address["PublicIp"]
    delivered, text = explained(server, tmp_path / "public", sender, "203.0.113.10:443")
    assert delivered and address["PublicIp"] in text

    assert code_of(ec2.release_address, AllocationId=allocation)[0] == "InvalidIPAddress.InUse"
    assert code_of(ec2.detach_internet_gateway, InternetGatewayId=igw, VpcId=vpc) == (
        "DependencyViolation", f"Network {vpc} has some mapped public address(es). Please unmap those public "
        "address(es) before detaching the gateway.")
    ec2.disassociate_address(AssociationId=made)
    assert "AssociationId" not in shown(ec2, allocation)
    assert not explained(server, tmp_path / "again", sender, "203.0.113.10:443")[0]
    assert code_of(ec2.disassociate_address, AssociationId=made)[0] == "InvalidAssociationID.NotFound"
    ec2.release_address(AllocationId=allocation)


def test_the_private_address_may_be_named(ec2, interface, igw, allocation):
    primary, secondary = [address["PrivateIpAddress"] for address in interface["PrivateIpAddresses"]]
    associate = ec2.associate_address
    made = associate(AllocationId=allocation, **onto(interface, PrivateIpAddress=primary))["AssociationId"]
    # What is so already is done.
    assert associate(AllocationId=allocation, **onto(interface))["AssociationId"] == made
    code, message = code_of(associate, AllocationId=allocation, **onto(interface, PrivateIpAddress=secondary))
    assert code == "UnsupportedOperation" and "secondary" in message
    for wrong in ("10.0.9.9", "ten"):
        code, _ = code_of(associate, AllocationId=allocation, **onto(interface, PrivateIpAddress=wrong))
        assert code == "InvalidParameterValue"
    assert shown(ec2, allocation)["AssociationId"] == made
    ec2.disassociate_address(PublicIp=shown(ec2, allocation)["PublicIp"])


def test_an_address_moves_unless_that_is_forbidden(ec2, subnet, interface, igw, allocation):
    other = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    first = ec2.associate_address(AllocationId=allocation, **onto(interface))["AssociationId"]
    assert code_of(ec2.associate_address, AllocationId=allocation, AllowReassociation=False, **onto(other)) == (
        "Resource.AlreadyAssociated", f"resource {allocation} is already associated with associate-id {first}")
    second = ec2.associate_address(AllocationId=allocation, **onto(other))["AssociationId"]
    assert second != first and shown(ec2, allocation)["NetworkInterfaceId"] == other["NetworkInterfaceId"]
    assert "Association" not in ec2.describe_network_interfaces(
        NetworkInterfaceIds=[interface["NetworkInterfaceId"]])["NetworkInterfaces"][0]

    # Another address takes the place of the one that is there.
    third = ec2.allocate_address()["AllocationId"]
    assert code_of(ec2.associate_address, AllocationId=third, AllowReassociation=False, **onto(other))[0] == (
        "Resource.AlreadyAssociated")
    ec2.associate_address(AllocationId=third, AllowReassociation=True, **onto(other))
    assert "AssociationId" not in shown(ec2, allocation)
    # By its public address, too.
    public = shown(ec2, allocation)["PublicIp"]
    ec2.associate_address(PublicIp=public, **onto(interface))
    assert shown(ec2, allocation)["NetworkInterfaceId"] == interface["NetworkInterfaceId"]
    code, _ = code_of(ec2.associate_address, PublicIp=public, AllocationId=allocation, **onto(interface))
    assert code == "InvalidParameterCombination"
    # An interface that goes gives its address back.
    ec2.delete_network_interface(NetworkInterfaceId=other["NetworkInterfaceId"])
    assert "AssociationId" not in shown(ec2, third)


def test_an_address_needs_an_internet_gateway(ec2, vpc, interface, allocation):
    assert code_of(ec2.associate_address, AllocationId=allocation, **onto(interface)) == (
        "Gateway.NotAttached", f"Network {vpc} is not attached to any internet gateway")


# DescribeAddressesAttribute


def test_the_domain_names_of_addresses(serve):
    ec2 = serve("--no-quotas").client("ec2")
    made = {ec2.allocate_address()["AllocationId"] for _ in range(7)}
    one = sorted(made)[0]
    address = ec2.describe_addresses_attribute(AllocationIds=[one], Attribute="domain-name")["Addresses"]
    assert address == [{"AllocationId": one, "PublicIp": shown(ec2, one)["PublicIp"]}]
    assert pages(ec2.describe_addresses_attribute, "Addresses", "AllocationId") == made
    assert code_of(ec2.describe_addresses_attribute, AllocationIds=[NO_ALLOCATION])[0] == (
        "InvalidAllocationID.NotFound")
    assert code_of(ec2.describe_addresses_attribute, Attribute="colour")[0] == "InvalidParameterValue"


# CreateDefaultSubnet


def defaults(ec2):
    found = ec2.describe_subnets(Filters=by(default_for_az=["true"]))["Subnets"]
    return {subnet["AvailabilityZone"]: subnet for subnet in found}


def test_a_default_subnet_is_made_anew(ec2):
    before = defaults(ec2)
    gone = before["us-east-1b"]
    there = gone["SubnetId"]
    assert code_of(ec2.create_default_subnet, AvailabilityZone="us-east-1b") == (
        "DefaultSubnetAlreadyExistsInAvailabilityZone",
        f"'{there}' is already the default subnet in us-east-1b.")
    ec2.delete_subnet(SubnetId=there)
    made = ec2.create_default_subnet(AvailabilityZone="us-east-1b")["Subnet"]
    assert made["SubnetId"] != there and made["DefaultForAz"] and made["MapPublicIpOnLaunch"]
    assert (made["CidrBlock"], made["AvailableIpAddressCount"]) == (gone["CidrBlock"], 4091)
    assert defaults(ec2)["us-east-1b"] == made
    ec2.delete_subnet(SubnetId=made["SubnetId"])
    by_id = ec2.create_default_subnet(AvailabilityZoneId="use1-az2")["Subnet"]
    assert by_id["AvailabilityZone"] == "us-east-1b"


def test_a_default_subnet_has_the_first_free_block(ec2):
    before = defaults(ec2)
    for zone in ("us-east-1a", "us-east-1c"):
        ec2.delete_subnet(SubnetId=before[zone]["SubnetId"])
    # Somebody else has a part of the first one.
    first = before["us-east-1a"]["CidrBlock"].replace("/20", "/24")
    make_subnet(ec2, before["us-east-1a"]["VpcId"], first)
    made = ec2.create_default_subnet(AvailabilityZone="us-east-1a")["Subnet"]
    assert made["CidrBlock"] == before["us-east-1c"]["CidrBlock"]
    assert ec2.create_default_subnet(AvailabilityZone="us-east-1c")["Subnet"]["CidrBlock"] == "172.31.96.0/20"


def test_a_default_subnet_needs_a_zone_and_a_default_vpc(ec2):
    assert code_of(ec2.create_default_subnet)[0] == "MissingParameter"
    assert code_of(ec2.create_default_subnet, AvailabilityZone="us-east-1z")[0] == "InvalidParameterValue"
    assert code_of(ec2.create_default_subnet, AvailabilityZone="us-east-1a", Ipv6Native=True)[0] == (
        "UnsupportedOperation")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    for subnet in defaults(ec2).values():
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_vpc(VpcId=vpc)
    assert code_of(ec2.create_default_subnet, AvailabilityZone="us-east-1a") == (
        "DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")
    ec2.create_default_vpc()
    assert len(defaults(ec2)) == 6


# ModifySubnetAttribute


def test_how_instances_would_be_named_is_kept(ec2, vpc, subnet):
    def names():
        return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["PrivateDnsNameOptionsOnLaunch"]

    assert names() == {"HostnameType": "ip-name", "EnableResourceNameDnsARecord": False,
                       "EnableResourceNameDnsAAAARecord": False}
    ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
    ec2.modify_subnet_attribute(SubnetId=subnet, EnableResourceNameDnsARecordOnLaunch={"Value": True})
    assert names()["HostnameType"] == "resource-name" and names()["EnableResourceNameDnsARecord"]
    make_subnet(ec2, vpc, "10.0.2.0/24")
    named = {"private_dns_name_options_on_launch.hostname_type": ["resource-name"]}
    found = ec2.describe_subnets(Filters=by(**named))["Subnets"]
    assert [row["SubnetId"] for row in found] == [subnet]
    ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="ip-name")
    assert names()["HostnameType"] == "ip-name" and names()["EnableResourceNameDnsARecord"]
    assert code_of(ec2.modify_subnet_attribute, SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="mine")[0] == (
        "InvalidParameterValue")
    # What no packet and no answer here could keep is refused.
    assert code_of(ec2.modify_subnet_attribute, SubnetId=subnet, EnableDns64={"Value": True})[0] == (
        "UnsupportedOperation")
