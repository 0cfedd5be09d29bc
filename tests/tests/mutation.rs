//! Mutation is honest: what it says of a change of a random network is so when everything is judged
//! anew, without leaving anything out, and when packets are drawn at random.
//!
//! `EGRET_SEED` chooses another run.

use std::net::Ipv4Addr;

use egret_control::compile::{Compilation, compile, compile_after};
use egret_control::explain::World;
use egret_control::model::{InterfaceOwner, Model, Name};
use egret_control::source::{Place, Sourced};
use egret_dataplane::judgement::{Judgement, judge};
use egret_dataplane::packet::Protocol as IpProtocol;
use egret_dataplane::snapshot::Snapshot;
use egret_dataplane::trace::Off;
use egret_sim::expect;
use egret_sim::scenario::{Expectation, Outcome, Protocol, Target};
use egret_sim::suite::mutants::Mutant;
use egret_sim::suite::mutation::{Fate, Mutation};
use egret_tests::topology;
use egret_verify::senders::{Sender, senders};
use egret_verify::space::Packet;
use fastrand::Rng;

const TOPOLOGIES: u64 = 40;
/// Mutants of each topology that are looked at.
const MUTANTS: usize = 25;
/// Packets of each sender that are sent through what is said to be the same.
const DRAWN: usize = 40;

/// As if somebody had written it all: what nobody wrote is not changed.
fn written(model: &mut Model) {
    let file = Some(model.sources.add("random.yaml", ""));
    let place = Place { file, len: 1, line: 1, column: 1, ..Place::NOWHERE };
    for group in &mut model.security_groups {
        group.ingress.iter_mut().chain(&mut group.egress).for_each(|rule| rule.place = place);
    }
    for acl in &mut model.network_acls {
        acl.entries.iter_mut().for_each(|entry| entry.place = place);
    }
    for table in &mut model.route_tables {
        table.routes.iter_mut().for_each(|route| route.place = place);
    }
    for gateway in &mut model.transit_gateways {
        for table in &mut gateway.route_tables {
            table.routes.iter_mut().for_each(|route| route.cidr.place = place);
            table.propagations.iter_mut().for_each(|name| name.place = place);
        }
    }
    model.vpc_endpoints.iter_mut().for_each(|endpoint| endpoint.id.place = place);
}

fn names(model: &Model) -> Vec<String> {
    let hosts = model.network_interfaces.iter().filter(|eni| eni.owner == InterfaceOwner::Host);
    let hosts = hosts.map(|eni| eni.id.value.clone());
    model.services.iter().map(|service| service.id.value.clone()).chain(hosts).collect()
}

/// Somewhere that may matter: at, or beside, an address that the network has, or anywhere.
fn address(rng: &mut Rng, snapshot: &Snapshot) -> Ipv4Addr {
    let near = rng.choice(&snapshot.enis).map_or(0, |eni| eni.address.to_bits());
    let far = ["203.0.113.10", "52.216.1.9", "8.8.8.8", "192.168.64.1", "198.51.100.1"];
    match rng.u8(..4) {
        0 => Ipv4Addr::from_bits(near.wrapping_add(rng.u32(..3)).wrapping_sub(1)),
        1 => Ipv4Addr::from_bits(rng.u32(..)),
        2 => Ipv4Addr::from_bits(near),
        _ => rng.choice(far).expect("one").parse().expect("an address"),
    }
}

/// What is so of all packets from one sender to one address and some ports, whichever it is.
fn expectation(
    rng: &mut Rng,
    model: &Model,
    compilation: &Compilation,
    from: &str,
) -> Option<Expectation> {
    let first = topology::port(rng);
    let host = address(rng, &compilation.snapshot).to_string();
    let target = Target { host, ports: Some((first, first.saturating_add(rng.u16(..2)))) };
    let mut expected = Expectation {
        name: None,
        from: vec![Name::from(from)],
        to: vec![Sourced::implied(target)],
        except: Vec::new(),
        protocol: if rng.u8(..4) == 0 { Protocol::Udp } else { Protocol::Tcp },
        outcome: Sourced::implied(Outcome::Any),
        by: None,
        reason: None,
        code: None,
        via: Vec::new(),
        source: None,
        rule: Vec::new(),
        not: None,
        place: Place::NOWHERE,
    };
    [Outcome::Delivered, Outcome::NoReply, Outcome::Dropped].into_iter().find_map(|outcome| {
        expected.outcome = Sourced::implied(outcome);
        holds(model, compilation, &expected).then(|| expected.clone())
    })
}

fn holds(model: &Model, compilation: &Compilation, expected: &Expectation) -> bool {
    expect::judge(model, World::new(&model.sources, compilation), expected).is_ok()
}

fn fate(snapshot: &Snapshot, sender: &Sender, packet: &Packet, eni: u16) -> Judgement {
    let headers = packet.headers().expect("it opens a flow");
    judge(snapshot, sender.origin.interface, headers, packet.choice(eni, 0), &mut Off)
}

/// Packets of every sender fare alike.
fn assert_same(
    rng: &mut Rng,
    mutant: &Mutant,
    before: (&Model, &Compilation),
    after: (&Model, &Compilation),
) {
    for name in names(before.0) {
        let of = |(model, compilation): (&Model, &Compilation)| {
            senders(model, &compilation.snapshot, &name).expect("a sender")
        };
        for (old, new) in of(before).iter().zip(of(after)) {
            for _ in 0..DRAWN {
                let protocol = match rng.u8(..8) {
                    0 => IpProtocol(47),
                    1..3 => IpProtocol::UDP,
                    3 => IpProtocol::ICMP,
                    _ => IpProtocol::TCP,
                };
                let packet = Packet {
                    src: old.origin.src,
                    dst: address(rng, &before.1.snapshot),
                    protocol,
                    port: match protocol {
                        IpProtocol::ICMP => 8 << 8,
                        IpProtocol(47) => 0,
                        _ => topology::port(rng),
                    },
                    source_port: rng.choice([1_024, 32_768, 65_535]).expect("one"),
                };
                let eni = rng.u16(..old.origin.enis.max(1));
                let (old, new) = (
                    fate(&before.1.snapshot, old, &packet, eni),
                    fate(&after.1.snapshot, &new, &packet, eni),
                );
                assert_eq!(old, new, "{}: {packet:?} of {name}", mutant.words());
            }
        }
    }
}

#[test]
fn what_is_said_of_a_change_is_so() {
    let seed = egret_tests::seed(1);
    eprintln!("EGRET_SEED={seed}");
    let (mut noticed, mut same, mut survived) = (0, 0, 0);
    for round in 0..TOPOLOGIES {
        let mut rng = Rng::with_seed(seed ^ 0x3a7 ^ round << 20);
        let mut model = topology::random(&mut rng, 1 + (round % 2) as u32);
        written(&mut model);
        let compilation = compile(&model).expect("a valid topology");
        let names = names(&model);
        let expectations: Vec<Expectation> = (0..12)
            .filter_map(|_| {
                let from = rng.choice(&names)?.clone();
                expectation(&mut rng, &model, &compilation, &from)
            })
            .collect();
        let mutation = Mutation::of_model(&model, &compilation, &expectations);
        let mutants = mutation.mutants();
        for mutant in rng.choose_multiple(mutants.iter(), MUTANTS) {
            let changed = mutant.apply(&model);
            let fate = mutation.judge(mutant);
            let Ok(after) = compile_after(&changed, &compilation) else {
                assert!(matches!(fate, Fate::Refused(_)), "{}: {fate:?}", mutant.words());
                continue;
            };
            // Without leaving out those that never asked.
            let all_hold = expectations.iter().all(|expected| holds(&changed, &after, expected));
            let words = mutant.words();
            assert_eq!(matches!(fate, Fate::Noticed(_)), !all_hold, "{words}: {fate:?}");
            match fate {
                Fate::Same => {
                    same += 1;
                    assert_same(&mut rng, mutant, (&model, &compilation), (&changed, &after));
                }
                Fate::Noticed(_) => noticed += 1,
                _ => survived += 1,
            }
        }
    }
    assert!(
        noticed > 50 && same > 50 && survived > 50,
        "{noticed} noticed, {same} the same, {survived} survived: no fair mix"
    );
}
