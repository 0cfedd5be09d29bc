"""Waiters of the real aws command line and of boto3, against `egret serve`: each that waits for what there is."""

import pytest
from network import allocation, ec2, igw, nat, nat_gateway_until, NO_NAT, NO_VPC, server, subnet, vpc

AWS_WAITS = ["vpc-available", "vpc-exists", "subnet-available", "nat-gateway-available", "security-group-exists",
             "network-interface-available", "internet-gateway-exists", "vpc-peering-connection-exists"]


@pytest.fixture
def peering(ec2, vpc):
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)
    return made["VpcPeeringConnection"]["VpcPeeringConnectionId"]


@pytest.fixture
def ids(ec2, vpc, subnet, nat, igw, peering):
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    return {"vpc": vpc, "subnet": subnet, "nat-gateway": nat, "security-group": group,
            "network-interface": interface, "internet-gateway": igw, "vpc-peering-connection": peering}


def kind_of(waiter):
    return waiter.rpartition("-")[0]


def test_the_command_line_waits_for_what_there_is(server, ids):
    for waiter in AWS_WAITS:
        kind = kind_of(waiter)
        plural = "group" if kind == "security-group" else kind
        assert server.aws(f"aws ec2 wait {waiter} --{plural}-ids {ids[kind]}") is None


def test_waiting_is_over_when_it_is_gone(server, ec2, nat, peering):
    ec2.delete_nat_gateway(NatGatewayId=nat)
    nat_gateway_until(ec2, nat, "deleted")
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    server.aws(f"aws ec2 wait nat-gateway-deleted --nat-gateway-ids {nat}")
    server.aws(f"aws ec2 wait vpc-peering-connection-deleted --vpc-peering-connection-ids {peering}")
    # What never was is gone as well.
    server.aws(f"aws ec2 wait nat-gateway-deleted --nat-gateway-ids {NO_NAT}")
    server.aws("aws ec2 wait vpc-peering-connection-deleted --vpc-peering-connection-ids pcx-0123456789abcdef0")


def test_a_gateway_that_goes_is_not_waited_for(server, ec2, nat):
    ec2.delete_nat_gateway(NatGatewayId=nat)
    with pytest.raises(AssertionError, match="terminal failure state"):
        server.aws(f"aws ec2 wait nat-gateway-available --nat-gateway-ids {nat}")


@pytest.mark.parametrize("waiter, arguments", [
    ("vpc_exists", {"VpcIds": [NO_VPC]}),
    ("vpc_peering_connection_exists", {"VpcPeeringConnectionIds": ["pcx-0123456789abcdef0"]}),
    ("security_group_exists", {"GroupIds": ["sg-0123456789abcdef0"]}),
    ("nat_gateway_available", {"NatGatewayIds": [NO_NAT]}),
])
def test_what_is_not_there_is_waited_for(ec2, waiter, arguments):
    """The waiters ask again on AWS's code for it, and on no other."""
    with pytest.raises(Exception, match="Max attempts exceeded"):
        ec2.get_waiter(waiter).wait(**arguments, WaiterConfig={"Delay": 0, "MaxAttempts": 2})


def test_waiting_sees_what_takes_time(serve):
    """The gateway is pending when waiting begins, and waiting ends when it is not."""
    server = serve(operation_time="400ms")
    ec2 = server.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    assert made["State"] == "pending"
    fast = {"Delay": 0.05, "MaxAttempts": 100}
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[made["NatGatewayId"]], WaiterConfig=fast)
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[made["NatGatewayId"]], WaiterConfig=fast)
