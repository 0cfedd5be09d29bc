//! The dataplane on a probe: real bytes in, and what came of them in the oracle's words.

use std::net::Ipv4Addr;
use std::sync::Arc;

use egret_control::model::Model;
use egret_dataplane::crew::Crew;
use egret_dataplane::snapshot::{EniId, EniOwner, Interface, InterfaceId, Snapshot};
use egret_dataplane::steer::WorkerId;
use egret_dataplane::time::Instant;
use egret_dataplane::trace::{Decision, Direction, Record};
use egret_dataplane::verdict::{Drop, Element, Verdict};
use egret_dataplane::worker::{Arrival, Cause, Limits, Worker};

use crate::oracle::{self, Delivery, Dropped, Outcome, Where};
use crate::packet::{self, Packet, Seen, flags};
use crate::probe::{Fragment, Probe, Source, answering_type};

/// Ways to choose among the addresses of the NAT gateways on a packet's way: up to three addresses,
/// and seldom more than three gateways.
const PICKS: usize = 27;

/// Workers that judge a probe together; one alone as often as not.
const CREWS: [usize; 8] = [1, 1, 1, 1, 2, 3, 4, 8];

/// Nanoseconds between a packet and its answer.
const LATER: u64 = 1_000_000;

/// What the dataplane does with a probe, and with the answer that its destination would send.
///
/// # Errors
/// What is wrong whatever the verdict, as a sentence: a destination or port that changed, a trace
/// that disagrees with the verdict.
///
/// # Panics
/// When a checksum of what leaves is wrong.
pub fn judge(snapshot: &Arc<Snapshot>, probe: &Probe, seed: u64) -> Result<Outcome, String> {
    let limits = Limits { flows: 64 };
    let (from, src) = sender(snapshot, &probe.from);
    let mut crew = Crew::new(snapshot, CREWS[seed as usize % CREWS.len()], limits, seed);
    let mut bytes = first(probe).bytes(src);
    let verdict = process(&mut crew, seed, 0, from, &mut bytes)?;
    let via = via(snapshot, probe, verdict, seed)?;
    let at = match verdict {
        Verdict::Forward(at) => at,
        Verdict::Drop(drop) | Verdict::Reply(drop) => {
            return Ok(Outcome { forward: Err(dropped(snapshot, drop)), reply: None });
        }
        Verdict::Held | Verdict::HandedOver(_) => return Err("a first packet was held".to_owned()),
    };
    let seen = packet::read(&bytes);
    check_payload(probe, &seen)?;
    let to = place(snapshot, at);
    let mut answer = answer(&seen).bytes(seen.dst);
    let reply = match process(&mut crew, seed, LATER, at, &mut answer)? {
        Verdict::Forward(back) if back == from => {
            check_answer(probe, src, &packet::read(&answer))?;
            Ok(())
        }
        Verdict::Forward(back) => {
            return Err(format!("the answer went to {:?}", snapshot[back]));
        }
        Verdict::Drop(drop) | Verdict::Reply(drop) => Err(dropped(snapshot, drop)),
        Verdict::Held | Verdict::HandedOver(_) => return Err("an answer was held".to_owned()),
    };
    Ok(Outcome { forward: Ok(Delivery { to, source: seen.src, via }), reply: Some(reply) })
}

/// A probe as a packet.
pub fn first(probe: &Probe) -> Packet {
    let packet = Packet {
        dst: probe.dst,
        protocol: probe.protocol,
        src_port: probe.src_port,
        dst_port: probe.dst_port,
        flags: flags::SYN,
        mss: None,
        icmp: probe.icmp.unwrap_or_default(),
        payload: Vec::new(),
        ttl: probe.ttl,
        dont_fragment: probe.dont_fragment,
        ident: 0x4567,
        fragment: (probe.fragment == Fragment::First, 0),
    };
    packet.size(usize::from(probe.total_len))
}

/// The smallest answer to a packet as its destination saw it: a SYN and ACK, an empty datagram, an
/// ICMP answer with the same identifier.
fn answer(seen: &Seen) -> Packet {
    let (kind, code) = seen.icmp;
    // An ICMP message has one identifier, which reads as its source port either way.
    let ports = match seen.protocol {
        1 => (seen.src_port, 0),
        _ => (seen.dst_port, seen.src_port),
    };
    Packet {
        dst: seen.src,
        protocol: seen.protocol,
        src_port: ports.0,
        dst_port: ports.1,
        flags: flags::SYN | flags::ACK,
        mss: None,
        icmp: (answering_type(kind), code),
        payload: Vec::new(),
        ttl: 64,
        dont_fragment: true,
        ident: 0x89ab,
        fragment: (false, 0),
    }
}

/// The interface and address that a probe is sent from.
fn sender(snapshot: &Snapshot, from: &Source) -> (InterfaceId, Ipv4Addr) {
    match from {
        Source::Task { service, number } => {
            let mut tasks = snapshot.tasks.iter();
            let task = tasks.find(|task| {
                &*snapshot[task.service].name == service.as_str() && task.number == *number
            });
            let task = task.expect("the snapshot has every task");
            (task.interface, task.address)
        }
        Source::Interface(id) => {
            let eni = snapshot.enis.iter().find(|eni| &*eni.name == id.as_str());
            let eni = eni.expect("the snapshot has every interface");
            let EniOwner::Host(interface) = eni.owner else { panic!("{id} is a host's") };
            (interface, eni.address)
        }
    }
}

/// Sends a packet to the worker whose it is, or for some seeds to any.
fn process(
    crew: &mut Crew,
    seed: u64,
    now: u64,
    interface: InterfaceId,
    bytes: &mut [u8],
) -> Result<Verdict, String> {
    let mut emissions = Vec::new();
    let worker = match seed >> 32 & 3 {
        0 => WorkerId((seed >> 40) as u16 % crew.workers().len() as u16),
        _ => crew.first(interface, bytes),
    };
    let arrival = Arrival { interface, bytes };
    let verdict = crew.process_at(worker, Instant(now), arrival, &mut emissions);
    let answers = emissions.iter().filter(|emission| emission.cause == Cause::Answer).count();
    if answers != usize::from(matches!(verdict, Verdict::Reply(_))) {
        return Err(format!("{answers} answers with {verdict:?}"));
    }
    for emission in emissions.iter().filter(|emission| emission.cause == Cause::Answer) {
        packet::read(&emission.bytes);
    }
    Ok(verdict)
}

/// NAT gateways that a fresh worker's trace shows on the way there.
fn via(
    snapshot: &Arc<Snapshot>,
    probe: &Probe,
    expected: Verdict,
    seed: u64,
) -> Result<Vec<String>, String> {
    let mut worker = Worker::new(snapshot.clone(), Limits { flows: 64 }, seed);
    let (interface, src) = sender(snapshot, &probe.from);
    let mut bytes = first(probe).bytes(src);
    let mut record = Record::default();
    let arrival = Arrival { interface, bytes: &mut bytes };
    let verdict = worker.trace(Instant(0), arrival, &mut record, &mut Vec::new());
    if verdict != expected {
        return Err(format!("traced {verdict:?}, processed {expected:?}"));
    }
    let passed = record
        .hops
        .iter()
        .filter(|hop| hop.direction == Direction::Forward && hop.decision == Decision::Translated);
    let names = passed.filter_map(|hop| match hop.element {
        Element::NatGateway(nat) => Some(snapshot[nat].name.to_string()),
        _ => None,
    });
    Ok(names.collect())
}

/// Nothing but addresses on the way to a host behind an internet gateway, and source ports, changes.
fn check_payload(probe: &Probe, seen: &Seen) -> Result<(), String> {
    let same = seen.protocol == probe.protocol
        && seen.icmp == probe.icmp.unwrap_or_default()
        && (seen.dst_port == probe.dst_port || probe.protocol == 1);
    if same { Ok(()) } else { Err(format!("{probe:?} arrived as {seen:?}")) }
}

/// The sender recognises the answer: addresses and ports are those that it sent to and from.
fn check_answer(probe: &Probe, src: Ipv4Addr, seen: &Seen) -> Result<(), String> {
    let mut same = seen.src == probe.dst && seen.dst == src;
    match probe.protocol {
        6 | 17 => same &= (seen.src_port, seen.dst_port) == (probe.dst_port, probe.src_port),
        1 => same &= seen.src_port == probe.src_port,
        _ => {}
    }
    if same { Ok(()) } else { Err(format!("{probe:?} was answered by {seen:?}")) }
}

fn dropped(snapshot: &Snapshot, drop: Drop) -> Dropped {
    (drop.reason.name(), element(snapshot, drop.element))
}

fn element(snapshot: &Snapshot, element: Element) -> String {
    match element {
        Element::Dataplane => "dataplane".to_owned(),
        Element::Service(id) => snapshot[id].name.to_string(),
        Element::HyperplaneEni(id) | Element::SecurityGroup(id) | Element::NetworkInterface(id) => {
            eni(snapshot, id)
        }
        Element::NetworkAcl(id) => snapshot[id].name.to_string(),
        Element::RouteTable(id) => snapshot[id].name.to_string(),
        Element::NatGateway(id) => snapshot[id].name.to_string(),
        Element::InternetGateway(id) => snapshot[id].name.to_string(),
        Element::VpcEndpoint(id) => snapshot[id].name.to_string(),
        Element::Peering(id) => snapshot[id].name.to_string(),
        Element::TransitGateway(id) => snapshot[id].name.to_string(),
        Element::External(id) => snapshot[id].name.to_string(),
        Element::LinkLocal(id) => snapshot[id].name.to_string(),
        Element::Internet => "internet".to_owned(),
    }
}

fn eni(snapshot: &Snapshot, id: EniId) -> String {
    let eni = &snapshot[id];
    match eni.owner {
        EniOwner::Endpoint(endpoint, _) => {
            format!("{}@{}", snapshot[endpoint].name, snapshot[eni.subnet].name)
        }
        EniOwner::NatGateway(nat) => snapshot[nat].name.to_string(),
        EniOwner::Host(_) | EniOwner::Hyperplane => eni.name.to_string(),
    }
}

fn place(snapshot: &Snapshot, interface: InterfaceId) -> Where {
    match snapshot[interface] {
        Interface::Internet => Where::Internet,
        Interface::Task(_) => Where::Task,
        Interface::Eni(id) => Where::Interface(eni(snapshot, id)),
        Interface::GatewayEndpoint(id) => Where::Endpoint(snapshot[id].name.to_string()),
        Interface::LinkLocal(id) => Where::LinkLocal(snapshot[id].name.to_string()),
        Interface::External(id) => Where::External(snapshot[id].name.to_string()),
        Interface::Gone => panic!("nobody is there any more"),
    }
}

/// Holds the dataplane to the oracle on one probe.
///
/// # Errors
/// What each of them says, when they disagree.
pub fn agrees(
    model: &Model,
    snapshot: &Arc<Snapshot>,
    probe: &Probe,
    seed: u64,
) -> Result<(), String> {
    let expected = oracle::judge(model, probe);
    let found = match judge(snapshot, probe, seed) {
        Ok(found) if found == expected => return Ok(()),
        Ok(found) => found,
        Err(what) => return Err(format!("{what}\nthe oracle says    {expected:?}")),
    };
    // Which of its addresses a NAT gateway uses is its own choice.
    if (1..PICKS).any(|pick| oracle::judge_picking(model, probe, pick) == found) {
        return Ok(());
    }
    Err(format!("the oracle says    {expected:?}\nthe dataplane says {found:?}"))
}
