use std::fs;
use std::path::PathBuf;

use egret_control::finding::render;
use egret_control::model::{
    AttachmentKind, Egress, EndpointKind, Peer, RouteTarget, SecurityGroup, Traffic as Match,
};
use egret_dataplane::snapshot::PortBudget;
use egret_dataplane::time::Duration;
use egret_dataplane::verdict::DropReason;
use proptest::prelude::*;

use super::*;
use crate::plan::{Bound, Links, Sender, Workload};

const SMALL: &str = include_str!("testdata/nat.yaml");
const EVERYTHING: &str = include_str!("testdata/everything.yaml");

fn read(text: &str) -> Result<Scenario, Rejection> {
    Scenario::from_text(Path::new("scenario.yaml"), text)
}

fn good(text: &str) -> Scenario {
    read(text).unwrap_or_else(|rejection| panic!("{rejection}"))
}

/// Every finding of a text as a line.
fn lines(text: &str) -> Vec<String> {
    let (sources, findings) = match read(text) {
        Ok(scenario) => (scenario.model.sources, scenario.warnings),
        Err(rejection) => (rejection.sources, rejection.findings),
    };
    findings.iter().map(|finding| render::line(finding, &sources)).collect()
}

/// A file with one VPC, and these lines in it.
fn with_vpc(section: &str) -> String {
    format!("title: x\nvpc:\n  cidr: 10.0.0.0/16\n{section}")
}

fn group<'m>(model: &'m Model, id: &str) -> &'m SecurityGroup {
    model.security_groups.iter().find(|group| group.id.value == id).expect("a group")
}

#[test]
fn the_sketch_of_the_design_reads() {
    let scenario = good(SMALL);
    assert_eq!(scenario.title, "A service reaches the internet through a NAT gateway");
    assert_eq!(scenario.model.subnets.len(), 2);
    assert_eq!(scenario.model.services[0].egress, Egress::Vpc("web".into()));
    let [delivered, dropped] = &scenario.expect[..] else { panic!("{:?}", scenario.expect) };
    assert_eq!(delivered.outcome.value, Outcome::Delivered);
    assert_eq!(delivered.via, ["nat-a".into()]);
    assert_eq!(dropped.reason.map(|r| r.value), Some(DropReason::SecurityGroupEgress));
    assert_eq!(dropped.to[0].ports, Some((80, 80)));
    let Workload::Connections(connections) = &scenario.plan.traffic[0].workload else { panic!() };
    assert_eq!(connections.response, 16 * 1024);
    assert_eq!(scenario.warnings, []);
}

#[test]
fn every_value_has_its_place() {
    let scenario = good(SMALL);
    let sources = &scenario.model.sources;
    let said = |place: Place| {
        let file = sources.file(place.file.expect("a file"));
        let range = place.offset as usize..(place.offset + place.len) as usize;
        (sources.display(place).expect("a file"), file.text[range].to_owned())
    };
    // Line, column and text, as an editor shows them.
    let at = |place: &str, text: &str| (format!("scenario.yaml:{place}"), text.to_owned());
    let model = &scenario.model;
    assert_eq!(said(model.subnets[0].cidr.place), at("7:37", "10.0.1.0/24"));
    assert_eq!(said(model.route_tables[0].routes[0].place), at("10:18", "0.0.0.0/0: nat-a"));
    assert_eq!(said(model.nat_gateways[0].subnet.place), at("13:22", "public-a"));
    let rule = &group(model, "web").egress[0];
    assert_eq!(said(rule.place), at("15:22", "{ protocol: tcp, ports: 443, to: 0.0.0.0/0 }"));
    assert_eq!(said(rule.traffic.place), at("15:46", "443"));
    assert_eq!(said(scenario.expect[0].via[0].place), at("25:68", "nat-a"));
}

#[test]
fn every_vpc_gets_what_aws_gives_it() {
    let Scenario { model, .. } = good(&with_vpc(""));
    let main: Vec<_> = model.route_tables.iter().map(|t| (t.id.value.as_str(), t.main)).collect();
    assert_eq!(main, [("main", true)]);
    let acls: Vec<_> =
        model.network_acls.iter().map(|a| (a.id.value.as_str(), a.default)).collect();
    assert_eq!(acls, [("default", true)]);
    let default = group(&model, "default");
    assert_eq!(default.ingress[0].peer.value, Peer::SecurityGroup("default".to_owned()));
    assert_eq!(default.egress[0].traffic.value, Match::All);
}

#[test]
fn what_every_vpc_gets_differs_where_there_are_several() {
    let Scenario { model, .. } = good(EVERYTHING);
    let groups: Vec<_> = model.security_groups.iter().map(|g| g.id.value.as_str()).collect();
    assert_eq!(groups, ["web", "db", "main-default", "shared-default"]);
    let tables: Vec<_> = model.route_tables.iter().map(|t| (t.id.value.as_str(), t.main)).collect();
    assert_eq!(tables, [("base", true), ("private-a", false), ("shared-main", true)]);
}

#[test]
fn settings_override_the_defaults() {
    let settings = good(EVERYTHING).model.settings;
    assert_eq!(settings.dataplane.hyperplane_ports, 100);
    assert_eq!(settings.dataplane.hyperplane_budget, PortBudget::PerDestination);
    assert_eq!(settings.dataplane.nat_idle, Duration::from_secs(300));
    assert_eq!(settings.dataplane.fragment_timeout, Duration::from_millis(500));
    assert_eq!(settings.dataplane.sg_udp, Duration::from_secs(30));
    assert_eq!((settings.connector_subnets, settings.connector_security_groups), (2, 5));
    assert_eq!(settings.unsupported_azs, ["euw1-az9"]);
}

#[test]
fn every_kind_of_rule_and_route_is_understood() {
    let Scenario { model, .. } = good(EVERYTHING);
    let web = group(&model, "web");
    let rules: Vec<_> =
        web.egress.iter().map(|r| (r.traffic.value, r.peer.value.clone())).collect();
    let cidr = |text: &str| Peer::Cidr(text.parse().expect("a CIDR"));
    let https = Match::Tcp(443, 443);
    assert_eq!(
        rules,
        [
            (https, cidr("0.0.0.0/0")),
            (https, Peer::PrefixList("pl-s3".to_owned())),
            (https, Peer::PrefixList("offices".to_owned())),
            (https, Peer::SecurityGroup("db".to_owned())),
            (Match::Icmp(Some(8), Some(0)), cidr("10.0.0.0/8")),
            (Match::Protocol(50), cidr("10.0.0.0/8")),
        ]
    );
    assert!(group(&model, "db").egress.is_empty());
    let routes = &model.route_tables[1].routes;
    let targets: Vec<_> = routes.iter().map(|r| (r.target.value.clone(), r.propagated)).collect();
    let named = |name: &str| RouteTarget::Named(name.to_owned());
    assert_eq!(
        targets,
        [
            (named("nat-a"), false),
            (named("to-shared"), true),
            (RouteTarget::Blackhole(None), false),
            (named("s3"), false),
        ]
    );
    let entries: Vec<_> = model.network_acls[0]
        .entries
        .iter()
        .map(|e| (e.egress, e.allow, e.traffic.value))
        .collect();
    assert_eq!(
        entries,
        [
            (false, true, Match::Tcp(1024, 65535)),
            (true, false, Match::Udp(0, 65535)),
            (true, true, Match::All),
        ]
    );
}

#[test]
fn gateways_and_endpoints_are_understood() {
    let Scenario { model, .. } = good(EVERYTHING);
    assert_eq!(model.internet_gateways[0].id.value, "front-door");
    let [nat_a, nat_b] = &model.nat_gateways[..] else { panic!("{:?}", model.nat_gateways) };
    let pairs: Vec<_> = nat_a.addresses.iter().map(|a| a.private.is_some()).collect();
    assert_eq!(pairs, [true, false]);
    assert!(nat_a.public && nat_a.available && !nat_b.public && !nat_b.available);
    let services: Vec<_> = model.vpc_endpoints.iter().map(|e| e.service.value.as_str()).collect();
    assert_eq!(services, ["com.amazonaws.eu-west-1.s3", "com.example.secrets"]);
    let EndpointKind::Interface { subnets, private_dns, .. } = &model.vpc_endpoints[1].kind else {
        panic!("{:?}", model.vpc_endpoints[1]);
    };
    assert!(subnets[0].1.is_some() && !private_dns);
    assert!(!model.peerings[0].active && !model.peerings[0].same_region);
}

#[test]
fn a_transit_gateway_without_tables_has_one_for_all() {
    let Scenario { model, .. } = good(EVERYTHING);
    let [tgw, other] = &model.transit_gateways[..] else { panic!("{:?}", model.transit_gateways) };
    let routes = &tgw.route_tables[0].routes;
    assert_eq!(routes[0].attachment, Some("onprem".into()));
    assert_eq!(routes[1].attachment, None);
    assert!(
        matches!(&tgw.attachments[1].kind, AttachmentKind::External { cidrs } if cidrs.len() == 1)
    );
    assert_eq!(other.route_tables[0].associations, ["main".into()]);
    assert_eq!(other.route_tables[0].propagations, ["main".into()]);
}

#[test]
fn a_host_in_a_vpc_is_an_interface_there() {
    let Scenario { model, .. } = good(EVERYTHING);
    let hosts: Vec<_> = model.hosts.iter().map(|host| host.name.value.as_str()).collect();
    assert_eq!(hosts, ["api.example.com"]);
    let enis: Vec<_> = model
        .network_interfaces
        .iter()
        .map(|eni| (eni.id.value.as_str(), eni.name.as_deref(), eni.subnet.value.as_str()))
        .collect();
    // `proxy` has the appliance's address, so it is another name for it.
    assert_eq!(enis, [("appliance", Some("proxy"), "app-a"), ("db", Some("db"), "app-a")]);
}

#[test]
fn expectations_are_typed() {
    let Scenario { expect, .. } = good(EVERYTHING);
    assert_eq!(expect[0].via, ["nat-a".into(), "front-door".into()]);
    assert_eq!(expect[0].source.map(|s| s.value.to_string()).as_deref(), Some("198.51.100.10"));
    assert_eq!(expect[1].code.as_deref().map(String::as_str), Some("ENI_SG_RULES_MISMATCH"));
    assert_eq!(
        (expect[2].protocol, expect[2].outcome.value),
        (Protocol::Icmp(Some(8), Some(0)), Outcome::NoReply)
    );
    assert_eq!(expect[2].to[0].value, Target { host: "10.0.1.5".to_owned(), ports: None });
}

/// Takes the mark `»` out of a text, and gives the line and column where it was.
fn unmarked(text: &str) -> (String, String) {
    let (before, _) = text.split_once('»').expect("a mark in the text");
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (text.replace('»', ""), format!("scenario.yaml:{line}:{column}"))
}

/// What is said about a text is one thing, at the mark.
fn assert_found(text: &str, wanted: &str) {
    let (text, place) = unmarked(text);
    assert_eq!(lines(&text), [format!("{place}: {wanted}")], "for {text}");
}

/// One fault a row: a text with a mark at the fault, and what is said about it.
#[test]
fn every_fault_is_found_at_its_place() {
    let rows: &[(&str, &str)] = &[
        ("  »regoin: us-east-1", "error: there is no key `regoin` here"),
        ("  name: a\n  »name: b", "error: the key `name` is written twice"),
        ("  dns_support: »maybe", "error: invalid boolean"),
        ("  subnets: { a: { »cidr: 10.0.1.0/24 } }", "error: the key `az` is missing"),
        (
            "  subnets: { a: { az: use1-az1, cidr: »10.0.1.0 } }",
            "error: `10.0.1.0` is not an IPv4 CIDR",
        ),
        (
            "  subnets: { a: { az: use1-az1, cidr: »10.0.1.7/24 } }",
            "warning: `10.0.1.7/24`: the address has bits beyond the prefix, which AWS clears",
        ),
        (
            "  nat_gateways: { »nat-a: { subnet: public-a } }",
            "error: a public NAT gateway has no address",
        ),
        (
            "  nat_gateways: { n: { subnet: a, connectivity: private, addresses: [»1.2.3.4] } }",
            "error: a private NAT gateway has none",
        ),
        (
            "  endpoints: { s3: { type: gateway, service: s3, subnets: [»a] } }",
            "error: only endpoints of type interface have `subnets`",
        ),
        (
            "  endpoints: { »s3: { type: interface, service: s3 } }",
            "error: an interface endpoint needs a subnet",
        ),
        ("  main_route_table: »other", "error: there is no route table `other`"),
        (
            "hosts: { db: { address: »10.0.9.9 } }",
            "error: 10.0.9.9 is in the VPC `vpc`, but in none of its subnets",
        ),
        ("hosts: { a.b: { address: »1.2.3 } }", "error: `1.2.3` is not an IPv4 address"),
        (
            "hosts: { a.b: { address: 1.2.3.4, security_groups: [»web] } }",
            "error: `a.b` is in no VPC, so it has no security groups",
        ),
        (
            "hosts: { a.b: { address: 1.2.3.4, listen: [»443] } }",
            "error: `443` is not a protocol and a port",
        ),
        ("services: { web: { egress: »vpc } }", "error: egress `vpc` needs a connector"),
        ("services: { »web: {} }", "error: the service does not say how its packets leave"),
        (
            "services: { web: { egress: default, tasks: »0 } }",
            "error: a service without tasks sends nothing",
        ),
        (
            "services: { web: { egress: default, connector: »web } }",
            "error: egress `default` does not go by a connector",
        ),
        ("settings: { nat_idle: »350 }", "error: `350` is not a duration"),
        ("settings: { vpc_mtu: »70000 }", "error: invalid u16"),
        (
            "transit_gateways: { t: { attachments: { a: »{ subnets: [x] } } } }",
            "error: an attachment with `subnets` must say its `vpc`",
        ),
        (
            "expect: [ { from: »web, to: \"a:1\", outcome: delivered } ]",
            "error: there is no service `web`",
        ),
    ];
    for (section, wanted) in rows {
        assert_found(&with_vpc(section), wanted);
    }
    let bare = "title: x\nvpc: »{ internet_gateway: true }\n";
    assert_found(bare, "error: the VPC `vpc` has no CIDR");
    let both = "title: x\nvpc:\n  »cidr: 10.0.0.0/16\nvpcs: {}\n";
    assert_found(both, "error: a scenario has `vpc` or `vpcs`, not both");
    let two = "title: x\nvpc: { cidr: »10.0.0.0/16, cidrs: [10.1.0.0/16] }\n";
    assert_found(two, "error: a VPC has `cidr` or `cidrs`, not both");
}

#[test]
fn every_fault_of_a_rule_is_found_at_its_place() {
    let rows: &[(&str, &str)] = &[
        ("ports: »443, to: a", "error: a rule with ports must say its protocol"),
        ("protocol: icmp, ports: »443, to: a", "error: a rule for ICMP has no ports"),
        ("protocol: tcp, icmp: »8/0, to: a", "error: a rule for TCP or UDP has no ICMP type"),
        ("protocol: tcp, ports: »90-80, to: a", "error: `90-80`: the range ends before it starts"),
        ("protocol: tcp, ports: »http, to: a", "error: `http` is not a port or a range of ports"),
        ("protocol: »tpc, to: a", "error: `tpc` is not a protocol"),
        ("icmp: »300/1, to: a", "error: `300/1` is not an ICMP type and code"),
        (
            "to: »10.0.0.0/33",
            "error: `10.0.0.0/33` is not a CIDR, a security group or a prefix list",
        ),
    ];
    for (rule, wanted) in rows {
        let section = format!("  security_groups: {{ web: {{ egress: [ {{ {rule} }} ] }} }}");
        assert_found(&with_vpc(&section), wanted);
    }
    let group = |rule: &str| format!("  security_groups: {{ web: {{ egress: [ {rule} ] }} }}");
    let missing = with_vpc(&group("»{ protocol: tcp }"));
    assert_found(&missing, "error: the rule does not say `to`");
    let reversed = with_vpc(&group("»{ from: 0.0.0.0/0 }"));
    assert_found(&reversed, "error: a rule of this direction has `to`, not `from`");
    let acl = |entry: &str| format!("  network_acls: {{ a: {{ egress: [ {{ {entry} }} ] }} }}");
    let number = with_vpc(&acl("rule: »0, action: allow, cidr: 0.0.0.0/0"));
    assert_found(&number, "error: 0 is not the number of an entry");
    let action = with_vpc(&acl("rule: 1, action: »alow, cidr: 0.0.0.0/0"));
    assert_found(&action, "error: `alow` is not what an entry does");
}

#[test]
fn a_name_of_a_group_and_a_list_is_ambiguous() {
    let text = with_vpc(
        "  prefix_lists: { a: [10.9.0.0/16] }\n  security_groups: { a: { egress: [{ to: »a }] } }\n",
    );
    assert_found(&text, "error: `a` is a security group and a prefix list");
}

#[test]
fn advice_comes_with_the_nearest_word() {
    let help = |text: &str| {
        let rejection = read(text).expect_err("an error");
        rejection.findings[0].help.clone().expect("advice")
    };
    assert!(help("title: x\nregoin: y\n").starts_with("did you mean `region`? "));
    let outcome = with_vpc("expect: [ { from: w, to: \"a:1\", outcome: droped } ]");
    let rejection = read(&outcome).expect_err("two errors");
    let advice = rejection.findings[1].help.as_deref();
    assert_eq!(
        advice,
        Some("did you mean `dropped`? It is one of `delivered`, `no-reply`, `dropped`, `any`")
    );
    let bare = with_vpc("  security_groups: { w: { egress: [{ to: 10.0.0.5 }] } }");
    assert_eq!(help(&bare), "write `10.0.0.5/32` for the one address");
}

#[test]
fn contradictions_in_expectations_are_found() {
    let rows: &[(&str, &str)] = &[
        (
            "to: \"a:1\", outcome: delivered, by: »web",
            "error: a packet that is delivered is dropped by nothing",
        ),
        ("to: »a, outcome: delivered", "error: the target has no port"),
        ("to: »\"a:1\", protocol: icmp, outcome: delivered", "error: this protocol has no ports"),
        ("to: »a:http, outcome: delivered", "error: `a:http` is not a target"),
        ("to: [\"a:1\", »\"a:9-1\"], outcome: delivered", "error: `a:9-1` is not a target"),
        ("to: \"a:1\", outcome: »lost", "error: `lost` is not an outcome"),
        (
            "to: \"a:1\", outcome: dropped, reason: »ipv7",
            "error: `ipv7` is not a reason for dropping a packet",
        ),
        (
            "to: \"a:1\", outcome: dropped, reason: ipv6, code: »SG_HAS_NO_RULES",
            "error: the code of `ipv6` is SIM_IPV6",
        ),
        (
            "to: \"a:1\", outcome: dropped, source: »1.2.3.4",
            "error: no destination sees the source of a packet that is dropped",
        ),
        (
            "to: »\"a:1\", protocol: all, outcome: dropped",
            "error: all protocols have no ports in common",
        ),
    ];
    for (fields, wanted) in rows {
        let service = "services: { web: { egress: default } }";
        let text = format!("{service}\nexpect:\n- {{ from: web, {fields} }}\n");
        assert_found(&with_vpc(&text), wanted);
    }
}

/// One fault a row of what happens in a run.
#[test]
fn every_fault_of_a_run_is_found_at_its_place() {
    let rows: &[(&str, &str)] = &[
        ("traffic: [»{ from: web }]", "error: the traffic has no destination"),
        ("traffic: [{ from: »wbe, to: 'a:1' }]", "error: there is no service `wbe`"),
        ("traffic: [{ from: »web/2, to: 'a:1' }]", "error: service `web` has no task `2`"),
        ("traffic: [{ from: web, to: »a }]", "error: the destination has no port"),
        (
            "traffic: [{ from: web, to: »'b:1' }]",
            "error: no host, network interface or endpoint is called `b`; did you mean `a`?",
        ),
        ("traffic: [{ from: web, to: »'a:1', ping: 1 }]", "error: a ping has no ports"),
        ("traffic: [{ from: web, to: a, ping: 1, rate: »3/s }]", "error: a ping has no `rate`"),
        (
            "traffic: [{ from: web, to: 'a:1', connections: »0 }]",
            "error: none of these is nothing to do",
        ),
        ("traffic: [{ from: web, to: 'a:1', connections: »-1 }]", "error: `-1` is not a count"),
        (
            "traffic: [{ from: web, to: 'a:1', keepalive: »0s }]",
            "error: a probe after no time never ends",
        ),
        (
            "traffic: [{ from: web, to: 'a:1', idle: »5s }]",
            "error: nothing follows the silence: the only request is the first one",
        ),
        (
            "traffic: [{ from: web, to: a, traceroute: »256 }]",
            "error: a time to live is from 1 to 255",
        ),
        (
            "traffic: [{ from: web, to: 'a:1', protocol: udp, size: »64KiB }]",
            "error: a datagram holds 65507 bytes at most",
        ),
        (
            "traffic: [{ from: web, replay: »no.pcap }]",
            "error: no.pcap: No such file or directory (os error 2)",
        ),
        (
            "traffic: [{ from: web, to: »'a:1', provider: logs }]",
            "error: where the provider's own traffic goes is the provider's business",
        ),
        ("traffic: [{ from: internet, to: »'wbe:80' }]", "error: there is no service `wbe`"),
        ("links: { internet: { loss: »101% } }", "error: `101%`: a share is at most 100%"),
        ("links: { internet: { mtu: »60 } }", "error: an MTU is from 68 to 65535 (RFC 791)"),
        ("links: { »interent: { loss: 1% } }", "error: there is no key `interent` here"),
        ("timeline: [»{ at: 1s }]", "error: nothing is changed"),
        (
            "timeline: [{ at: 1s, lose_az: »use1-az9 }]",
            "error: no subnet is in Availability Zone `use1-az9`",
        ),
        (
            "timeline: [{ at: 1s, change: { »trafic: [] } }]",
            "error: `trafic` cannot be changed during a run",
        ),
        (
            "timeline: [»{ at: 1s, change: { services: { web: { tsks: 3 } } } }]",
            "error: from 1 s on: there is no key `tsks` here",
        ),
        (
            "timeline: [»{ at: 1s, change: { services: { web: { egress: vpc, connector: c } } } }]",
            "error: from 1 s on: there is no VPC connector `c`",
        ),
        ("results: [{ traffic: »x, failed: 0 }]", "error: there is no traffic `x`"),
        ("results: [»{ element: default }]", "error: nothing is said that could be so or not"),
        ("results: [»{ failed: 0 }]", "error: a result is about one thing"),
        ("results: [{ element: default, failed: »0 }]", "error: an element has no `failed`"),
        (
            "results: [{ element: default, packets: »few }]",
            "error: `few` is not a number or a bound",
        ),
        (
            "results: [{ element: default, packets: »5..3 }]",
            "error: `5..3`: no number is within these bounds",
        ),
        (
            "duration: 5s\ntraffic: [»{ from: web, to: 'a:1', at: 6s }]",
            "warning: the run ends before this",
        ),
    ];
    for (section, wanted) in rows {
        let cloud = "  subnets: { s: { az: use1-az1, cidr: 10.0.1.0/24 } }\n\
                     services: { web: { egress: default, tasks: 2 } }\nhosts: { a: { address: 203.0.113.1 } }\n";
        assert_found(&with_vpc(&format!("{cloud}{section}\n")), wanted);
    }
}

#[test]
fn a_run_is_read_whole() {
    let Plan { duration, seed, links, traffic, timeline, expect } = good(EVERYTHING).plan;
    assert_eq!((duration, seed), (Some(Duration::from_secs(3_600)), Some(7)));
    assert_eq!(links.internet.bandwidth, Some(1_000_000_000));
    assert_eq!((links.internet.loss, links.internet.packets), (0.001, Some(1_000)));
    assert_eq!(links.zone, Links::default().zone);
    let names: Vec<_> = traffic.iter().map(|traffic| traffic.name.as_str()).collect();
    let wanted = [
        "web to api.example.com:443",
        "slow",
        "web to api.example.com:53",
        "web to 10.0.0.2",
        "web to 10.0.1.5",
        "web to api.example.com",
        "db to api.example.com:443",
        "internet to web:8080",
        "web (provider)",
        "web (provider) (2)",
    ];
    assert_eq!(names, wanted);
    assert_eq!(traffic[1].from, Sender::Service("web".into(), Some(1)));
    assert_eq!(traffic[6].from, Sender::Host("db".into()));
    let [lost, back, changed] = &timeline[..] else { panic!("{timeline:?}") };
    assert_eq!((lost.model.lost_azs.len(), back.model.lost_azs.len()), (1, 0));
    assert_eq!((lost.title.as_str(), back.title.as_str()), ("euw1-az1 is lost", "back again"));
    assert_eq!((*back.model.services[0].tasks, *changed.model.services[0].tasks), (2, 3));
    assert_eq!((back.model.vpc_endpoints.len(), changed.model.vpc_endpoints.len()), (2, 1));
    assert_eq!(expect.len(), 4);
    assert_eq!(expect[0].figures[1].1.value, Bound { least: 0.0, most: 3_000_f64.next_down() });
}

#[test]
fn all_faults_of_a_file_are_reported_together() {
    let text = with_vpc(
        "  subnets: { a: { az: use1-az1, cidr: nonsense }, b: { az: '', cidr: 10.0.2.0/24 } }\nregion: ''\n",
    );
    let codes: Vec<_> =
        read(&text).expect_err("three errors").findings.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["empty-name", "bad-cidr", "empty-name"]);
}

#[test]
fn files_beside_the_scenario_are_read() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../control/tests/fixtures");
    for name in ["vpc-connector.json", "service.json"] {
        fs::copy(fixtures.join("request").join(name), folder.path().join(name)).expect("a copy");
    }
    let aws: PathBuf = fixtures.join("account");
    let text = format!(
        "title: x\nvpc:\n  import: '{}'\n  name: vpc-0a1\n  prefix_lists: {{ mine: [192.0.2.0/24] }}\n\
         connectors: {{ c: vpc-connector.json }}\nservices: {{ s: service.json }}\n\
         hosts: {{ proxy: {{ address: 10.20.1.10 }} }}\n",
        aws.display()
    );
    fs::write(folder.path().join(FILE_NAME), text).expect("writing the scenario");
    let Scenario { model, warnings, .. } =
        Scenario::read(folder.path()).unwrap_or_else(|rejection| panic!("{rejection}"));
    assert_eq!(model.vpcs.len(), 2);
    assert_eq!(model.region, "us-east-1");
    let connectors: Vec<_> = model.connectors.iter().map(|c| c.id.value.as_str()).collect();
    assert_eq!(connectors, ["web", "c"]);
    // The service's file says `my-vpc-connector`, as the connector's file does.
    assert_eq!(model.services[1].egress, Egress::Vpc("c".into()));
    let proxy = model.network_interfaces.iter().find(|eni| eni.name.as_deref() == Some("proxy"));
    assert_eq!(proxy.expect("the appliance").id.value, "eni-appliance");
    assert_eq!(model.prefix_lists.last().expect("a list").id.value, "mine");
    assert!(warnings.iter().all(|finding| finding.place.file.is_some()));
}

#[test]
fn the_files_of_one_import_are_joined() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../control/tests/fixtures/account/111122223333/us-east-1");
    let path = |name: &str| format!("'{}'", fixtures.join(name).display());
    let files = [path("vpcs.json"), path("subnets.json"), path("route-tables.json")].join(", ");
    let Scenario { model, .. } = good(&format!("title: x\nvpc: {{ import: [{files}] }}\n"));
    assert_eq!(model.subnets[0].route_table, Some("rtb-app".into()));
}

#[test]
fn an_import_of_several_vpcs_must_say_which_one_is_added_to() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../control/tests/fixtures/account");
    let text = format!(
        "title: x\nvpc:\n  import: '{}'\n  prefix_lists: {{ mine: [192.0.2.0/24] }}\n",
        fixtures.display()
    );
    let found = lines(&text);
    let last = found.last().expect("an error");
    let wanted = "error: the import has several VPCs, and the keys beside it say not which";
    assert_eq!(*last, format!("scenario.yaml:4:19: {wanted}"));
}

#[test]
fn files_that_are_not_there_are_errors_where_they_are_named() {
    let text = "title: x\nvpc: { import: nowhere/ }\nconnectors: { c: none.json }\n";
    let found = lines(text);
    assert!(found[0].starts_with("scenario.yaml:2:16: error: nowhere/: "), "{found:?}");
    assert!(found.iter().any(|line| line.starts_with("scenario.yaml:3:18: error: none.json: ")));
    let rejection = Scenario::read(Path::new("no/such.yaml")).expect_err("no such file");
    assert_eq!(rejection.findings[0].code, "unreadable");
}

#[test]
fn broken_syntax_is_found_at_its_place() {
    assert_eq!(lines("title: 'x\n"), ["scenario.yaml:1:8: error: unclosed quote"]);
    assert_eq!(lines("title: x\nvpc: {\n"), ["scenario.yaml:2:6: error: unclosed bracket '{'"]);
    assert_eq!(lines(""), ["scenario.yaml:1:1: error: unexpected end of input"]);
    assert_eq!(lines("title: x\n"), ["scenario.yaml:1:1: error: the scenario has no VPC"]);
}

#[test]
fn the_schema_has_every_key_with_its_meaning() {
    let schema = schema();
    let keys: Vec<_> =
        schema["properties"].as_object().expect("an object").keys().cloned().collect();
    for key in ["title", "vpc", "vpcs", "connectors", "services", "hosts", "expect", "settings"] {
        assert!(keys.iter().any(|known| known == key), "{key} is not in {keys:?}");
    }
    assert_eq!(schema["required"], serde_json::json!(["title"]));
    let subnet = &schema["$defs"]["SubnetSection"];
    assert_eq!(subnet["required"], serde_json::json!(["az", "cidr"]));
    assert!(subnet["properties"]["cidr"]["pattern"].is_string());
    assert_eq!(subnet["additionalProperties"], serde_json::json!(false));
    let outcome = &schema["$defs"]["ExpectationSection"]["properties"]["outcome"];
    let outcomes = serde_json::json!(["delivered", "no-reply", "dropped", "any", null]);
    assert_eq!(outcome["enum"], outcomes);
    assert!(outcome["description"].as_str().is_some_and(|text| text.contains("comes back")));
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = read(&text);
    }

    /// The good file with a stretch cut out and something else put there.
    #[test]
    fn no_damage_panics(
        start in 0..EVERYTHING.len(),
        len in 0usize..40,
        noise in "[ -~\n\t]{0,8}|\\PC{0,3}",
    ) {
        let end = (start + len).min(EVERYTHING.len());
        let text = format!("{}{noise}{}", &EVERYTHING[..start], &EVERYTHING[end..]);
        match read(&text) {
            Ok(scenario) => prop_assert!(!scenario.warnings.iter().any(Finding::is_error)),
            Err(rejection) => {
                prop_assert!(rejection.findings.iter().any(Finding::is_error));
                for finding in &rejection.findings {
                    let _ = render::report(finding, &rejection.sources);
                }
            }
        }
    }
}
