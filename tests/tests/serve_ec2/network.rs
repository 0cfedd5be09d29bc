//! What is programmed by EC2's API is the way that packets take: after each change of a VPC, explain
//! says so and a packet through the running dataplane goes there.

use super::cloud::{Cloud, text};

/// A VPC with a public and a private subnet, and a service in the private one.
struct Network {
    vpc: String,
    public: String,
    igw: String,
    /// The table of the private subnet, and its association.
    table: String,
    association: String,
}

async fn network(cloud: &Cloud) -> Network {
    let vpc = cloud.made("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId").await;
    let subnet = |cidr: &str| format!("VpcId={vpc}&CidrBlock={cidr}&AvailabilityZone=us-east-1a");
    let public = cloud.made("CreateSubnet", &subnet("10.0.101.0/24"), "subnetId").await;
    let private = cloud.made("CreateSubnet", &subnet("10.0.1.0/24"), "subnetId").await;
    let igw = cloud.made("CreateInternetGateway", "", "internetGatewayId").await;
    cloud.done("AttachInternetGateway", &format!("InternetGatewayId={igw}&VpcId={vpc}")).await;
    let out = cloud.made("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    cloud.done("CreateRoute", &route(&out, "GatewayId", &igw)).await;
    cloud.done("AssociateRouteTable", &format!("RouteTableId={out}&SubnetId={public}")).await;
    let table = cloud.made("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    let form = format!("RouteTableId={table}&SubnetId={private}");
    let association = cloud.made("AssociateRouteTable", &form, "associationId").await;
    cloud.service(&private).await;
    Network { vpc, public, igw, table, association }
}

fn has_blackhole(xml: &str) -> bool {
    xml.contains("<state>blackhole</state>")
}

fn route(table: &str, parameter: &str, target: &str) -> String {
    format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&{parameter}={target}")
}

/// An allocation, and its address.
async fn address(cloud: &Cloud) -> (String, String) {
    let members = cloud.ask("AllocateAddress", "Domain=vpc").await.expect("an address");
    (text(&members, "allocationId"), text(&members, "publicIp"))
}

async fn nat_gateway(cloud: &Cloud, subnet: &str, allocation: &str) -> String {
    let form = format!("SubnetId={subnet}&AllocationId={allocation}");
    cloud.made("CreateNatGateway", &form, "natGatewayId").await
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_follow_routes_and_nat_gateways() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    assert_eq!(cloud.source().await, None, "there is no route");

    // By a NAT gateway, once it is available.
    let ((a, seen_a), (b, seen_b)) = (address(&cloud).await, address(&cloud).await);
    let first = nat_gateway(&cloud, &network.public, &a).await;
    cloud.done("CreateRoute", &route(&network.table, "NatGatewayId", &first)).await;
    cloud.nat_until(&first, "available").await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen_a));

    // By another, and no more by the first.
    let second = nat_gateway(&cloud, &network.public, &b).await;
    cloud.nat_until(&second, "available").await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen_a), "nobody leads there yet");
    cloud.done("ReplaceRoute", &route(&network.table, "NatGatewayId", &second)).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen_b));

    // Straight to the internet gateway: the interface has no public address.
    cloud.done("ReplaceRoute", &route(&network.table, "GatewayId", &network.igw)).await;
    assert_eq!(cloud.source().await, None);
    cloud.done("ReplaceRoute", &route(&network.table, "NatGatewayId", &second)).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen_b));

    // Without the route, and with it again.
    let destination = format!("RouteTableId={}&DestinationCidrBlock=0.0.0.0/0", network.table);
    cloud.done("DeleteRoute", &destination).await;
    assert_eq!(cloud.source().await, None);
    cloud.done("CreateRoute", &route(&network.table, "NatGatewayId", &second)).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen_b));

    // A gateway that is deleted leaves a blackhole.
    cloud.done("DeleteNatGateway", &format!("NatGatewayId={second}")).await;
    assert_eq!(cloud.source().await, None);
    let tables = format!("RouteTableId.1={}", network.table);
    cloud.until("DescribeRouteTables", &tables, has_blackhole).await;
    cloud.nat_until(&second, "deleted").await;
    assert_eq!(cloud.source().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_follow_associations() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let (allocation, seen) = address(&cloud).await;
    let nat = nat_gateway(&cloud, &network.public, &allocation).await;
    cloud.nat_until(&nat, "available").await;
    let filter = "Filter.1.Name=association.main&Filter.1.Value.1=true&Filter.2.Name=vpc-id";
    let form = format!("{filter}&Filter.2.Value.1={}", network.vpc);
    let members = cloud.ask("DescribeRouteTables", &form).await.expect("the main table");
    let (main, tie) = (text(&members, "routeTableId"), text(&members, "routeTableAssociationId"));
    cloud.done("CreateRoute", &route(&main, "NatGatewayId", &nat)).await;
    assert_eq!(cloud.source().await, None, "the subnet has a table of its own");

    let form = format!("AssociationId={}", network.association);
    cloud.done("DisassociateRouteTable", &form).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen), "the main table is its table now");

    // Another main table.
    let form = format!("AssociationId={tie}&RouteTableId={}", network.table);
    let tie = cloud.made("ReplaceRouteTableAssociation", &form, "newAssociationId").await;
    assert_eq!(cloud.source().await, None);
    let form = format!("AssociationId={tie}&RouteTableId={main}");
    cloud.done("ReplaceRouteTableAssociation", &form).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen));
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_have_the_addresses_that_a_gateway_has() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let ((a, first), (b, second)) = (address(&cloud).await, address(&cloud).await);
    let nat = nat_gateway(&cloud, &network.public, &a).await;
    cloud.done("CreateRoute", &route(&network.table, "NatGatewayId", &nat)).await;
    cloud.nat_until(&nat, "available").await;
    let form = format!("NatGatewayId={nat}&AllocationId.1={b}");
    cloud.done("AssociateNatGatewayAddress", &form).await;
    let form = format!("NatGatewayId.1={nat}");
    let has_both = |xml: &str| xml.matches("<status>succeeded</status>").count() == 2;
    cloud.until("DescribeNatGateways", &form, has_both).await;
    // The workers have both, whichever of them this packet gets.
    let source = cloud.source().await.expect("a way out");
    assert!([&first, &second].contains(&&source), "{source}");
    let running = cloud.plane.engine.running();
    assert_eq!(running.compilation.snapshot.nat_gateways[0].addresses.len(), 2);

    let members = cloud.ask("DescribeAddresses", &format!("AllocationId.1={b}")).await;
    let association = text(&members.expect("it is there"), "associationId");
    let form = format!("NatGatewayId={nat}&AssociationId.1={association}");
    cloud.done("DisassociateNatGatewayAddress", &form).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&first), "the other one is the first's no more");
    let is_free = |xml: &str| !xml.contains("<associationId>");
    cloud.until("DescribeAddresses", &format!("AllocationId.1={b}"), is_free).await;
    cloud.done("ReleaseAddress", &format!("AllocationId={b}")).await;
    let in_use = cloud.refused("ReleaseAddress", &format!("AllocationId={a}")).await;
    assert_eq!(in_use, "InvalidIPAddress.InUse");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_internet_gateway_that_leaves_takes_the_way_with_it() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let (allocation, seen) = address(&cloud).await;
    let nat = nat_gateway(&cloud, &network.public, &allocation).await;
    cloud.done("CreateRoute", &route(&network.table, "NatGatewayId", &nat)).await;
    cloud.nat_until(&nat, "available").await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen));
    let form = format!("InternetGatewayId={}&VpcId={}", network.igw, network.vpc);
    assert_eq!(cloud.refused("DetachInternetGateway", &form).await, "DependencyViolation");
    assert_eq!(cloud.source().await.as_ref(), Some(&seen), "nothing has changed");

    cloud.done("DeleteNatGateway", &format!("NatGatewayId={nat}")).await;
    cloud.nat_until(&nat, "deleted").await;
    cloud.done("DetachInternetGateway", &form).await;
    // To another VPC: the routes that are left here lead nowhere still.
    let other = cloud.made("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId").await;
    let form = format!("InternetGatewayId={}&VpcId={other}", network.igw);
    cloud.done("AttachInternetGateway", &form).await;
    let form = format!("Filter.1.Name=route.gateway-id&Filter.1.Value.1={}", network.igw);
    cloud.until("DescribeRouteTables", &form, has_blackhole).await;
    assert_eq!(cloud.source().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_route_leads_where_it_is_told() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let (allocation, _) = address(&cloud).await;
    let nat = nat_gateway(&cloud, &network.public, &allocation).await;
    cloud.nat_until(&nat, "available").await;
    let local = |more: &str| {
        format!("RouteTableId={}&DestinationCidrBlock=10.0.0.0/16{more}", network.table)
    };
    let targets = |cloud: &Cloud| {
        let running = cloud.plane.engine.running();
        let tables = &running.compilation.snapshot.route_tables;
        let table = tables.iter().find(|table| *table.name == *network.table).expect("the table");
        format!("{:?}", table.routes.iter().map(|route| route.target).collect::<Vec<_>>())
    };
    assert_eq!(targets(&cloud), "[Local]");
    cloud.done("ReplaceRoute", &local(&format!("&NatGatewayId={nat}"))).await;
    assert_eq!(targets(&cloud), "[NatGateway(NatId(0))]");
    cloud.done("ReplaceRoute", &local("&LocalTarget=true")).await;
    assert_eq!(targets(&cloud), "[Local]");
    assert_eq!(cloud.refused("DeleteRoute", &local("")).await, "InvalidParameterValue");
}
