//! Classes are exact: whatever packet of a class is drawn, the dataplane's path passes it by the same
//! elements with the same decisions as the one that was judged, and so its answer; and each packet of
//! the space is in one class.
//!
//! `EGRET_SEED` chooses another run.

use std::net::Ipv4Addr;

use egret_control::compile::compile;
use egret_control::model::{InterfaceOwner, Model};
use egret_dataplane::judgement::{Choice, judge};
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::Snapshot;
use egret_dataplane::trace::{Decision, Direction, Hop, Record};
use egret_dataplane::verdict::{Drop, Element};
use egret_tests::net::sender;
use egret_tests::probe::Source;
use egret_tests::topology;
use egret_verify::classes::{Class, Origin, class_of, classes};
use egret_verify::cuts::World;
use egret_verify::known::Known;
use egret_verify::space::{ADDRESSES, PORTS, Packet, Region, SOURCE_PORTS, Span};
use fastrand::Rng;

const TOPOLOGIES: u64 = 150;
const DRAWN: usize = 4;
const LIMIT: usize = 200_000;

/// What became of a packet, hop by hop, without its addresses.
type Fate = (Vec<(Direction, Element, Decision, Option<Drop>)>, Option<Drop>, Option<Drop>);

fn fate(hops: &[Hop], there: Option<Drop>, back: Option<Drop>) -> Fate {
    let hops = hops.iter().map(|hop| (hop.direction, hop.element, hop.decision, hop.drop));
    (hops.collect(), there, back)
}

fn judged(snapshot: &Snapshot, origin: Origin, packet: &Packet, choice: Choice) -> Fate {
    let mut record = Record::default();
    let headers = packet.headers().expect("it opens a flow");
    let judgement = judge(snapshot, origin.interface, headers, choice, &mut record);
    fate(&record.hops, judgement.there.err(), judgement.back)
}

fn of(class: &Class) -> Fate {
    fate(&class.hops, class.judgement.there.err(), class.judgement.back)
}

fn origins(model: &Model, snapshot: &Snapshot) -> Vec<Origin> {
    let task = |service: &egret_control::model::Service| Source::Task {
        service: service.id.value.clone(),
        number: 0,
    };
    let tasks = model.services.iter().map(task);
    let hosts = model.network_interfaces.iter().filter(|eni| eni.owner == InterfaceOwner::Host);
    let hosts = hosts.map(|eni| Source::Interface(eni.id.value.clone()));
    let origins = tasks.chain(hosts).map(|source| {
        let (interface, src) = sender(snapshot, &source);
        Origin { interface, src, enis: 4 }
    });
    origins.collect()
}

fn draw<T: TryFrom<u64>>(rng: &mut Rng, first: u64, last: u64) -> T {
    // Ends are where mistakes are.
    let number = match rng.u8(..4) {
        0 => first,
        1 => last,
        _ => rng.u64(first..=last),
    };
    T::try_from(number).unwrap_or_else(|_| panic!("{number} fits"))
}

fn packet(rng: &mut Rng, src: Ipv4Addr, region: &Region) -> Packet {
    Packet {
        src,
        dst: Ipv4Addr::from_bits(draw(rng, region.dst.first.into(), region.dst.last.into())),
        protocol: region.protocol,
        port: draw(rng, region.port.first.into(), region.port.last.into()),
        source_port: draw(rng, region.source_port.first.into(), region.source_port.last.into()),
    }
}

/// A random part of the space, often all of it.
fn region(rng: &mut Rng) -> Region {
    let dst = match rng.u8(..3) {
        0 => ADDRESSES,
        _ => {
            let (one, other) = (rng.u32(..), rng.u32(..));
            Span::new(one.min(other), one.max(other))
        }
    };
    let (protocol, port) = match rng.u8(..5) {
        0 | 1 => (Protocol::TCP, PORTS),
        2 => (Protocol::UDP, PORTS),
        3 => (Protocol::ICMP, Span::new(6 << 8, 10 << 8 | 0xff)),
        _ => (Protocol(rng.u8(50..55)), Span::one(0)),
    };
    Region { dst, protocol, port, source_port: SOURCE_PORTS }
}

#[test]
fn every_packet_of_a_class_fares_alike() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    let (mut seen, mut dropped_back) = (0, 0);
    for round in 0..TOPOLOGIES {
        let mut rng = Rng::with_seed(seed ^ round << 20);
        let model = topology::random(&mut rng, 1 + (round % 3) as u32);
        let snapshot = compile(&model).expect("a valid topology").snapshot;
        snapshot.prepare();
        let world = World::new(&snapshot);
        for origin in origins(&model, &snapshot) {
            let region = region(&mut rng);
            let classes = classes(&world, origin, region, LIMIT).expect("few classes");
            seen += classes.len();
            for class in &classes {
                dropped_back += usize::from(class.judgement.back.is_some());
                for _ in 0..DRAWN {
                    let packet = packet(&mut rng, origin.src, &class.region);
                    let choice = packet.choice(class.choice.eni, class.choice.address);
                    let fate = judged(&snapshot, origin, &packet, choice);
                    assert_eq!(
                        fate,
                        of(class),
                        "{packet:?} of {:?}\n{:#?}",
                        class.region,
                        class.hops
                    );
                }
            }
            for _ in 0..50 {
                let packet = packet(&mut rng, origin.src, &region);
                let having = classes.iter().filter(|class| class.region.contains(&packet));
                let mut choices: Vec<(u16, u16)> =
                    having.map(|class| (class.choice.eni, class.choice.address)).collect();
                let all = choices.len();
                choices.sort_unstable();
                choices.dedup();
                assert!(all > 0 && choices.len() == all, "{packet:?} is in {all} classes");
            }
        }
    }
    assert!(
        seen > 10_000 && dropped_back > 100,
        "{seen} classes, {dropped_back} without an answer"
    );
}

/// A space so small that each of its packets is judged.
#[test]
fn a_toy_space_is_cut_as_brute_force_says() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    for round in 0..40 {
        let mut rng = Rng::with_seed(seed ^ 0x70 ^ round << 20);
        let model = topology::random(&mut rng, 2);
        let snapshot = compile(&model).expect("a valid topology").snapshot;
        snapshot.prepare();
        let world = World::new(&snapshot);
        for origin in origins(&model, &snapshot) {
            // Around something that exists.
            let near = rng.choice(&snapshot.enis).map_or(0, |eni| eni.address.to_bits());
            let first = near.saturating_sub(rng.u32(..64));
            let ports = rng.choice([22_u16, 53, 80, 443, 1_024, 5_432]).expect("a port") - 8;
            let region = Region {
                dst: Span::new(first, first.saturating_add(63)),
                protocol: if rng.bool() { Protocol::TCP } else { Protocol::UDP },
                port: Span::new(ports, ports + 15),
                source_port: Span::new(32_766, 32_769),
            };
            let classes = classes(&world, origin, region, LIMIT).expect("few classes");
            let classes: Vec<&Class> = classes
                .iter()
                .filter(|class| (class.choice.eni, class.choice.address) == (0, 0))
                .collect();
            let fates: Vec<Fate> = classes.iter().map(|class| of(class)).collect();
            for dst in region.dst.first..=region.dst.last {
                for port in region.port.first..=region.port.last {
                    for source_port in region.source_port.first..=region.source_port.last {
                        let (dst, protocol) = (Ipv4Addr::from_bits(dst), region.protocol);
                        let packet = Packet { src: origin.src, dst, protocol, port, source_port };
                        let mut having = classes
                            .iter()
                            .zip(&fates)
                            .filter(|(class, _)| class.region.contains(&packet));
                        let (_, expected) = having.next().expect("a class");
                        assert!(having.next().is_none(), "{packet:?} is in two classes");
                        let fate = judged(&snapshot, origin, &packet, packet.choice(0, 0));
                        assert_eq!(&fate, expected, "{packet:?}");
                    }
                }
            }
        }
    }
}

/// Of packets in any order: what is known of one is so of each that is found to be of its class.
#[test]
fn a_packet_fares_as_the_one_of_its_class_that_was_judged() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    let (mut judged_anew, mut found) = (0, 0);
    for round in 0..60 {
        let mut rng = Rng::with_seed(seed ^ 0x71 ^ round << 20);
        let model = topology::random(&mut rng, 1 + (round % 3) as u32);
        let snapshot = compile(&model).expect("a valid topology").snapshot;
        snapshot.prepare();
        let world = World::new(&snapshot);
        let mut known: Known<(Region, Fate)> = Known::default();
        for (number, origin) in origins(&model, &snapshot).into_iter().enumerate() {
            for protocol in [Protocol::TCP, Protocol::UDP, Protocol::ICMP, Protocol(50)] {
                let port = if protocol == Protocol::ICMP {
                    Span::new(6 << 8, 10 << 8 | 0xff)
                } else {
                    PORTS
                };
                let all = Region { dst: ADDRESSES, protocol, port, source_port: SOURCE_PORTS };
                let near: Vec<u32> =
                    snapshot.enis.iter().map(|eni| eni.address.to_bits()).collect();
                for _ in 0..60 {
                    let mut packet = packet(&mut rng, origin.src, &all);
                    if let Some(near) = rng.choice(&near).filter(|_| rng.bool()) {
                        packet.dst = Ipv4Addr::from_bits(near.wrapping_add(rng.u32(..4)));
                    }
                    if !matches!(protocol, Protocol::TCP | Protocol::UDP | Protocol::ICMP) {
                        packet.port = 0;
                    }
                    let choice = packet.choice(0, 0);
                    let before = known.len();
                    let class = known.class(number as u32, &packet, || {
                        let class = class_of(&world, origin, &all, &packet, choice);
                        (class.region, (class.region, of(&class)))
                    });
                    let (region, expected) = known.of(class).clone();
                    assert!(region.contains(&packet));
                    assert_eq!(judged(&snapshot, origin, &packet, choice), expected, "{packet:?}");
                    // Around each of its packets it is the same.
                    assert_eq!(class_of(&world, origin, &all, &packet, choice).region, region);
                    if known.len() > before { judged_anew += 1 } else { found += 1 }
                }
            }
        }
        let kept = known.len();
        assert_eq!((known.forget().len(), known.len()), (kept, 0));
    }
    assert!(judged_anew > 1_000 && found > 1_000, "{judged_anew} judged, {found} found");
}
