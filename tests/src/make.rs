//! Parts of a model in a line each, for topologies and hand-made cases. References are ids.

use std::net::Ipv4Addr;

use egret_control::model::*;
use egret_control::source::{Place, Sourced};
use ipnet::Ipv4Net;

/// A CIDR.
///
/// # Panics
/// When the text is none.
pub fn cidr(text: &str) -> Ipv4Net {
    text.parse().expect("a CIDR")
}

/// An address.
///
/// # Panics
/// When the text is none.
pub fn address(text: &str) -> Ipv4Addr {
    text.parse().expect("an address")
}

/// Names out of texts.
pub fn names(ids: &[&str]) -> Vec<Name> {
    ids.iter().map(|id| Name::from(*id)).collect()
}

/// A VPC with a main route table, a default security group and a default network ACL, as AWS makes
/// them: `ID-rtb`, `ID-sg`, `ID-acl`.
pub fn vpc(model: &mut Model, id: &str, cidrs: &[Ipv4Net]) {
    model.vpcs.push(Vpc {
        id: id.into(),
        name: None,
        account: None,
        region: None,
        cidrs: cidrs.iter().map(|cidr| (*cidr).into()).collect(),
        dns_support: true.into(),
        dns_hostnames: true.into(),
    });
    let main = format!("{id}-rtb");
    model.route_tables.push(RouteTable { main: true, ..route_table(&main, id, Vec::new()) });
    let group = format!("{id}-sg");
    let itself = Peer::SecurityGroup(group.clone());
    let inbound = vec![rule(Traffic::All, itself)];
    let outbound = vec![rule(Traffic::All, Peer::Cidr(cidr("0.0.0.0/0")))];
    let group = security_group(&group, id, inbound, outbound);
    model.security_groups.push(SecurityGroup { default: true, ..group });
    let acl = network_acl(&format!("{id}-acl"), id, allow_all());
    model.network_acls.push(NetworkAcl { default: true, ..acl });
}

/// The entries of a default network ACL.
pub fn allow_all() -> Vec<AclEntry> {
    [true, false].map(|egress| entry(100, egress, true, Traffic::All, cidr("0.0.0.0/0"))).to_vec()
}

/// A subnet with the VPC's main table and default ACL.
pub fn subnet(id: &str, vpc: &str, az: &str, cidr: Ipv4Net) -> Subnet {
    Subnet {
        id: id.into(),
        name: None,
        vpc: vpc.into(),
        az: az.into(),
        cidr: cidr.into(),
        route_table: None,
        network_acl: None,
    }
}

/// A route table that is not the main one.
pub fn route_table(id: &str, vpc: &str, routes: Vec<Route>) -> RouteTable {
    RouteTable { id: id.into(), name: None, vpc: vpc.into(), main: false, routes }
}

/// A static route.
pub fn route(destination: RouteDestination, target: RouteTarget) -> Route {
    Route {
        destination: Sourced::implied(destination),
        target: Sourced::implied(target),
        propagated: false,
        place: Place::NOWHERE,
    }
}

/// A network ACL that is not the default one.
pub fn network_acl(id: &str, vpc: &str, entries: Vec<AclEntry>) -> NetworkAcl {
    NetworkAcl { id: id.into(), name: None, vpc: vpc.into(), default: false, entries }
}

/// An entry of a network ACL.
pub fn entry(number: u32, egress: bool, allow: bool, traffic: Traffic, cidr: Ipv4Net) -> AclEntry {
    AclEntry {
        number: number.into(),
        egress,
        allow,
        traffic: traffic.into(),
        cidr: cidr.into(),
        place: Place::NOWHERE,
    }
}

/// A security group that is not the default one.
pub fn security_group(
    id: &str,
    vpc: &str,
    ingress: Vec<SecurityGroupRule>,
    egress: Vec<SecurityGroupRule>,
) -> SecurityGroup {
    SecurityGroup { id: id.into(), name: None, vpc: vpc.into(), default: false, ingress, egress }
}

/// A rule of a security group.
pub fn rule(traffic: Traffic, peer: Peer) -> SecurityGroupRule {
    SecurityGroupRule {
        id: None,
        traffic: traffic.into(),
        peer: Sourced::implied(peer),
        place: Place::NOWHERE,
    }
}

/// An internet gateway, attached.
pub fn internet_gateway(id: &str, vpc: &str) -> InternetGateway {
    InternetGateway { id: id.into(), name: None, vpc: Some(vpc.into()) }
}

/// A NAT gateway; pairs of private and, if it is public, Elastic addresses.
pub fn nat_gateway(
    id: &str,
    subnet: &str,
    addresses: &[(Ipv4Addr, Option<Ipv4Addr>)],
) -> NatGateway {
    let address = |(private, public): &(Ipv4Addr, Option<Ipv4Addr>)| NatAddress {
        private: Some((*private).into()),
        public: public.map(Sourced::implied),
    };
    NatGateway {
        id: id.into(),
        name: None,
        subnet: subnet.into(),
        public: addresses[0].1.is_some(),
        addresses: addresses.iter().map(address).collect(),
        available: true,
    }
}

/// A host's network interface that checks source and destination.
pub fn host(id: &str, subnet: &str, address: Ipv4Addr, groups: &[&str]) -> NetworkInterface {
    NetworkInterface {
        id: id.into(),
        name: None,
        subnet: subnet.into(),
        addresses: vec![address.into()],
        public: None,
        security_groups: names(groups),
        source_dest_check: true,
        owner: InterfaceOwner::Host,
        listen: None,
        serve: Vec::new(),
    }
}

/// The ENI that connectors share in this subnet with these groups.
pub fn shared_eni(id: &str, subnet: &str, address: Ipv4Addr, groups: &[&str]) -> NetworkInterface {
    NetworkInterface { owner: InterfaceOwner::Connector, ..host(id, subnet, address, groups) }
}

/// A connector.
pub fn connector(id: &str, subnets: &[&str], groups: &[&str]) -> Connector {
    Connector { id: id.into(), arn: None, subnets: names(subnets), security_groups: names(groups) }
}

/// A service; without a connector its egress type is DEFAULT.
pub fn service(id: &str, connector: Option<&str>, tasks: u32, azs: &[&str]) -> Service {
    Service {
        id: id.into(),
        arn: None,
        egress: connector.map_or(Egress::Default, |name| Egress::Vpc(name.into())),
        tasks: tasks.into(),
        azs: names(azs),
    }
}

/// A prefix list.
pub fn prefix_list(id: &str, cidrs: &[Ipv4Net]) -> PrefixList {
    let cidrs = cidrs.iter().map(|cidr| (*cidr).into()).collect();
    PrefixList { id: id.into(), name: None, cidrs }
}

/// A gateway endpoint.
pub fn gateway_endpoint(id: &str, vpc: &str, tables: &[&str], list: &str) -> VpcEndpoint {
    let kind =
        EndpointKind::Gateway { route_tables: names(tables), prefix_list: Some(list.into()) };
    endpoint(id, vpc, "com.amazonaws.us-east-1.s3", kind)
}

/// An interface endpoint with its ENIs: subnet and address.
pub fn interface_endpoint(
    id: &str,
    vpc: &str,
    enis: &[(&str, Ipv4Addr)],
    groups: &[&str],
) -> VpcEndpoint {
    let eni = |(subnet, address): &(&str, Ipv4Addr)| (Name::from(*subnet), Some((*address).into()));
    let kind = EndpointKind::Interface {
        subnets: enis.iter().map(eni).collect(),
        security_groups: names(groups),
        private_dns: false,
    };
    endpoint(id, vpc, "com.amazonaws.us-east-1.secretsmanager", kind)
}

fn endpoint(id: &str, vpc: &str, service: &str, kind: EndpointKind) -> VpcEndpoint {
    VpcEndpoint {
        id: id.into(),
        name: None,
        vpc: vpc.into(),
        service: service.into(),
        available: true,
        kind,
    }
}

/// An active peering within one Region.
pub fn peering(id: &str, requester: &str, accepter: &str) -> Peering {
    Peering {
        id: id.into(),
        name: None,
        requester: requester.into(),
        accepter: accepter.into(),
        same_region: true,
        active: true,
    }
}

/// An attachment of a transit gateway.
pub fn attachment(id: &str, kind: AttachmentKind) -> TransitGatewayAttachment {
    TransitGatewayAttachment { id: id.into(), name: None, available: true, kind }
}

/// A VPC as attached to a transit gateway.
pub fn attached_vpc(vpc: &str, subnets: &[&str]) -> AttachmentKind {
    AttachmentKind::Vpc { vpc: vpc.into(), subnets: names(subnets) }
}

/// A network outside as attached to a transit gateway.
pub fn attached_network(cidrs: &[Ipv4Net]) -> AttachmentKind {
    AttachmentKind::External { cidrs: cidrs.iter().map(|cidr| (*cidr).into()).collect() }
}
