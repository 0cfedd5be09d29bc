//! What `egret diff` says is exact: a packet is in a row if and only if judging it in both
//! configurations says that it fares otherwise, and the row says just what both judgements do.
//!
//! `EGRET_SEED` chooses another run.

use std::net::Ipv4Addr;

use egret_control::compile::compile;
use egret_control::model::{InterfaceOwner, Model};
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::Snapshot;
use egret_tests::mutation::mutate;
use egret_tests::{large, topology};
use egret_verify::classes::classes;
use egret_verify::cuts::World;
use egret_verify::diff::{Change, Pair, Side, agenda, changes, kind};
use egret_verify::fates::Fate;
use egret_verify::senders::Sender;
use egret_verify::space::{Packet, Region, SOURCE_PORTS, Span};
use egret_verify::survey::Sending;
use fastrand::Rng;

const TOPOLOGIES: u64 = 60;
const LIMIT: usize = 200_000;

/// Everything that may become of one packet, judged alone.
fn judged(sending: Sending<'_>, packet: &Packet) -> Vec<Fate> {
    let region = Region {
        dst: Span::one(packet.dst.to_bits()),
        protocol: packet.protocol,
        port: Span::one(packet.port),
        source_port: Span::one(packet.source_port),
    };
    let classes = classes(sending.world, sending.origin, region, LIMIT).expect("few classes");
    let of = |class| Fate::of(sending.world, class);
    let mut fates: Vec<Fate> = classes.iter().map(of).collect();
    fates.sort();
    fates.dedup();
    fates
}

fn contains<T: Copy + Ord>(spans: &[Span<T>], number: T) -> bool {
    spans.iter().any(|span| span.contains(number))
}

fn has(change: &Change, packet: &Packet) -> bool {
    change.row.traffic.has(packet.protocol)
        && contains(&change.row.destinations, packet.dst.to_bits())
        && contains(change.row.traffic.ports(packet.protocol), packet.port)
        && contains(&change.row.source_ports, packet.source_port)
}

/// Asserts that what is said of a packet is what judging it says, for each of those that face each
/// other. Whether it fares otherwise.
fn check(sides: [Side<'_>; 2], pair: &Pair, found: &[Change], packet: &Packet) -> bool {
    let having: Vec<&Change> = found.iter().filter(|change| has(change, packet)).collect();
    assert!(having.len() <= 1, "{packet:?} is in {} rows", having.len());
    for (old, new) in &pair.facing {
        let judged = |side: Side<'_>, sender: &Sender| {
            judged(Sending { world: side.world, origin: sender.origin }, packet)
        };
        let was = judged(sides[0], &pair.old[*old]);
        let is = judged(sides[1], &pair.new[*new]);
        let row = having.first().map(|change| {
            let fates = &change.row.fares;
            (change, &fates[*old], &fates[pair.old.len() + new])
        });
        match row {
            Some((change, before, after)) if change.facing.contains(&(*old, *new)) => {
                assert_ne!(was, is, "{packet:?}");
                assert_eq!((&was, &is), (before, after), "{packet:?}");
                assert!(change.kind <= kind(&was, &is).expect("it differs"));
            }
            _ => assert_eq!(was, is, "{packet:?} of {:?} is in no row", pair.names),
        }
    }
    !having.is_empty()
}

/// One of the numbers of these spans, at an end as a rule: ends are where mistakes are.
fn pick<T: Copy + Into<u64> + TryFrom<u64>>(rng: &mut Rng, spans: &[Span<T>]) -> T {
    let span = rng.choice(spans).expect("a span");
    let (first, last) = (span.first.into(), span.last.into());
    let number = match rng.u8(..4) {
        0 => first,
        1 => last,
        _ => rng.u64(first..=last),
    };
    T::try_from(number).unwrap_or_else(|_| panic!("{number} fits"))
}

fn drawn(rng: &mut Rng, change: &Change) -> Packet {
    let row = &change.row;
    let protocols: Vec<Protocol> =
        row.traffic.protocols.iter().chain(&row.traffic.others).copied().collect();
    let protocol = *rng.choice(&protocols).expect("a protocol");
    Packet {
        dst: Ipv4Addr::from_bits(pick(rng, &row.destinations)),
        protocol,
        port: pick(rng, row.traffic.ports(protocol)),
        source_port: pick(rng, &row.source_ports),
        ..change.example.packet
    }
}

fn anywhere(rng: &mut Rng, snapshot: &Snapshot) -> Packet {
    let near = rng.choice(&snapshot.enis).map_or(0, |eni| eni.address.to_bits());
    let dst = match rng.u8(..3) {
        0 => rng.u32(..),
        1 => near.wrapping_add(rng.u32(..8)),
        _ => rng
            .choice(&snapshot.prefix_lists)
            .map_or(near, |list| list.cidrs[0].network().to_bits()),
    };
    let (protocol, port) = match rng.u8(..6) {
        0 => (Protocol::ICMP, icmp(rng)),
        5 => (Protocol(*rng.choice(&[0, 2, 47, 50, 99, 255]).expect("a number")), 0),
        1 | 2 => (Protocol::UDP, topology::port(rng)),
        _ => (Protocol::TCP, topology::port(rng)),
    };
    let source_port = pick(rng, &[SOURCE_PORTS]);
    Packet {
        src: Ipv4Addr::UNSPECIFIED,
        dst: Ipv4Addr::from_bits(dst),
        protocol,
        port,
        source_port,
    }
}

/// A type and code that opens a flow, often one that elements or rules know.
fn icmp(rng: &mut Rng) -> u16 {
    let kinds = [0, 8, 8, 8, 13, 14, 17, 18, 19, rng.u16(19..256)];
    let kind = *rng.choice(&kinds).expect("a type");
    kind << 8 | *rng.choice(&[0, 0, 1, 255]).expect("a code")
}

/// All services, and all hosts in a VPC.
fn names(model: &Model) -> Vec<String> {
    let hosts = model.network_interfaces.iter().filter(|eni| eni.owner == InterfaceOwner::Host);
    let services = model.services.iter().map(|service| service.id.value.clone());
    services.chain(hosts.map(|eni| eni.id.value.clone())).collect()
}

/// Runs something on a random network, before and after a change.
fn with_pairs(
    seed: u64,
    rounds: u64,
    mutations: usize,
    mut run: impl FnMut(&mut Rng, [Side<'_>; 2], &Pair),
) {
    eprintln!("EGRET_SEED={seed}");
    for round in 0..rounds {
        let mut rng = Rng::with_seed(seed ^ round << 20);
        let old = topology::random(&mut rng, 1 + (round % 3) as u32);
        let mut new = old.clone();
        (0..mutations).for_each(|_| mutate(&mut rng, &mut new));
        let compiled = [&old, &new].map(|model| compile(model).map(|compiled| compiled.snapshot));
        // Not every change leaves a valid network.
        let [Ok(was), Ok(is)] = compiled else { continue };
        was.prepare();
        is.prepare();
        let worlds = [World::new(&was), World::new(&is)];
        let sides =
            [Side { model: &old, world: &worlds[0] }, Side { model: &new, world: &worlds[1] }];
        let agenda = agenda(sides[0], sides[1], &names(&old)).expect("known senders");
        assert!(agenda.added.is_empty() && agenda.removed.is_empty());
        for pair in &agenda.pairs {
            run(&mut rng, sides, pair);
        }
    }
}

#[test]
fn a_row_says_what_judging_in_both_says() {
    let (mut rows, mut inside, mut outside) = (0, 0, 0);
    with_pairs(egret_tests::seed(1), TOPOLOGIES, 2, |rng, sides, pair| {
        let found = changes(sides[0], sides[1], pair, LIMIT).expect("few classes").changes;
        rows += found.len();
        for change in &found {
            let example = change.example.packet;
            assert!(has(change, &example));
            check(sides, pair, &found, &example);
            for _ in 0..8 {
                inside += usize::from(check(sides, pair, &found, &drawn(rng, change)));
            }
        }
        for _ in 0..100 {
            let packet = anywhere(rng, sides[1].world.snapshot());
            outside += usize::from(!check(sides, pair, &found, &packet));
        }
    });
    assert!(rows > 500 && inside > 4_000 && outside > 4_000, "{rows} {inside} {outside}");
}

#[test]
fn nothing_has_changed_where_nothing_was_changed() {
    with_pairs(egret_tests::seed(2), 20, 0, |_, sides, pair| {
        let found = changes(sides[0], sides[1], pair, LIMIT).expect("few classes");
        assert!(found.classes > 0 && found.changes.is_empty(), "{:?}", found.changes);
    });
}

/// A space so small that each of its packets is judged in both.
#[test]
fn a_toy_space_is_told_apart_as_brute_force_says() {
    let (mut told, mut all) = (0, 0);
    with_pairs(egret_tests::seed(3), 25, 3, |rng, sides, pair| {
        let found = changes(sides[0], sides[1], pair, LIMIT).expect("few classes").changes;
        // Around something that has changed, if anything has.
        let around = match rng.choice(&found) {
            Some(change) => drawn(rng, change),
            None => anywhere(rng, sides[0].world.snapshot()),
        };
        let first = around.dst.to_bits().saturating_sub(4);
        let (port, source_port) =
            (around.port.saturating_sub(2), around.source_port.saturating_sub(1));
        for dst in first..=first.saturating_add(7) {
            for port in port..=port.saturating_add(3) {
                for source_port in source_port.max(1_024)..=source_port.saturating_add(2).max(1_024)
                {
                    let port = match around.protocol {
                        Protocol::TCP | Protocol::UDP => port,
                        _ => around.port,
                    };
                    let dst = Ipv4Addr::from_bits(dst);
                    let packet = Packet { dst, port, source_port, ..around };
                    told += usize::from(check(sides, pair, &found, &packet));
                    all += 1;
                }
            }
        }
    });
    assert!(told > 1_000 && all > 5_000, "{told} of {all}");
}

/// What a pull request on a large configuration costs: 100 services, 50 groups of 60 rules, 200
/// routes, of which one rule or one route has changed.
///
/// `cargo test --release -p egret-tests --test diff -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn a_large_configuration_is_compared_in_seconds() {
    let old = large::network();
    for (title, new) in [
        ("nothing", old.clone()),
        ("one rule", large::without_a_rule(&old)),
        ("one route", large::without_a_route(&old)),
    ] {
        let [was, is] = [&old, &new].map(|model| compile(model).expect("valid").snapshot);
        was.prepare();
        is.prepare();
        let worlds = [World::new(&was), World::new(&is)];
        let sides =
            [Side { model: &old, world: &worlds[0] }, Side { model: &new, world: &worlds[1] }];
        let began = std::time::Instant::now();
        let agenda = agenda(sides[0], sides[1], &[]).expect("services");
        let (mut classes, mut rows) = (0, 0);
        for pair in &agenda.pairs {
            let found = changes(sides[0], sides[1], pair, 1_000_000).expect("few classes");
            classes += found.classes;
            rows += found.changes.len();
        }
        let pairs = agenda.pairs.len();
        eprintln!("{title}: {pairs} pairs, {classes} classes, {rows} rows, {:?}", began.elapsed());
        assert_eq!(rows > 0, title != "nothing");
    }
}
