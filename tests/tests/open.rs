//! A verdict that is given although something is not known holds whatever that is: rules, entries and
//! routes of random networks are hidden, in part or as a whole, and every class of packets that is not
//! in doubt must fare alike however they are filled in. What `egret diff` and `egret reach` say of such
//! networks without calling it inconclusive, and what `egret record` expects of them, must be so, too.
//!
//! `EGRET_SEED` chooses another run.

use std::net::Ipv4Addr;

use egret_control::compile::{Compilation, compile};
use egret_control::explain;
use egret_control::model::{
    AclEntry, Model, Name, NetworkAcl, Peer, Route, RouteDestination, RouteTarget,
    SecurityGroupRule, Traffic, Unknown, UnknownEntry, UnknownRoute, UnknownRule, Unknowns,
};
use egret_control::source::{Place, Sourced};
use egret_dataplane::judgement::{Choice, judge};
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::trace::Record;
use egret_dataplane::verdict::{Drop, DropReason, Element};
use egret_sim::expect::judge as judge_expectation;
use egret_sim::record::record;
use egret_tests::mutation::mutate;
use egret_tests::net::sender;
use egret_tests::probe::Source;
use egret_tests::topology;
use egret_verify::classes::{Origin, classes};
use egret_verify::cuts::World;
use egret_verify::diff::{Kind, Side, agenda, changes, kind};
use egret_verify::fates::Fate as NamedFate;
use egret_verify::open::Open;
use egret_verify::reach::{Manner, Surety, reach};
use egret_verify::senders::{Sender, senders};
use egret_verify::space::{ADDRESSES, PORTS, Packet, Region, SOURCE_PORTS, Span};
use egret_verify::survey::Row;
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

/// A network of which something is hidden, and networks that it may be.
struct Case {
    model: Model,
    snapshot: Snapshot,
    filled: Vec<(Model, Compilation)>,
}

impl Case {
    fn new(mut model: Model, rng: &mut Rng) -> Case {
        let hidden = hide(&mut model, rng);
        let snapshot = compile(&model).expect("a valid topology").snapshot;
        let mut filled = vec![filled(&model, &hidden, None)];
        filled.extend((0..FILLINGS).map(|_| filled_at_random(&model, &hidden, rng)));
        snapshot.prepare();
        let compiled = filled.into_iter().map(|model| {
            let compilation = compile(&model).unwrap_or_else(|findings| panic!("{findings:#?}"));
            compilation.snapshot.prepare();
            (model, compilation)
        });
        Case { model, filled: compiled.collect(), snapshot }
    }
}

/// What may become of a packet in a network of which everything is known, but for the reasons that a
/// hidden rule changes.
fn judged(snapshot: &Snapshot, sender: &Sender, packet: &Packet) -> Vec<NamedFate> {
    let region = Region {
        dst: Span::one(packet.dst.to_bits()),
        protocol: packet.protocol,
        port: Span::one(packet.port),
        source_port: Span::one(packet.source_port),
    };
    let world = World::new(snapshot);
    let classes = classes(&world, sender.origin, region, LIMIT).expect("few classes");
    sorted(classes.iter().map(|class| NamedFate::of(&world, class)).collect())
}

fn sorted(mut fates: Vec<NamedFate>) -> Vec<NamedFate> {
    fates.iter_mut().for_each(|fate| match fate {
        NamedFate::Dropped(obstacle) | NamedFate::NoReply(_, obstacle) => {
            let at = Element::Internet;
            obstacle.reason = plain(Drop { reason: obstacle.reason, element: at }).reason;
        }
        NamedFate::Delivered(_) | NamedFate::Inconclusive(_) => {}
    });
    fates.sort();
    fates.dedup();
    fates
}

fn any_of<T: Copy + Into<u64> + TryFrom<u64>>(rng: &mut Rng, spans: &[Span<T>]) -> T {
    let span = rng.choice(spans).expect("a span");
    let number = match rng.bool() {
        true => span.last.into(),
        false => rng.u64(span.first.into()..=span.last.into()),
    };
    T::try_from(number).unwrap_or_else(|_| panic!("{number} fits"))
}

/// A packet of a row.
fn packet_of<K>(rng: &mut Rng, row: &Row<K>) -> Packet {
    let protocol = *rng.choice(&row.traffic.protocols).expect("a protocol");
    Packet {
        src: Ipv4Addr::UNSPECIFIED,
        dst: Ipv4Addr::from_bits(any_of(rng, &row.destinations)),
        protocol,
        port: any_of(rng, row.traffic.ports(protocol)),
        source_port: any_of(rng, &row.source_ports),
    }
}

fn has<K>(row: &Row<K>, packet: &Packet) -> bool {
    let in_one = |spans: &[Span<u16>], number| spans.iter().any(|span| span.contains(number));
    row.traffic.has(packet.protocol)
        && row.destinations.iter().any(|span| span.contains(packet.dst.to_bits()))
        && in_one(row.traffic.ports(packet.protocol), packet.port)
        && in_one(&row.source_ports, packet.source_port)
}

/// A packet to anywhere, or to something in the network.
fn anywhere(rng: &mut Rng, snapshot: &Snapshot) -> Packet {
    let near = rng.choice(&snapshot.enis).map_or(0, |eni| eni.address.to_bits());
    let protocol = *rng.choice(&[Protocol::TCP, Protocol::UDP, Protocol(47)]).expect("one");
    let has_ports = protocol != Protocol(47);
    Packet {
        src: Ipv4Addr::UNSPECIFIED,
        dst: Ipv4Addr::from_bits(if rng.bool() { near } else { rng.u32(..) }),
        protocol,
        port: if has_ports { topology::port(rng) } else { 0 },
        source_port: any_of(rng, &[SOURCE_PORTS]),
    }
}

#[test]
fn a_change_that_is_told_is_one_whatever_is_not_known() {
    let seed = egret_tests::seed(2);
    eprintln!("EGRET_SEED={seed}");
    let (mut changed, mut alike, mut in_doubt) = (0, 0, 0);
    for round in 0..TOPOLOGIES {
        let mut rng = Rng::with_seed(seed ^ 0x0d1f ^ round << 20);
        let old = topology::random(&mut rng, 1 + (round % 3) as u32);
        let mut new = old.clone();
        mutate(&mut rng, &mut new);
        mutate(&mut rng, &mut new);
        if compile(&new).is_err() {
            continue;
        }
        let cases = [Case::new(old, &mut rng), Case::new(new, &mut rng)];
        let opens = cases.each_ref().map(|case| Open::new(&case.model, &case.snapshot));
        let world = |at: usize| World::new(&cases[at].snapshot).with(&opens[at]);
        let worlds = [world(0), world(1)];
        let side = |at: usize| Side { model: &cases[at].model, world: &worlds[at] };
        let sides = [side(0), side(1)];
        for pair in agenda(sides[0], sides[1], &[]).expect("services").pairs {
            let found = changes(sides[0], sides[1], &pair, LIMIT).expect("few classes").changes;
            let mut packets: Vec<Packet> =
                (0..60).map(|_| anywhere(&mut rng, &cases[0].snapshot)).collect();
            for change in &found {
                packets.extend((0..3).map(|_| packet_of(&mut rng, &change.row)));
            }
            for packet in packets {
                let row = found.iter().find(|change| has(&change.row, &packet));
                for (old, new) in &pair.facing {
                    let said = row.map(|change| {
                        let fares = &change.row.fares;
                        [&fares[*old], &fares[pair.old.len() + new]]
                    });
                    if said.is_some_and(|[was, is]| kind(was, is) == Some(Kind::Inconclusive)) {
                        in_doubt += 1;
                        continue;
                    }
                    let of = |at: usize, sender: &Sender| -> Vec<_> {
                        let filled = cases[at].filled.iter();
                        filled.map(|(_, c)| judged(&c.snapshot, sender, &packet)).collect()
                    };
                    let [was, is] = [of(0, &pair.old[*old]), of(1, &pair.new[*new])];
                    match said.filter(|[was, is]| !(was.is_empty() && is.is_empty())) {
                        Some(said) => {
                            changed += 1;
                            let said = said.map(|fates| sorted(fates.clone()));
                            assert!(was.iter().all(|was| *was == said[0]), "{packet:?} {said:#?}");
                            assert!(is.iter().all(|is| *is == said[1]), "{packet:?} {said:#?}");
                        }
                        None => {
                            alike += 1;
                            let all = was.iter().chain(&is);
                            assert!(all.clone().all(|fates| *fates == was[0]), "{packet:?}");
                        }
                    }
                }
            }
        }
    }
    eprintln!("{changed} changed, {alike} alike, {in_doubt} in doubt");
    assert!(changed > 200 && alike > 1_000 && in_doubt > 1_000, "{changed} {alike} {in_doubt}");
}

#[test]
fn what_is_reached_for_certain_is_reached_whatever_is_not_known() {
    let seed = egret_tests::seed(3);
    eprintln!("EGRET_SEED={seed}");
    let (mut reached, mut unreached, mut in_doubt) = (0, 0, 0);
    for round in 0..TOPOLOGIES {
        let mut rng = Rng::with_seed(seed ^ 0x4eac ^ round << 20);
        let model = topology::random(&mut rng, 1 + (round % 3) as u32);
        let case = Case::new(model, &mut rng);
        let open = Open::new(&case.model, &case.snapshot);
        let world = World::new(&case.snapshot).with(&open);
        for service in &case.model.services {
            let senders = senders(&case.model, &case.snapshot, &service.id).expect("a service");
            let origins: Vec<Origin> = senders.iter().map(|sender| sender.origin).collect();
            let rows = reach(&world, &origins, LIMIT).expect("few classes");
            let mut packets: Vec<Packet> =
                (0..60).map(|_| anywhere(&mut rng, &case.snapshot)).collect();
            for row in &rows {
                packets.extend((0..3).map(|_| packet_of(&mut rng, row)));
            }
            for packet in packets {
                let manner = rows.iter().find(|row| has(row, &packet)).map(|row| &row.fares);
                let filled = case.filled.iter();
                let fates = filled.flat_map(|(_, compilation)| {
                    senders.iter().flat_map(|s| judged(&compilation.snapshot, s, &packet))
                });
                let fates: Vec<NamedFate> = fates.collect();
                match manner {
                    None => {
                        unreached += 1;
                        assert!(fates.iter().all(|fate| fate.level() == Some(0)), "{packet:?}");
                    }
                    Some(Manner { surety: Surety::Inconclusive, .. }) => in_doubt += 1,
                    Some(Manner { surety, ways, .. }) => {
                        reached += 1;
                        let mut passages = fates.iter().filter_map(NamedFate::passage);
                        assert!(passages.all(|passage| ways.contains(&passage.way)), "{packet:?}");
                        let always = fates.iter().all(|fate| fate.level() == Some(2));
                        assert!(always || *surety != Surety::Always, "{packet:?} {fates:#?}");
                    }
                }
            }
        }
    }
    eprintln!("{reached} reached, {unreached} not, {in_doubt} in doubt");
    assert!(
        reached > 500 && unreached > 1_000 && in_doubt > 500,
        "{reached} {unreached} {in_doubt}"
    );
}

#[test]
fn what_is_recorded_holds_whatever_is_not_known() {
    let seed = egret_tests::seed(4);
    eprintln!("EGRET_SEED={seed}");
    let (mut held, mut waiting) = (0, 0);
    for round in 0..30 {
        let mut rng = Rng::with_seed(seed ^ 0x4ec0 ^ round << 20);
        let model = topology::random(&mut rng, 1 + (round % 3) as u32);
        let case = Case::new(model, &mut rng);
        let compilation = compile(&case.model).expect("a valid topology");
        let recording = record(&case.model, &compilation, &[], LIMIT).expect("few classes");
        waiting += usize::from(!recording.waits_for.is_empty());
        let sources = &case.model.sources;
        let partly = (&case.model, &compilation);
        for (model, compilation) in case.filled.iter().map(|(m, c)| (m, c)).chain([partly]) {
            compilation.snapshot.prepare();
            let world = explain::World::new(sources, compilation);
            for expected in &recording.expectations {
                let met = judge_expectation(model, world, expected);
                let met = met.unwrap_or_else(|unmet| panic!("{unmet}: {expected:#?}"));
                assert!(met.waits_for.is_empty(), "{:?}: {expected:#?}", met.waits_for);
                held += 1;
            }
        }
    }
    eprintln!("{held} held, {waiting} recordings wait for something");
    assert!(held > 500 && waiting > 10, "{held} {waiting}");
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
fn fill(model: &Model, hidden: &Hidden, rng: Option<&mut Rng>) -> Snapshot {
    let model = filled(model, hidden, rng);
    compile(&model).unwrap_or_else(|findings| panic!("{findings:#?}")).snapshot
}

fn filled_at_random(model: &Model, hidden: &Hidden, rng: &mut Rng) -> Model {
    filled(model, hidden, Some(rng))
}

fn filled(model: &Model, hidden: &Hidden, mut rng: Option<&mut Rng>) -> Model {
    let mut model = model.clone();
    model.unknowns = Unknowns::default();
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
    model
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
