//! Each finding: the smallest change to a good network that brings it about, and its place.

use std::path::Path;

use egret_control::compile::{compile, compile_after, findings as check};
use egret_control::finding::Finding;
use egret_control::model::Model;
use egret_control::source::Sources;
use egret_sim::scenario::Scenario;

/// A network without findings.
const GOOD: &str = "\
title: A good network
vpc:
  cidr: 10.0.0.0/16
  internet_gateway: true
  subnets:
    app-a: { az: use1-az1, cidr: 10.0.1.0/24, route_table: private }
    app-b: { az: use1-az2, cidr: 10.0.2.0/24, route_table: private }
    app-c: { az: use1-az4, cidr: 10.0.3.0/24, route_table: private }
    public-a: { az: use1-az1, cidr: 10.0.101.0/24, route_table: public }
  route_tables:
    private: { 0.0.0.0/0: nat }
    public: { 0.0.0.0/0: internet_gateway }
  nat_gateways:
    nat: { subnet: public-a, addresses: [198.51.100.10] }
  security_groups:
    web: { egress: [ { protocol: tcp, ports: 443, to: 0.0.0.0/0 } ] }
    ends: { ingress: [ { protocol: tcp, ports: 443, from: web } ], egress: [] }
  network_acls:
    acl:
      egress: [ { rule: 100, action: allow, protocol: tcp, ports: 443, cidr: 0.0.0.0/0 } ]
      ingress: [ { rule: 100, action: allow, protocol: tcp, ports: 1024-65535, cidr: 0.0.0.0/0 } ]
  prefix_lists:
    pl-s3: [198.18.0.0/16]
  endpoints:
    s3: { type: gateway, service: s3, route_tables: [private], prefix_list: pl-s3 }
    secrets: { type: interface, service: secretsmanager, subnets: [app-a], security_groups: [ends] }
connectors:
  web: { subnets: [app-a, app-b, app-c], security_groups: [web] }
services:
  web: { egress: vpc, connector: web }
hosts:
  api: { address: 203.0.113.10, listen: [tcp/443] }
  db: { address: 10.0.1.20 }
";

fn model(text: &str) -> Model {
    let scenario = Scenario::from_text(Path::new("s.yaml"), text);
    scenario.unwrap_or_else(|rejection| panic!("{rejection}")).model
}

/// The findings of the readers, or of the checks where the readers have none.
fn changed(old: &str, new: &str) -> (Sources, Vec<Finding>) {
    assert!(GOOD.contains(old), "the network has no {old:?}");
    match Scenario::from_text(Path::new("s.yaml"), &GOOD.replace(old, new)) {
        Err(rejection) => (rejection.sources, rejection.findings),
        Ok(scenario) => {
            let findings = check(&scenario.model);
            (scenario.model.sources, findings)
        }
    }
}

#[test]
fn a_good_network_has_no_findings() {
    assert_eq!(check(&model(GOOD)), []);
}

/// What is changed, into what, and the finding: its severity, code, and the text at its place. No
/// code means no finding.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    ("connector: web", "connector: wep", "error", "unknown-name", "wep"),
    ("0.0.0.0/0: nat }", "0.0.0.0/0: natt }", "warning", "blackhole-route", "natt"),
    ("10.0.1.20 }", "10.0.9.20 }", "error", "address-in-no-subnet", "10.0.9.20"),
    ("10.0.1.20 }", "10.0.1.3 }", "error", "reserved-address", "10.0.1.3"),
    ("10.0.1.20 }", "10.0.1.255 }", "error", "reserved-address", "10.0.1.255"),
    (
        "subnets: [app-a], security_groups: [ends]",
        "subnets: [app-a], addresses: [10.0.1.20], security_groups: [ends]",
        "error",
        "address-used-twice",
        "10.0.1.20",
    ),
    ("cidr: 10.0.2.0/24", "cidr: 10.0.1.128/25", "error", "overlapping-subnets", "10.0.1.128/25"),
    ("cidr: 10.0.2.0/24", "cidr: 10.1.2.0/24", "error", "subnet-outside-vpc", "10.1.2.0/24"),
    ("cidr: 10.0.2.0/24", "cidr: 10.0.2.0/29", "warning", "cidr-size", "10.0.2.0/29"),
    (
        "cidr: 10.0.0.0/16",
        "cidrs: [10.0.0.0/16, 10.0.128.0/17]",
        "error",
        "overlapping-cidrs",
        "10.0.128.0/17",
    ),
    ("az: use1-az4", "az: use1-az3", "error", "unsupported-zone", "app-c"),
    ("subnets: [app-a, app-b, app-c]", "subnets: []", "error", "connector-without-subnet", "web"),
    ("subnets: [app-a, app-b, app-c]", "subnets: [app-a, app-b]", "warning", "few-zones", "web"),
    (
        "security_groups: [web] }",
        "security_groups: [web, a, b, c, d, e] }",
        "error",
        "connector-limit",
        "e",
    ),
    (
        "  app-c: { az: use1-az4, cidr: 10.0.3.0/24, route_table: private }",
        "  app-c: { az: use1-az4, cidr: 10.0.3.0/24, route_table: public }",
        "warning",
        "public-connector-subnet",
        "app-c",
    ),
    (
        "public: { 0.0.0.0/0: internet_gateway }",
        "public: {}",
        "warning",
        "nat-without-internet-gateway",
        "public-a",
    ),
    ("addresses: [198.51.100.10]", "addresses: []", "error", "nat-gateway-address", "nat"),
    (
        "addresses: [198.51.100.10]",
        "addresses: [10.9.9.9]",
        "error",
        "private-public-address",
        "10.9.9.9",
    ),
    (
        "addresses: [198.51.100.10]",
        "addresses: [198.51.100.10, 198.51.100.10]",
        "error",
        "address-used-twice",
        "198.51.100.10",
    ),
    (
        "route_table: private }",
        "route_table: private, network_acl: shut }",
        "error",
        "unknown-name",
        "shut",
    ),
    (
        "app-a: { az: use1-az1, cidr: 10.0.1.0/24, route_table: private }\n    app-b",
        "app-a: { az: use1-az1, cidr: 10.0.1.0/24, route_table: private, network_acl: acl }\n    app-b",
        "",
        "",
        "",
    ),
    ("ports: 1024-65535", "ports: 1024-2000", "", "", ""),
    (
        "ingress: [ { rule: 100, action: allow, protocol: tcp",
        "ingress: [ { rule: 200, action: deny, protocol: tcp, ports: 2000, cidr: 10.0.0.0/8 }, { rule: 100, action: allow, protocol: tcp",
        "warning",
        "unreachable-entry",
        "{",
    ),
    (
        "egress: [ { rule: 100",
        "egress: [ { rule: 100, action: deny, protocol: udp, ports: 53, cidr: 0.0.0.0/0 }, { rule: 100",
        "error",
        "duplicate-acl-entry",
        "100",
    ),
    ("egress: [ { rule: 100", "egress: [ { rule: 32767", "error", "bad-rule-number", "32767"),
    (
        "egress: [ { protocol: tcp, ports: 443, to: 0.0.0.0/0 } ]",
        "egress: [ { protocol: tcp, ports: 443, to: 0.0.0.0/0 }, { protocol: tcp, ports: 443, to: 10.0.0.0/8 } ]",
        "warning",
        "needless-rule",
        "{",
    ),
    // Together they allow what neither does alone.
    (
        "egress: [ { protocol: tcp, ports: 443, to: 0.0.0.0/0 } ]",
        "egress: [ { protocol: tcp, ports: 1-400, to: 10.0.0.0/8 }, { protocol: tcp, ports: 401-900, to: 10.0.0.0/8 }, { protocol: tcp, ports: 80-443, to: 10.1.0.0/16 } ]",
        "warning",
        "needless-rule",
        "{",
    ),
    (
        "egress: [ { protocol: tcp, ports: 443, to: 0.0.0.0/0 } ]",
        "egress: [ { protocol: tcp, ports: 443, to: 198.18.0.0/15 }, { protocol: tcp, ports: 443, to: pl-s3 } ]",
        "warning",
        "needless-rule",
        "{",
    ),
    // A group has its members anywhere in the VPC.
    (
        "ingress: [ { protocol: tcp, ports: 443, from: web } ]",
        "ingress: [ { protocol: tcp, ports: 443, from: web }, { protocol: tcp, ports: 443, from: 10.0.0.0/17 } ]",
        "",
        "",
        "",
    ),
    (
        "ingress: [ { protocol: tcp, ports: 443, from: web } ]",
        "ingress: [ { protocol: tcp, ports: 443, from: 10.0.128.0/17 }, { protocol: tcp, ports: 443, from: web }, { protocol: tcp, ports: 443, from: 10.0.0.0/17 } ]",
        "warning",
        "needless-rule",
        "{",
    ),
    (
        "egress: [ { rule: 100, action: allow, protocol: tcp, ports: 443, cidr: 0.0.0.0/0 } ]",
        "egress: [ { rule: 300, action: allow, protocol: tcp, ports: 80, cidr: 10.0.0.0/8 }, { rule: 200, action: deny, protocol: tcp, ports: 0-99, cidr: 10.0.0.0/9 }, { rule: 100, action: allow, protocol: tcp, ports: 50-200, cidr: 10.128.0.0/9 } ]",
        "warning",
        "unreachable-entry",
        "{",
    ),
    (
        "egress: [ { rule: 100, action: allow, protocol: tcp, ports: 443, cidr: 0.0.0.0/0 } ]",
        "egress: [ { rule: 100, action: allow, protocol: tcp, ports: 443, cidr: 10.0.0.0/8 }, { rule: 200, action: allow, protocol: tcp, ports: 443, cidr: 0.0.0.0/0 } ]",
        "warning",
        "needless-entry",
        "{",
    ),
    (
        "private: { 0.0.0.0/0: nat }",
        "private: { 0.0.0.0/0: nat, 172.16.0.0/12: nat, 172.16.0.0/13: nat, 172.24.0.0/13: nat }",
        "warning",
        "unreachable-route",
        "172.16.0.0/12",
    ),
    (
        "private: { 0.0.0.0/0: nat }",
        "private: { 0.0.0.0/0: nat, 198.18.0.0/16: nat }",
        "warning",
        "unreachable-route",
        "private",
    ),
    ("from: web } ]", "from: wbe } ]", "error", "unknown-name", "wbe"),
    ("from: web } ]", "from: sg-0abc } ]", "warning", "stale-group-rule", "sg-0abc"),
    (
        "route_tables: [private], prefix_list",
        "route_tables: [], prefix_list",
        "warning",
        "endpoint-without-route",
        "s3",
    ),
    ("prefix_list: pl-s3", "prefix_list: pl-s4", "error", "unknown-name", "pl-s4"),
    (
        "  internet_gateway: true",
        "  internet_gateway: true\n  dns_support: false",
        "warning",
        "dns-support-off",
        "false",
    ),
    (
        "  internet_gateway: true",
        "  internet_gateway: true\n  dns_hostnames: false",
        "warning",
        "private-dns-off",
        "secrets",
    ),
    (
        "    secrets: {",
        "    again: { type: interface, service: secretsmanager, subnets: [app-b] }\n    secrets: {",
        "error",
        "conflicting-private-dns",
        "secrets",
    ),
    (
        "subnets: [app-a], security_groups: [ends]",
        "subnets: [app-a, public-a], security_groups: [ends]",
        "error",
        "two-subnets-in-a-zone",
        "public-a",
    ),
    ("subnet: public-a", "subnet: pubic-a", "error", "unknown-name", "pubic-a"),
];

#[test]
fn each_mistake_is_found_at_its_place() {
    let wrong: Vec<String> = CASES.iter().filter_map(|case| misfound(case).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn misfound((old, new, severity, code, at): &Case) -> Result<(), String> {
    let (sources, findings) = changed(old, new);
    let found = findings.iter().find(|finding| finding.code == *code);
    let Some(finding) = found else {
        return if code.is_empty() && findings.is_empty() {
            Ok(())
        } else {
            Err(format!("{new:?}: no {code:?} in {findings:?}"))
        };
    };
    let place = finding.place;
    let text = place.file.map(|file| &sources.file(file).text[place.offset as usize..]);
    let right = finding.severity.to_string() == *severity
        && finding.help.is_some()
        && text.is_some_and(|text| text.starts_with(at));
    let start = text.map(|text| &text[..text.len().min(30)]);
    if right { Ok(()) } else { Err(format!("{new:?}: {finding:?} at {start:?}")) }
}

#[test]
fn an_acl_that_takes_no_answers_matters_where_connections_begin() {
    let acl = GOOD.replace("ports: 1024-65535", "ports: 443");
    assert_eq!(check(&model(&acl)), [], "nobody uses it");
    for subnet in ["app-b", "public-a"] {
        let used =
            acl.replace(&format!("{subnet}: {{"), &format!("{subnet}: {{ network_acl: acl,"));
        let findings = check(&model(&used));
        assert_eq!(findings[0].code, "no-ephemeral-ports", "{subnet}");
    }
}

#[test]
fn every_finding_is_reported_and_errors_come_first() {
    let text = GOOD
        .replace("az: use1-az4", "az: use1-az3")
        .replace("connector: web", "connector: wep")
        .replace("  internet_gateway: true", "  internet_gateway: true\n  dns_support: false");
    let findings = check(&model(&text));
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["unsupported-zone", "unknown-name", "dns-support-off", "private-dns-off"]);
    assert!(findings[1].help.as_ref().is_some_and(|help| help.contains("`web`")), "did you mean");
}

#[test]
fn the_zones_message_lists_subnets_and_zones() {
    let (_, findings) = changed("az: use1-az4", "az: use1-az3");
    assert!(
        findings[0].message.ends_with("does not support: app-c (use1-az3)"),
        "{}",
        findings[0].message
    );
}

/// What keeps its name keeps its index, its address and its tasks, whatever comes and goes.
#[test]
fn a_later_version_keeps_what_it_knows() {
    let first = compile(&model(GOOD)).expect("a good network");
    let later = GOOD
        .replace("    app-a: {", "    new-a: { az: use1-az1, cidr: 10.0.0.0/24 }\n    app-a: {")
        .replace("    web: { egress", "    before: {}\n    web: { egress")
        .replace("  web: { egress: vpc", "  early: { egress: default }\n  web: { egress: vpc")
        .replace("  api: {", "  early: { address: 10.0.1.4 }\n  api: {")
        .replace(
            "    s3: { type: gateway, service: s3, route_tables: [private], prefix_list: pl-s3 }\n",
            "",
        );
    // The new host takes the address that the shared ENI had picked; the ENI moves, and only it.
    let second = compile_after(&model(&later), &first).expect("a good network, too");
    let (old, new) = (&first.snapshot, &second.snapshot);
    assert_eq!(new.epoch.0, old.epoch.0 + 1);
    for (at, eni) in old.enis.iter().enumerate() {
        assert_eq!(eni.name, new.enis[at].name);
        let taken = eni.address.octets() == [10, 0, 1, 4];
        assert_eq!(eni.address == new.enis[at].address, !taken, "{}", eni.name);
    }
    for (at, group) in old.security_groups.iter().enumerate() {
        assert_eq!(group.name, new.security_groups[at].name);
    }
    for (at, task) in old.tasks.iter().enumerate() {
        assert_eq!(
            (task.address, task.interface),
            (new.tasks[at].address, new.tasks[at].interface)
        );
    }
    let gone = old.interfaces.iter().zip(&new.interfaces).filter(|(old, new)| old != new);
    assert_eq!(gone.count(), 1, "the gateway endpoint's interface is gone");
}

#[test]
fn a_large_network_compiles_in_one_go() {
    let mut text = String::from("title: Large\nvpc:\n  cidr: 10.0.0.0/16\n  subnets:\n");
    for zone in [1, 2, 4] {
        text += &format!("    s{zone}: {{ az: use1-az{zone}, cidr: 10.0.{}.0/20 }}\n", zone * 16);
    }
    text += "  security_groups:\n";
    for group in 0..200 {
        text += &format!("    g{group}: {{ egress: [");
        for port in 1..=50 {
            text += &format!(" {{ protocol: tcp, ports: {}, to: 10.{group}.0.0/16 }},", port * 7);
        }
        text += " ] }\n";
    }
    text += "connectors:\n";
    for group in 0..200 {
        text += &format!("  c{group}: {{ subnets: [s1, s2, s4], security_groups: [g{group}] }}\n");
    }
    text += "services:\n";
    for service in 0..2_000 {
        text += &format!("  v{service}: {{ egress: vpc, connector: c{} }}\n", service % 200);
    }
    let compilation = compile(&model(&text)).expect("a good network");
    assert_eq!(compilation.snapshot.enis.len(), 600);
    assert_eq!(compilation.snapshot.tasks.len(), 2_000);
}

/// Points of a small space at which toy rules tell apart: an address, and whether it is of a member of
/// group `web`; a port of TCP.
fn toy_points() -> impl Iterator<Item = (std::net::Ipv4Addr, bool, u16)> {
    let addresses = ["10.0.0.1", "10.0.64.1", "10.0.128.1", "10.0.192.1", "11.0.0.1", "12.0.0.1"];
    let addresses = addresses.map(|address| address.parse().expect("an address"));
    addresses.into_iter().flat_map(|address: std::net::Ipv4Addr| {
        let near = address.octets()[0] == 10;
        [false, true]
            .into_iter()
            .filter(move |member| near || !member)
            .flat_map(move |member| (0..12).map(move |port| (address, member, port)))
    })
}

const TOY_BLOCKS: [&str; 6] =
    ["10.0.0.0/16", "10.0.0.0/17", "10.0.128.0/17", "10.0.64.0/18", "11.0.0.0/8", "8.0.0.0/5"];

fn place(line: usize) -> egret_control::source::Place {
    egret_control::source::Place {
        line: line as u32,
        offset: line as u32,
        ..egret_control::source::Place::NOWHERE
    }
}

fn toy_traffic(rng: &mut fastrand::Rng) -> egret_control::model::Traffic {
    let from = rng.u16(0..8);
    egret_control::model::Traffic::Tcp(from, from + rng.u16(0..5))
}

/// Lines of findings with one of these codes.
fn lines_of(model: &Model, codes: &[&str]) -> Vec<usize> {
    let findings = check(model).into_iter().filter(|finding| codes.contains(&finding.code));
    findings.map(|finding| finding.place.line as usize).collect()
}

/// What is called needless can be removed, all of it at once; of what is left nothing is needless.
#[test]
fn needless_rules_are_just_those_without_which_nothing_changes() {
    use egret_control::model::{Peer, SecurityGroupRule, Traffic};
    use egret_control::source::Sourced;
    let mut rng = fastrand::Rng::with_seed(7);
    let mut model = model(GOOD);
    model.prefix_lists[0].cidrs = ["10.0.0.0/17", "11.0.0.0/8"]
        .map(|net| Sourced::new(net.parse().expect("a block"), place(0)))
        .to_vec();
    let list: Vec<ipnet::Ipv4Net> = model.prefix_lists[0].cidrs.iter().map(|net| **net).collect();
    let ends =
        model.security_groups.iter().position(|group| &*group.id == "ends").expect("a group");
    let mut told = 0;
    for round in 0..400 {
        let rules: Vec<SecurityGroupRule> = (0..rng.usize(1..10))
            .map(|at| {
                let peer = match rng.u8(..6) {
                    0 => Peer::SecurityGroup("web".to_owned()),
                    1 => Peer::PrefixList("pl-s3".to_owned()),
                    _ => Peer::Cidr(
                        rng.choice(TOY_BLOCKS).expect("a block").parse().expect("a block"),
                    ),
                };
                let traffic = Sourced::new(toy_traffic(&mut rng), place(at));
                SecurityGroupRule {
                    id: None,
                    traffic,
                    peer: Sourced::new(peer, place(at)),
                    place: place(at + 1),
                }
            })
            .collect();
        model.security_groups[ends].ingress = rules.clone();
        let needless = lines_of(&model, &["needless-rule"]);
        let allows = |without: &dyn Fn(usize) -> bool| -> Vec<bool> {
            toy_points()
                .map(|(address, member, port)| {
                    rules.iter().enumerate().any(|(at, rule)| {
                        let Traffic::Tcp(from, to) = *rule.traffic else { panic!("TCP") };
                        let peer = match &*rule.peer {
                            Peer::Cidr(net) => net.contains(&address),
                            Peer::PrefixList(_) => list.iter().any(|net| net.contains(&address)),
                            Peer::SecurityGroup(_) => member,
                        };
                        !without(at + 1) && peer && (from..=to).contains(&port)
                    })
                })
                .collect()
        };
        let all = allows(&|_| false);
        assert_eq!(allows(&|line| needless.contains(&line)), all, "round {round}: {rules:#?}");
        for line in (1..=rules.len()).filter(|line| !needless.contains(line)) {
            let without = allows(&|other| other == line || needless.contains(&other));
            assert_ne!(without, all, "round {round}: {line} is needless, too: {rules:#?}");
        }
        told += needless.len();
    }
    assert!(told > 300, "{told}");
}

#[test]
fn idle_entries_are_just_those_without_which_nothing_changes() {
    use egret_control::model::{AclEntry, Traffic};
    use egret_control::source::Sourced;
    let mut rng = fastrand::Rng::with_seed(8);
    let mut model = model(GOOD);
    let mut told = 0;
    for round in 0..400 {
        let entries: Vec<AclEntry> = (0..rng.usize(1..9))
            .map(|at| AclEntry {
                number: Sourced::new(at as u32 + 1, place(at)),
                egress: true,
                allow: rng.bool(),
                traffic: Sourced::new(toy_traffic(&mut rng), place(at)),
                cidr: Sourced::new(
                    rng.choice(TOY_BLOCKS).expect("a block").parse().expect("a block"),
                    place(at),
                ),
                place: place(at + 1),
            })
            .collect();
        let acl = model.network_acls.iter_mut().find(|acl| &*acl.id == "acl").expect("an ACL");
        acl.entries = entries.clone();
        let idle = lines_of(&model, &["unreachable-entry", "needless-entry"]);
        let decide = |without: &dyn Fn(usize) -> bool| -> Vec<Option<usize>> {
            toy_points()
                .map(|(address, _, port)| {
                    let found = entries.iter().enumerate().find(|(at, entry)| {
                        let Traffic::Tcp(from, to) = *entry.traffic else { panic!("TCP") };
                        !without(at + 1)
                            && entry.cidr.contains(&address)
                            && (from..=to).contains(&port)
                    });
                    found.map(|(at, _)| at)
                })
                .collect()
        };
        let allowed = |decided: Vec<Option<usize>>| -> Vec<bool> {
            decided.into_iter().map(|at| at.is_some_and(|at| entries[at].allow)).collect()
        };
        let all = decide(&|_| false);
        let shadowed = lines_of(&model, &["unreachable-entry"]);
        for line in 1..=entries.len() {
            assert_eq!(
                shadowed.contains(&line),
                !all.contains(&Some(line - 1)),
                "round {round}: {entries:#?}"
            );
        }
        assert_eq!(
            allowed(decide(&|line| idle.contains(&line))),
            allowed(all),
            "round {round}: {entries:#?}"
        );
        told += idle.len();
    }
    assert!(told > 300, "{told}");
}
