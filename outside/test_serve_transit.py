"""EC2's actions on peering connections and transit gateways, by boto3 against `egret serve`: what they
do, each error, filters, pages."""

import pytest
from network import ec2, server
from serve import code_of, eventually

NO_PEERING, NO_GATEWAY = "pcx-0123456789abcdef0", "tgw-0123456789abcdef0"
NO_ATTACHMENT, NO_TABLE = "tgw-attach-0123456789abcdef0", "tgw-rtb-0123456789abcdef0"


def make_vpc(ec2, number):
    return ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]


def make_subnet(ec2, vpc, cidr, zone="a"):
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"us-east-1{zone}")
    return made["Subnet"]["SubnetId"]


def by(name, *values):
    return {"Filters": [{"Name": name, "Values": list(values)}]}


# Peering connections


@pytest.fixture
def vpcs(ec2):
    return make_vpc(ec2, 0), make_vpc(ec2, 1)


def peer(ec2, vpcs, **more):
    made = ec2.create_vpc_peering_connection(VpcId=vpcs[0], PeerVpcId=vpcs[1], **more)
    return made["VpcPeeringConnection"]["VpcPeeringConnectionId"]


def status(ec2, id, wanted):
    def reached():
        found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[id])["VpcPeeringConnections"][0]
        return found if found["Status"]["Code"] == wanted else None
    return eventually(reached)


def test_a_peering_is_asked_for_accepted_and_deleted(ec2, vpcs):
    id = peer(ec2, vpcs)
    asked = status(ec2, id, "pending-acceptance")
    assert asked["RequesterVpcInfo"]["VpcId"] == vpcs[0] and asked["AccepterVpcInfo"]["CidrBlock"] == "10.1.0.0/16"
    assert asked["Status"]["Message"] == "Pending Acceptance by 123456789012" and asked["ExpirationTime"]
    accepted = ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id)["VpcPeeringConnection"]
    assert accepted["Status"]["Code"] == "provisioning"
    assert "ExpirationTime" not in status(ec2, id, "active")
    options = ec2.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=id, RequesterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True})
    assert options["RequesterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"]
    shown = status(ec2, id, "active")
    assert shown["RequesterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"]
    assert not shown["AccepterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"]
    assert ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=id)["Return"]
    status(ec2, id, "deleted")
    code, message = code_of(ec2.delete_vpc_peering_connection, VpcPeeringConnectionId=id)
    assert code == "InvalidStateTransition" and "from deleted to deleted" in message


def test_a_peering_is_rejected(ec2, vpcs):
    id = peer(ec2, vpcs)
    assert ec2.reject_vpc_peering_connection(VpcPeeringConnectionId=id)["Return"]
    status(ec2, id, "rejected")
    assert code_of(ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=id)[0] == "InvalidStateTransition"
    assert code_of(ec2.reject_vpc_peering_connection, VpcPeeringConnectionId=id)[0] == "InvalidStateTransition"
    assert peer(ec2, vpcs), "and can be asked for again"


def test_peerings_that_cannot_be(ec2, vpcs):
    create = ec2.create_vpc_peering_connection
    assert code_of(create, VpcId=vpcs[0], PeerVpcId=vpcs[0])[0] == "InvalidParameterValue"
    assert code_of(create, VpcId=vpcs[0])[0] == "MissingParameter"
    assert code_of(create, VpcId=vpcs[0], PeerVpcId=vpcs[1], PeerRegion="eu-west-1")[0] == "UnsupportedOperation"
    assert code_of(create, VpcId=vpcs[0], PeerVpcId=vpcs[1], PeerOwnerId="210987654321")[0] == (
        "UnsupportedOperation")
    id = peer(ec2, vpcs)
    assert code_of(create, VpcId=vpcs[1], PeerVpcId=vpcs[0])[0] == "VpcPeeringConnectionAlreadyExists"
    options = {"AccepterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": True}}
    assert code_of(ec2.modify_vpc_peering_connection_options, VpcPeeringConnectionId=id, **options)[0] == (
        "OperationNotPermitted")
    same = make_vpc(ec2, 0)
    failed = status(ec2, peer(ec2, (vpcs[0], same)), "failed")
    assert "overlapping CIDR" in failed["Status"]["Message"]
    status(ec2, peer(ec2, (vpcs[0], "vpc-0123456789abcdef0")), "failed")
    for call in (ec2.accept_vpc_peering_connection, ec2.delete_vpc_peering_connection):
        assert code_of(call, VpcPeeringConnectionId=NO_PEERING)[0] == "InvalidVpcPeeringConnectionID.NotFound"


def test_peerings_are_found_by_what_they_have_and_come_in_pages(ec2, vpcs):
    id = peer(ec2, vpcs, TagSpecifications=[{
        "ResourceType": "vpc-peering-connection", "Tags": [{"Key": "Name", "Value": "main"}]}])
    status(ec2, id, "pending-acceptance")
    for name, value in [("tag:Name", "main"), ("status-code", "pending-*"), ("requester-vpc-info.vpc-id", vpcs[0]),
                        ("accepter-vpc-info.cidr-block", "10.1.0.0/16")]:
        found = ec2.describe_vpc_peering_connections(**by(name, value))["VpcPeeringConnections"]
        assert [id] == [one["VpcPeeringConnectionId"] for one in found], name
    # Those that were rejected are shown still.
    for _ in range(6):
        ec2.reject_vpc_peering_connection(VpcPeeringConnectionId=id)
        id = peer(ec2, vpcs)
    pages = list(ec2.get_paginator("describe_vpc_peering_connections").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["VpcPeeringConnections"]) for page in pages] == [5, 2]


def test_a_rule_names_a_group_over_a_peering_and_becomes_stale(ec2, vpcs):
    here, there = (ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"] for vpc in vpcs)
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": there}]}
    authorize = {"GroupId": here, "IpPermissions": [rule]}
    assert code_of(ec2.authorize_security_group_ingress, **authorize)[0] == "InvalidGroup.NotFound"
    id = peer(ec2, vpcs)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id)
    status(ec2, id, "active")
    [made] = ec2.authorize_security_group_ingress(**authorize)["SecurityGroupRules"]
    assert made["ReferencedGroupInfo"]["VpcPeeringConnectionId"] == id
    [reference] = ec2.describe_security_group_references(GroupId=[there])["SecurityGroupReferenceSet"]
    assert (reference["ReferencingVpcId"], reference["VpcPeeringConnectionId"]) == (vpcs[0], id)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=id)
    ec2.delete_security_group(GroupId=there)
    ec2.revoke_security_group_ingress(**authorize)
    assert ec2.describe_security_groups(GroupIds=[here])["SecurityGroups"][0]["IpPermissions"] == []


# Transit gateways


class Transit:
    """A transit gateway that two VPCs are attached to."""

    def __init__(self, ec2, **options):
        self.ec2 = ec2
        made = ec2.create_transit_gateway(Options=options)["TransitGateway"]
        self.made, self.id = made, made["TransitGatewayId"]
        self.until(self.gateway, "available")
        self.vpcs = [make_vpc(ec2, 10), make_vpc(ec2, 11)]
        self.subnets = [make_subnet(ec2, vpc, f"10.{10 + n}.0.0/24") for n, vpc in enumerate(self.vpcs)]
        self.attachments = [self.attach(*pair) for pair in zip(self.vpcs, self.subnets)]

    def gateway(self):
        return self.ec2.describe_transit_gateways(TransitGatewayIds=[self.id])["TransitGateways"][0]

    def attachment(self, id):
        call = self.ec2.describe_transit_gateway_vpc_attachments
        return call(TransitGatewayAttachmentIds=[id])["TransitGatewayVpcAttachments"][0]

    def table(self, id):
        call = self.ec2.describe_transit_gateway_route_tables
        return call(TransitGatewayRouteTableIds=[id])["TransitGatewayRouteTables"][0]

    def until(self, described, state):
        def reached():
            found = described()
            return found if found["State"] == state else None
        return eventually(reached)

    def attach(self, vpc, *subnets):
        made = self.ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=self.id, VpcId=vpc, SubnetIds=list(subnets))["TransitGatewayVpcAttachment"]
        assert made["State"] == "pending"
        id = made["TransitGatewayAttachmentId"]
        self.until(lambda: self.attachment(id), "available")
        return id

    def make_table(self):
        made = self.ec2.create_transit_gateway_route_table(TransitGatewayId=self.id)["TransitGatewayRouteTable"]
        id = made["TransitGatewayRouteTableId"]
        self.until(lambda: self.table(id), "available")
        return id

    def routes(self, table, **search):
        filters = [{"Name": name.replace("__", ".").replace("_", "-"), "Values": [value]}
                   for name, value in (search or {"type": "*"}).items()]
        found = self.ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=filters)
        return [(one["DestinationCidrBlock"], one["Type"], one["State"]) for one in found["Routes"]]


@pytest.fixture
def transit(ec2):
    return Transit(ec2)


def test_a_transit_gateway_has_a_table_that_attachments_get(ec2, transit):
    options = transit.gateway()["Options"]
    table = options["AssociationDefaultRouteTableId"]
    assert options["PropagationDefaultRouteTableId"] == table and options["AmazonSideAsn"] == 64512
    assert transit.routes(table) == [("10.10.0.0/16", "propagated", "active"),
                                     ("10.11.0.0/16", "propagated", "active")]
    associations = ec2.get_transit_gateway_route_table_associations(TransitGatewayRouteTableId=table)
    assert {one["TransitGatewayAttachmentId"] for one in associations["Associations"]} == set(transit.attachments)
    told = ec2.get_transit_gateway_attachment_propagations(TransitGatewayAttachmentId=transit.attachments[0])
    assert told["TransitGatewayAttachmentPropagations"] == [
        {"TransitGatewayRouteTableId": table, "State": "enabled"}]
    shown = ec2.describe_transit_gateway_attachments(**by("resource-id", transit.vpcs[0]))
    [one] = shown["TransitGatewayAttachments"]
    assert one["Association"] == {"TransitGatewayRouteTableId": table, "State": "associated"}
    enis = ec2.describe_network_interfaces(**by("interface-type", "transit_gateway"))["NetworkInterfaces"]
    assert len(enis) == 2


def test_a_transit_gateway_is_taken_down(ec2, transit):
    delete = ec2.delete_transit_gateway
    code, message = code_of(delete, TransitGatewayId=transit.id)
    assert code == "IncorrectState" and "has non-deleted VPC Attachments" in message
    assert code_of(ec2.delete_subnet, SubnetId=transit.subnets[0])[0] == "DependencyViolation"
    for attachment in transit.attachments:
        gone = ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
        assert gone["TransitGatewayVpcAttachment"]["State"] == "deleting"
        transit.until(lambda: transit.attachment(attachment), "deleted")
    assert ec2.describe_network_interfaces(**by("interface-type", "transit_gateway"))["NetworkInterfaces"] == []
    assert delete(TransitGatewayId=transit.id)["TransitGateway"]["State"] == "deleting"
    transit.until(transit.gateway, "deleted")
    assert code_of(delete, TransitGatewayId=transit.id) == (
        "InvalidTransitGatewayID.NotFound", f"Transit Gateway {transit.id} was deleted or does not exist.")
    for subnet, vpc in zip(transit.subnets, transit.vpcs):
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)


def test_transit_gateways_and_attachments_that_cannot_be(ec2, transit):
    def code(**options):
        return code_of(ec2.create_transit_gateway, Options=options)[0]
    assert code(AmazonSideAsn=1) == code(DnsSupport="perhaps") == "InvalidParameterValue"
    assert code(MulticastSupport="enable") == "UnsupportedOperation"
    create = ec2.create_transit_gateway_vpc_attachment
    [vpc, other], [subnet, _] = transit.vpcs, transit.subnets
    id = {"TransitGatewayId": transit.id}
    assert code_of(create, TransitGatewayId=NO_GATEWAY, VpcId=vpc, SubnetIds=[subnet])[0] == (
        "InvalidTransitGatewayID.NotFound")
    assert code_of(create, **id, VpcId=vpc, SubnetIds=[subnet])[0] == "DuplicateTransitGatewayAttachment"
    third = make_vpc(ec2, 12)
    [a, b] = [make_subnet(ec2, third, f"10.12.{n}.0/24") for n in range(2)]
    assert code_of(create, **id, VpcId=third, SubnetIds=[a, b])[0] == "DuplicateSubnetsInSameZone"
    assert code_of(create, **id, VpcId=third, SubnetIds=[subnet])[0] == "InvalidParameterValue"
    assert code_of(create, **id, VpcId=third, SubnetIds=[a], Options={"ApplianceModeSupport": "enable"})[0] == (
        "UnsupportedOperation")
    for call in (ec2.accept_transit_gateway_vpc_attachment, ec2.reject_transit_gateway_vpc_attachment):
        attachment = transit.attachments[0]
        assert code_of(call, TransitGatewayAttachmentId=attachment) == (
            "IncorrectState", f"{attachment} is in invalid state")
        assert code_of(call, TransitGatewayAttachmentId=NO_ATTACHMENT)[0] == (
            "InvalidTransitGatewayAttachmentID.NotFound")


def test_attachments_and_gateways_are_modified(ec2, transit):
    attachment, [vpc, _] = transit.attachments[0], transit.vpcs
    other = make_subnet(ec2, vpc, "10.10.1.0/24", "b")
    modify = ec2.modify_transit_gateway_vpc_attachment
    modify(TransitGatewayAttachmentId=attachment, AddSubnetIds=[other], RemoveSubnetIds=[transit.subnets[0]])
    assert transit.attachment(attachment)["SubnetIds"] == [other]
    ec2.delete_subnet(SubnetId=transit.subnets[0])
    assert code_of(modify, TransitGatewayAttachmentId=attachment, RemoveSubnetIds=[other])[0] == (
        "InvalidParameterValue")
    table = transit.make_table()
    changed = ec2.modify_transit_gateway(TransitGatewayId=transit.id, Description="hub", Options={
        "SecurityGroupReferencingSupport": "enable", "AssociationDefaultRouteTableId": table,
        "DefaultRouteTablePropagation": "disable"})["TransitGateway"]
    options = changed["Options"]
    assert changed["Description"] == "hub" and options["SecurityGroupReferencingSupport"] == "enable"
    assert options["AssociationDefaultRouteTableId"] == table
    assert options["DefaultRouteTablePropagation"] == "disable"
    assert code_of(ec2.delete_transit_gateway_route_table, TransitGatewayRouteTableId=table)[0] == "IncorrectState"


def test_tables_associate_and_propagate(ec2, transit):
    table, attachment = transit.make_table(), transit.attachments[0]
    pair = {"TransitGatewayRouteTableId": table, "TransitGatewayAttachmentId": attachment}
    assert code_of(ec2.associate_transit_gateway_route_table, **pair)[0] == "Resource.AlreadyAssociated"
    assert code_of(ec2.disassociate_transit_gateway_route_table, **pair)[0] == "InvalidAssociation.NotFound"
    default = transit.gateway()["Options"]["AssociationDefaultRouteTableId"]
    ec2.disassociate_transit_gateway_route_table(**(pair | {"TransitGatewayRouteTableId": default}))
    assert ec2.associate_transit_gateway_route_table(**pair)["Association"]["State"] == "associated"
    assert code_of(ec2.delete_transit_gateway_route_table, TransitGatewayRouteTableId=table)[0] == "IncorrectState"
    enable = ec2.enable_transit_gateway_route_table_propagation
    assert enable(**pair)["Propagation"]["State"] == "enabled"
    assert code_of(enable, **pair)[0] == "TransitGatewayRouteTablePropagation.Duplicate"
    told = ec2.get_transit_gateway_route_table_propagations(TransitGatewayRouteTableId=table)
    assert [one["ResourceId"] for one in told["TransitGatewayRouteTablePropagations"]] == [transit.vpcs[0]]
    assert transit.routes(table) == [("10.10.0.0/16", "propagated", "active")]
    disable = ec2.disable_transit_gateway_route_table_propagation
    disable(**pair)
    assert code_of(disable, **pair)[0] == "TransitGatewayRouteTablePropagation.NotFound"
    assert transit.routes(table) == []
    ec2.disassociate_transit_gateway_route_table(**pair)
    ec2.delete_transit_gateway_route_table(TransitGatewayRouteTableId=table)
    transit.until(lambda: transit.table(table), "deleted")
    assert code_of(enable, **pair)[0] == "InvalidRouteTableID.NotFound"


def test_static_routes(ec2, transit):
    table, attachment = transit.make_table(), transit.attachments[0]
    create = ec2.create_transit_gateway_route
    route = {"TransitGatewayRouteTableId": table, "DestinationCidrBlock": "10.10.0.0/16"}
    assert code_of(create, **route)[0] == "MissingParameter"
    assert code_of(create, **route, TransitGatewayAttachmentId=attachment, Blackhole=True)[0] == (
        "InvalidParameterCombination")
    made = create(**route, TransitGatewayAttachmentId=attachment)["Route"]
    assert made["State"] == "active" and made["TransitGatewayAttachments"][0]["ResourceId"] == transit.vpcs[0]
    assert code_of(create, **route, Blackhole=True)[0] == "RouteAlreadyExists"
    # Terraform gives a blackhole an attachment that is none.
    create(**(route | {"DestinationCidrBlock": "0.0.0.0/0"}), Blackhole=True, TransitGatewayAttachmentId="")
    replaced = ec2.replace_transit_gateway_route(**route, Blackhole=True)["Route"]
    assert replaced["State"] == "blackhole"
    ec2.replace_transit_gateway_route(**route, TransitGatewayAttachmentId=attachment)
    both = [("0.0.0.0/0", "static", "blackhole"), ("10.10.0.0/16", "static", "active")]
    assert transit.routes(table) == both
    assert transit.routes(table, **{"route_search__exact_match": "10.10.0.0/16"}) == both[1:]
    assert transit.routes(table, **{"route_search__longest_prefix_match": "10.10.3.4"}) == both[1:]
    assert transit.routes(table, **{"route_search__supernet_of_match": "10.10.3.0/24"}) == both
    assert transit.routes(table, **{"route_search__subnet_of_match": "10.0.0.0/8"}) == both[1:]
    assert transit.routes(table, state="blackhole") == both[:1]
    assert code_of(ec2.search_transit_gateway_routes, TransitGatewayRouteTableId=table, Filters=[])[0] == (
        "MissingParameter")
    # An attachment that is gone leaves a blackhole.
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    assert transit.routes(table)[1] == ("10.10.0.0/16", "static", "blackhole")
    assert ec2.delete_transit_gateway_route(**route)["Route"]["State"] == "deleted"
    assert code_of(ec2.delete_transit_gateway_route, **route)[0] == "InvalidRoute.NotFound"
    assert code_of(ec2.replace_transit_gateway_route, **route, Blackhole=True)[0] == "InvalidRoute.NotFound"


def test_all_of_it_comes_in_pages(ec2, transit):
    tables = {transit.make_table() for _ in range(6)}
    call = ec2.get_paginator("describe_transit_gateway_route_tables")
    pages = list(call.paginate(**by("default-association-route-table", "false"), PaginationConfig={"PageSize": 5}))
    assert [len(page["TransitGatewayRouteTables"]) for page in pages] == [5, 1]
    found = {one["TransitGatewayRouteTableId"] for page in pages for one in page["TransitGatewayRouteTables"]}
    assert found == tables
    table = min(tables)
    for n in range(7):
        ec2.create_transit_gateway_route(TransitGatewayRouteTableId=table, Blackhole=True,
                                         DestinationCidrBlock=f"192.0.2.{n}/32")
    found = ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, MaxResults=5, **by("type", "static"))
    assert len(found["Routes"]) == 5 and found["AdditionalRoutesAvailable"]
    for name in ("transit-gateway-id", "state"):
        value = transit.id if name == "transit-gateway-id" else "available"
        assert len(ec2.describe_transit_gateway_vpc_attachments(**by(name, value))["TransitGatewayVpcAttachments"]) == 2
    assert ec2.describe_transit_gateways(**by("options.amazon-side-asn", "64512"))["TransitGateways"]
