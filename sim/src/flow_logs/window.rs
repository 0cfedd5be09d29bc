//! What passed in a window, a record for each flow, direction and interface.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use egret_control::explain::hop_words;
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{EniId, Snapshot};
use egret_dataplane::time::Instant;
use egret_dataplane::trace::{Decision, Direction, Hop};
use egret_dataplane::verdict::Element;
use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::format::{Field, Format};
use super::output::Value;
use super::sightings::Sighting;
use crate::observe::Stages;

/// What passed since the window began. Its memory is bounded: of what has no room any more, records
/// say that it is missing (`SKIPDATA`).
#[derive(Debug)]
pub struct Window {
    flows: IndexMap<Key, Flow, FixedState>,
    /// When it began.
    pub from: Instant,
    /// So many flows at most.
    most: usize,
    /// Interfaces of which something had no room.
    skipped: BTreeSet<EniId>,
}

/// How much passed.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// Packets; negative where some that are counted elsewhere did not pass.
    pub packets: i64,
    /// Their bytes.
    pub bytes: i64,
    /// When the first was there.
    pub first: Instant,
    /// When the last was.
    pub last: Instant,
    /// Their TCP flags, or-ed as flow logs have them (aws-facts §10.2).
    pub tcp_flags: u8,
}

impl Window {
    /// A window that begins, for so many flows at most.
    pub fn new(from: Instant, most: usize) -> Window {
        Window { flows: IndexMap::default(), from, most, skipped: BTreeSet::new() }
    }

    /// Notes what an interface has seen.
    pub fn add(&mut self, snapshot: &Snapshot, sighting: &Sighting, stages: &Stages, more: Amount) {
        let key = key(snapshot, sighting, stages);
        if self.flows.len() >= self.most && !self.flows.contains_key(&key) {
            self.skipped.insert(key.eni);
            return;
        }
        let none = Flow { amount: Amount { packets: 0, bytes: 0, ..more }, rule: None };
        let Flow { amount, rule } = self.flows.entry(key).or_insert(none);
        amount.packets += more.packets;
        amount.bytes += more.bytes;
        amount.first = amount.first.min(more.first);
        amount.last = amount.last.max(more.last);
        amount.tcp_flags |= more.tcp_flags;
        if matches!(rule, None | Some(Decision::Tracked(_))) {
            *rule = sighting.rule.or(*rule);
        }
    }

    /// Ends it, and begins another one: the records of these interfaces, which are in order, those
    /// without a flow too.
    pub fn end(
        &mut self,
        about: &About<'_>,
        enis: impl Iterator<Item = EniId>,
        at: Instant,
    ) -> Vec<Vec<Value>> {
        let mut flows: Vec<(Key, Flow)> = std::mem::take(&mut self.flows).into_iter().collect();
        flows.retain(|(_, flow)| flow.amount.packets > 0);
        flows.sort_by_key(|(key, _)| key.eni);
        let mut records = Vec::new();
        let window = (self.from, at);
        let mut rest = &flows[..];
        for eni in enis {
            let before = rest.iter().take_while(|(key, _)| key.eni < eni).count();
            rest = &rest[before..];
            let own = rest.iter().take_while(|(key, _)| key.eni == eni).count();
            let (own, others) = rest.split_at(own);
            rest = others;
            for (key, flow) in own {
                records.push(about.record(eni, Seen::Flow(key, flow), window));
            }
            if self.skipped.contains(&eni) {
                records.push(about.record(eni, Seen::Skipped, window));
            } else if own.is_empty() {
                records.push(about.record(eni, Seen::Nothing, window));
            }
        }
        self.skipped.clear();
        self.from = at;
        records
    }
}

/// What has a record of its own within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    eni: EniId,
    egress: bool,
    accept: bool,
    src: Ipv4Addr,
    dst: Ipv4Addr,
    pkt_src: Ipv4Addr,
    pkt_dst: Ipv4Addr,
    src_port: u16,
    dst_port: u16,
    protocol: Protocol,
    path: Option<u8>,
}

/// What passed of it.
#[derive(Clone, Copy, Debug)]
struct Flow {
    amount: Amount,
    /// What decided first; that it is tracked, only if it was all the time.
    rule: Option<Decision>,
}

/// What a record is made of.
#[derive(Clone, Copy)]
enum Seen<'a> {
    Flow(&'a Key, &'a Flow),
    Nothing,
    Skipped,
}

/// What a sighting of a flow with these addresses is recorded as. An address that the interface does
/// not have stands behind its primary one (aws-facts §10.3).
fn key(snapshot: &Snapshot, sighting: &Sighting, stages: &Stages) -> Key {
    let tuple = stages.at(sighting.stage);
    let eni = &snapshot[sighting.eni];
    let vpc = snapshot.vpc_of(sighting.eni);
    let own = |address| match snapshot.eni_at(vpc, address) == Some(sighting.eni) {
        true => address,
        false => eni.address,
    };
    let has_ports = matches!(tuple.protocol, Protocol::TCP | Protocol::UDP);
    let port = |port| if has_ports { port } else { 0 };
    Key {
        eni: sighting.eni,
        egress: sighting.egress,
        accept: sighting.accept,
        src: if sighting.egress { own(tuple.src) } else { tuple.src },
        dst: if sighting.egress { tuple.dst } else { own(tuple.dst) },
        pkt_src: tuple.src,
        pkt_dst: tuple.dst,
        src_port: port(tuple.src_port),
        dst_port: port(tuple.dst_port),
        protocol: tuple.protocol,
        path: sighting.path,
    }
}

/// What records are about besides flows.
pub struct About<'a> {
    /// The present configuration.
    pub snapshot: &'a Snapshot,
    /// The fields of a record.
    pub format: &'a Format,
    /// `account-id`.
    pub account: &'a str,
    /// `region`.
    pub region: &'a str,
    /// When [`Instant::ZERO`] is, in nanoseconds since 1970.
    pub epoch: u64,
    /// `interface-id`.
    pub interface: &'a dyn Fn(EniId) -> String,
}

impl About<'_> {
    /// A record's values; without a flow, that there was none, or no room for it.
    fn record(&self, eni: EniId, seen: Seen<'_>, window: (Instant, Instant)) -> Vec<Value> {
        self.format.fields().iter().map(|field| self.value(*field, eni, seen, window)).collect()
    }

    fn value(
        &self,
        field: Field,
        eni: EniId,
        seen: Seen<'_>,
        (from, to): (Instant, Instant),
    ) -> Value {
        let snapshot = self.snapshot;
        let subnet = &snapshot[snapshot[eni].subnet];
        let text = |text: &dyn std::fmt::Display| Value::Text(text.to_string());
        let seconds = |at: Instant| Value::Number(((self.epoch + at.0) / 1_000_000_000) as i64);
        match (field, seen) {
            (Field::Version, _) => Value::Number(self.format.version().into()),
            (Field::AccountId, _) => text(&self.account),
            (Field::InterfaceId, _) => Value::Text((self.interface)(eni)),
            (Field::VpcId, _) => text(&snapshot[subnet.vpc].name),
            (Field::SubnetId, _) => text(&subnet.name),
            (Field::Region, _) => text(&self.region),
            (Field::AzId, _) => text(&snapshot.zones[subnet.zone.0 as usize]),
            (Field::LogStatus, Seen::Flow(..)) => text(&"OK"),
            (Field::LogStatus, Seen::Nothing) => text(&"NODATA"),
            (Field::LogStatus, Seen::Skipped) => text(&"SKIPDATA"),
            (Field::Start, Seen::Nothing | Seen::Skipped) => seconds(from),
            (Field::End, Seen::Nothing | Seen::Skipped) => seconds(to),
            (_, Seen::Nothing | Seen::Skipped) => Value::None,
            (Field::Start, Seen::Flow(_, flow)) => seconds(flow.amount.first),
            (Field::End, Seen::Flow(_, flow)) => seconds(flow.amount.last),
            (Field::Packets, Seen::Flow(_, flow)) => Value::Number(flow.amount.packets),
            (Field::Bytes, Seen::Flow(_, flow)) => Value::Number(flow.amount.bytes),
            (Field::TcpFlags, Seen::Flow(_, flow)) => Value::Number(flow.amount.tcp_flags.into()),
            (Field::SrcAddr, Seen::Flow(key, _)) => text(&key.src),
            (Field::DstAddr, Seen::Flow(key, _)) => text(&key.dst),
            (Field::PktSrcAddr, Seen::Flow(key, _)) => text(&key.pkt_src),
            (Field::PktDstAddr, Seen::Flow(key, _)) => text(&key.pkt_dst),
            (Field::SrcPort, Seen::Flow(key, _)) => Value::Number(key.src_port.into()),
            (Field::DstPort, Seen::Flow(key, _)) => Value::Number(key.dst_port.into()),
            (Field::Protocol, Seen::Flow(key, _)) => Value::Number(key.protocol.0.into()),
            (Field::Action, Seen::Flow(key, _)) => {
                text(if key.accept { &"ACCEPT" } else { &"REJECT" })
            }
            (Field::Type, Seen::Flow(..)) => text(&"IPv4"),
            (Field::FlowDirection, Seen::Flow(key, _)) => {
                text(if key.egress { &"egress" } else { &"ingress" })
            }
            (Field::TrafficPath, Seen::Flow(key, _)) => {
                key.path.map_or(Value::None, |path| Value::Number(path.into()))
            }
            (Field::EgretRule, Seen::Flow(key, flow)) => self.rule(eni, key, flow.rule),
            // What only instances, container tasks of the account and other products have.
            _ => Value::None,
        }
    }

    /// The words of the rule that decided, joined by `_`: a record is a line of words.
    fn rule(&self, eni: EniId, key: &Key, rule: Option<Decision>) -> Value {
        let Some(decision) = rule else { return Value::None };
        let words = match decision {
            Decision::NoSecurityGroupRule { .. } => "no rule".to_owned(),
            _ => {
                let tuple = Tuple {
                    src: key.pkt_src,
                    dst: key.pkt_dst,
                    src_port: key.src_port,
                    dst_port: key.dst_port,
                    protocol: key.protocol,
                };
                let (direction, subnet) = (Direction::Forward, Some(self.snapshot[eni].subnet));
                let element = Element::SecurityGroup(eni);
                hop_words(
                    self.snapshot,
                    &Hop {
                        direction,
                        element,
                        subnet,
                        decision,
                        before: tuple,
                        after: tuple,
                        drop: None,
                    },
                )
            }
        };
        Value::Text(words.replace(' ', "_"))
    }
}
