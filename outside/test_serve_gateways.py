"""EC2 by boto3 against `egret serve`: internet gateways, Elastic IP addresses, NAT gateways."""

from network import (
    allocation, ANYWHERE, by, ec2, everything, igw, make_subnet, nat, nat_gateway, nat_gateway_until,
    Network, NO_ALLOCATION, NO_NAT, NO_SUBNET, NO_VPC, pages, routes, server, subnet, table, tagged,
    vpc,
)
from serve import ROOT, code_of, eventually


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
    assert code_of(ec2.create_nat_gateway, SubnetId=subnet, ConnectivityType="private") == (
        "NatGatewayLimitExceeded", "Performing this operation would exceed the limit of 5 NAT gateways.")


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
