"""Everything that `egret serve` has, made, changed and destroyed as Terraform does it: in the right order, in
wrong ones, and with packets in between."""

import random

import botocore.exceptions
import pytest
from network import ANYWHERE, everything, explained
from serve import code_of, eventually
from stack import NEEDED, Stack

FAR = "203.0.113.200:443"


@pytest.fixture
def server(serve):
    return serve("--no-quotas")


@pytest.fixture
def ec2(server):
    return server.client("ec2")


@pytest.fixture
def before(ec2):
    return everything(ec2)


@pytest.fixture
def stack(server, before):
    return Stack(server)


def account(stack):
    """All that there is, App Runner's part as well."""
    services = stack.app_runner.list_services()["ServiceSummaryList"]
    connectors = stack.app_runner.list_vpc_connectors()["VpcConnectors"]
    return {**everything(stack.ec2), "services": services, "connectors": connectors}


def nothing_left(stack, before):
    return account(stack) == {**before, "services": [], "connectors": []}


def test_all_of_it_comes_and_goes(stack, before):
    made = account(stack)
    # One of each kind at least.
    assert all(made[kind] != before.get(kind) for kind in made)
    stack.destroy()
    assert nothing_left(stack, before)


def test_packets_follow_each_change(server, stack, tmp_path):
    ec2, net = stack.ec2, stack.network

    def fate(name, to=FAR):
        return explained(server, tmp_path / name, "web-service", to)

    delivered, text = fate("made")
    assert delivered and any(nat in text for nat in net.nats)
    assert fate("peer", "172.29.1.10:443")[0] is False  # nobody is there
    # A route to one gateway for all.
    for table in net.tables[1:]:
        ec2.replace_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, NatGatewayId=net.nats[0])
    delivered, text = fate("one gateway")
    assert delivered and net.nats[0] in text and net.nats[1] not in text
    # A rule.
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": ANYWHERE}]}
    ec2.revoke_security_group_egress(GroupId=stack.web, IpPermissions=[https])
    delivered, text = fate("no rule")
    assert not delivered and "security-group" in text
    ec2.authorize_security_group_egress(GroupId=stack.web, IpPermissions=[https])
    # An entry of an ACL.
    deny = {"NetworkAclId": stack.acl, "RuleNumber": 50, "Egress": True}
    ec2.create_network_acl_entry(**deny, Protocol="6", RuleAction="deny", CidrBlock="203.0.113.0/24",
                                 PortRange={"From": 443, "To": 443})
    delivered, text = fate("denied")
    assert not delivered and "network-acl" in text
    ec2.delete_network_acl_entry(**deny)
    assert fate("allowed")[0]
    # An entry of a prefix list.
    listed = "203.0.113.77:8443"
    assert not fate("not listed", listed)[0] and fate("listed", "203.0.113.7:8443")[0]
    ec2.modify_managed_prefix_list(PrefixListId=stack.list, CurrentVersion=1,
                                   AddEntries=[{"Cidr": "203.0.113.64/26"}])
    assert fate("listed now", listed)[0]
    # The gateway itself, and the way out of the VPC.
    ec2.delete_nat_gateway(NatGatewayId=net.nats[0])
    eventually(stack.named("nat 0").gone)
    delivered, text = fate("no gateway")
    assert not delivered and "blackhole" in text


def test_all_of_it_is_changed_and_goes(server, stack, before):
    """Terraform's updates in place, of each kind that has them; then nothing but that is changed."""
    ec2, app = stack.ec2, stack.app_runner
    ec2.create_tags(Resources=[stack.vpc, stack.hub, stack.acl], Tags=[{"Key": "stage", "Value": "second"}])
    ec2.modify_vpc_attribute(VpcId=stack.vpc, EnableDnsSupport={"Value": True})
    ec2.modify_subnet_attribute(SubnetId=stack.second, MapPublicIpOnLaunch={"Value": True})
    ec2.modify_managed_prefix_list(PrefixListId=stack.list, MaxEntries=5)
    ec2.modify_managed_prefix_list(PrefixListId=stack.list, PrefixListName="friends")
    ec2.replace_network_acl_entry(NetworkAclId=stack.acl, RuleNumber=100, Protocol="6", RuleAction="allow",
                                  Egress=True, CidrBlock=ANYWHERE, PortRange={"From": 1, "To": 65535})
    ec2.modify_vpc_endpoint(VpcEndpointId=stack.secrets, AddSecurityGroupIds=[stack.web],
                            RemoveSubnetIds=[stack.private[2]])
    ec2.modify_vpc_endpoint(VpcEndpointId=stack.s3, RemoveRouteTableIds=[stack.network.tables[1]])
    ec2.modify_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=stack.attachments[0],
                                              AddSubnetIds=[stack.private[2]])
    ec2.modify_transit_gateway(TransitGatewayId=stack.hub, Description="the hub")
    ec2.modify_network_interface_attribute(NetworkInterfaceId=stack.interface, Groups=[stack.web, stack.db])
    ec2.assign_private_ip_addresses(NetworkInterfaceId=stack.interface, SecondaryPrivateIpAddressCount=1)
    extra = ec2.allocate_address()["AllocationId"]
    made = ec2.associate_nat_gateway_address(NatGatewayId=stack.nats[1], AllocationIds=[extra])
    stack.part("its second eip", ec2.release_address, AllocationId=extra)
    stack.parts.insert(0, stack.parts.pop())  # It goes with its gateway.
    assert len(made["NatGatewayAddresses"]) >= 1
    second = app.create_vpc_connector(VpcConnectorName="second", Subnets=stack.private[:1], SecurityGroups=[stack.db])
    second = second["VpcConnector"]["VpcConnectorArn"]
    egress = {"EgressType": "VPC", "VpcConnectorArn": second}
    app.update_service(ServiceArn=stack.service, NetworkConfiguration={"EgressConfiguration": egress})
    eventually(lambda: stack.status() == "RUNNING")
    # The first connector's interfaces went with its last user.
    filters = [{"Name": "tag:AWSAppRunnerManaged", "Values": ["true"]}]
    left = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    assert {group["GroupId"] for eni in left for group in eni["Groups"]} == {stack.db}
    app.delete_vpc_connector(VpcConnectorArn=stack.connector)
    stack.named("connector").go = lambda: app.delete_vpc_connector(VpcConnectorArn=second)
    stack.destroy()
    assert nothing_left(stack, before)


#: What cannot go while all of it is there, and what AWS says then.
TOO_EARLY = {
    "vpc": "DependencyViolation", "shared vpc": "DependencyViolation", "subnet 0": "DependencyViolation",
    "subnet 3": "DependencyViolation", "shared subnet": "DependencyViolation", "igw": "DependencyViolation",
    "attached igw": "DependencyViolation", "table 0": "DependencyViolation", "acl": "DependencyViolation",
    "group web": "DependencyViolation", "group db": "DependencyViolation", "list": "DependencyViolation",
    "eip 0": "InvalidIPAddress.InUse", "its eip": "InvalidIPAddress.InUse", "hub": "IncorrectState",
    "table of hub": "IncorrectState", "second cidr": "OperationNotPermitted", "connector": "InvalidRequestException",
}


def test_what_is_needed_does_not_go_and_nothing_changes(stack):
    made = account(stack)
    for name, code in TOO_EARLY.items():
        assert code_of(stack.named(name).go)[0] == code, name
        assert account(stack) == made, name


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_whatever_order_it_goes_in_the_end(stack, before, seed):
    """Terraform destroys what it can, and tries again what is needed still. A refusal changes nothing."""
    chance = random.Random(seed)
    refused = 0
    while stack.parts:
        parts, stack.parts = stack.parts, []
        chance.shuffle(parts)
        for part in parts:
            was = account(stack) if chance.random() < 0.1 else None
            try:
                part.go()
            except botocore.exceptions.ClientError as error:
                code = error.response["Error"]["Code"]
                # What went with something else is gone.
                if "NotFound" not in code:
                    assert code in NEEDED, f"{part.name}: {error}"
                    assert was is None or account(stack) == was, part.name
                    stack.parts.append(part)
                    refused += 1
                continue
            eventually(part.gone)
        assert len(stack.parts) < len(parts), [part.name for part in stack.parts]
    assert refused > 10
    assert nothing_left(stack, before)
