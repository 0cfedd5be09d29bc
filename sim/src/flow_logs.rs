//! VPC flow logs: what each network interface saw pass and what it refused, a record for each flow
//! and window (VPC guide, "Logging IP traffic using VPC Flow Logs"; aws-facts §10).
//!
//! REJECT is what a security group or a network ACL refused at that interface. What is lost further
//! on, by routing for instance, was accepted there.

use std::io::{self, Write};
use std::net::Ipv4Addr;

use egret_control::explain::hop_words;
use egret_dataplane::crew::Crew;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{EniId, Snapshot};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::trace::{Decision, Direction, Hop};
use egret_dataplane::verdict::Element;
use foldhash::fast::FixedState;
use indexmap::IndexMap;

use crate::observe::{EPOCH, Lost, Passed, Stages, Trail, View, Watch};

mod format;
mod output;
pub mod read;
mod sightings;
pub mod usage;

pub use format::{Field, Format, FormatError};
pub use output::FileKind;

use output::{Output, Value};
use sightings::Sighting;

/// How long a record's window is at most: AWS's default (aws-facts §10.4).
pub const WINDOW: Duration = Duration::from_secs(600);
/// The other choice that AWS gives.
pub const SHORT_WINDOW: Duration = Duration::from_secs(60);

/// Writes flow logs of everything that passes.
pub struct FlowLogs<W: Write + Send> {
    output: Output<W>,
    format: Format,
    region: String,
    window: Duration,
    /// Where the present window began.
    from: Instant,
    flows: IndexMap<Key, Flow, FixedState>,
    /// Who sees what passes, by the number of the trail.
    trails: Vec<Option<Box<[Sighting]>>>,
    /// The first thing that went wrong.
    error: Option<io::Error>,
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
    packets: i64,
    bytes: i64,
    first: Instant,
    last: Instant,
    tcp_flags: u8,
    /// What decided first; that it is tracked, only if it was all the time.
    rule: Option<Decision>,
}

impl<W: Write + Send> FlowLogs<W> {
    /// Flow logs of a Region into a file.
    ///
    /// # Errors
    /// When the file cannot be begun.
    pub fn new(
        out: W,
        kind: FileKind,
        format: Format,
        region: &str,
        window: Duration,
    ) -> io::Result<FlowLogs<W>> {
        Ok(FlowLogs {
            output: Output::new(out, kind, &format)?,
            format,
            region: region.to_owned(),
            window,
            from: Instant::ZERO,
            flows: IndexMap::default(),
            trails: Vec::new(),
            error: None,
        })
    }

    /// Who sees the packets of a trail.
    fn sightings(
        &mut self,
        view: View<'_>,
        trail: &Trail,
        id: u32,
        stages: &Stages,
    ) -> Box<[Sighting]> {
        let id = id as usize;
        if self.trails.len() <= id {
            self.trails.resize_with(id + 1, || None);
        }
        let known = self.trails[id].take();
        known.unwrap_or_else(|| sightings::of(view.snapshot, trail, stages).into())
    }

    fn add(&mut self, key: Key, more: Flow) {
        let flow = self.flows.entry(key).or_insert(Flow { packets: 0, bytes: 0, ..more });
        flow.packets += more.packets;
        flow.bytes += more.bytes;
        flow.first = flow.first.min(more.first);
        flow.last = flow.last.max(more.last);
        flow.tcp_flags |= more.tcp_flags;
        if matches!(flow.rule, None | Some(Decision::Tracked(_))) {
            flow.rule = more.rule.or(flow.rule);
        }
    }

    /// Writes the records of the window that ends.
    fn end_window(&mut self, snapshot: &Snapshot, at: Instant) {
        let mut flows: Vec<(Key, Flow)> = std::mem::take(&mut self.flows).into_iter().collect();
        flows.retain(|(_, flow)| flow.packets > 0);
        flows.sort_by_key(|(key, _)| key.eni);
        let mut records = Vec::new();
        let mut rest = &flows[..];
        for eni in (0..snapshot.enis.len() as u32).map(EniId) {
            let own = rest.iter().take_while(|(key, _)| key.eni == eni).count();
            let (own, others) = rest.split_at(own);
            rest = others;
            let about = About { snapshot, region: &self.region, version: self.format.version() };
            for (key, flow) in own {
                records.push(about.record(&self.format, eni, Some((key, flow)), (self.from, at)));
            }
            if own.is_empty() {
                records.push(about.record(&self.format, eni, None, (self.from, at)));
            }
        }
        self.from = at;
        if self.error.is_none() {
            self.error = self.output.write(&records).err();
        }
    }
}

impl<W: Write + Send> Watch for FlowLogs<W> {
    fn passed(&mut self, view: View<'_>, passed: &Passed<'_>) {
        let sightings = self.sightings(view, passed.trail, passed.trail_id, passed.stages);
        for sighting in &sightings {
            let more = Flow {
                packets: passed.packets as i64,
                bytes: passed.bytes as i64,
                first: passed.first,
                last: passed.last,
                tcp_flags: passed.tcp_flags,
                rule: sighting.rule,
            };
            self.add(key(view.snapshot, sighting, passed.stages), more);
        }
        self.trails[passed.trail_id as usize] = Some(sightings);
    }

    fn lost(&mut self, view: View<'_>, packet: &Passed<'_>, lost: Lost) {
        let sightings = self.sightings(view, packet.trail, packet.trail_id, packet.stages);
        for sighting in sightings.iter().filter(|seen| seen.hop >= usize::from(lost.before_hop)) {
            // It will be counted with all that passed.
            let less = Flow {
                packets: -1,
                bytes: -(packet.bytes as i64),
                first: Instant(u64::MAX),
                last: Instant::ZERO,
                tcp_flags: 0,
                rule: None,
            };
            self.add(key(view.snapshot, sighting, packet.stages), less);
        }
        self.trails[packet.trail_id as usize] = Some(sightings);
    }

    fn window_ends(&mut self, view: View<'_>, at: Instant, _: &Crew) {
        if at.0.is_multiple_of(self.window.0) && at > self.from {
            self.end_window(view.snapshot, at);
        }
    }

    fn ends(&mut self, view: View<'_>, at: Instant) {
        if at > self.from {
            self.end_window(view.snapshot, at);
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.output.finish(),
        }
    }
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
struct About<'a> {
    snapshot: &'a Snapshot,
    region: &'a str,
    version: u8,
}

impl About<'_> {
    /// A record's values; without a flow, that there was none.
    fn record(
        &self,
        format: &Format,
        eni: EniId,
        flow: Option<(&Key, &Flow)>,
        window: (Instant, Instant),
    ) -> Vec<Value> {
        format.fields().iter().map(|field| self.value(*field, eni, flow, window)).collect()
    }

    fn value(
        &self,
        field: Field,
        eni: EniId,
        flow: Option<(&Key, &Flow)>,
        (from, to): (Instant, Instant),
    ) -> Value {
        let snapshot = self.snapshot;
        let subnet = &snapshot[snapshot[eni].subnet];
        let text = |text: &dyn std::fmt::Display| Value::Text(text.to_string());
        let seconds = |at: Instant| Value::Number(((EPOCH + at.0) / 1_000_000_000) as i64);
        match (field, flow) {
            (Field::Version, _) => Value::Number(self.version.into()),
            (Field::AccountId, _) => text(&"unknown"),
            (Field::InterfaceId, _) => text(&snapshot[eni].name),
            (Field::VpcId, _) => text(&snapshot[subnet.vpc].name),
            (Field::SubnetId, _) => text(&subnet.name),
            (Field::Region, _) => text(&self.region),
            (Field::AzId, _) => text(&snapshot.zones[subnet.zone.0 as usize]),
            (Field::LogStatus, Some(_)) => text(&"OK"),
            (Field::LogStatus, None) => text(&"NODATA"),
            (Field::Start, None) => seconds(from),
            (Field::End, None) => seconds(to),
            (_, None) => Value::None,
            (Field::Start, Some((_, flow))) => seconds(flow.first),
            (Field::End, Some((_, flow))) => seconds(flow.last),
            (Field::Packets, Some((_, flow))) => Value::Number(flow.packets),
            (Field::Bytes, Some((_, flow))) => Value::Number(flow.bytes),
            (Field::TcpFlags, Some((_, flow))) => Value::Number(flow.tcp_flags.into()),
            (Field::SrcAddr, Some((key, _))) => text(&key.src),
            (Field::DstAddr, Some((key, _))) => text(&key.dst),
            (Field::PktSrcAddr, Some((key, _))) => text(&key.pkt_src),
            (Field::PktDstAddr, Some((key, _))) => text(&key.pkt_dst),
            (Field::SrcPort, Some((key, _))) => Value::Number(key.src_port.into()),
            (Field::DstPort, Some((key, _))) => Value::Number(key.dst_port.into()),
            (Field::Protocol, Some((key, _))) => Value::Number(key.protocol.0.into()),
            (Field::Action, Some((key, _))) => text(if key.accept { &"ACCEPT" } else { &"REJECT" }),
            (Field::Type, Some(_)) => text(&"IPv4"),
            (Field::FlowDirection, Some((key, _))) => {
                text(if key.egress { &"egress" } else { &"ingress" })
            }
            (Field::TrafficPath, Some((key, _))) => {
                key.path.map_or(Value::None, |path| Value::Number(path.into()))
            }
            (Field::EgretRule, Some((key, flow))) => self.rule(eni, key, flow.rule),
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
                let tuple = egret_dataplane::packet::Tuple {
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
