//! Hops in words.

use std::fmt::Display;
use std::net::Ipv4Addr;

use egret_dataplane::packet::{Headers, Protocol, Tuple, answer, decode};
use egret_dataplane::snapshot::{
    AclEntry, AclId, AttachmentId, Egress, EndpointId, EniId, IgwId, Mismatch, NatId, Peer,
    PeeringId, RouteKey, RouteTableId, RouteTarget, ServiceId, SgId, SgRule, Snapshot, TgwId,
    Traffic, VpcId,
};
use egret_dataplane::trace::{Decision, Direction, Hop};
use egret_dataplane::verdict::Element;

use super::mend::Scene;
use super::{Denial, Question, Step, World};
use crate::source::Place;

/// What kind of element it is, in the field's terms.
pub fn element_kind(element: Element) -> &'static str {
    match element {
        Element::Dataplane => "dataplane",
        Element::Service(_) => "service",
        Element::HyperplaneEni(_) => "hyperplane-eni",
        Element::SecurityGroup(_) => "security-group",
        Element::NetworkAcl(_) => "network-acl",
        Element::RouteTable(_) => "route-table",
        Element::NatGateway(_) => "nat-gateway",
        Element::InternetGateway(_) => "internet-gateway",
        Element::VpcEndpoint(_) => "vpc-endpoint",
        Element::Peering(_) => "peering",
        Element::TransitGateway(_) => "transit-gateway",
        Element::External(_) => "external-network",
        Element::NetworkInterface(_) => "network-interface",
        Element::LinkLocal(_) => "link-local",
        Element::Internet => "internet",
    }
}

/// Every name that an element goes by: an expectation may use any of them. The first is the one
/// that is shown; the groups of an ENI have one each.
pub fn element_names(snapshot: &Snapshot, element: Element) -> Vec<String> {
    let one = |name: &dyn Display| vec![name.to_string()];
    match element {
        Element::Dataplane | Element::Internet => one(&element_kind(element)),
        Element::Service(id) => one(&snapshot[id].name),
        Element::HyperplaneEni(id) | Element::NetworkInterface(id) => one(&snapshot[id].name),
        Element::SecurityGroup(eni) => {
            let groups = &snapshot[eni].security_groups;
            let names: Vec<String> = groups.iter().map(|g| snapshot[*g].name.to_string()).collect();
            let joined = if names.is_empty() { "none".to_owned() } else { names.join("+") };
            [joined].into_iter().chain(names).collect()
        }
        Element::NetworkAcl(id) => one(&snapshot[id].name),
        Element::RouteTable(id) => one(&snapshot[id].name),
        Element::NatGateway(id) => one(&snapshot[id].name),
        Element::InternetGateway(id) => {
            vec![snapshot[id].name.to_string(), "internet_gateway".to_owned()]
        }
        Element::VpcEndpoint(id) => one(&snapshot[id].name),
        Element::Peering(id) => one(&snapshot[id].name),
        Element::TransitGateway(id) => one(&snapshot[id].name),
        Element::External(id) => one(&snapshot[id].name),
        Element::LinkLocal(vpc) => vec![snapshot[vpc].name.to_string(), "resolver".to_owned()],
    }
}

/// Every element of a configuration, but the dataplane itself and the internet.
pub fn elements(snapshot: &Snapshot) -> impl Iterator<Item = Element> + '_ {
    fn all<I>(len: usize, id: fn(u32) -> I, is: fn(I) -> Element) -> impl Iterator<Item = Element> {
        (0..len as u32).map(move |at| is(id(at)))
    }
    let enis = snapshot.enis.len();
    all(snapshot.services.len(), ServiceId, Element::Service)
        .chain(all(enis, EniId, Element::NetworkInterface))
        .chain(all(enis, EniId, Element::SecurityGroup))
        .chain(all(snapshot.network_acls.len(), AclId, Element::NetworkAcl))
        .chain(all(snapshot.route_tables.len(), RouteTableId, Element::RouteTable))
        .chain(all(snapshot.nat_gateways.len(), NatId, Element::NatGateway))
        .chain(all(snapshot.internet_gateways.len(), IgwId, Element::InternetGateway))
        .chain(all(snapshot.endpoints.len(), EndpointId, Element::VpcEndpoint))
        .chain(all(snapshot.peerings.len(), PeeringId, Element::Peering))
        .chain(all(snapshot.transit_gateways.len(), TgwId, Element::TransitGateway))
        .chain(all(snapshot.attachments.len(), AttachmentId, Element::External))
        .chain(all(snapshot.vpcs.len(), VpcId, Element::LinkLocal))
}

/// A hop with its words.
pub(super) fn step(world: World<'_>, hop: &Hop, question: &Question) -> Step {
    let name = name(world.snapshot, hop.element);
    let place = place(world, hop.decision);
    let denial = hop.drop.map(|drop| Denial {
        drop,
        direction: hop.direction,
        kind: element_kind(drop.element),
        name: name.clone(),
        tried: tried(world, hop, question),
        mend: Scene { snapshot: world.snapshot, hop, question }.mend(drop.reason),
    });
    let text = match hop.drop {
        Some(drop) => format!("drops it: {}", drop.reason.sentence()),
        None => hop_words(world.snapshot, hop),
    };
    Step { hop: hop.clone(), kind: element_kind(hop.element), name, text, place, denial }
}

pub(super) fn name(snapshot: &Snapshot, element: Element) -> String {
    element_names(snapshot, element).swap_remove(0)
}

/// Where what decided was written.
pub fn place(world: World<'_>, decision: Decision) -> Option<Place> {
    match decision {
        Decision::SecurityGroupRule { group, egress, rule } => {
            world.index.sg_rule(group, egress, rule)
        }
        Decision::AclEntry { acl, egress, entry } => world.index.acl_entry(acl, egress, entry?),
        Decision::Route { table, route } => world.index.route(table, route?),
        _ => None,
    }
}

/// What an element did with a packet that it let pass.
pub fn hop_words(snapshot: &Snapshot, hop: &Hop) -> String {
    match hop.decision {
        Decision::Nature => by_nature(snapshot, hop),
        Decision::Tracked(_) => "allowed: part of a flow that is tracked".to_owned(),
        Decision::SecurityGroupRule { group, egress, rule } => {
            let group = &snapshot[group];
            let rules = if egress { &group.egress } else { &group.ingress };
            format!("allowed by {} ({})", rule_words(snapshot, &rules[rule], egress), group.name)
        }
        Decision::AclEntry { acl, egress, entry } => {
            let subnet = hop.subnet.map(|subnet| snapshot[subnet].name.to_string());
            let way = if egress { "out of" } else { "into" };
            let entry = entry_words(snapshot, acl, egress, entry);
            format!("{way} {}: {entry}", subnet.unwrap_or_default())
        }
        Decision::Route { table, route } => match route {
            Some(route) => {
                let route = snapshot[table].routes[route];
                format!(
                    "{} leads to {}",
                    key_words(snapshot, route.key),
                    target_words(snapshot, route.target)
                )
            }
            None => "no route matches".to_owned(),
        },
        Decision::TransitGatewayRoute { table, route } => {
            let Element::TransitGateway(tgw) = hop.element else { return String::new() };
            let table = &snapshot[tgw].route_tables[table];
            match route.map(|route| table.routes[route]) {
                Some(route) => {
                    let to = route.attachment.map(|to| snapshot[to].name.to_string());
                    let to = to.unwrap_or_else(|| "nowhere".to_owned());
                    format!("{}: {} leads to {to}", table.name, route.cidr)
                }
                None => format!("{}: no route matches", table.name),
            }
        }
        Decision::Translated => match hop.element {
            Element::Service(_) => {
                let translation = translation(hop.before, hop.after);
                format!("egress DEFAULT, the provider's own way out: {translation}")
            }
            _ => translation(hop.before, hop.after),
        },
        Decision::Delivered => format!("takes it: {}", hop.after),
        Decision::NoSecurityGroupRule { .. } => String::new(),
    }
}

/// What a rule, an entry or a route that decided belongs to, and what it says: `security-group`, `web`,
/// `tcp 443 to 0.0.0.0/0`. `None` of what nobody wrote.
pub fn rule_of(snapshot: &Snapshot, decision: Decision) -> Option<(&'static str, String, String)> {
    Some(match decision {
        Decision::SecurityGroupRule { group, egress, rule } => {
            let rule = rule_words(snapshot, &snapshot[group].rules(egress)[rule], egress);
            ("security-group", snapshot[group].name.to_string(), rule)
        }
        Decision::AclEntry { acl, egress, entry } => {
            let entry = entry_words(snapshot, acl, egress, Some(entry?));
            ("network-acl", snapshot[acl].name.to_string(), entry)
        }
        Decision::Route { table, route } => {
            let (name, route) = (snapshot[table].name.to_string(), snapshot[table].routes[route?]);
            let (key, to) = (key_words(snapshot, route.key), target_words(snapshot, route.target));
            ("route-table", name, format!("{key} leads to {to}"))
        }
        _ => return None,
    })
}

fn by_nature(snapshot: &Snapshot, hop: &Hop) -> String {
    match hop.element {
        Element::Service(service) => match &snapshot[service].egress {
            Egress::Default => "egress DEFAULT: the provider's own way out".to_owned(),
            Egress::Vpc { connector, .. } => format!("egress VPC by connector {connector}"),
        },
        Element::NetworkInterface(eni) => {
            format!(
                "sends from {} in {}",
                snapshot[eni].address, snapshot[snapshot[eni].subnet].name
            )
        }
        Element::VpcEndpoint(_) | Element::LinkLocal(_) | Element::External(_) => {
            "answers".to_owned()
        }
        Element::Peering(peering) => {
            let [a, b] = snapshot[peering].vpcs;
            format!("between {} and {}", snapshot[a].name, snapshot[b].name)
        }
        _ => "lets it pass".to_owned(),
    }
}

fn translation(before: Tuple, after: Tuple) -> String {
    let end = |address: Ipv4Addr, port: u16| match before.protocol {
        Protocol::TCP | Protocol::UDP => format!("{address}:{port}"),
        _ => address.to_string(),
    };
    if before == after {
        // Only where a drop was walked past: there is no address to put in place of the source.
        "translates nothing".to_owned()
    } else if before.src != after.src || before.src_port != after.src_port {
        let (old, new) = (end(before.src, before.src_port), end(after.src, after.src_port));
        format!("source {old} becomes {new}")
    } else {
        let (old, new) = (end(before.dst, before.dst_port), end(after.dst, after.dst_port));
        format!("destination {old} becomes {new}")
    }
}

/// A rule of a security group in words: `tcp 443 to 0.0.0.0/0`.
pub fn rule_words(snapshot: &Snapshot, rule: &SgRule, egress: bool) -> String {
    let way = if egress { "to" } else { "from" };
    format!("{} {way} {}", traffic_words(rule.traffic), peer_words(snapshot, rule.peer))
}

fn peer_words(snapshot: &Snapshot, peer: Peer) -> String {
    match peer {
        Peer::Cidr(cidr) => cidr.to_string(),
        Peer::PrefixList(list) => format!("prefix list {}", snapshot[list].name),
        Peer::Group(group) => format!("group {}", snapshot[group].name),
        Peer::Stale => "a group that is gone".to_owned(),
    }
}

/// Protocol and ports, or ICMP types, in words.
pub fn traffic_words(traffic: Traffic) -> String {
    let ports = |name: &str, from: u16, to: u16| match (from, to) {
        (0, u16::MAX) => format!("all {name}"),
        (from, to) if from == to => format!("{name} {from}"),
        (from, to) => format!("{name} {from}-{to}"),
    };
    match traffic {
        Traffic::All => "all traffic".to_owned(),
        Traffic::Tcp(from, to) => ports("tcp", from, to),
        Traffic::Udp(from, to) => ports("udp", from, to),
        Traffic::Icmp(None, _) => "all icmp".to_owned(),
        Traffic::Icmp(Some(kind), None) => format!("icmp {kind}"),
        Traffic::Icmp(Some(kind), Some(code)) => format!("icmp {kind}/{code}"),
        Traffic::Protocol(protocol) => protocol.to_string(),
    }
}

/// An entry of a network ACL in words: `rule 100 allows tcp 443 to 0.0.0.0/0`; without an index, its
/// implicit last one.
pub fn entry_words(snapshot: &Snapshot, acl: AclId, egress: bool, entry: Option<usize>) -> String {
    let Some(entry) = entry.map(|entry| entries(snapshot, acl, egress)[entry]) else {
        return "rule * denies everything".to_owned();
    };
    let verb = if entry.allow { "allows" } else { "denies" };
    let way = if egress { "to" } else { "from" };
    format!("rule {} {verb} {} {way} {}", entry.number, traffic_words(entry.traffic), entry.cidr)
}

fn entries(snapshot: &Snapshot, acl: AclId, egress: bool) -> &[AclEntry] {
    if egress { &snapshot[acl].egress } else { &snapshot[acl].ingress }
}

/// What a route matches in words.
pub fn key_words(snapshot: &Snapshot, key: RouteKey) -> String {
    match key {
        RouteKey::Cidr(cidr) => cidr.to_string(),
        RouteKey::PrefixList(list) => format!("prefix list {}", snapshot[list].name),
    }
}

/// Where a route leads in words: `nat-gateway nat-a`.
pub fn target_words(snapshot: &Snapshot, target: RouteTarget) -> String {
    let of = |element: Element| format!("{} {}", element_kind(element), name(snapshot, element));
    match target {
        RouteTarget::Local => "the VPC itself".to_owned(),
        RouteTarget::InternetGateway(id) => of(Element::InternetGateway(id)),
        RouteTarget::NatGateway(id) => of(Element::NatGateway(id)),
        RouteTarget::Endpoint(id) => of(Element::VpcEndpoint(id)),
        RouteTarget::Peering(id) => of(Element::Peering(id)),
        RouteTarget::TransitGateway(id) => of(Element::TransitGateway(id)),
        RouteTarget::Eni(id) => of(Element::NetworkInterface(id)),
        RouteTarget::Blackhole => "a blackhole".to_owned(),
    }
}

/// The rules or entries that were tried before a denial, and why each did not let the packet pass.
fn tried(world: World<'_>, hop: &Hop, question: &Question) -> Vec<String> {
    let packet = headers(hop, question);
    match (hop.decision, packet) {
        (Decision::NoSecurityGroupRule { eni, egress }, Some(packet)) => {
            tried_rules(world, eni, egress, &packet)
        }
        (Decision::AclEntry { acl, egress, entry }, Some(packet)) => {
            tried_entries(world, acl, egress, entry, &packet)
        }
        (Decision::Route { table, route: None }, _) => {
            let routes = world.snapshot[table].routes.iter();
            routes
                .map(|route| {
                    let key = key_words(world.snapshot, route.key);
                    format!("{key} does not have {}", hop.before.dst)
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The headers that the element saw: of the packet that was asked about, or of its answer.
fn headers(hop: &Hop, question: &Question) -> Option<Headers> {
    let forward = decode(&answer::opening(question.tuple, question.icmp)).ok()?;
    let headers = match hop.direction {
        Direction::Forward => forward,
        Direction::Return => forward.answer(),
    };
    Some(headers.with(hop.before))
}

fn tried_rules(world: World<'_>, eni: EniId, egress: bool, packet: &Headers) -> Vec<String> {
    let snapshot = world.snapshot;
    let of_group = |group: &SgId| {
        let item = &snapshot[*group];
        let rules = if egress { &item.egress } else { &item.ingress };
        let group = *group;
        rules.iter().enumerate().map(move |(number, rule)| {
            let words = rule_words(snapshot, rule, egress);
            let why = why_not(rule.traffic.mismatch(packet).unwrap_or(Mismatch::Peer), egress);
            let place = world.index.sg_rule(group, egress, number);
            format!("{}: {words}: {why}{}", item.name, at(world, place))
        })
    };
    snapshot[eni].security_groups.iter().flat_map(of_group).collect()
}

fn tried_entries(
    world: World<'_>,
    acl: AclId,
    egress: bool,
    decided: Option<usize>,
    packet: &Headers,
) -> Vec<String> {
    let snapshot = world.snapshot;
    let other = if egress { packet.dst } else { packet.src };
    let entries = entries(snapshot, acl, egress);
    let last = decided.unwrap_or(entries.len());
    let mut tried: Vec<String> = (0..last)
        .map(|number| {
            let words = entry_words(snapshot, acl, egress, Some(number));
            let why = entries[number].mismatch(packet, other).map(|why| why_not(why, egress));
            let place = world.index.acl_entry(acl, egress, number);
            format!("{words}: {}{}", why.unwrap_or("matches"), at(world, place))
        })
        .collect();
    let place = decided.and_then(|entry| world.index.acl_entry(acl, egress, entry));
    let decided = entry_words(snapshot, acl, egress, decided);
    tried.push(format!("{decided}: this one decides{}", at(world, place)));
    tried
}

fn why_not(mismatch: Mismatch, egress: bool) -> &'static str {
    match (mismatch, egress) {
        (Mismatch::Protocol, _) => "another protocol",
        (Mismatch::Port, _) => "another port",
        (Mismatch::IcmpType, _) => "another ICMP type",
        (Mismatch::Peer, true) => "another destination",
        (Mismatch::Peer, false) => "another source",
    }
}

fn at(world: World<'_>, place: Option<Place>) -> String {
    let place = place.and_then(|place| world.sources.display(place));
    place.map_or(String::new(), |place| format!(" [{place}]"))
}
