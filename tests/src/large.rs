//! A large network, as a company has: 100 services by 50 connectors over three zones, 50 groups of 60
//! rules, 200 routes.

use std::net::Ipv4Addr;

use egret_control::model::*;
use ipnet::Ipv4Net;

use crate::make::{self, cidr};

const ZONES: [&str; 3] = ["use1-az1", "use1-az2", "use1-az4"];
const GROUPS: usize = 50;
const RULES: usize = 60;
const ROUTES: usize = 200;
const SERVICES: usize = 100;

/// The network.
pub fn network() -> Model {
    let mut model = Model { region: "us-east-1".to_owned(), ..Model::default() };
    make::vpc(&mut model, "vpc", &[cidr("10.0.0.0/16")]);
    model.internet_gateways.push(InternetGateway {
        id: "igw".into(),
        name: None,
        vpc: Some("vpc".into()),
    });
    for (at, zone) in ZONES.iter().enumerate() {
        zone_of(&mut model, at, zone);
    }
    for at in 0..GROUPS {
        let rules = (0..RULES).map(|rule| egress_rule(at, rule)).collect();
        let group = make::security_group(&format!("sg-{at}"), "vpc", Vec::new(), rules);
        model.security_groups.push(group);
        model.connectors.push(Connector {
            id: format!("connector-{at}").as_str().into(),
            arn: None,
            subnets: make::names(&["app-0", "app-1", "app-2"]),
            security_groups: make::names(&[&format!("sg-{at}")]),
        });
    }
    for at in 0..SERVICES {
        model.services.push(Service {
            id: format!("service-{at}").as_str().into(),
            arn: None,
            egress: Egress::Vpc(format!("connector-{}", at % GROUPS).as_str().into()),
            tasks: 3.into(),
            azs: Vec::new(),
        });
    }
    model
}

/// A private subnet with its routes, and a public one with a NAT gateway.
fn zone_of(model: &mut Model, at: usize, zone: &str) {
    let (private, public) = (format!("private-{at}"), format!("public-{at}"));
    let mut routes = vec![make::route(
        RouteDestination::Cidr(cidr("0.0.0.0/0")),
        RouteTarget::NatGateway(format!("nat-{at}")),
    )];
    routes.extend((0..ROUTES / ZONES.len()).map(|route| {
        // Partners whose addresses are reached by the next zone's gateway.
        let block = Ipv4Addr::from_bits(0x2d00_0000 + ((route as u32) << 12));
        let block = Ipv4Net::new(block, 20).expect("20 is a length");
        let nat = format!("nat-{}", (at + route) % ZONES.len());
        make::route(RouteDestination::Cidr(block), RouteTarget::NatGateway(nat))
    }));
    model.route_tables.push(make::route_table(&private, "vpc", routes));
    let out = make::route(
        RouteDestination::Cidr(cidr("0.0.0.0/0")),
        RouteTarget::InternetGateway(Some("igw".to_owned())),
    );
    model.route_tables.push(make::route_table(&public, "vpc", vec![out]));
    for (name, net, table) in [("app", 16 * at, &private), ("edge", 200 + at, &public)] {
        let block = cidr(&format!("10.0.{net}.0/{}", if name == "app" { 20 } else { 24 }));
        let mut subnet = make::subnet(&format!("{name}-{at}"), "vpc", zone, block);
        subnet.route_table = Some(table.as_str().into());
        model.subnets.push(subnet);
    }
    model.nat_gateways.push(NatGateway {
        id: format!("nat-{at}").as_str().into(),
        name: None,
        subnet: format!("edge-{at}").as_str().into(),
        public: true,
        addresses: vec![NatAddress {
            private: None,
            public: Some(Ipv4Addr::new(198, 51, 100, 10 + at as u8).into()),
        }],
        available: true,
    });
}

/// HTTPS to anywhere, or some ports of a partner.
fn egress_rule(group: usize, rule: usize) -> SecurityGroupRule {
    if rule == 0 {
        return make::rule(Traffic::Tcp(443, 443), Peer::Cidr(cidr("0.0.0.0/0")));
    }
    let block = Ipv4Addr::from_bits(0x2c00_0000 + (((group * RULES + rule) as u32) << 10));
    let block = Ipv4Net::new(block, 24).expect("24 is a length");
    let port = 1_000 + (rule as u16 % 20) * 100;
    make::rule(Traffic::Tcp(port, port + 9), Peer::Cidr(block))
}

/// The same without a rule of one group.
pub fn without_a_rule(network: &Model) -> Model {
    let mut model = network.clone();
    let group = model.security_groups.iter_mut().find(|group| group.id.value == "sg-7");
    group.expect("a group").egress.remove(30);
    model
}

/// The same without a route of one zone.
pub fn without_a_route(network: &Model) -> Model {
    let mut model = network.clone();
    let table = model.route_tables.iter_mut().find(|table| table.id.value == "private-1");
    table.expect("a table").routes.remove(30);
    model
}
