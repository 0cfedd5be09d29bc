//! What is programmed by EC2's API is whom packets reach: after each change of groups, ACLs, lists,
//! endpoints, peerings and transit gateways, explain says so and a packet through the running
//! dataplane fares so.

use super::cloud::{Cloud, text};

/// A VPC with two subnets: a service leaves by the one, and a host is in the other.
struct Network {
    vpc: String,
    inner: String,
    outer: String,
    /// The table of the service's subnet.
    table: String,
    /// The service's group, and the host's.
    default: String,
    group: String,
    host: String,
}

const HOST: &str = "10.0.2.10:443";

async fn network(cloud: &Cloud) -> Network {
    let vpc = cloud.made("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId").await;
    let inner = subnet(cloud, &vpc, "10.0.1.0/24").await;
    let outer = subnet(cloud, &vpc, "10.0.2.0/24").await;
    let table = cloud.made("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    cloud.done("AssociateRouteTable", &format!("RouteTableId={table}&SubnetId={inner}")).await;
    let form = format!("{}&{}", filter(1, "vpc-id", &vpc), filter(2, "group-name", "default"));
    let default = cloud.made("DescribeSecurityGroups", &form, "groupId").await;
    let group = make_group(cloud, &vpc, "host").await;
    let host = make_host(cloud, &outer, "10.0.2.10", &group).await;
    cloud.service(&inner).await;
    Network { vpc, inner, outer, table, default, group, host }
}

async fn subnet(cloud: &Cloud, vpc: &str, cidr: &str) -> String {
    let form = format!("VpcId={vpc}&CidrBlock={cidr}&AvailabilityZone=us-east-1a");
    cloud.made("CreateSubnet", &form, "subnetId").await
}

async fn make_group(cloud: &Cloud, vpc: &str, name: &str) -> String {
    let form = format!("VpcId={vpc}&GroupName={name}&GroupDescription={name}");
    cloud.made("CreateSecurityGroup", &form, "groupId").await
}

async fn make_host(cloud: &Cloud, subnet: &str, address: &str, group: &str) -> String {
    let form = format!("SubnetId={subnet}&PrivateIpAddress={address}&SecurityGroupId.1={group}");
    cloud.made("CreateNetworkInterface", &form, "networkInterfaceId").await
}

fn filter(number: u8, name: &str, value: &str) -> String {
    format!("Filter.{number}.Name={name}&Filter.{number}.Value.1={value}")
}

/// A permission of HTTPS for this peer, of a group.
fn https(group: &str, peer: &str) -> String {
    format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443\
         &IpPermissions.1.ToPort=443&IpPermissions.1.{peer}"
    )
}

fn dropped(reason: &str) -> Result<String, String> {
    Err(reason.to_owned())
}

fn ok(name: &str) -> Result<String, String> {
    Ok(name.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_pass_where_groups_allow_them() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    assert_eq!(cloud.way(HOST).await, dropped("security-group-ingress-empty"));

    // A rule that names the service's group.
    let from = https(&network.group, &format!("Groups.1.GroupId={}", network.default));
    let rule = cloud.made("AuthorizeSecurityGroupIngress", &from, "securityGroupRuleId").await;
    assert_eq!(cloud.way(HOST).await, ok(&network.host));
    assert_eq!(cloud.way("10.0.2.10:80").await, dropped("security-group-ingress"));

    // The same rule for another port.
    let update = format!(
        "GroupId={}&SecurityGroupRule.1.SecurityGroupRuleId={rule}\
         &SecurityGroupRule.1.SecurityGroupRule.IpProtocol=tcp\
         &SecurityGroupRule.1.SecurityGroupRule.FromPort=80\
         &SecurityGroupRule.1.SecurityGroupRule.ToPort=80\
         &SecurityGroupRule.1.SecurityGroupRule.ReferencedGroupId={}",
        network.group, network.default
    );
    cloud.done("ModifySecurityGroupRules", &update).await;
    assert_eq!(cloud.way(HOST).await, dropped("security-group-ingress"));
    assert_eq!(cloud.way("10.0.2.10:80").await, ok(&network.host));

    // The host carries another group.
    let open = make_group(&cloud, &network.vpc, "open").await;
    cloud
        .done("AuthorizeSecurityGroupIngress", &https(&open, "IpRanges.1.CidrIp=10.0.1.0/24"))
        .await;
    let form = format!("NetworkInterfaceId={}&SecurityGroupId.1={open}", network.host);
    cloud.done("ModifyNetworkInterfaceAttribute", &form).await;
    assert_eq!(cloud.way(HOST).await, ok(&network.host));

    // Nothing may leave the service, but to a prefix list.
    let all = format!(
        "GroupId={}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
        network.default
    );
    cloud.done("RevokeSecurityGroupEgress", &all).await;
    assert_eq!(cloud.way(HOST).await, dropped("security-group-egress-empty"));
    let list = "PrefixListName=hosts&MaxEntries=5&AddressFamily=IPv4&Entry.1.Cidr=10.0.9.0/24";
    let list = cloud.made("CreateManagedPrefixList", list, "prefixListId").await;
    let to = https(&network.default, &format!("PrefixListIds.1.PrefixListId={list}"));
    cloud.done("AuthorizeSecurityGroupEgress", &to).await;
    assert_eq!(cloud.way(HOST).await, dropped("security-group-egress"));
    let form = format!("PrefixListId={list}&CurrentVersion=1&AddEntry.1.Cidr=10.0.2.0/24");
    cloud.done("ModifyManagedPrefixList", &form).await;
    assert_eq!(cloud.way(HOST).await, ok(&network.host));
    let form = format!("PrefixListId={list}&PreviousVersion=1&CurrentVersion=2");
    cloud.done("RestoreManagedPrefixListVersion", &form).await;
    assert_eq!(cloud.way(HOST).await, dropped("security-group-egress"));
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_pass_where_acls_allow_them() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let open = https(&network.group, "IpRanges.1.CidrIp=10.0.0.0/16");
    cloud.done("AuthorizeSecurityGroupIngress", &open).await;
    assert_eq!(cloud.way(HOST).await, ok(&network.host));

    // A new ACL denies everything.
    let acl =
        cloud.made("CreateNetworkAcl", &format!("VpcId={}", network.vpc), "networkAclId").await;
    let form = filter(1, "association.subnet-id", &network.outer);
    let acls = cloud.ask("DescribeNetworkAcls", &form).await.expect("the default ACL");
    let from = acls.find(&network.outer).expect("the subnet");
    // Its own association is the one before it.
    let tie = acls[..from].rfind("<networkAclAssociationId>").expect("an association");
    let tie = text(&acls[tie..], "networkAclAssociationId");
    let form = format!("AssociationId={tie}&NetworkAclId={acl}");
    cloud.done("ReplaceNetworkAclAssociation", &form).await;
    assert_eq!(cloud.way(HOST).await, dropped("network-acl-ingress"));

    let entry = |number: u16, action: &str| {
        format!(
            "NetworkAclId={acl}&RuleNumber={number}&Egress=false&Protocol=6&RuleAction={action}\
             &CidrBlock=10.0.1.0/24&PortRange.From=443&PortRange.To=443"
        )
    };
    cloud.done("CreateNetworkAclEntry", &entry(200, "allow")).await;
    assert_eq!(cloud.way(HOST).await, ok(&network.host));
    // The lower number decides.
    cloud.done("CreateNetworkAclEntry", &entry(100, "deny")).await;
    assert_eq!(cloud.way(HOST).await, dropped("network-acl-ingress"));
    cloud.done("ReplaceNetworkAclEntry", &entry(100, "allow")).await;
    assert_eq!(cloud.way(HOST).await, ok(&network.host));
    for number in [100, 200] {
        let form = format!("NetworkAclId={acl}&RuleNumber={number}&Egress=false");
        cloud.done("DeleteNetworkAclEntry", &form).await;
    }
    assert_eq!(cloud.way(HOST).await, dropped("network-acl-ingress"));
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_take_gateway_endpoints_by_their_lists() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let lists = filter(1, "prefix-list-name", "*.s3");
    let cidr = cloud.ask("DescribePrefixLists", &lists).await.expect("AWS's own");
    let cidr = text(&text(&cidr, "cidrSet"), "item");
    let bucket = format!("{}:443", cidr.split('/').next().unwrap().replace(".0.0", ".0.9"));
    assert_eq!(cloud.way(&bucket).await, dropped("no-route"));
    let form = format!(
        "VpcId={}&ServiceName=com.amazonaws.us-east-1.s3&RouteTableId.1={}",
        network.vpc, network.table
    );
    let endpoint = cloud.made("CreateVpcEndpoint", &form, "vpcEndpointId").await;
    assert_eq!(cloud.way(&bucket).await, ok(&endpoint));
    let form = format!("VpcEndpointId={endpoint}&RemoveRouteTableId.1={}", network.table);
    cloud.done("ModifyVpcEndpoint", &form).await;
    assert_eq!(cloud.way(&bucket).await, dropped("no-route"));
    let form = format!("VpcEndpointId={endpoint}&AddRouteTableId.1={}", network.table);
    cloud.done("ModifyVpcEndpoint", &form).await;
    assert_eq!(cloud.way(&bucket).await, ok(&endpoint));
    cloud.done("DeleteVpcEndpoints", &format!("VpcEndpointId.1={endpoint}")).await;
    assert_eq!(cloud.way(&bucket).await, dropped("no-route"));
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_reach_interface_endpoints_that_are_available() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let form = format!(
        "VpcEndpointType=Interface&VpcId={}&ServiceName=com.amazonaws.us-east-1.sqs\
         &SubnetId.1={}&SecurityGroupId.1={}&PrivateDnsEnabled=false",
        network.vpc, network.outer, network.group
    );
    let endpoint = cloud.made("CreateVpcEndpoint", &form, "vpcEndpointId").await;
    let form = format!("VpcEndpointId.1={endpoint}");
    let is_available = |xml: &str| xml.contains("<state>available</state>");
    cloud.until("DescribeVpcEndpoints", &form, is_available).await;
    let form = filter(1, "interface-type", "vpc_endpoint");
    let address = cloud.made("DescribeNetworkInterfaces", &form, "privateIpAddress").await;
    let to = format!("{address}:443");
    assert_eq!(cloud.way(&to).await, dropped("security-group-ingress-empty"));
    let open = https(&network.group, "IpRanges.1.CidrIp=10.0.0.0/16");
    cloud.done("AuthorizeSecurityGroupIngress", &open).await;
    assert_eq!(cloud.way(&to).await, Ok(format!("{endpoint}-{}", network.outer)));

    // Into another subnet of the same zone, by way of none: it keeps one at a time.
    let form = format!("VpcEndpointId={endpoint}&RemoveSubnetId.1={}", network.outer);
    let form = format!("{form}&AddSubnetId.1={}", network.inner);
    cloud.done("ModifyVpcEndpoint", &form).await;
    assert!(cloud.way(&to).await.is_err());
    cloud.done("DeleteVpcEndpoints", &format!("VpcEndpointId.1={endpoint}")).await;
    let none = filter(1, "interface-type", "vpc_endpoint");
    let is_gone = |xml: &str| !xml.contains("<networkInterfaceId>");
    cloud.until("DescribeNetworkInterfaces", &none, is_gone).await;
}

/// Another VPC with a host that takes HTTPS from the first one: its id, its table and the host.
async fn neighbour(cloud: &Cloud) -> (String, String, String, String) {
    let vpc = cloud.made("CreateVpc", "CidrBlock=10.9.0.0/16", "vpcId").await;
    let there = subnet(cloud, &vpc, "10.9.1.0/24").await;
    let table = cloud.made("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    cloud.done("AssociateRouteTable", &format!("RouteTableId={table}&SubnetId={there}")).await;
    let group = make_group(cloud, &vpc, "host").await;
    cloud
        .done("AuthorizeSecurityGroupIngress", &https(&group, "IpRanges.1.CidrIp=10.0.0.0/16"))
        .await;
    let host = make_host(cloud, &there, "10.9.1.10", &group).await;
    (vpc, there, table, host)
}

const NEIGHBOUR: &str = "10.9.1.10:443";

fn route(table: &str, cidr: &str, parameter: &str, target: &str) -> String {
    format!("RouteTableId={table}&DestinationCidrBlock={cidr}&{parameter}={target}")
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_cross_a_peering_while_it_is_active() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let (vpc, _, table, host) = neighbour(&cloud).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, dropped("no-route"));
    let form = format!("VpcId={}&PeerVpcId={vpc}", network.vpc);
    let peering = cloud.made("CreateVpcPeeringConnection", &form, "vpcPeeringConnectionId").await;
    let parameter = "VpcPeeringConnectionId";
    cloud.done("CreateRoute", &route(&network.table, "10.9.0.0/16", parameter, &peering)).await;
    cloud.done("CreateRoute", &route(&table, "10.0.0.0/16", parameter, &peering)).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, dropped("blackhole-route"));
    let id = format!("VpcPeeringConnectionId={peering}");
    cloud.done("AcceptVpcPeeringConnection", &id).await;
    let form = format!("VpcPeeringConnectionId.1={peering}");
    let is_active = |xml: &str| xml.contains("<code>active</code>");
    cloud.until("DescribeVpcPeeringConnections", &form, is_active).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, ok(&host));
    cloud.done("DeleteVpcPeeringConnection", &id).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, dropped("blackhole-route"));
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_cross_a_transit_gateway_by_its_tables() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let (vpc, there, table, host) = neighbour(&cloud).await;
    let gateway = cloud.made("CreateTransitGateway", "", "transitGatewayId").await;
    let is_available = |xml: &str| !xml.contains("<state>pending</state>");
    cloud.until("DescribeTransitGateways", "", is_available).await;
    let mut attachments = Vec::new();
    for (vpc, subnet) in [(&network.vpc, &network.inner), (&vpc, &there)] {
        let form = format!("TransitGatewayId={gateway}&VpcId={vpc}&SubnetIds.1={subnet}");
        let id = "transitGatewayAttachmentId";
        attachments.push(cloud.made("CreateTransitGatewayVpcAttachment", &form, id).await);
    }
    cloud.until("DescribeTransitGatewayVpcAttachments", "", is_available).await;
    let parameter = "TransitGatewayId";
    cloud.done("CreateRoute", &route(&network.table, "10.9.0.0/16", parameter, &gateway)).await;
    cloud.done("CreateRoute", &route(&table, "10.0.0.0/16", parameter, &gateway)).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, ok(&host), "by what the attachments told");

    // A static route for the same goes before what was told.
    let form = filter(1, "default-association-route-table", "true");
    let default =
        cloud.made("DescribeTransitGatewayRouteTables", &form, "transitGatewayRouteTableId").await;
    let there = format!("TransitGatewayRouteTableId={default}&DestinationCidrBlock=10.9.0.0/16");
    cloud.done("CreateTransitGatewayRoute", &format!("{there}&Blackhole=true")).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, dropped("transit-gateway-blackhole"));
    let to = format!("{there}&TransitGatewayAttachmentId={}", attachments[1]);
    cloud.done("ReplaceTransitGatewayRoute", &to).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, ok(&host));
    cloud.done("DeleteTransitGatewayRoute", &there).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, ok(&host));

    // Nobody routes the packets of an attachment without a table.
    let pair = format!(
        "TransitGatewayRouteTableId={default}&TransitGatewayAttachmentId={}",
        attachments[0]
    );
    cloud.done("DisassociateTransitGatewayRouteTable", &pair).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, dropped("transit-gateway-no-association"));
    cloud.done("AssociateTransitGatewayRouteTable", &pair).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, ok(&host));

    // What is not told any more is not known.
    let told = format!(
        "TransitGatewayRouteTableId={default}&TransitGatewayAttachmentId={}",
        attachments[1]
    );
    cloud.done("DisableTransitGatewayRouteTablePropagation", &told).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, dropped("transit-gateway-no-route"));
    cloud.done("EnableTransitGatewayRouteTablePropagation", &told).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, ok(&host));
    let form = format!("TransitGatewayAttachmentId={}", attachments[1]);
    cloud.done("DeleteTransitGatewayVpcAttachment", &form).await;
    assert_eq!(cloud.way(NEIGHBOUR).await, dropped("transit-gateway-no-route"));
}
