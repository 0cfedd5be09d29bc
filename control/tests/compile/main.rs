//! What compile makes of models built in code: whatever is said, it ends in a snapshot or in
//! findings.

mod network;

use std::time::{Duration, Instant};

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
fn names_of_a_connector_without_services_are_checked_too() {
    let found = after(|model| {
        model.connectors.push(connector("idle", &["app-a", "app-b", "app-x"], &["wep"]));
    });
    assert_eq!(found, ["unknown-name", "unknown-name", "few-zones"]);
}

#[test]
fn a_gateway_endpoint_names_tables_that_exist_in_its_vpc() {
    let gateway = |table: &str| EndpointKind::Gateway {
        route_tables: names(&[table]),
        prefix_list: Some("pl".into()),
    };
    let found = |table: &str| {
        after(|model| {
            add_vpc(model, "other", "10.1.0.0/16");
            model.prefix_lists.push(prefix_list("pl", &["198.18.0.0/15"]));
            model.vpc_endpoints.push(endpoint("vpc", "s3", gateway(table)));
        })
    };
    assert_eq!(found("private"), [""; 0]);
    assert_eq!(found("privat"), ["unknown-name"]);
    assert_eq!(found("other-main"), ["table-of-another-vpc"]);
}

#[test]
fn what_a_subnet_uses_is_of_its_own_vpc() {
    let found = |change: fn(&mut Model)| {
        after(|model| {
            add_vpc(model, "other", "10.1.0.0/16");
            model.subnets.push(subnet("other", "far", "use1-az1", "10.1.1.0/24", None));
            change(model);
        })
    };
    assert_eq!(found(|_| {}), [""; 0]);
    let table = found(|model| model.subnets[0].route_table = Some("other-main".into()));
    assert_eq!(table, ["table-of-another-vpc"]);
    let acl = found(|model| model.subnets[0].network_acl = Some("other-acl".into()));
    assert_eq!(acl, ["acl-of-another-vpc"]);
    let groups = found(|model| {
        let host = host("db", "app-a", None);
        let security_groups = names(&["other-default"]);
        model.network_interfaces.push(NetworkInterface { security_groups, ..host });
    });
    assert_eq!(groups, ["group-of-another-vpc"]);
    let endpoint_groups = found(|model| {
        let kind = interface_endpoint(&["app-a"], &["other-default"]);
        model.vpc_endpoints.push(endpoint("vpc", "sqs", kind));
    });
    assert_eq!(endpoint_groups, ["group-of-another-vpc"]);
    let endpoint_subnets = found(|model| {
        let kind = interface_endpoint(&["far"], &["web"]);
        model.vpc_endpoints.push(endpoint("vpc", "sqs", kind));
    });
    assert_eq!(endpoint_subnets, ["subnet-of-another-vpc"]);
}

fn interface_endpoint(subnets: &[&str], groups: &[&str]) -> EndpointKind {
    EndpointKind::Interface {
        subnets: names(subnets).into_iter().map(|name| (name, None)).collect(),
        security_groups: names(groups),
        private_dns: false,
    }
}

#[test]
fn a_vpc_has_one_main_table_one_default_acl_one_default_group_and_one_internet_gateway() {
    let table = after(|model| {
        let main = RouteTable { main: true, ..table("vpc", "main-2", vec![]) };
        model.route_tables.push(main);
    });
    assert_eq!(table, ["two-main-route-tables"]);
    let acl = after(|model| {
        model.network_acls.push(NetworkAcl { default: true, ..acl("vpc", "acl-2", vec![]) });
    });
    assert_eq!(acl, ["two-default-acls"]);
    let group = after(|model| {
        let group = group("vpc", "group-2", vec![], vec![]);
        model.security_groups.push(SecurityGroup { default: true, ..group });
    });
    assert_eq!(group, ["two-default-groups"]);
    let gateway = after(|model| {
        let igw = InternetGateway { id: "igw-2".into(), name: None, vpc: Some("vpc".into()) };
        model.internet_gateways.push(igw);
    });
    assert_eq!(gateway, ["two-internet-gateways"]);
}

#[test]
fn groups_that_default_to_none_at_all_are_an_error() {
    let found = after(|model| {
        model.security_groups.retain(|group| !group.default);
        model.connectors[0].security_groups.clear();
    });
    assert_eq!(found, ["no-default-group"]);
}

#[test]
fn a_default_acl_that_takes_no_answers_is_found_as_any_other() {
    let found = |ports: Traffic| {
        after(|model| {
            model.network_acls[0].entries =
                vec![entry(100, true, true, Traffic::All), entry(100, false, true, ports)];
        })
    };
    assert_eq!(found(Traffic::Tcp(1024, 65_535)), [""; 0]);
    let four = ["no-ephemeral-ports"; 4];
    assert_eq!(found(Traffic::Tcp(443, 443)), four, "three connector subnets and the NAT's");
}

#[test]
fn answers_may_be_let_in_by_several_entries_and_be_stopped_by_an_earlier_one() {
    let found = |entries: Vec<AclEntry>| {
        after(|model| {
            let out = entry(100, true, true, Traffic::All);
            let entries = entries.into_iter().chain([out]).collect();
            model.network_acls.push(acl("vpc", "tight", entries));
            model.subnets[0].network_acl = Some("tight".into());
        })
    };
    let halves = vec![
        entry(100, false, true, Traffic::Tcp(1024, 40_000)),
        entry(110, false, true, Traffic::Tcp(40_001, 65_535)),
    ];
    assert_eq!(found(halves.clone()), [""; 0]);
    assert_eq!(found(halves[..1].to_vec()), ["no-ephemeral-ports"]);
    let stopped = vec![
        entry(90, false, false, Traffic::Tcp(33_000, 34_000)),
        entry(100, false, true, Traffic::Tcp(1024, 65_535)),
    ];
    assert_eq!(found(stopped), ["no-ephemeral-ports"]);
}

#[test]
fn of_two_rules_that_mean_the_same_one_is_needless() {
    let found = after(|model| {
        let rule = |traffic, place| SecurityGroupRule {
            place,
            ..allow(traffic, Peer::SecurityGroup("web".into()))
        };
        model.security_groups[1].ingress =
            vec![rule(Traffic::Tcp(0, 65_535), line(1)), rule(Traffic::Protocol(6), line(2))];
    });
    assert_eq!(found, ["needless-rule"]);
}

#[test]
fn prefix_lists_that_share_an_entry_and_part_ways_are_a_coin_toss() {
    let found = |second: RouteTarget| {
        after(|model| {
            model.prefix_lists.push(prefix_list("pl-1", &["172.16.0.0/12", "192.0.2.0/24"]));
            model.prefix_lists.push(prefix_list("pl-2", &["192.0.2.0/24"]));
            let nat = RouteTarget::NatGateway("nat".into());
            for (list, target) in [("pl-1", nat), ("pl-2", second)] {
                let destination = RouteDestination::PrefixList(list.into()).into();
                let route = Route { destination, ..route("0.0.0.0/0", target) };
                model.route_tables[1].routes.push(route);
            }
        })
    };
    assert_eq!(found(RouteTarget::NatGateway("nat".into())), ["unreachable-route"]);
    assert_eq!(found(RouteTarget::Blackhole(None)), ["prefix-lists-overlap"]);
}

#[test]
fn a_target_that_could_be_two_things_is_ambiguous() {
    let mut model = good();
    model.network_interfaces.push(host("nat", "app-a", None));
    assert_eq!(check(&model), [], "the route says that it means a NAT gateway");
    model.route_tables[1].routes[0].target = RouteTarget::Named("nat".into()).into();
    assert_eq!(codes(&check(&model)), ["ambiguous-name"]);
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

/// Ten thousand services, a thousand ENIs, ten thousand rules in as many groups as there are ENIs
/// in a subnet; and as many rules again in a single group, as generators write them.
fn large() -> Model {
    let mut model = good();
    for index in 0..334_u16 {
        let peer = Peer::Cidr(net(&format!("10.{}.{}.0/24", index / 256, index % 256)));
        let rules = (0..30).map(|port| allow(Traffic::Tcp(port * 9, port * 9 + 1), peer.clone()));
        let name = format!("g{index}");
        model.security_groups.push(group("vpc", &name, vec![], rules.collect()));
        let id = format!("c{index}");
        model.connectors.push(connector(&id, &["big-a", "big-b", "big-c"], &[&name]));
    }
    for (at, zone) in [(0, "1"), (64, "2"), (128, "4")] {
        let letter = ["a", "b", "c"][at / 64];
        let name = format!("big-{letter}");
        let block = format!("10.1.{at}.0/18");
        model.subnets.push(subnet("vpc", &name, &format!("use1-az{zone}"), &block, None));
    }
    model.vpcs[0].cidrs.push(net("10.1.0.0/16").into());
    for index in 0..10_000 {
        model.services.push(service(&format!("s{index}"), &format!("c{}", index % 334)));
    }
    let one = |n: u32| Peer::Cidr(net(&format!("172.{}.{}.0/24", 16 + n / 256, n % 256)));
    let rules = (0..10_000_u32).map(|n| allow(Traffic::Tcp(443, 443), one(n % 4_000 + n / 4_000)));
    model.security_groups.push(group("vpc", "wide", vec![], rules.collect()));
    model
}

/// Comparing each rule of the wide group with each took 5.5 s for both compilations, in the test
/// profile; 0.2 s is usual.
#[test]
fn a_large_network_compiles_in_no_time() {
    let model = large();
    let start = Instant::now();
    let first = compiled(&model);
    let second = compile_after(&model, &first).expect("the same network");
    let took = start.elapsed();
    assert_eq!(first.snapshot.enis.len(), 1 + 3 + 3 * 334, "the NAT's, web's, and the others'");
    assert_eq!(second.snapshot.tasks.len(), 10_001);
    assert!(took < Duration::from_secs(2), "{took:?}");
    eprintln!("two compilations took {took:?}");
}
