//! A verdict that is given although something is not known holds whatever that is: rules, entries and
//! routes of random networks are hidden, in part or as a whole, and every class of packets that is not
//! in doubt must fare alike however they are filled in.
//!
//! `EGRET_SEED` chooses another run.

use std::net::Ipv4Addr;

use egret_control::compile::compile;
use egret_control::model::{
    AclEntry, Model, Name, NetworkAcl, Peer, Route, RouteDestination, RouteTarget,
    SecurityGroupRule, Traffic, Unknown, UnknownEntry, UnknownRoute, UnknownRule,
};
use egret_control::source::{Place, Sourced};
use egret_dataplane::judgement::{Choice, judge};
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::trace::Record;
use egret_dataplane::verdict::{Drop, DropReason, Element};
use egret_tests::net::sender;
use egret_tests::probe::Source;
use egret_tests::topology;
use egret_verify::classes::{Origin, classes};
use egret_verify::cuts::World;
use egret_verify::open::Open;
use egret_verify::space::{ADDRESSES, PORTS, Packet, Region, SOURCE_PORTS};
use fastrand::Rng;

const TOPOLOGIES: u64 = 60;
/// Ways to fill in what is hidden of each topology, besides the true one.
const FILLINGS: usize = 6;
const LIMIT: usize = 200_000;

/// What was hidden, as it truly is.
#[derive(Default)]
struct Hidden {
    rules: Vec<(UnknownRule, SecurityGroupRule)>,
    entries: Vec<(UnknownEntry, AclEntry)>,
    routes: Vec<(UnknownRoute, Route)>,
}

/// What becomes of a packet: elements, where it leaves and as what, and what drops it or its answer.
type Fate = (Vec<Element>, Result<(InterfaceId, Tuple), Drop>, Option<Drop>);

#[test]
fn a_verdict_that_is_given_holds_whatever_is_not_known() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    let (mut certain, mut in_doubt, mut differ) = (0, 0, 0);
    for round in 0..TOPOLOGIES {
        let mut rng = Rng::with_seed(seed ^ 0x09e4 ^ round << 20);
        let mut model = topology::random(&mut rng, 1 + (round % 3) as u32);
        let hidden = hide(&mut model, &mut rng);
        let snapshot = compile(&model).expect("a valid topology").snapshot;
        let open = Open::new(&model, &snapshot);
        let world = World::new(&snapshot).with(&open);
        let mut filled = vec![fill(&model, &hidden, None)];
        filled.extend((0..FILLINGS).map(|_| fill(&model, &hidden, Some(&mut rng))));
        for origin in origins(&model, &snapshot) {
            let protocol = *rng.choice(&[Protocol::TCP, Protocol::UDP]).expect("one");
            let region =
                Region { dst: ADDRESSES, protocol, port: PORTS, source_port: SOURCE_PORTS };
            for class in classes(&world, origin, region, LIMIT).expect("few classes") {
                let doubt = world.doubt(&class.hops, class.region.first(origin.src).icmp());
                let packet = drawn(&mut rng, origin.src, &class.region);
                let choice = packet.choice(class.choice.eni, class.choice.address);
                let expected = fate(&snapshot, origin, packet, choice);
                let others = filled.iter().map(|filled| fate(filled, origin, packet, choice));
                match doubt {
                    Some(_) => {
                        in_doubt += 1;
                        differ += usize::from(others.into_iter().any(|other| other != expected));
                    }
                    None => {
                        certain += 1;
                        for (number, other) in others.enumerate() {
                            let hops = &class.hops;
                            let open = &model.unknowns;
                            assert_eq!(
                                other, expected,
                                "filling {number} of round {round}: {packet:?}\n{hops:#?}\n{open:#?}"
                            );
                        }
                    }
                }
            }
        }
    }
    eprintln!("{certain} certain, {in_doubt} in doubt, of which {differ} fared otherwise");
    assert!(certain > 5_000 && in_doubt > 1_000, "{certain} certain, {in_doubt} in doubt");
    // The few fillings tried must make a difference to a good part of what is called doubtful.
    assert!(differ * 5 > in_doubt, "{differ} of {in_doubt} doubtful classes ever fared otherwise");
}

/// A packet of a region, often its last one.
fn drawn(rng: &mut Rng, src: Ipv4Addr, region: &Region) -> Packet {
    let is_last = rng.bool();
    let mut one = |first: u32, last: u32| if is_last { last } else { rng.u32(first..=last) };
    let Region { dst, protocol, port, source_port } = *region;
    Packet {
        src,
        dst: Ipv4Addr::from_bits(one(dst.first, dst.last)),
        protocol,
        port: one(port.first.into(), port.last.into()) as u16,
        source_port: one(source_port.first.into(), source_port.last.into()) as u16,
    }
}

fn fate(snapshot: &Snapshot, origin: Origin, packet: Packet, choice: Choice) -> Fate {
    let headers = packet.headers().expect("it opens a flow");
    let mut record = Record::default();
    let judgement = judge(snapshot, origin.interface, headers, choice, &mut record);
    let elements = record.hops.iter().map(|hop| hop.element).collect();
    (elements, judgement.there.map_err(plain), judgement.back.map(plain))
}

/// A drop for want of any rule is one for want of a rule that allows: a hidden one makes that of it.
fn plain(drop: Drop) -> Drop {
    let reason = match drop.reason {
        DropReason::SecurityGroupEgressEmpty => DropReason::SecurityGroupEgress,
        DropReason::SecurityGroupIngressEmpty => DropReason::SecurityGroupIngress,
        other => other,
    };
    Drop { reason, ..drop }
}

fn origins(model: &Model, snapshot: &Snapshot) -> Vec<Origin> {
    let task = |id: &Name| Source::Task { service: id.value.clone(), number: 0 };
    let tasks = model.services.iter().map(|service| task(&service.id));
    let origins = tasks.map(|source| {
        let (interface, src) = sender(snapshot, &source);
        Origin { interface, src, enis: 4 }
    });
    origins.collect()
}

fn unknown(what: &str) -> Unknown {
    Unknown { name: what.to_owned(), place: Place::NOWHERE }
}

/// Takes some rules, entries and routes out of a model, and notes what is still known of them.
fn hide(model: &mut Model, rng: &mut Rng) -> Hidden {
    let mut hidden = Hidden::default();
    for group in &mut model.security_groups {
        for egress in [true, false] {
            let rules = if egress { &mut group.egress } else { &mut group.ingress };
            for rule in take_some(rules, rng) {
                let open = UnknownRule {
                    group: group.id.clone(),
                    egress,
                    traffic: rng.bool().then_some(rule.traffic.value),
                    peer: rng.bool().then(|| rule.peer.value.clone()),
                    unknown: unknown("a rule"),
                };
                hidden.rules.push((open, rule));
            }
        }
    }
    for acl in &mut model.network_acls {
        for entry in take_some(&mut acl.entries, rng) {
            let open = UnknownEntry {
                acl: acl.id.clone(),
                number: rng.bool().then_some(entry.number.value),
                egress: rng.bool().then_some(entry.egress),
                allow: rng.bool().then_some(entry.allow),
                traffic: rng.bool().then_some(entry.traffic.value),
                cidr: rng.bool().then_some(entry.cidr.value),
                unknown: unknown("an entry"),
            };
            hidden.entries.push((open, entry));
        }
    }
    for table in &mut model.route_tables {
        for route in take_some(&mut table.routes, rng) {
            let open = UnknownRoute {
                table: table.id.clone(),
                destination: rng.bool().then(|| route.destination.value.clone()),
                target: rng.bool().then(|| route.target.value.clone()),
                unknown: unknown("a route"),
            };
            hidden.routes.push((open, route));
        }
    }
    model.unknowns.rules = hidden.rules.iter().map(|(open, _)| open.clone()).collect();
    model.unknowns.entries = hidden.entries.iter().map(|(open, _)| open.clone()).collect();
    model.unknowns.routes = hidden.routes.iter().map(|(open, _)| open.clone()).collect();
    hidden
}

fn take_some<T>(items: &mut Vec<T>, rng: &mut Rng) -> Vec<T> {
    items.extract_if(.., |_| rng.u8(..6) == 0).collect()
}

/// The model with what was hidden: as it was, or with something else wherever nothing is known, or
/// without it.
fn fill(model: &Model, hidden: &Hidden, mut rng: Option<&mut Rng>) -> Snapshot {
    let mut model = model.clone();
    for (open, rule) in &hidden.rules {
        let Some(rule) = chosen(&mut rng, rule, |rng| other_rule(open, rule, rng)) else {
            continue;
        };
        let mut groups = model.security_groups.iter_mut();
        let group = groups.find(|group| group.id == open.group).expect("its group");
        if open.egress { &mut group.egress } else { &mut group.ingress }.push(rule);
    }
    for (open, entry) in &hidden.entries {
        let mut acls = model.network_acls.iter_mut();
        let acl = acls.find(|acl| acl.id == open.acl).expect("its ACL");
        let other = |rng: &mut Rng| other_entry(open, entry, acl, rng);
        let Some(entry) = chosen(&mut rng, entry, other) else { continue };
        let is_taken =
            |other: &AclEntry| other.egress == entry.egress && other.number == entry.number;
        if !acl.entries.iter().any(is_taken) {
            acl.entries.push(entry);
        }
    }
    for (open, route) in &hidden.routes {
        let mut tables = model.route_tables.iter_mut();
        let table = tables.find(|table| table.id == open.table).expect("its table");
        let other = |rng: &mut Rng| other_route(open, route, &table.routes, rng);
        let Some(route) = chosen(&mut rng, route, other) else { continue };
        if !table.routes.iter().any(|other| other.destination == route.destination) {
            table.routes.push(route);
        }
    }
    compile(&model).unwrap_or_else(|findings| panic!("{findings:#?}")).snapshot
}

/// The truth without a generator; with one something else, or now and then nothing.
fn chosen<T: Clone>(
    rng: &mut Option<&mut Rng>,
    truth: &T,
    other: impl FnOnce(&mut Rng) -> T,
) -> Option<T> {
    match rng {
        None => Some(truth.clone()),
        Some(rng) => (rng.u8(..4) > 0).then(|| other(rng)),
    }
}

fn other_rule(open: &UnknownRule, rule: &SecurityGroupRule, rng: &mut Rng) -> SecurityGroupRule {
    let peer = Peer::Cidr(block(rng));
    SecurityGroupRule {
        traffic: Sourced::implied(open.traffic.unwrap_or_else(|| traffic(rng))),
        peer: Sourced::implied(open.peer.clone().unwrap_or(peer)),
        ..rule.clone()
    }
}

fn other_entry(open: &UnknownEntry, entry: &AclEntry, acl: &NetworkAcl, rng: &mut Rng) -> AclEntry {
    let free = (1..).find(|number| acl.entries.iter().all(|e| *e.number != *number));
    let number = if rng.bool() { free.expect("a number") } else { rng.u32(1..32_000) };
    AclEntry {
        number: Sourced::implied(open.number.unwrap_or(number)),
        egress: open.egress.unwrap_or_else(|| rng.bool()),
        allow: open.allow.unwrap_or_else(|| rng.bool()),
        traffic: Sourced::implied(open.traffic.unwrap_or_else(|| traffic(rng))),
        cidr: Sourced::implied(open.cidr.unwrap_or_else(|| block(rng))),
        ..entry.clone()
    }
}

fn other_route(open: &UnknownRoute, route: &Route, others: &[Route], rng: &mut Rng) -> Route {
    let target = match rng.choice(others) {
        Some(other) if rng.bool() => other.target.value.clone(),
        _ => RouteTarget::Blackhole(None),
    };
    let destination = RouteDestination::Cidr(block(rng));
    Route {
        destination: Sourced::implied(open.destination.clone().unwrap_or(destination)),
        target: Sourced::implied(open.target.clone().unwrap_or(target)),
        ..route.clone()
    }
}

fn traffic(rng: &mut Rng) -> Traffic {
    let (one, other) = (topology::port(rng), topology::port(rng));
    let (first, last) = (one.min(other), one.max(other));
    match rng.u8(..3) {
        0 => Traffic::All,
        1 => Traffic::Tcp(first, last),
        _ => Traffic::Udp(first, last),
    }
}

/// Often a large one, which makes a difference.
fn block(rng: &mut Rng) -> ipnet::Ipv4Net {
    let len = rng.u8(0..=16);
    let address = Ipv4Addr::from_bits(rng.u32(..));
    ipnet::Ipv4Net::new(address, len).expect("a length").trunc()
}
