"""Reachability Analyzer by boto3 against `egret serve`: paths there and back, each explanation by the fault that
makes it, and what a path has to be like."""

from network import ANYWHERE, by, ec2, nat_gateway_until, server
from reachability import analyse, codes, ids, make_path, start, world
from serve import code_of, eventually


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
