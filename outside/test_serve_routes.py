"""EC2 by boto3 against `egret serve`: route tables, what they are associated with, routes."""

import pytest
from network import (
    allocation, ANYWHERE, by, ec2, igw, main_table, nat, NO_IGW, NO_NAT, NO_SUBNET, NO_TABLE, NO_VPC,
    pages, routes, server, subnet, table, tagged, vpc,
)
from serve import code_of


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
