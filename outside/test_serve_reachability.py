"""Reachability Analyzer by boto3 and the aws CLI against `egret serve`: each explanation by the fault that
makes it, paths there and back, all errors, filters and pages; and the shipped scenarios, of which an
analysis says what `egret explain` says."""

import json
import subprocess
from datetime import datetime, timedelta, timezone

import botocore.session
import pytest
import yaml
from network import ANYWHERE, by, ec2, nat_gateway_until, server, tagged
from serve import EGRET, ROOT, code_of, eventually

NO_PATH, NO_ANALYSIS = "nip-0123456789abcdef0", "nia-0123456789abcdef0"
NO_ENI = "eni-0123456789abcdef0"


def start(ec2, path, **more):
    answer = ec2.start_network_insights_analysis(NetworkInsightsPathId=path, **more)
    analysis = answer["NetworkInsightsAnalysis"]
    assert analysis["Status"] == "running" and "NetworkPathFound" not in analysis
    return ended(ec2, analysis["NetworkInsightsAnalysisId"])


def ended(ec2, id):
    def over():
        found = ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=[id])
        analysis = found["NetworkInsightsAnalyses"][0]
        return analysis if analysis["Status"] != "running" else None
    return eventually(over)


def make_path(ec2, Source, Protocol="tcp", **more):
    made = ec2.create_network_insights_path(Source=Source, Protocol=Protocol, **more)
    return made["NetworkInsightsPath"]


def analyse(ec2, Source, filters={}, **path):
    """What an analysis of this path finds."""
    found = start(ec2, make_path(ec2, Source, **path)["NetworkInsightsPathId"], **filters)
    assert found["Status"] == "succeeded", found
    return found


def codes(analysis):
    assert analysis["NetworkPathFound"] == (not analysis["Explanations"]), analysis
    return [explanation["ExplanationCode"] for explanation in analysis["Explanations"]]


def ids(components):
    """What is on a way; its numbers are in order."""
    assert [c["SequenceNumber"] for c in components] == list(range(1, len(components) + 1))
    return [component["Component"]["Id"] for component in components]


class World:
    """A VPC with an interface each in two private subnets, and a NAT gateway in a public one."""

    def __init__(self, ec2):
        self.ec2 = ec2
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", **tagged("vpc", "main"))["Vpc"]["VpcId"]
        self.app, self.data, self.public = (self.subnet(f"10.0.{n}.0/24") for n in (1, 2, 101))
        self.igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.igw, VpcId=self.vpc)
        self.out, self.private = self.table(self.public), self.table(self.app, self.data)
        self.route(self.out, ANYWHERE, GatewayId=self.igw)
        allocated = ec2.allocate_address(Domain="vpc")
        self.address = allocated["PublicIp"]
        made = ec2.create_nat_gateway(SubnetId=self.public, AllocationId=allocated["AllocationId"])
        self.nat = nat_gateway_until(ec2, made["NatGateway"]["NatGatewayId"], "available")["NatGatewayId"]
        self.route(self.private, ANYWHERE, NatGatewayId=self.nat)
        self.web, self.db = self.group("web"), self.group("db")
        self.allow(self.db, 5432, UserIdGroupPairs=[{"GroupId": self.web}])
        self.client = self.interface(self.app, self.web, "client")
        self.server = self.interface(self.data, self.db, "server")

    def subnet(self, cidr, vpc=None, zone="us-east-1a"):
        made = self.ec2.create_subnet(VpcId=vpc or self.vpc, CidrBlock=cidr, AvailabilityZone=zone)
        return made["Subnet"]["SubnetId"]

    def table(self, *subnets, vpc=None):
        table = self.ec2.create_route_table(VpcId=vpc or self.vpc)["RouteTable"]["RouteTableId"]
        for subnet in subnets:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return table

    def route(self, table, cidr, **target):
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=cidr, **target)

    def group(self, name, vpc=None):
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc or self.vpc)
        return made["GroupId"]

    def allow(self, group, port, protocol="tcp", **who):
        rule = {"IpProtocol": protocol, "FromPort": port, "ToPort": port, **who}
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])

    def interface(self, subnet, group, name):
        made = self.ec2.create_network_interface(
            SubnetId=subnet, Groups=[group], **tagged("network-interface", name))
        return made["NetworkInterface"]["NetworkInterfaceId"]

    def only(self, group, port):
        """The group lets nothing out but to this port; to none with `None`."""
        self.ec2.revoke_security_group_egress(
            GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}])
        if port:
            rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": ANYWHERE}]}
            self.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[rule])

    def acl(self, subnet, *entries):
        """Another ACL for the subnet: (number, egress, action, port or range) each; the rest is denied."""
        filters = by(**{"association.subnet-id": [subnet]})
        old = self.ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]
        association = next(a for a in old["Associations"] if a["SubnetId"] == subnet)
        acl = self.ec2.create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"]
        for number, egress, action, ports in entries:
            ports = ports if isinstance(ports, tuple) else (ports, ports)
            self.ec2.create_network_acl_entry(
                NetworkAclId=acl, RuleNumber=number, Egress=egress, RuleAction=action, Protocol="6",
                CidrBlock=ANYWHERE, PortRange={"From": ports[0], "To": ports[1]})
        self.ec2.replace_network_acl_association(
            AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
        return acl

    def to_server(self, **more):
        path = {"Destination": self.server, "DestinationPort": 5432} | more
        return analyse(self.ec2, self.client, **path)

    def outside(self, **more):
        return analyse(self.ec2, self.client, **({"Destination": self.igw, "DestinationPort": 443} | more))


@pytest.fixture
def world(ec2):
    return World(ec2)


# Paths that are there


def test_a_path_between_interfaces_is_found_both_ways(world):
    found = world.to_server()
    assert found["NetworkPathFound"] and found["Explanations"] == []
    forward, back = found["ForwardPathComponents"], found["ReturnPathComponents"]
    names = ids(forward)
    assert names[:2] == [world.client, world.web] and names[-2:] == [world.db, world.server]
    assert world.private in names and len([name for name in names if name.startswith("acl-")]) == 2
    assert ids(back)[0] == world.server and ids(back)[-1] == world.client

    header = {"Protocol": "6", "SourceAddresses": ["10.0.1.4/32"], "DestinationAddresses": ["10.0.2.4/32"],
              "DestinationPortRanges": [{"From": 5432, "To": 5432}]}
    for member in ("InboundHeader", "OutboundHeader"):
        assert header.items() <= forward[0][member].items()
    assert all("InboundHeader" not in component for component in forward[1:])
    group = forward[-2]
    assert group["SecurityGroupRule"] == {
        "Direction": "ingress", "SecurityGroupId": world.db, "PortRange": {"From": 5432, "To": 5432},
        "Protocol": "tcp"}
    assert group["Component"]["Name"] == "db" and group["AttachedTo"]["Name"] == "server"
    table = next(c for c in forward if c["Component"]["Id"] == world.private)
    assert table["RouteTableRoute"] == {
        "DestinationCidr": "10.0.0.0/16", "GatewayId": "local", "State": "active"}
    acl = next(c for c in forward if "AclRule" in c)
    assert acl["AclRule"] == {"Cidr": ANYWHERE, "Egress": True, "Protocol": "all", "RuleAction": "allow",
                              "RuleNumber": 100}
    assert acl["Subnet"]["Id"] == world.app and acl["Vpc"]["Name"] == "main"
    arn = "arn:aws:ec2:us-east-1:123456789012:network-interface/"
    assert forward[0]["Component"]["Arn"] == arn + world.client


def test_a_path_outside_shows_what_gateways_make_of_the_packet(world):
    found = world.outside()
    forward = {c["Component"]["Id"]: c for c in found["ForwardPathComponents"]}
    assert found["NetworkPathFound"] and ids(found["ForwardPathComponents"])[-1] == world.igw
    inside = forward[world.nat]["OutboundHeader"]
    assert inside["SourceAddresses"] == ["10.0.101.4/32"] and inside["SourcePortRanges"][0]["From"] >= 1024
    assert forward[world.igw]["OutboundHeader"]["SourceAddresses"] == [f"{world.address}/32"]
    assert forward[world.private]["RouteTableRoute"]["NatGatewayId"] == world.nat
    back = found["ReturnPathComponents"]
    assert ids(back)[0] == world.igw and ids(back)[-1] == world.client
    assert back[-1]["OutboundHeader"]["DestinationAddresses"] == ["10.0.1.4/32"]


def test_a_path_from_the_internet(world, ec2):
    assert codes(analyse(ec2, world.igw, Destination=world.server, DestinationPort=5432)) == [
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"]
    front = world.interface(world.public, world.db, "front")
    world.allow(world.db, 443, IpRanges=[{"CidrIp": ANYWHERE}])
    allocated = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=allocated["AllocationId"], NetworkInterfaceId=front)
    found = analyse(ec2, world.igw, Destination=front, DestinationPort=443, SourceIp="198.51.100.77")
    assert found["NetworkPathFound"] and ids(found["ForwardPathComponents"])[0] == world.igw
    assert found["ForwardPathComponents"][0]["InboundHeader"]["SourceAddresses"] == ["198.51.100.77/32"]
    assert codes(analyse(ec2, world.igw, Destination=front, DestinationPort=22)) == ["ENI_SG_RULES_MISMATCH"]
    private = analyse(ec2, world.igw, Destination=front, DestinationPort=443, SourceIp="192.168.0.1")
    assert codes(private) == ["IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"]


def test_without_a_port_any_port_does(world, ec2):
    found = analyse(ec2, world.client, Destination=world.server)
    assert found["NetworkPathFound"]
    [ports] = found["ForwardPathComponents"][0]["OutboundHeader"]["DestinationPortRanges"]
    assert ports == {"From": 5432, "To": 5432}
    world.only(world.web, 443)
    assert codes(analyse(ec2, world.client, Destination=world.server))


def test_a_service_is_a_source(server, world, ec2):
    app_runner = server.client("apprunner")
    connector = app_runner.create_vpc_connector(
        VpcConnectorName="website", Subnets=[world.app], SecurityGroups=[world.web])["VpcConnector"]
    egress = {"EgressType": "VPC", "VpcConnectorArn": connector["VpcConnectorArn"]}
    image = {"ImageIdentifier": "public.ecr.aws/a/b:c", "ImageRepositoryType": "ECR_PUBLIC"}
    arn = app_runner.create_service(
        ServiceName="website", SourceConfiguration={"ImageRepository": image},
        NetworkConfiguration={"EgressConfiguration": egress})["Service"]["ServiceArn"]

    def until(status):
        eventually(lambda: app_runner.describe_service(ServiceArn=arn)["Service"]["Status"] == status)
    until("RUNNING")
    shared = ec2.describe_network_interfaces(Filters=by(**{"tag-key": ["AWSAppRunnerManaged"]}))
    shared = shared["NetworkInterfaces"][0]
    path = make_path(ec2, arn, Destination=world.server, DestinationPort=5432)
    assert path["Source"] == path["SourceArn"] == arn
    found = start(ec2, path["NetworkInsightsPathId"])
    assert found["NetworkPathFound"]
    assert ids(found["ForwardPathComponents"])[:3] == [arn, shared["NetworkInterfaceId"], world.web]
    assert ids(found["ReturnPathComponents"])[-1] in (arn, shared["NetworkInterfaceId"])
    # By the address of the interface, and by the interface itself.
    address = shared["PrivateIpAddress"]
    assert analyse(ec2, arn, Destination=world.igw, SourceIp=address)["NetworkPathFound"]
    assert codes(analyse(ec2, shared["NetworkInterfaceId"], Destination=world.igw)) == []
    nowhere = analyse(ec2, arn, Destination=world.igw, SourceIp="10.0.1.99")
    assert codes(nowhere) == ["NO_SOURCE_OR_DESTINATION"]
    assert code_of(ec2.create_network_insights_path, Source=world.client, Destination=arn,
                   Protocol="tcp")[0] == "InvalidParameterValue"
    # A paused one sends nothing.
    app_runner.pause_service(ServiceArn=arn)
    until("PAUSED")
    paused = start(ec2, path["NetworkInsightsPathId"])
    assert codes(paused) == ["NO_SOURCE_OR_DESTINATION"]
    assert paused["Explanations"][0]["MissingComponent"] == arn


# What is in the way


def test_security_groups(world):
    assert codes(world.to_server(DestinationPort=22)) == ["ENI_SG_RULES_MISMATCH"]
    world.only(world.web, 443)
    both = world.to_server(DestinationPort=22)
    assert codes(both) == ["ENI_SG_RULES_MISMATCH", "ENI_SG_RULES_MISMATCH"]
    out, into = both["Explanations"]
    assert (out["Direction"], into["Direction"]) == ("egress", "ingress")
    assert out["NetworkInterface"]["Id"] == world.client and into["NetworkInterface"]["Id"] == world.server
    assert [group["Id"] for group in out["SecurityGroups"]] == [world.web]
    assert out["Vpc"]["Id"] == world.vpc
    # The way is shown as far as it goes.
    assert ids(both["ForwardPathComponents"]) == [world.client, world.web]
    assert both["ForwardPathComponents"][-1]["Explanations"] == [out] and both["ReturnPathComponents"] == []
    world.ec2.revoke_security_group_egress(GroupId=world.web, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": ANYWHERE}]}])
    assert codes(world.outside()) == ["SG_HAS_NO_RULES"]


def test_network_acls_on_each_way(world):
    ephemeral = (1024, 65535)
    # Out, in, and back again.
    acl = world.acl(world.app, (100, True, "deny", 5432), (110, True, "allow", ephemeral),
                    (100, False, "allow", ephemeral))
    denied = world.to_server()
    assert codes(denied) == ["SUBNET_ACL_RESTRICTION"]
    [explanation] = denied["Explanations"]
    assert explanation["Acl"]["Id"] == acl and explanation["Direction"] == "egress"
    assert explanation["Subnet"]["Id"] == world.app
    assert explanation["AclRule"] == {
        "Cidr": ANYWHERE, "Egress": True, "Protocol": "tcp", "PortRange": {"From": 5432, "To": 5432},
        "RuleAction": "deny", "RuleNumber": 100}
    world.acl(world.app, (100, True, "allow", 5432), (100, False, "allow", ephemeral))
    assert world.to_server()["NetworkPathFound"]
    world.acl(world.data, (100, True, "allow", ephemeral))
    denied = world.to_server()
    assert codes(denied) == ["SUBNET_ACL_RESTRICTION"]
    assert denied["Explanations"][0]["Direction"] == "ingress"
    assert denied["Explanations"][0]["AclRule"]["RuleNumber"] == 32767
    world.acl(world.data, (100, False, "allow", 5432))
    back = world.to_server()
    assert codes(back) == ["SUBNET_ACL_RESTRICTION"] and back["Explanations"][0]["Direction"] == "egress"
    # It arrives, and its answer does not.
    assert ids(back["ForwardPathComponents"])[-1] == world.server
    assert back["ReturnPathComponents"][-1]["Explanations"] == back["Explanations"]


def test_routes(world, ec2):
    assert codes(world.to_server(Destination=world.server, DestinationIp="10.0.2.77")) == [
        "NO_POSSIBLE_DESTINATION"]
    ec2.delete_nat_gateway(NatGatewayId=world.nat)
    nat_gateway_until(ec2, world.nat, "deleted")
    gone = world.outside()
    assert codes(gone) == ["BAD_STATE_ROUTE"]
    [explanation] = gone["Explanations"]
    assert explanation["RouteTable"]["Id"] == world.private
    assert explanation["RouteTableRoute"] == {"DestinationCidr": ANYWHERE, "State": "blackhole"}
    ec2.delete_route(RouteTableId=world.private, DestinationCidrBlock=ANYWHERE)
    none = world.outside()
    assert codes(none) == ["NO_ROUTE_TO_DESTINATION"]
    assert none["Explanations"][0]["RouteTable"]["Arn"].endswith(f"route-table/{world.private}")
    # The trap of the public subnet.
    world.route(world.private, ANYWHERE, GatewayId=world.igw)
    trap = world.outside()
    assert codes(trap) == ["IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"]
    assert trap["Explanations"][0]["InternetGateway"]["Id"] == world.igw


def test_what_an_internet_gateway_refuses(world, ec2):
    front = world.interface(world.public, world.web, "front")
    allocated = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=allocated["AllocationId"], NetworkInterfaceId=front)

    def to(address):
        return codes(analyse(ec2, front, DestinationIp=address, DestinationPort=443))
    assert to("203.0.113.9") == []
    assert to("192.168.1.1") == ["IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"]
    assert to("100.64.1.1") == ["IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"]


def test_spoofed_packets(world):
    def spoofed():
        filters = {"FilterAtSource": {"SourceAddress": "10.0.2.99", "DestinationAddress": "10.0.2.4",
                                      "DestinationPortRange": {"FromPort": 5432, "ToPort": 5432}}}
        return codes(analyse(world.ec2, world.client, Destination=world.server, **filters))
    first, *_ = spoofed()
    assert first in ("ENI_SOURCE_DEST_CHECK_RESTRICTION", "GATEWAY_REJECTS_SPOOFED_TRAFFIC")


def test_peering(world, ec2):
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    there = world.subnet("10.1.1.0/24", other)
    group = world.group("there", other)
    world.allow(group, 443, IpRanges=[{"CidrIp": "10.0.0.0/8"}])
    eni = world.interface(there, group, "there")
    made = ec2.create_vpc_peering_connection(VpcId=world.vpc, PeerVpcId=other)
    pcx = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    eventually(lambda: ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[pcx])[
        "VpcPeeringConnections"][0]["Status"]["Code"] == "active")
    world.route(world.private, "10.0.0.0/8", VpcPeeringConnectionId=pcx)
    # There is no way back yet.
    forgotten = analyse(ec2, world.client, Destination=eni, DestinationPort=443)
    assert codes(forgotten) == ["NO_ROUTE_TO_DESTINATION"]
    world.route(world.table(there, vpc=other), "10.0.0.0/16", VpcPeeringConnectionId=pcx)
    found = analyse(ec2, world.client, Destination=eni, DestinationPort=443)
    peering = next(c for c in found["ForwardPathComponents"] if c["Component"]["Id"] == pcx)
    assert (peering["SourceVpc"]["Id"], peering["DestinationVpc"]["Id"]) == (world.vpc, other)
    assert analyse(ec2, world.client, Destination=pcx, DestinationIp="10.1.1.4", DestinationPort=443)[
        "NetworkPathFound"]
    beyond = codes(analyse(ec2, world.client, DestinationIp="10.9.0.1"))
    assert beyond[0] == "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"


def test_transit_gateways(world, ec2):
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    there, elsewhere = world.subnet("10.1.1.0/24", other), world.subnet("10.0.3.0/24", zone="us-east-1b")
    group = world.group("there", other)
    world.allow(group, 443, IpRanges=[{"CidrIp": "10.0.0.0/8"}])
    eni = world.interface(there, group, "there")
    tgw = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    eventually(lambda: ec2.describe_transit_gateways(TransitGatewayIds=[tgw])[
        "TransitGateways"][0]["State"] == "available")

    def attach(vpc, subnet):
        made = ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=tgw, VpcId=vpc, SubnetIds=[subnet])["TransitGatewayVpcAttachment"]
        id = made["TransitGatewayAttachmentId"]
        eventually(lambda: ec2.describe_transit_gateway_vpc_attachments(TransitGatewayAttachmentIds=[id])[
            "TransitGatewayVpcAttachments"][0]["State"] == "available")
        return id
    here = attach(world.vpc, world.app)
    world.route(world.private, "10.0.0.0/8", TransitGatewayId=tgw)
    none = analyse(ec2, world.client, DestinationIp="10.1.1.4", DestinationPort=443)
    assert codes(none) == ["TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"]
    assert none["Explanations"][0]["TransitGateway"]["Id"] == tgw
    attached = attach(other, there)
    world.route(world.table(there, vpc=other), "10.0.0.0/16", TransitGatewayId=tgw)
    found = analyse(ec2, world.client, Destination=eni, DestinationPort=443)
    assert found["NetworkPathFound"]
    gateway = next(c for c in found["ForwardPathComponents"] if c["Component"]["Id"] == tgw)
    assert gateway["TransitGatewayRouteTableRoute"] == {
        "DestinationCidr": "10.1.0.0/16", "State": "active", "RouteOrigin": "propagated",
        "AttachmentId": attached, "ResourceId": other, "ResourceType": "vpc"}
    assert analyse(ec2, world.client, Destination=attached, DestinationIp="10.1.1.4", DestinationPort=443)[
        "NetworkPathFound"]
    assert codes(analyse(ec2, world.client, Destination=here, DestinationIp="10.1.1.4",
                         DestinationPort=443)) == ["NO_PATH"]
    # From a zone in which nothing is attached.
    ec2.associate_route_table(RouteTableId=world.private, SubnetId=elsewhere)
    far = world.interface(elsewhere, world.web, "far")
    assert codes(analyse(ec2, far, Destination=eni, DestinationPort=443)) == ["TGW_ROUTE_AZ_RESTRICTION"]
    table = ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"][0]
    table = table["TransitGatewayRouteTableId"]
    ec2.create_transit_gateway_route(
        DestinationCidrBlock="10.1.1.0/24", TransitGatewayRouteTableId=table, Blackhole=True)
    assert codes(analyse(ec2, world.client, Destination=eni, DestinationPort=443)) == [
        "TGW_RTB_BAD_STATE_ROUTE"]


def test_endpoints(world, ec2):
    s3 = ec2.create_vpc_endpoint(
        VpcId=world.vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[world.private])
    s3 = s3["VpcEndpoint"]["VpcEndpointId"]
    ecr = ec2.create_vpc_endpoint(
        VpcId=world.vpc, ServiceName="com.amazonaws.us-east-1.ecr.api", VpcEndpointType="Interface",
        SubnetIds=[world.data], SecurityGroupIds=[world.db],
        PrivateDnsEnabled=False)["VpcEndpoint"]["VpcEndpointId"]
    eventually(lambda: ec2.describe_vpc_endpoints(VpcEndpointIds=[ecr])[
        "VpcEndpoints"][0]["State"] == "available")
    found = analyse(ec2, world.client, Destination=s3, DestinationPort=443)
    assert ids(found["ForwardPathComponents"])[-1] == s3 and found["NetworkPathFound"]
    assert codes(analyse(ec2, world.client, Destination=s3, Protocol="udp", DestinationPort=443)) == [
        "VPCE_GATEWAY_PROTOCOL_RESTRICTION"]
    refused = analyse(ec2, world.client, Destination=ecr, DestinationPort=443)
    assert codes(refused) == ["ENI_SG_RULES_MISMATCH"]
    [own] = ec2.describe_vpc_endpoints(VpcEndpointIds=[ecr])["VpcEndpoints"][0]["NetworkInterfaceIds"]
    assert refused["Explanations"][0]["NetworkInterface"]["Id"] == own
    world.allow(world.db, 443, IpRanges=[{"CidrIp": "10.0.0.0/16"}])
    assert analyse(ec2, world.client, Destination=ecr, DestinationPort=443)["NetworkPathFound"]
    assert analyse(ec2, world.client, Destination=own, DestinationPort=443)["NetworkPathFound"]
    assert codes(analyse(ec2, ecr, Destination=world.server, DestinationPort=5432)) == [
        "VPCE_INTRA_VPC_TRAFFIC"]


# What the path has to be like


def test_filters_of_the_path(world, ec2):
    def at(source=None, destination=None, **more):
        filters = {"FilterAtSource": source, "FilterAtDestination": destination}
        path = {name: filter for name, filter in filters.items() if filter} | more
        return analyse(ec2, world.client, **path)

    found = at({"SourcePortRange": {"FromPort": 2000, "ToPort": 3000}, "DestinationAddress": "10.0.2.4",
                "DestinationPortRange": {"FromPort": 5000, "ToPort": 6000}}, Destination=world.server)
    header = found["ForwardPathComponents"][0]["OutboundHeader"]
    assert found["NetworkPathFound"] and 2000 <= header["SourcePortRanges"][0]["From"] <= 3000
    assert header["DestinationPortRanges"] == [{"From": 5432, "To": 5432}]
    outside = {"Destination": world.igw}
    assert at(destination={"SourceAddress": world.address}, **outside)["NetworkPathFound"]
    assert codes(at(destination={"SourceAddress": "10.0.1.4"}, **outside)) == [
        "FILTER_AT_DESTINATION_SOURCE_ADDRESS"]
    ports = {"SourcePortRange": {"FromPort": 1, "ToPort": 80}}
    assert codes(at(destination=ports, **outside)) == ["FILTER_AT_DESTINATION_SOURCE_PORT_RANGE"]
    shown = ec2.describe_network_insights_paths(
        Filters=by(**{"filter-at-destination.source-port-range": ["1-80"]}))["NetworkInsightsPaths"]
    assert [path["FilterAtDestination"] for path in shown] == [ports]


def test_components_that_are_wanted_or_not(world):
    def arn(kind, id):
        return f"arn:aws:ec2:us-east-1:123456789012:{kind}/{id}"
    by_nat, by_group = arn("natgateway", world.nat), arn("security-group", world.db)
    assert world.outside(filters={"FilterInArns": [by_nat]})["NetworkPathFound"]
    without = world.outside(filters={"FilterOutArns": [by_nat]})
    assert codes(without) == ["COMPONENT_FILTER_RESTRICTION"] and without["FilterOutArns"] == [by_nat]
    assert without["Explanations"][0]["Component"]["Id"] == world.nat
    assert codes(world.outside(filters={"FilterInArns": [by_group]})) == ["COMPONENT_FILTER_RESTRICTION"]
    assert world.to_server(filters={"FilterInArns": [by_group]})["NetworkPathFound"]


# The actions


def test_paths_are_made_described_and_deleted(world, ec2):
    made = make_path(ec2, world.client, Destination=world.server, DestinationPort=5432, SourceIp="10.0.1.4",
                     **tagged("network-insights-path", "to the database"))
    id = made["NetworkInsightsPathId"]
    assert made["NetworkInsightsPathArn"].endswith(f":network-insights-path/{id}")
    assert made["Tags"] == [{"Key": "Name", "Value": "to the database"}]
    assert made["SourceArn"].endswith(world.client) and made["DestinationArn"].endswith(world.server)
    assert (made["Protocol"], made["DestinationPort"], made["SourceIp"]) == ("tcp", 5432, "10.0.1.4")
    # By ARN it is the same.
    again = make_path(ec2, made["SourceArn"], Destination=made["DestinationArn"], Protocol="udp")
    assert (again["Source"], again["Destination"]) == (world.client, world.server)

    def found(*ids, **filters):
        rows = ec2.describe_network_insights_paths(NetworkInsightsPathIds=list(ids), Filters=by(**filters))
        return {row["NetworkInsightsPathId"] for row in rows["NetworkInsightsPaths"]}
    other = again["NetworkInsightsPathId"]
    assert found() == {id, other} and found(id) == {id}
    assert found(protocol=["udp"]) == {other} and found(source=[world.client]) == {id, other}
    assert found(destination=["eni-*"], **{"tag:Name": ["to*"]}) == {id}
    assert code_of(ec2.describe_network_insights_paths, Filters=by(magic=["x"]))[0] == "InvalidParameterValue"
    missing = ("InvalidNetworkInsightsPathId.NotFound",
               f"The network insights path ID '{NO_PATH}' does not exist")
    assert code_of(ec2.describe_network_insights_paths, NetworkInsightsPathIds=[NO_PATH]) == missing
    assert code_of(ec2.delete_network_insights_path, NetworkInsightsPathId=NO_PATH) == missing
    assert code_of(ec2.start_network_insights_analysis, NetworkInsightsPathId=NO_PATH) == missing

    analysis = start(ec2, id)["NetworkInsightsAnalysisId"]
    assert code_of(ec2.delete_network_insights_path, NetworkInsightsPathId=id)[0] == (
        "AnalysisExistsForNetworkInsightsPath")
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=analysis)
    assert ec2.delete_network_insights_path(NetworkInsightsPathId=id)["NetworkInsightsPathId"] == id
    assert found() == {other}
    assert [tag for tag in ec2.describe_tags()["Tags"] if tag["ResourceId"] == id] == []


def test_paths_that_cannot_be(world, ec2):
    def code(**said):
        path = {"Source": world.client, "Destination": world.server, "Protocol": "tcp"} | said
        path = {name: value for name, value in path.items() if value is not None}
        return code_of(ec2.create_network_insights_path, **path)[0]
    assert code(Protocol="icmp") == "InvalidParameterValue"
    assert code(Source=NO_ENI) == code(Destination=NO_ENI) == "InvalidNetworkInterfaceID.NotFound"
    assert code(Source="i-0123456789abcdef0") == "InvalidInstanceID.NotFound"
    assert code(Source=world.app) == code(Destination=world.vpc) == "InvalidParameterValue"
    assert code(Destination=world.client) == "InvalidParameterValue"
    assert code(Destination=None) == "MissingParameter"
    assert code(Destination="pcx-0123456789abcdef0") == "InvalidVpcPeeringConnectionID.NotFound"
    assert code(Destination="tgw-0123456789abcdef0") == "InvalidTransitGatewayID.NotFound"
    assert code(DestinationIp="10.0.0") == code(SourceIp="::1") == "InvalidParameterValue"
    assert code(DestinationPort=0) == code(DestinationPort=65536) == "InvalidParameterValue"
    address = {"DestinationAddress": "10.0.2.4"}
    assert code(DestinationPort=1, FilterAtSource=address) == "InvalidParameterCombination"
    backwards = {"DestinationPortRange": {"FromPort": 9, "ToPort": 1}}
    assert code(FilterAtSource=backwards) == "InvalidParameterValue"
    assert code(DryRun=True) == "DryRunOperation"
    gateway = ec2.describe_network_interfaces(Filters=by(**{"interface-type": ["nat_gateway"]}))
    assert code(Source=gateway["NetworkInterfaces"][0]["NetworkInterfaceId"]) == "InvalidParameterValue"
    assert code(Source="arn:aws:apprunner:us-east-1:123456789012:service/web/0") == "InvalidParameterValue"
    assert ec2.describe_network_insights_paths()["NetworkInsightsPaths"] == []


def test_analyses_are_started_described_and_deleted(world, ec2):
    path = make_path(ec2, world.client, Destination=world.server, DestinationPort=5432)["NetworkInsightsPathId"]
    refused = make_path(ec2, world.client, Destination=world.server, DestinationPort=22)["NetworkInsightsPathId"]
    before = datetime.now(timezone.utc) - timedelta(seconds=5)
    found = start(ec2, path, **tagged("network-insights-analysis", "first"))
    id, other = found["NetworkInsightsAnalysisId"], start(ec2, refused)["NetworkInsightsAnalysisId"]
    assert found["NetworkInsightsAnalysisArn"].endswith(f":network-insights-analysis/{id}")
    assert found["NetworkInsightsPathId"] == path and found["Tags"][0]["Value"] == "first"

    def rows(**asked):
        rows = ec2.describe_network_insights_analyses(**asked)["NetworkInsightsAnalyses"]
        return {row["NetworkInsightsAnalysisId"] for row in rows}
    assert rows() == {id, other} and rows(NetworkInsightsPathId=refused) == {other}
    assert rows(Filters=by(path_found=["true"])) == {id} and rows(Filters=by(status=["succeeded"])) == {id, other}
    assert rows(AnalysisStartTime=before) == {id, other} and rows(AnalysisEndTime=before) == set()
    missing = ("InvalidNetworkInsightsAnalysisId.NotFound",
               f"The network insights analysis ID '{NO_ANALYSIS}' does not exist")
    assert code_of(ec2.describe_network_insights_analyses, NetworkInsightsAnalysisIds=[NO_ANALYSIS]) == missing
    assert code_of(ec2.delete_network_insights_analysis, NetworkInsightsAnalysisId=NO_ANALYSIS) == missing
    assert code_of(ec2.describe_network_insights_analyses, NetworkInsightsPathId=NO_PATH)[0] == (
        "InvalidNetworkInsightsPathId.NotFound")
    begin = ec2.start_network_insights_analysis
    assert code_of(begin, NetworkInsightsPathId=path, DryRun=True)[0] == "DryRunOperation"
    assert code_of(begin, NetworkInsightsPathId=path, FilterInArns=["nat"])[0] == "InvalidParameterValue"
    other_account = {"AdditionalAccounts": ["111122223333"]}
    assert code_of(begin, NetworkInsightsPathId=path, **other_account)[0] == "UnsupportedOperation"
    # The same token is the same analysis.
    twice = [begin(NetworkInsightsPathId=path, ClientToken="a")["NetworkInsightsAnalysis"] for _ in range(2)]
    assert len({analysis["NetworkInsightsAnalysisId"] for analysis in twice}) == 1
    assert code_of(begin, NetworkInsightsPathId=refused, ClientToken="a")[0] == "IdempotentParameterMismatch"
    for analysis in rows():
        ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=analysis)
    assert rows() == set()


def test_what_was_found_stays_as_it_was_found(world, ec2):
    first = world.outside()
    ec2.delete_route(RouteTableId=world.private, DestinationCidrBlock=ANYWHERE)
    assert codes(start(ec2, first["NetworkInsightsPathId"])) == ["NO_ROUTE_TO_DESTINATION"]
    assert ended(ec2, first["NetworkInsightsAnalysisId"]) == first


def test_pages(world, ec2):
    for port in range(1, 8):
        path = make_path(ec2, world.client, Destination=world.server, DestinationPort=port)
        start(ec2, path["NetworkInsightsPathId"])
    for action, member, id in (
        ("describe_network_insights_paths", "NetworkInsightsPaths", "NetworkInsightsPathId"),
        ("describe_network_insights_analyses", "NetworkInsightsAnalyses", "NetworkInsightsAnalysisId"),
    ):
        pages = ec2.get_paginator(action).paginate(PaginationConfig={"PageSize": 2})
        sizes = [page[member] for page in pages]
        assert [len(page) for page in sizes] == [2, 2, 2, 1]
        assert len({row[id] for page in sizes for row in page}) == 7
        assert code_of(getattr(ec2, action), NextToken="x")[0] == "InvalidNextToken"
        assert code_of(getattr(ec2, action), MaxResults=101)[0] == "InvalidParameterValue"


def test_a_restart_loses_nothing(serve, tmp_path):
    server = serve("--data", tmp_path / "account", operation_time="1s")
    world = World(server.client("ec2"))
    path = make_path(world.ec2, world.client, Destination=world.server, DestinationPort=5432)
    begun = world.ec2.start_network_insights_analysis(NetworkInsightsPathId=path["NetworkInsightsPathId"])
    server.kill()
    server.start()
    ec2 = server.client("ec2")
    found = ended(ec2, begun["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"])
    assert found["NetworkPathFound"] and ids(found["ForwardPathComponents"])[0] == world.client


def test_the_aws_command_line(server, world):
    aws = server.aws
    made = aws(f"aws ec2 create-network-insights-path --source {world.client} --destination {world.igw} "
               "--protocol tcp --destination-port 443")
    path = made["NetworkInsightsPath"]["NetworkInsightsPathId"]
    begun = aws(f"aws ec2 start-network-insights-analysis --network-insights-path-id {path}")
    id = begun["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"]
    # It waits as scripts do.
    ended(world.ec2, id)
    shown = aws(f"aws ec2 describe-network-insights-analyses --network-insights-analysis-ids {id}")
    [analysis] = shown["NetworkInsightsAnalyses"]
    assert analysis["NetworkPathFound"] and ids(analysis["ForwardPathComponents"])[-1] == world.igw
    aws(f"aws ec2 delete-network-insights-analysis --network-insights-analysis-id {id}")
    aws(f"aws ec2 delete-network-insights-path --network-insights-path-id {path}")


def test_botocore_knows_all_that_is_answered(world, ec2):
    """Members that the model does not have would be dropped in silence: the XML is looked at itself."""
    seen = []
    ec2.meta.events.register("after-call.ec2.DescribeNetworkInsightsAnalyses",
                             lambda http_response, **_: seen.append(http_response.content))
    world.only(world.web, 443)
    world.to_server(DestinationPort=22), world.outside()
    model = botocore.session.get_session().get_service_model("ec2")
    shape = model.operation_model("DescribeNetworkInsightsAnalyses").output_shape
    import xml.etree.ElementTree as tree
    for content in seen:
        know(tree.fromstring(content), shape, skip={"requestId"})


def know(element, shape, skip=frozenset()):
    tag = element.tag.rsplit("}", 1)[-1]
    if shape.type_name == "structure":
        members = {m.serialization.get("name", name): m for name, m in shape.members.items()}
        for child in element:
            name = child.tag.rsplit("}", 1)[-1]
            if name not in skip:
                assert name in members, f"{name} in {tag}"
                know(child, members[name])
    elif shape.type_name == "list":
        for child in element:
            assert child.tag.rsplit("}", 1)[-1] == "item"
            know(child, shape.member)
    else:
        assert len(element) == 0, tag


# The shipped scenarios


def expectations():
    for folder in sorted((ROOT / "scenarios").iterdir()):
        file = folder / "scenario.yaml"
        for said in (yaml.safe_load(file.read_text()).get("expect") or []) if file.exists() else []:
            if said.get("protocol", "tcp") in ("tcp", "udp"):
                to = f"{said['from']} to {said['to']}"
                yield pytest.param(folder.name, said, id=f"{folder.name}: {to}")


def explained(scenario, said):
    command = [EGRET, "explain", f"scenarios/{scenario}", "--from", said["from"], "--to", str(said["to"]),
               "--protocol", said.get("protocol", "tcp"), "--all", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("scenario, said", list(expectations()))
def test_an_analysis_says_what_explain_says(serve, scenario, said):
    expected = explained(scenario, said)
    first, *others = expected["ForwardPathComponents"]
    header = first["InboundHeader"]
    server = serve("--scenario", f"scenarios/{scenario}")
    ec2, source = server.client("ec2"), said["from"].split("/")[0]
    services = server.client("apprunner").list_services()["ServiceSummaryList"]
    arns = {service["ServiceName"]: service["ServiceArn"] for service in services}
    path = {"DestinationIp": header["DestinationAddresses"][0].split("/")[0],
            "DestinationPort": header["DestinationPortRanges"][0]["From"],
            "Protocol": {"6": "tcp", "17": "udp"}[header["Protocol"]]}
    if source in arns:
        # Which task it is, its ENI's address says.
        enis = [other for other in others if other["Component"]["Name"] == "hyperplane-eni"]
        addresses = [eni["OutboundHeader"]["SourceAddresses"][0].split("/")[0] for eni in enis]
        path |= {"SourceIp": address for address in addresses[:1]}
    else:
        filters = by(**{"tag:Name": [source]})
        named = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        arns[source] = named[0]["NetworkInterfaceId"]
    found = analyse(ec2, arns[source], **path)
    assert found["NetworkPathFound"] == expected["NetworkPathFound"] == (said["outcome"] == "delivered")
    assert codes(found) == [e["ExplanationCode"] for e in expected["Explanations"]]
    if said.get("code"):
        assert codes(found)[0] == said["code"]
