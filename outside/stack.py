"""One of everything that `egret serve` has, around the VPC over three zones: what tests of whole sequences share.

Each part knows how it goes, and whether it is gone; what has to go before it is the server's to say.
"""

from dataclasses import dataclass
from typing import Callable

import botocore.exceptions
from network import ANYWHERE, Network, ZONES
from serve import eventually

#: What AWS says of something that others need still, or that is not in a state to go.
NEEDED = {"DependencyViolation", "InvalidIPAddress.InUse", "IncorrectState", "InvalidRequestException",
          "OperationNotPermitted", "AuthFailure", "InvalidParameterValue"}


@dataclass
class Part:
    """Something that was made."""

    name: str
    go: Callable
    #: Whether it is gone, where that takes time.
    gone: Callable = lambda: True


def in_states(call, member, *states, code=lambda row: row["State"]):
    """Whether all that is asked for is in one of these states, or is not known any more."""
    def reached():
        try:
            return all(code(row) in states for row in call()[member])
        except botocore.exceptions.ClientError as error:
            return "NotFound" in error.response["Error"]["Code"]
    return reached


class Stack:
    """All of it, in the order in which Terraform makes it."""

    def __init__(self, server):
        self.ec2, self.app_runner = server.client("ec2"), server.client("apprunner")
        self.parts = []
        self.network = Network(self.ec2)
        self.vpc, self.private, self.nats = self.network.vpc, self.network.private, self.network.nats
        self.account_for_network()
        self.make_policies()
        self.make_second_cidr()
        self.make_peer()
        self.make_transit()
        self.make_endpoints()
        self.make_interface()
        self.make_services()

    def part(self, name, go, gone=lambda: True, **arguments):
        self.parts.append(Part(name, lambda: go(**arguments), gone))

    # What Network made

    def account_for_network(self):
        ec2, net = self.ec2, self.network
        self.part("vpc", ec2.delete_vpc, VpcId=net.vpc)
        self.part("igw", ec2.delete_internet_gateway, InternetGatewayId=net.igw)
        self.part("attached igw", ec2.detach_internet_gateway, InternetGatewayId=net.igw, VpcId=net.vpc)
        for n, subnet in enumerate(net.public + net.private):
            self.part(f"subnet {n}", ec2.delete_subnet, SubnetId=subnet)
        for n, (allocation, nat) in enumerate(zip(net.allocations, net.nats)):
            self.part(f"eip {n}", ec2.release_address, AllocationId=allocation)
            def described(nat=nat):
                return ec2.describe_nat_gateways(NatGatewayIds=[nat])
            self.part(f"nat {n}", ec2.delete_nat_gateway, in_states(described, "NatGateways", "deleted"),
                      NatGatewayId=nat)
        for n, table in enumerate(net.tables):
            self.part(f"table {n}", ec2.delete_route_table, RouteTableId=table)
        for n, association in enumerate(net.associations):
            self.part(f"association {n}", ec2.disassociate_route_table, AssociationId=association)

    # What is made beside it

    def make_policies(self):
        ec2 = self.ec2
        entries = [{"Cidr": "203.0.113.0/28", "Description": "a partner"}]
        made = ec2.create_managed_prefix_list(
            PrefixListName="partners", AddressFamily="IPv4", MaxEntries=3, Entries=entries)
        self.list = made["PrefixList"]["PrefixListId"]
        self.part("list", ec2.delete_managed_prefix_list, PrefixListId=self.list)
        self.web, self.db = [self.group(name) for name in ("web", "db")]
        https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": ANYWHERE}]}
        listed = {"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8443, "PrefixListIds": [{"PrefixListId": self.list}]}
        orders = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": self.db}]}
        every = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}
        ec2.revoke_security_group_egress(GroupId=self.web, IpPermissions=[every])
        ec2.authorize_security_group_egress(GroupId=self.web, IpPermissions=[https, listed, orders])
        asked = {**orders, "UserIdGroupPairs": [{"GroupId": self.web}]}
        ec2.authorize_security_group_ingress(GroupId=self.db, IpPermissions=[asked])
        # What names another group goes before it.
        for name, group in (("web", self.web), ("db", self.db)):
            self.part(f"rules of {name}", self.revoke, group=group)
        self.make_acl()

    def group(self, name):
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        self.part(f"group {name}", self.ec2.delete_security_group, GroupId=made)
        return made

    def revoke(self, group):
        filters = [{"Name": "group-id", "Values": [group]}]
        rules = self.ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        for egress, call in ((True, self.ec2.revoke_security_group_egress), (False, self.ec2.revoke_security_group_ingress)):
            ids = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] == egress]
            if ids:
                call(GroupId=group, SecurityGroupRuleIds=ids)

    def make_acl(self):
        ec2 = self.ec2
        self.acl = ec2.create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"]
        for egress in (False, True):
            ec2.create_network_acl_entry(NetworkAclId=self.acl, RuleNumber=100, Protocol="-1", RuleAction="allow",
                                         Egress=egress, CidrBlock=ANYWHERE)
        filters = [{"Name": "association.subnet-id", "Values": self.private}]
        self.part("acl", ec2.delete_network_acl, NetworkAclId=self.acl)
        for acl in ec2.describe_network_acls(Filters=filters)["NetworkAcls"]:
            for association in acl["Associations"]:
                if association["SubnetId"] in self.private:
                    self.associate_acl(acl["NetworkAclId"], association)

    def associate_acl(self, default, association):
        """The subnet's ACL is this one, until it goes: then it is the default one again."""
        made = self.ec2.replace_network_acl_association(
            AssociationId=association["NetworkAclAssociationId"], NetworkAclId=self.acl)["NewAssociationId"]
        self.part(f"acl of {association['SubnetId']}", self.ec2.replace_network_acl_association,
                  AssociationId=made, NetworkAclId=default)

    def make_second_cidr(self):
        ec2 = self.ec2
        made = ec2.associate_vpc_cidr_block(VpcId=self.vpc, CidrBlock="10.64.0.0/16")["CidrBlockAssociation"]
        self.part("second cidr", ec2.disassociate_vpc_cidr_block, AssociationId=made["AssociationId"])
        made = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.64.0.0/24", AvailabilityZone=ZONES[0])["Subnet"]
        self.second = made["SubnetId"]
        self.part("subnet in second cidr", ec2.delete_subnet, SubnetId=self.second)

    def make_peer(self):
        ec2 = self.ec2
        self.shared = ec2.create_vpc(CidrBlock="172.29.0.0/16")["Vpc"]["VpcId"]
        self.part("shared vpc", ec2.delete_vpc, VpcId=self.shared)
        made = ec2.create_subnet(VpcId=self.shared, CidrBlock="172.29.1.0/24", AvailabilityZone=ZONES[0])["Subnet"]
        self.shared_subnet = made["SubnetId"]
        self.part("shared subnet", ec2.delete_subnet, SubnetId=self.shared_subnet)
        made = ec2.create_vpc_peering_connection(VpcId=self.vpc, PeerVpcId=self.shared)["VpcPeeringConnection"]
        self.peering = made["VpcPeeringConnectionId"]
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=self.peering)
        described = lambda: ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[self.peering])
        code = lambda row: row["Status"]["Code"]
        eventually(in_states(described, "VpcPeeringConnections", "active", code=code))
        self.part("peering", ec2.delete_vpc_peering_connection,
                  in_states(described, "VpcPeeringConnections", "deleted", code=code), VpcPeeringConnectionId=self.peering)
        for table in self.network.tables[1:]:
            self.route(table, DestinationCidrBlock="172.29.1.0/24", VpcPeeringConnectionId=self.peering)

    def route(self, table, **said):
        self.ec2.create_route(RouteTableId=table, **said)
        destination = {key: value for key, value in said.items() if key.startswith("Destination")}
        self.part(f"route of {table}", self.ec2.delete_route, RouteTableId=table, **destination)

    def make_transit(self):
        ec2 = self.ec2
        made = ec2.create_transit_gateway(Options={"DefaultRouteTableAssociation": "disable",
                                                   "DefaultRouteTablePropagation": "disable"})["TransitGateway"]
        self.hub = made["TransitGatewayId"]
        described = lambda: ec2.describe_transit_gateways(TransitGatewayIds=[self.hub])
        eventually(in_states(described, "TransitGateways", "available"))
        self.part("hub", ec2.delete_transit_gateway, in_states(described, "TransitGateways", "deleted"),
                  TransitGatewayId=self.hub)
        self.make_transit_table()
        self.attachments = [self.attach(self.vpc, self.private[:2]), self.attach(self.shared, [self.shared_subnet])]
        to_main = {"DestinationCidrBlock": "10.0.0.0/15", "TransitGatewayRouteTableId": self.hub_table}
        ec2.create_transit_gateway_route(**to_main, TransitGatewayAttachmentId=self.attachments[0])
        self.part("route of hub", ec2.delete_transit_gateway_route, **to_main)
        for table in self.network.tables[1:]:
            self.route(table, DestinationCidrBlock="172.29.0.0/16", TransitGatewayId=self.hub)

    def make_transit_table(self):
        ec2 = self.ec2
        made = ec2.create_transit_gateway_route_table(TransitGatewayId=self.hub)["TransitGatewayRouteTable"]
        self.hub_table = made["TransitGatewayRouteTableId"]
        described = lambda: ec2.describe_transit_gateway_route_tables(TransitGatewayRouteTableIds=[self.hub_table])
        eventually(in_states(described, "TransitGatewayRouteTables", "available"))
        self.part("table of hub", ec2.delete_transit_gateway_route_table,
                  in_states(described, "TransitGatewayRouteTables", "deleted"), TransitGatewayRouteTableId=self.hub_table)

    def attach(self, vpc, subnets):
        ec2 = self.ec2
        made = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=self.hub, VpcId=vpc, SubnetIds=subnets)
        id = made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
        described = lambda: ec2.describe_transit_gateway_vpc_attachments(TransitGatewayAttachmentIds=[id])
        eventually(in_states(described, "TransitGatewayVpcAttachments", "available"))
        self.part(f"attachment of {vpc}", ec2.delete_transit_gateway_vpc_attachment,
                  in_states(described, "TransitGatewayVpcAttachments", "deleted"), TransitGatewayAttachmentId=id)
        both = {"TransitGatewayAttachmentId": id, "TransitGatewayRouteTableId": self.hub_table}
        ec2.associate_transit_gateway_route_table(**both)
        self.part(f"association of {id}", ec2.disassociate_transit_gateway_route_table, **both)
        ec2.enable_transit_gateway_route_table_propagation(**both)
        self.part(f"propagation of {id}", ec2.disable_transit_gateway_route_table_propagation, **both)
        return id

    def make_endpoints(self):
        service = "com.amazonaws.us-east-1."
        self.s3 = self.endpoint(ServiceName=service + "s3", RouteTableIds=self.network.tables[1:])
        self.secrets = self.endpoint(
            ServiceName=service + "secretsmanager", VpcEndpointType="Interface", SubnetIds=self.private,
            SecurityGroupIds=[self.db], PrivateDnsEnabled=True)

    def endpoint(self, **said):
        ec2 = self.ec2
        id = ec2.create_vpc_endpoint(VpcId=self.vpc, **said)["VpcEndpoint"]["VpcEndpointId"]
        described = lambda: ec2.describe_vpc_endpoints(VpcEndpointIds=[id])
        eventually(in_states(described, "VpcEndpoints", "available"))
        self.part(f"endpoint {id}", ec2.delete_vpc_endpoints, in_states(described, "VpcEndpoints", "deleted"),
                  VpcEndpointIds=[id])
        return id

    def make_interface(self):
        ec2 = self.ec2
        made = ec2.create_network_interface(SubnetId=self.network.public[0], Groups=[self.web])["NetworkInterface"]
        self.interface = made["NetworkInterfaceId"]
        self.part("interface", ec2.delete_network_interface, NetworkInterfaceId=self.interface)
        self.allocation = ec2.allocate_address()["AllocationId"]
        self.part("its eip", ec2.release_address, AllocationId=self.allocation)
        made = ec2.associate_address(AllocationId=self.allocation, NetworkInterfaceId=self.interface)
        self.part("its association", ec2.disassociate_address, AssociationId=made["AssociationId"])

    def make_services(self):
        app = self.app_runner
        made = app.create_vpc_connector(VpcConnectorName="main", Subnets=self.private, SecurityGroups=[self.web])
        self.connector = made["VpcConnector"]["VpcConnectorArn"]
        self.part("connector", app.delete_vpc_connector, VpcConnectorArn=self.connector)
        egress = {"EgressType": "VPC", "VpcConnectorArn": self.connector}
        image = {"ImageIdentifier": "public.ecr.aws/a/b:c", "ImageRepositoryType": "ECR_PUBLIC"}
        made = app.create_service(ServiceName="web-service", SourceConfiguration={"ImageRepository": image},
                                  NetworkConfiguration={"EgressConfiguration": egress})["Service"]
        self.service = made["ServiceArn"]
        self.part("service", app.delete_service, lambda: self.status() == "DELETED", ServiceArn=self.service)
        eventually(lambda: self.status() == "RUNNING")

    def status(self):
        return self.app_runner.describe_service(ServiceArn=self.service)["Service"]["Status"]

    # How it goes

    def destroy(self):
        """Whatever depends on something goes before it."""
        while self.parts:
            part = self.parts.pop()
            part.go()
            eventually(part.gone)

    def named(self, name):
        return next(part for part in self.parts if part.name == name)
