"""EC2's actions on network interfaces and VPC endpoints, by boto3 against `egret serve`: what they do,
each error, filters, pages."""

import json

import pytest
from network import ec2, server
from serve import ROOT, code_of, eventually

NO_ENI, NO_SUBNET = "eni-0123456789abcdef0", "subnet-0123456789abcdef0"
NO_ENDPOINT, NO_TABLE = "vpce-0123456789abcdef0", "rtb-0123456789abcdef0"
S3, ECR = "com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.ecr.api"


@pytest.fixture
def vpc(ec2):
    id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=id, EnableDnsHostnames={"Value": True})
    return id


def make_subnet(ec2, vpc, number=1, zone="a"):
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
    return made["Subnet"]["SubnetId"]


@pytest.fixture
def subnet(ec2, vpc):
    return make_subnet(ec2, vpc)


def make_group(ec2, vpc, name="web"):
    return ec2.create_security_group(GroupName=name, Description="x", VpcId=vpc)["GroupId"]


def make_interface(ec2, subnet, **more):
    return ec2.create_network_interface(SubnetId=subnet, **more)["NetworkInterface"]


def interface(ec2, id):
    return ec2.describe_network_interfaces(NetworkInterfaceIds=[id])["NetworkInterfaces"][0]


def addresses(ec2, id):
    return [one["PrivateIpAddress"] for one in interface(ec2, id)["PrivateIpAddresses"]]


def by(name, *values):
    return {"Filters": [{"Name": name, "Values": list(values)}]}


# Network interfaces


def test_an_interface_is_made_changed_and_deleted(ec2, vpc, subnet):
    made = make_interface(ec2, subnet, Description="probe", PrivateIpAddress="10.0.1.9")
    id = made["NetworkInterfaceId"]
    assert (made["PrivateIpAddress"], made["Status"], made["RequesterManaged"]) == ("10.0.1.9", "available", False)
    assert made["PrivateDnsName"] == "ip-10-0-1-9.ec2.internal" and made["AvailabilityZone"] == "us-east-1a"
    assert [group["GroupName"] for group in made["Groups"]] == ["default"]
    group = make_group(ec2, vpc)
    for change in ({"Groups": [group]}, {"SourceDestCheck": {"Value": False}}, {"Description": {"Value": "b"}}):
        ec2.modify_network_interface_attribute(NetworkInterfaceId=id, **change)
    now = interface(ec2, id)
    assert now["Groups"] == [{"GroupId": group, "GroupName": "web"}]
    assert not now["SourceDestCheck"] and now["Description"] == "b"

    def attribute(name):
        return ec2.describe_network_interface_attribute(NetworkInterfaceId=id, Attribute=name)
    assert attribute("sourceDestCheck")["SourceDestCheck"] == {"Value": False}
    assert attribute("groupSet")["Groups"] == now["Groups"]
    assert attribute("description")["Description"] == {"Value": "b"}
    ec2.delete_network_interface(NetworkInterfaceId=id)
    assert code_of(ec2.describe_network_interfaces, NetworkInterfaceIds=[id])[0] == (
        "InvalidNetworkInterfaceID.NotFound")


def test_interfaces_that_cannot_be(ec2, vpc, subnet):
    def code(**said):
        return code_of(ec2.create_network_interface, **({"SubnetId": subnet} | said))[0]
    make_interface(ec2, subnet, PrivateIpAddress="10.0.1.9")
    assert code(PrivateIpAddress="10.0.1.9") == "InvalidIPAddress.InUse"
    assert code(PrivateIpAddress="10.0.2.9") == code(PrivateIpAddress="10.0.1.3") == "InvalidParameterValue"
    assert code(PrivateIpAddress="x") == "InvalidParameterValue"
    assert code(SubnetId=NO_SUBNET) == "InvalidSubnetID.NotFound"
    assert code(Groups=["sg-0123456789abcdef0"]) == "InvalidGroup.NotFound"
    assert code(Ipv6AddressCount=1) == "UnsupportedOperation"
    assert code(InterfaceType="efa") == "UnsupportedOperation"
    groups = [make_group(ec2, vpc, f"g{n}") for n in range(6)]
    assert code(Groups=groups) == "SecurityGroupsPerInterfaceLimitExceeded"
    small = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/28")["Subnet"]["SubnetId"]
    for _ in range(11):
        make_interface(ec2, small)
    assert code(SubnetId=small) == "InsufficientFreeAddressesInSubnet"
    modify = ec2.modify_network_interface_attribute
    assert code_of(modify, NetworkInterfaceId=NO_ENI, Groups=groups[:1])[0] == "InvalidNetworkInterfaceID.NotFound"
    eni = make_interface(ec2, subnet)["NetworkInterfaceId"]
    assert code_of(modify, NetworkInterfaceId=eni)[0] == "InvalidParameterCombination"
    assert code_of(ec2.describe_network_interface_attribute, NetworkInterfaceId=eni, Attribute="x")[0] == (
        "InvalidParameterValue")


def test_private_addresses_come_and_go(ec2, subnet):
    made = make_interface(ec2, subnet, PrivateIpAddresses=[
        {"PrivateIpAddress": "10.0.1.20", "Primary": True}, {"PrivateIpAddress": "10.0.1.21"}])
    id = made["NetworkInterfaceId"]
    assert addresses(ec2, id) == ["10.0.1.20", "10.0.1.21"]
    got = ec2.assign_private_ip_addresses(NetworkInterfaceId=id, SecondaryPrivateIpAddressCount=2)
    assert len(got["AssignedPrivateIpAddresses"]) == 2 and len(addresses(ec2, id)) == 4
    assign = ec2.assign_private_ip_addresses
    other = make_interface(ec2, subnet)["NetworkInterfaceId"]
    take = {"NetworkInterfaceId": other, "PrivateIpAddresses": ["10.0.1.21"]}
    assert code_of(assign, **take)[0] == "InvalidIPAddress.InUse"
    assign(**take, AllowReassignment=True)
    assert "10.0.1.21" in addresses(ec2, other) and "10.0.1.21" not in addresses(ec2, id)
    assert code_of(assign, NetworkInterfaceId=id)[0] == "MissingParameter"
    assert code_of(assign, **take, SecondaryPrivateIpAddressCount=1)[0] == "InvalidParameterCombination"
    unassign = ec2.unassign_private_ip_addresses
    assert code_of(unassign, NetworkInterfaceId=id, PrivateIpAddresses=["10.0.1.20"])[0] == "InvalidParameterValue"
    assert code_of(unassign, NetworkInterfaceId=id, PrivateIpAddresses=["10.0.1.99"])[0] == "InvalidParameterValue"
    unassign(NetworkInterfaceId=other, PrivateIpAddresses=["10.0.1.21"])
    assert "10.0.1.21" not in addresses(ec2, other)


def test_interfaces_are_found_by_what_they_have_and_come_in_pages(ec2, vpc, subnet):
    group = make_group(ec2, vpc)
    ids = {make_interface(ec2, subnet, Groups=[group], Description=f"d{n}")["NetworkInterfaceId"]
           for n in range(7)}
    one = interface(ec2, min(ids))
    for name, value in [("description", one["Description"]), ("private-ip-address", one["PrivateIpAddress"]),
                        ("addresses.private-ip-address", one["PrivateIpAddress"]),
                        ("mac-address", one["MacAddress"]), ("network-interface-id", one["NetworkInterfaceId"])]:
        found = ec2.describe_network_interfaces(**by(name, value))["NetworkInterfaces"]
        assert found == [one], name
    for name, value in [("group-id", group), ("group-name", "web"), ("subnet-id", subnet), ("vpc-id", vpc),
                        ("status", "available"), ("availability-zone", "us-east-1a")]:
        assert len(ec2.describe_network_interfaces(**by(name, value))["NetworkInterfaces"]) == 7, name
    pages = list(ec2.get_paginator("describe_network_interfaces").paginate(
        **by("group-id", group), PaginationConfig={"PageSize": 5}))
    assert [len(page["NetworkInterfaces"]) for page in pages] == [5, 2]
    call = ec2.describe_network_interfaces
    assert code_of(call, **by("colour", "red"))[0] == "InvalidParameterValue"


def test_an_elastic_address_leaves_with_its_interface(ec2, vpc, subnet):
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    id = make_interface(ec2, subnet)["NetworkInterfaceId"]
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=id)
    assert interface(ec2, id)["Association"]["PublicIp"] == address["PublicIp"]
    found = ec2.describe_network_interfaces(**by("association.public-ip", address["PublicIp"]))
    assert found["NetworkInterfaces"][0]["NetworkInterfaceId"] == id
    ec2.delete_network_interface(NetworkInterfaceId=id)
    [free] = ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"]
    assert "AssociationId" not in free


def test_the_interfaces_of_a_connector_are_app_runners(serve):
    server = serve("--scenario", ROOT / "scenarios" / "18-documentation-example" / "aws")
    ec2, app_runner = server.client("ec2"), server.client("apprunner")
    arn = app_runner.create_vpc_connector(VpcConnectorName="main", Subnets=["subnet-a"], SecurityGroups=["sg-1"])
    arn = arn["VpcConnector"]["VpcConnectorArn"]
    image = {"ImageIdentifier": "public.ecr.aws/a/b:c", "ImageRepositoryType": "ECR_PUBLIC"}
    app_runner.create_service(
        ServiceName="website", SourceConfiguration={"ImageRepository": image},
        NetworkConfiguration={"EgressConfiguration": {"EgressType": "VPC", "VpcConnectorArn": arn}})
    found = eventually(lambda: ec2.describe_network_interfaces(
        **by("tag-key", "AWSAppRunnerManaged"))["NetworkInterfaces"])
    [eni] = found
    assert eni["RequesterManaged"] and eni["Status"] == "in-use" and eni["RequesterId"] == "amazon-aws"
    id = {"NetworkInterfaceId": eni["NetworkInterfaceId"]}
    assert code_of(ec2.delete_network_interface, **id) == (
        "InvalidParameterValue", f"Network interface '{eni['NetworkInterfaceId']}' is currently in use.")
    assert code_of(ec2.modify_network_interface_attribute, **id, Groups=["sg-2"])[0] == "OperationNotPermitted"
    assert code_of(ec2.assign_private_ip_addresses, **id, SecondaryPrivateIpAddressCount=1)[0] == (
        "OperationNotPermitted")
    assert code_of(ec2.delete_security_group, GroupId="sg-1")[0] == "DependencyViolation"


# VPC endpoints


def endpoint(ec2, id):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"][0]


def available(ec2, id):
    def reached():
        found = endpoint(ec2, id)
        return found if found["State"] == "available" else None
    return eventually(reached)


def make_interface_endpoint(ec2, vpc, *subnets, service=ECR, **more):
    made = ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=service,
                                   SubnetIds=list(subnets), **more)
    return made["VpcEndpoint"]


def make_table(ec2, vpc):
    return ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


def endpoint_routes(ec2, table):
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return [(one["GatewayId"], one["State"]) for one in routes if "DestinationPrefixListId" in one]


def test_a_gateway_endpoint_is_routes(ec2, vpc):
    first, second = make_table(ec2, vpc), make_table(ec2, vpc)
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=S3, RouteTableIds=[first])["VpcEndpoint"]
    id = made["VpcEndpointId"]
    assert (made["VpcEndpointType"], made["State"], made["RouteTableIds"]) == ("Gateway", "available", [first])
    assert json.loads(made["PolicyDocument"])["Statement"][0]["Effect"] == "Allow"
    assert endpoint_routes(ec2, first) == [(id, "active")] and endpoint_routes(ec2, second) == []
    [list_] = ec2.describe_prefix_lists(**by("prefix-list-name", S3))["PrefixLists"]
    call = {"RouteTableId": first, "DestinationPrefixListId": list_["PrefixListId"]}
    assert code_of(ec2.delete_route, **call)[0] == "InvalidParameterValue"
    ec2.modify_vpc_endpoint(VpcEndpointId=id, AddRouteTableIds=[second], RemoveRouteTableIds=[first])
    assert endpoint_routes(ec2, first) == [] and endpoint_routes(ec2, second) == [(id, "active")]
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[id])["Unsuccessful"] == []
    assert endpoint_routes(ec2, second) == []
    gone = lambda: not ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert eventually(gone)
    for table in (first, second):
        ec2.delete_route_table(RouteTableId=table)


def test_gateway_endpoints_that_cannot_be(ec2, vpc, subnet):
    table = make_table(ec2, vpc)
    other_vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    foreign = make_table(ec2, other_vpc)

    def code(**said):
        return code_of(ec2.create_vpc_endpoint, **({"VpcId": vpc, "ServiceName": S3} | said))[0]
    assert code(ServiceName="com.amazonaws.us-east-1.nothing") == "InvalidServiceName"
    assert code(ServiceName=ECR) == "InvalidParameter", "it has interface endpoints only"
    assert code(RouteTableIds=[NO_TABLE]) == "InvalidRouteTableID.NotFound"
    assert code(RouteTableIds=[foreign]) == "InvalidParameter"
    assert code(RouteTableIds=[table, table]) == "RouteAlreadyExists"
    assert code(SubnetIds=[subnet]) == "InvalidParameter"
    assert code(PolicyDocument="{") == "InvalidPolicyDocument"
    assert code(VpcId="vpc-0123456789abcdef0") == "InvalidVpcID.NotFound"
    assert code(DryRun=True) == "DryRunOperation"
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=S3, RouteTableIds=[table])
    assert code(RouteTableIds=[table]) == "RouteAlreadyExists"
    unsuccessful = ec2.delete_vpc_endpoints(VpcEndpointIds=[NO_ENDPOINT])["Unsuccessful"]
    assert unsuccessful[0]["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"
    assert code_of(ec2.modify_vpc_endpoint, VpcEndpointId=NO_ENDPOINT)[0] == "InvalidVpcEndpointId.NotFound"


def test_an_interface_endpoint_is_an_interface_in_each_subnet(ec2, vpc, subnet):
    other = make_subnet(ec2, vpc, 2, "b")
    group = make_group(ec2, vpc)
    made = make_interface_endpoint(ec2, vpc, subnet, SecurityGroupIds=[group])
    id = made["VpcEndpointId"]
    assert made["State"] == "pending" and made["PrivateDnsEnabled"]
    now = available(ec2, id)
    assert now["SubnetIds"] == [subnet] and now["Groups"] == [{"GroupId": group, "GroupName": "web"}]
    names = [entry["DnsName"] for entry in now["DnsEntries"]]
    assert names[0].endswith(".ecr.api.us-east-1.vpce.amazonaws.com")
    assert names[-1] == "api.ecr.us-east-1.amazonaws.com"
    [eni] = now["NetworkInterfaceIds"]
    eni = interface(ec2, eni)
    assert eni["InterfaceType"] == "vpc_endpoint" and eni["RequesterManaged"]
    assert code_of(ec2.delete_network_interface, NetworkInterfaceId=eni["NetworkInterfaceId"])[0] == (
        "InvalidParameterValue")
    assert code_of(ec2.delete_subnet, SubnetId=subnet)[0] == "DependencyViolation"
    more = make_group(ec2, vpc, "more")
    ec2.modify_vpc_endpoint(VpcEndpointId=id, AddSubnetIds=[other], AddSecurityGroupIds=[more],
                            RemoveSecurityGroupIds=[group], PrivateDnsEnabled=False)
    now = endpoint(ec2, id)
    assert now["SubnetIds"] == [subnet, other] and not now["PrivateDnsEnabled"]
    enis = [interface(ec2, one) for one in now["NetworkInterfaceIds"]]
    assert [one["Groups"][0]["GroupId"] for one in enis] == [more, more]
    ec2.modify_vpc_endpoint(VpcEndpointId=id, RemoveSubnetIds=[subnet])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[id])
    assert eventually(lambda: not ec2.describe_network_interfaces(**by("vpc-id", vpc))["NetworkInterfaces"])
    for one in (subnet, other):
        ec2.delete_subnet(SubnetId=one)


def test_interface_endpoints_that_cannot_be(ec2, vpc, subnet):
    same_zone = make_subnet(ec2, vpc, 2, "a")

    def code(*subnets, **said):
        return code_of(ec2.create_vpc_endpoint, **({
            "VpcEndpointType": "Interface", "VpcId": vpc, "ServiceName": ECR, "SubnetIds": list(subnets)} | said))
    assert code(subnet, same_zone)[0] == "DuplicateSubnetsInSameZone"
    assert code(NO_SUBNET)[0] == "InvalidSubnetID.NotFound"
    assert code(subnet, SecurityGroupIds=["sg-0123456789abcdef0"])[0] == "InvalidGroup.NotFound"
    assert code(subnet, RouteTableIds=[make_table(ec2, vpc)])[0] == "InvalidParameter"
    make_interface_endpoint(ec2, vpc, subnet)
    refused, message = code(subnet)
    assert refused == "InvalidParameter" and "conflicting DNS domain" in message
    second = make_interface_endpoint(ec2, vpc, same_zone, PrivateDnsEnabled=False)
    assert code_of(ec2.modify_vpc_endpoint, VpcEndpointId=second["VpcEndpointId"], PrivateDnsEnabled=True)[0] == (
        "InvalidParameter")
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    assert "enableDnsHostnames" in code(subnet, ServiceName="com.amazonaws.us-east-1.sqs")[1]
    groups = endpoint(ec2, second["VpcEndpointId"])["Groups"]
    assert code_of(ec2.modify_vpc_endpoint, VpcEndpointId=second["VpcEndpointId"],
                   RemoveSecurityGroupIds=[groups[0]["GroupId"]])[0] == "InvalidParameter"


def test_endpoints_are_found_by_what_they_have_and_come_in_pages(ec2, vpc, subnet):
    for service in ("sqs", "sns", "sts", "kms", "logs"):
        make_interface_endpoint(ec2, vpc, subnet, service=f"com.amazonaws.us-east-1.{service}")
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=S3)["VpcEndpoint"]["VpcEndpointId"]
    for name, value in [("service-name", "*.s3"), ("vpc-endpoint-type", "Gateway"), ("vpc-endpoint-id", made)]:
        found = ec2.describe_vpc_endpoints(**by(name, value))["VpcEndpoints"]
        assert [made] == [one["VpcEndpointId"] for one in found], name
    pages = list(ec2.get_paginator("describe_vpc_endpoints").paginate(
        **by("vpc-id", vpc), PaginationConfig={"PageSize": 5}))
    assert [len(page["VpcEndpoints"]) for page in pages] == [5, 1]
    assert code_of(ec2.describe_vpc_endpoints, **by("colour", "x"))[0] == "InvalidParameterValue"


def test_services_say_which_endpoints_they_have(ec2):
    all_ = ec2.describe_vpc_endpoint_services()
    assert S3 in all_["ServiceNames"] and len(all_["ServiceNames"]) == len(all_["ServiceDetails"])
    [s3] = ec2.describe_vpc_endpoint_services(ServiceNames=[S3])["ServiceDetails"]
    assert [one["ServiceType"] for one in s3["ServiceType"]] == ["Gateway", "Interface"]
    gateways = ec2.describe_vpc_endpoint_services(**by("service-type", "Gateway"))["ServiceNames"]
    assert gateways == ["com.amazonaws.us-east-1.dynamodb", S3]
    assert code_of(ec2.describe_vpc_endpoint_services, ServiceNames=["x"])[0] == "InvalidServiceName"
    first = ec2.describe_vpc_endpoint_services(MaxResults=10)
    assert len(first["ServiceNames"]) == 10 and first["NextToken"]


def test_a_scenarios_gateway_endpoint_has_routes_too(serve):
    server = serve("--scenario", ROOT / "scenarios" / "10-s3-endpoint-before-nat")
    ec2 = server.client("ec2")
    [found] = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert found["ServiceName"].endswith(".s3") and len(found["RouteTableIds"]) == 3
    for table in found["RouteTableIds"]:
        assert endpoint_routes(ec2, table) == [(found["VpcEndpointId"], "active")]
    [s3] = ec2.describe_prefix_lists(**by("prefix-list-name", found["ServiceName"]))["PrefixLists"]
    assert s3["Cidrs"] == ["198.18.0.0/16"], "the scenario's list, and no other"
