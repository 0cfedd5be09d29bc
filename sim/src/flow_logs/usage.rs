//! Which rules, entries, routes and elements logged flows use, and where a log contradicts the
//! configuration.
//!
//! Each logged flow is judged by the dataplane's own path, as the packet that opened it; one of each
//! class of packets is enough ([`egret_verify::known`]). So a record costs two or three look-ups, and
//! memory grows with the classes that the configuration tells apart, not with the log: what is
//! remembered is limited, and forgotten when it is too much.
//!
//! A flow is seen by several interfaces, in both directions: by its sender's, by a NAT gateway's four
//! times, by its receiver's. It is counted where it opens, at its sender's interface; where that one is
//! not logged, at the first that is. What answers it is counted for the rules that answers pass. A flow
//! that lasts over several windows has a record in each, as AWS counts flows.
//!
//! Nothing is assumed of what a log does not have: packets whose sender the configuration does not know
//! are not judged, and counted as such.

use std::net::{IpAddr, Ipv4Addr};

use egret_control::index::Index;
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{EniId, EniOwner, Snapshot};
use egret_dataplane::trace::Direction;
use egret_dataplane::verdict::{Drop, DropReason};
use egret_verify::classes::class_of;
use egret_verify::cuts::World;
use egret_verify::known::Known;
use egret_verify::space::{ADDRESSES, PORTS, Packet, Region, Span, has_ports};
use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::read::{Action, Record, Status};

mod interfaces;
mod reading;
mod report;
mod rules;
mod senders;
mod ways;

pub use report::{Contradiction, Counts, Example, Line, Report};
pub use rules::Rule;

use interfaces::Interfaces;
use reading::{Reading, Vantage};
use senders::{Senders, Who};
use ways::{At, Ways};

/// Classes and ways that are remembered at most.
const REMEMBERED: usize = 200_000;

/// How much passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Flows, or records of answers, a window each.
    pub flows: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

impl std::ops::AddAssign for Carried {
    fn add_assign(&mut self, more: Carried) {
        self.flows += more.flows;
        self.packets += more.packets;
        self.bytes += more.bytes;
    }
}

/// Takes records, and keeps count of what they use.
pub struct Usage<'a> {
    world: World<'a>,
    interfaces: Interfaces<'a>,
    senders: Senders<'a>,
    /// The way of each class.
    known: Known<u32>,
    ways: Ways,
    /// What was carried by ways that were forgotten.
    used: IndexMap<Rule, Carried, FixedState>,
    counts: Counts,
    contradictions: IndexMap<report::Key, Contradiction, FixedState>,
}

/// What an interface saw.
#[derive(Clone, Copy, Debug)]
struct Sight {
    eni: EniId,
    egress: bool,
    tuple: Tuple,
    accept: bool,
    /// Of TCP, where the log has it.
    flags: Option<u8>,
    start: Option<u64>,
    carried: Carried,
}

/// What a record must say to be judged.
struct Said {
    /// `srcaddr` and `dstaddr`.
    shown: [IpAddr; 2],
    ports: [u16; 2],
    protocol: Protocol,
    action: Action,
}

impl Said {
    fn of(record: &Record<'_>) -> Option<Said> {
        let protocol = Protocol(record.protocol?);
        let port = |port: Option<u16>| if has_ports(protocol) { port } else { Some(0) };
        Some(Said {
            shown: [record.src?, record.dst?],
            ports: [port(record.src_port)?, port(record.dst_port)?],
            protocol,
            action: record.action?,
        })
    }
}

impl<'a> Usage<'a> {
    /// Nothing is used yet of this configuration, which must be prepared.
    pub fn new(snapshot: &'a Snapshot) -> Usage<'a> {
        Usage {
            world: World::new(snapshot),
            interfaces: Interfaces::new(snapshot),
            senders: Senders::new(snapshot),
            known: Known::default(),
            ways: Ways::default(),
            used: IndexMap::default(),
            counts: Counts::default(),
            contradictions: IndexMap::default(),
        }
    }

    fn snapshot(&self) -> &'a Snapshot {
        self.world.snapshot()
    }

    /// Takes a record.
    pub fn record(&mut self, record: &Record<'_>) {
        if record.status != Status::Ok {
            self.interfaces.note_silent(record);
            return;
        }
        if let Some(sight) = self.sight(record) {
            self.see(&sight);
        }
    }

    /// What was used, with the places where it was written.
    pub fn finish(mut self, index: &Index) -> Report {
        self.fold();
        let Usage { world, interfaces, used, mut counts, contradictions, .. } = self;
        counts.unknown_interfaces = interfaces.unknown;
        let contradictions = contradictions.into_values().collect();
        let lines = report::lines(world.snapshot(), index, &interfaces.logged, &used);
        Report { counts, lines, contradictions }
    }

    /// What an interface of the configuration saw, as a record says. What it does not say is counted.
    fn sight(&mut self, record: &Record<'_>) -> Option<Sight> {
        let Some(said) = Said::of(record) else {
            self.counts.unread += 1;
            return None;
        };
        let [IpAddr::V4(src), IpAddr::V4(dst)] = said.shown else {
            self.counts.ipv6 += 1;
            return None;
        };
        let Some((eni, egress)) = self.interfaces.find(record, src, dst) else {
            self.counts.unknown_interface += 1;
            return None;
        };
        let of_packet = |address: Option<IpAddr>, shown: Ipv4Addr| match address {
            Some(IpAddr::V4(address)) => address,
            _ => shown,
        };
        let tuple = Tuple {
            src: of_packet(record.pkt_src, src),
            dst: of_packet(record.pkt_dst, dst),
            src_port: said.ports[0],
            dst_port: said.ports[1],
            protocol: said.protocol,
        };
        let (packets, bytes) = (record.packets.unwrap_or(0), record.bytes.unwrap_or(0));
        Some(Sight {
            eni,
            egress,
            tuple,
            accept: said.action == Action::Accept,
            flags: record.tcp_flags.filter(|_| said.protocol == Protocol::TCP),
            start: record.start,
            carried: Carried { flows: 1, packets, bytes },
        })
    }

    fn see(&mut self, sight: &Sight) {
        let reading = match reading::of(self.snapshot(), sight) {
            Some(reading) => reading,
            None => {
                self.counts.further += 1;
                return;
            }
        };
        let Some((way, at)) = self.judge(sight, reading) else {
            self.counts.unknown_senders += 1;
            return;
        };
        // What was refused may be no answer at all, but something that nobody asked for.
        if !sight.accept && reading.direction == Direction::Return && at == At::Passes {
            let opens = Reading { direction: Direction::Forward, vantage: Vantage::Receiver };
            match self.judge(sight, opens) {
                Some((way, at)) if at != At::Passes => return self.count(sight, opens, way, at),
                Some(_) => {}
                None => {
                    self.counts.unknown_senders += 1;
                    return;
                }
            }
        }
        self.count(sight, reading, way, at);
    }

    fn count(&mut self, sight: &Sight, reading: Reading, way: u32, at: At) {
        if at == At::Passes && !sight.accept && sight.is_late() {
            self.counts.late += 1;
            return;
        }
        match (reading.direction, reading.vantage) {
            (Direction::Forward, Vantage::Sender) => self.counts.flows += 1,
            (Direction::Forward, _) => self.counts.received += 1,
            (Direction::Return, _) => self.counts.answers += 1,
        }
        self.ways.add(way, reading, sight.carried);
        match at {
            At::Dropped(drop) if drop.reason == DropReason::NoSuchAddress => {
                self.counts.unknown_hosts += 1;
            }
            At::Refused(drop) | At::Dropped(drop) if sight.accept => {
                self.contradict(sight, way, Some(drop));
            }
            At::Passes if !sight.accept => self.contradict(sight, way, None),
            _ => {}
        }
        if self.known.len() >= REMEMBERED || self.ways.len() >= REMEMBERED {
            self.fold();
        }
    }

    /// The way of a flow, and how it fares at the interface that saw it. `None` if nobody knows its
    /// sender.
    fn judge(&mut self, sight: &Sight, reading: Reading) -> Option<(u32, At)> {
        let opens = reading.direction == Direction::Forward;
        let tuple = if opens { sight.tuple } else { sight.tuple.reversed() };
        let own = (opens == sight.egress).then_some(sight.eni);
        let who = match own {
            Some(eni) => Who::Eni(eni),
            None => self.senders.who(sight.eni, tuple.src)?,
        };
        let (number, sender) = self.senders.number(who, tuple.src)?;
        let dst = match who {
            // The internet knows interfaces by their public addresses.
            Who::Internet => self.senders.public(sight.eni, tuple.dst)?,
            _ => tuple.dst,
        };
        let packet = packet(sender.src, dst, tuple);
        let (world, ways) = (&self.world, &mut self.ways);
        let class = self.known.class(number, &packet, || {
            let region = region(&packet);
            let choice = packet.choice(sender.choice, 0);
            let class = class_of(world, sender.origin(), &region, &packet, choice);
            (class.region, ways.of(sender.eni, &class))
        });
        let way = *self.known.of(class);
        Some((way, self.ways.at(self.world.snapshot(), way, sight, reading)))
    }

    fn contradict(&mut self, sight: &Sight, way: u32, drop: Option<Drop>) {
        let rule = self.ways.decided(self.world.snapshot(), way, sight, drop);
        let key = report::Key { eni: sight.eni, egress: sight.egress, drop, rule };
        let found = self.contradictions.entry(key).or_insert_with(|| Contradiction {
            interface: self.world.snapshot()[sight.eni].name.to_string(),
            egress: sight.egress,
            drop,
            rule,
            carried: Carried::default(),
            example: Example { tuple: sight.tuple, start: sight.start },
        });
        found.carried += sight.carried;
    }

    /// Forgets classes and ways, and keeps what they carried.
    fn fold(&mut self) {
        self.known.forget();
        for (rule, carried) in self.ways.forget(&self.interfaces.logged) {
            *self.used.entry(rule).or_default() += carried;
        }
    }
}

impl Sight {
    /// Whether it is of a connection that was over, as far as the log says: AWS refuses that, too.
    fn is_late(&self) -> bool {
        const SYN: u8 = 2;
        self.flags.is_some_and(|flags| flags & SYN == 0)
    }

    /// Whether an interface is what it belongs to.
    fn owner(&self, snapshot: &Snapshot) -> EniOwner {
        snapshot[self.eni].owner
    }
}

/// The packet that opens a flow. A log does not say which ICMP it was: an echo request.
fn packet(src: Ipv4Addr, dst: Ipv4Addr, tuple: Tuple) -> Packet {
    let (port, source_port) = match tuple.protocol {
        Protocol::ICMP => (8 << 8, 0),
        protocol if has_ports(protocol) => (tuple.dst_port, tuple.src_port),
        _ => (0, 0),
    };
    Packet { src, dst, protocol: tuple.protocol, port, source_port }
}

/// Where a packet's class is looked for. Translators have no ports as low as senders may choose: such
/// a packet stands for itself.
fn region(packet: &Packet) -> Region {
    let source_port = match packet.source_port {
        low @ 1..1_024 => Span::one(low),
        _ => PORTS,
    };
    Region { dst: ADDRESSES, protocol: packet.protocol, port: PORTS, source_port }
}
