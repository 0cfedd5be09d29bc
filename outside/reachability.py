"""Paths and analyses of `egret serve`, and a VPC to ask about: what tests of Reachability Analyzer share."""

import pytest
from network import ANYWHERE, by, nat_gateway_until, tagged
from serve import eventually


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
