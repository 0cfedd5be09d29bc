//! Models built in code, for what a scenario file cannot say or says in its own way.

use std::net::Ipv4Addr;

use egret_control::model::*;
use egret_control::source::{FileId, Place, Sourced};
use ipnet::Ipv4Net;

/// A VPC with an app subnet in each of three zones, a public subnet and a NAT gateway, and a
/// service that uses them: no findings.
pub(crate) fn good() -> Model {
    let mut model = Model { region: "us-east-1".to_owned(), ..Model::default() };
    add_vpc(&mut model, "vpc", "10.0.0.0/16");
    for (name, az, block) in [
        ("app-a", "use1-az1", "10.0.1.0/24"),
        ("app-b", "use1-az2", "10.0.2.0/24"),
        ("app-c", "use1-az4", "10.0.3.0/24"),
    ] {
        model.subnets.push(subnet("vpc", name, az, block, Some("private")));
    }
    model.subnets.push(subnet("vpc", "public-a", "use1-az1", "10.0.101.0/24", Some("public")));
    let private = vec![route("0.0.0.0/0", RouteTarget::NatGateway("nat".to_owned()))];
    model.route_tables.push(table("vpc", "private", private));
    let public = vec![route("0.0.0.0/0", RouteTarget::InternetGateway(None))];
    model.route_tables.push(table("vpc", "public", public));
    let igw = InternetGateway { id: "igw".into(), name: None, vpc: Some("vpc".into()) };
    model.internet_gateways.push(igw);
    model.nat_gateways.push(nat("nat", "public-a", &["198.51.100.10"]));
    model.security_groups.push(group("vpc", "web", vec![], vec![allow(Traffic::All, any())]));
    model.connectors.push(connector("web", &["app-a", "app-b", "app-c"], &["web"]));
    model.services.push(service("web", "web"));
    model
}

/// A VPC with its main table, default network ACL and default group.
pub(crate) fn add_vpc(model: &mut Model, name: &str, block: &str) {
    model.vpcs.push(Vpc {
        id: name.into(),
        name: None,
        account: None,
        region: None,
        cidrs: vec![net(block).into()],
        dns_support: true.into(),
        dns_hostnames: true.into(),
    });
    let main = RouteTable { main: true, ..table(name, &format!("{name}-main"), vec![]) };
    model.route_tables.push(main);
    let both = vec![entry(100, false, true, Traffic::All), entry(100, true, true, Traffic::All)];
    let default = NetworkAcl { default: true, ..acl(name, &format!("{name}-acl"), both) };
    model.network_acls.push(default);
    let id = format!("{name}-default");
    let own = allow(Traffic::All, Peer::SecurityGroup(id.clone()));
    let default = group(name, &id, vec![own], vec![allow(Traffic::All, any())]);
    model.security_groups.push(SecurityGroup { default: true, ..default });
}

pub(crate) fn subnet(vpc: &str, id: &str, az: &str, block: &str, table: Option<&str>) -> Subnet {
    Subnet {
        id: id.into(),
        name: None,
        vpc: vpc.into(),
        az: az.into(),
        cidr: net(block).into(),
        route_table: table.map(Into::into),
        network_acl: None,
    }
}

pub(crate) fn table(vpc: &str, id: &str, routes: Vec<Route>) -> RouteTable {
    RouteTable { id: id.into(), name: None, vpc: vpc.into(), main: false, routes }
}

pub(crate) fn route(block: &str, target: RouteTarget) -> Route {
    let destination = RouteDestination::Cidr(net(block)).into();
    Route { destination, target: target.into(), propagated: false, place: Place::NOWHERE }
}

pub(crate) fn nat(id: &str, subnet: &str, public: &[&str]) -> NatGateway {
    let address = |text: &&str| NatAddress { private: None, public: Some(ip(text).into()) };
    NatGateway {
        id: id.into(),
        name: None,
        subnet: subnet.into(),
        public: true,
        addresses: public.iter().map(address).collect(),
        available: true,
    }
}

pub(crate) fn acl(vpc: &str, id: &str, entries: Vec<AclEntry>) -> NetworkAcl {
    NetworkAcl { id: id.into(), name: None, vpc: vpc.into(), default: false, entries }
}

pub(crate) fn entry(number: u32, egress: bool, allow: bool, traffic: Traffic) -> AclEntry {
    let cidr = net("0.0.0.0/0").into();
    let (number, traffic) = (number.into(), traffic.into());
    AclEntry { number, egress, allow, traffic, cidr, place: Place::NOWHERE }
}

pub(crate) fn group(
    vpc: &str,
    id: &str,
    ingress: Vec<SecurityGroupRule>,
    egress: Vec<SecurityGroupRule>,
) -> SecurityGroup {
    SecurityGroup { id: id.into(), name: None, vpc: vpc.into(), default: false, ingress, egress }
}

pub(crate) fn allow(traffic: Traffic, peer: Peer) -> SecurityGroupRule {
    let (traffic, peer) = (traffic.into(), peer.into());
    SecurityGroupRule { id: None, traffic, peer, place: Place::NOWHERE }
}

pub(crate) fn any() -> Peer {
    Peer::Cidr(net("0.0.0.0/0"))
}

pub(crate) fn connector(id: &str, subnets: &[&str], groups: &[&str]) -> Connector {
    Connector { id: id.into(), arn: None, subnets: names(subnets), security_groups: names(groups) }
}

pub(crate) fn service(id: &str, connector: &str) -> Service {
    let egress = Egress::Vpc(connector.into());
    Service { id: id.into(), arn: None, egress, tasks: 1.into(), azs: vec![] }
}

pub(crate) fn host(id: &str, subnet: &str, address: Option<&str>) -> NetworkInterface {
    NetworkInterface {
        id: id.into(),
        name: None,
        subnet: subnet.into(),
        addresses: address.map(|text| ip(text).into()).into_iter().collect(),
        public: None,
        security_groups: vec![],
        source_dest_check: true,
        owner: InterfaceOwner::Host,
        listen: None,
        serve: Vec::new(),
    }
}

pub(crate) fn peering(id: &str, requester: &str, accepter: &str) -> Peering {
    Peering {
        id: id.into(),
        name: None,
        requester: requester.into(),
        accepter: accepter.into(),
        same_region: true,
        active: true,
    }
}

pub(crate) fn endpoint(vpc: &str, id: &str, kind: EndpointKind) -> VpcEndpoint {
    let service = format!("com.amazonaws.us-east-1.{id}").as_str().into();
    VpcEndpoint { id: id.into(), name: None, vpc: vpc.into(), service, available: true, kind }
}

pub(crate) fn prefix_list(id: &str, blocks: &[&str]) -> PrefixList {
    let cidrs = blocks.iter().map(|block| net(block).into()).collect();
    PrefixList { id: id.into(), name: None, cidrs }
}

/// A place that only this line has, to tell one from another.
pub(crate) fn line(line: u32) -> Place {
    Place { file: Some(FileId(0)), offset: line * 100, len: 1, line, column: 1 }
}

pub(crate) fn at<T>(value: T, place: Place) -> Sourced<T> {
    Sourced::new(value, place)
}

pub(crate) fn names(texts: &[&str]) -> Vec<Name> {
    texts.iter().map(|text| (*text).into()).collect()
}

pub(crate) fn net(text: &str) -> Ipv4Net {
    text.parse().expect("a CIDR")
}

pub(crate) fn ip(text: &str) -> Ipv4Addr {
    text.parse().expect("an address")
}
