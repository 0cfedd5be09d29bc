//! What compile makes of models built in code: whatever is said, it ends in a snapshot or in
//! findings.

mod network;

use egret_control::compile::{Compilation, compile, compile_after, findings as check};
use egret_control::finding::Finding;
use egret_control::model::*;
use egret_dataplane::snapshot::{self, RouteTarget as Target};
use network::*;

fn compiled(model: &Model) -> Compilation {
    compile(model).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// The codes after one change to the good network.
fn after(change: impl FnOnce(&mut Model)) -> Vec<&'static str> {
    let mut model = good();
    change(&mut model);
    codes(&check(&model))
}

#[test]
fn a_good_network_has_no_findings() {
    assert_eq!(check(&good()), []);
}

#[test]
fn a_route_over_a_peering_with_an_unknown_vpc_is_a_blackhole() {
    let mut model = good();
    model.peerings.push(peering("pcx", "vpc", "vpc-of-another-account"));
    model.route_tables[1].routes.push(route("10.9.0.0/16", RouteTarget::Peering("pcx".into())));
    let compilation = compiled(&model);
    assert_eq!(codes(&compilation.warnings), ["unknown-peer-vpc", "blackhole-route"]);
    let tables = &compilation.snapshot.route_tables;
    let private = tables.iter().find(|table| &*table.name == "private").expect("the table");
    assert_eq!(private.routes[2].target, Target::Blackhole);
    assert!(compilation.snapshot.peerings.is_empty());
}

#[test]
fn a_route_to_a_connectors_own_interface_is_a_blackhole() {
    let mut model = good();
    let eni = host("eni-made", "app-a", Some("10.0.1.77"));
    let groups = names(&["web"]);
    let owner = InterfaceOwner::Connector;
    model.network_interfaces.push(NetworkInterface { owner, security_groups: groups, ..eni });
    let target = RouteTarget::NetworkInterface("eni-made".into());
    model.route_tables[1].routes.push(route("10.9.0.0/16", target));
    let compilation = compiled(&model);
    assert_eq!(codes(&compilation.warnings), ["blackhole-route"]);
    let made = compilation.snapshot.enis.iter().find(|eni| &*eni.name == "eni-made");
    assert_eq!(made.map(|eni| eni.address), Some(ip("10.0.1.77")));
}

#[test]
fn one_mistake_is_told_once_whoever_meets_it() {
    let found = after(|model| {
        model.connectors[0].subnets[0] = at("app-x".to_owned(), line(7));
        model.services.push(service("second", "web"));
        model.services.push(service("third", "web"));
    });
    assert_eq!(found, ["unknown-name", "few-zones"]);
}

#[test]
fn a_transit_gateway_route_to_an_attachment_that_is_gone_is_reported() {
    let found = after(|model| {
        let kind = AttachmentKind::External { cidrs: vec![net("192.168.0.0/16").into()] };
        let attachment =
            TransitGatewayAttachment { id: "vpn".into(), name: None, available: false, kind };
        let cidr = net("192.168.0.0/16").into();
        let route = TransitGatewayRoute { cidr, attachment: Some("vpn".into()), propagated: false };
        let table = TransitGatewayRouteTable {
            id: "default".into(),
            associations: vec![],
            propagations: vec![],
            routes: vec![route],
        };
        model.transit_gateways.push(TransitGateway {
            id: "tgw".into(),
            name: None,
            sg_referencing: false,
            attachments: vec![attachment],
            route_tables: vec![table],
        });
    });
    assert_eq!(found, ["blackhole-route"]);
}

#[test]
fn a_nat_gateway_keeps_every_address_from_one_version_to_the_next() {
    let mut model = good();
    model.nat_gateways[0] = nat("nat", "public-a", &["198.51.100.10", "198.51.100.11"]);
    let first = compiled(&model);
    model.nat_gateways.insert(0, nat("another", "public-a", &["198.51.100.20"]));
    let second = compile_after(&model, &first).expect("a good network, too");
    let addresses = |of: &Compilation| of.snapshot.nat_gateways[0].addresses.clone();
    assert_eq!(addresses(&first), [ip("10.0.101.4"), ip("10.0.101.5")]);
    assert_eq!(addresses(&second), addresses(&first));
}

#[test]
fn addresses_of_what_is_gone_are_free_again() {
    let mut model = good();
    model.subnets.push(subnet("vpc", "tiny", "use1-az1", "10.0.200.0/28", None));
    model.network_interfaces.push(host("host-0", "tiny", None));
    let mut last = compiled(&model);
    for version in 1..40 {
        model.network_interfaces[0] = host(&format!("host-{version}"), "tiny", None);
        last = compile_after(&model, &last)
            .unwrap_or_else(|findings| panic!("version {version}: {findings:#?}"));
    }
    assert_eq!(last.snapshot.enis.last().map(|eni| &*eni.name), Some("host-39"));
}

#[test]
fn an_address_in_another_vpc_is_no_reason_to_avoid_one() {
    let mut model = good();
    add_vpc(&mut model, "twin", "10.0.0.0/16");
    model.subnets.push(subnet("twin", "twin-a", "use1-az1", "10.0.1.0/24", None));
    let first = compiled(&model);
    assert_eq!(first.snapshot.enis[1].address, ip("10.0.1.4"), "the shared ENI in app-a");
    model.network_interfaces.push(host("fresh", "twin-a", None));
    let second = compile_after(&model, &first).expect("a good network");
    let fresh = second.snapshot.enis.iter().find(|eni| &*eni.name == "fresh");
    assert_eq!(fresh.map(|eni| eni.address), Some(ip("10.0.1.4")));
}

#[test]
fn connectors_that_name_the_same_groups_in_another_order_share_their_enis() {
    let mut model = good();
    model.connectors[0].security_groups = names(&["web", "vpc-default"]);
    model.connectors.push(connector("also", &["app-c", "app-b", "app-a"], &["vpc-default", "web"]));
    model.services.push(service("also", "also"));
    let snapshot = compiled(&model).snapshot;
    let enis = |service: usize| match &snapshot.services[service].egress {
        snapshot::Egress::Vpc { enis, .. } => enis.clone(),
        snapshot::Egress::Default => vec![],
    };
    let mut other = enis(1);
    other.reverse();
    assert_eq!(enis(0), other);
    assert_eq!(&*snapshot[enis(0)[0]].name, "eni-app-a-vpc-default+web");
}
