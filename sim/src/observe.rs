//! What a run shows to whoever watches: captures, flow logs, metrics.
//!
//! The dataplane's own trace says which hops a packet passes. Packets of one flow pass the same ones,
//! so the hops of each way are kept once, as a [`Trail`], without addresses; the addresses of a flow
//! at each of its stages are kept once for the flow, as [`Stages`]. A watcher is shown single packets
//! ([`Watch::packet`]), and, at the end of each of its windows, what passed of each flow
//! ([`Watch::passed`]).

use std::{fmt, io};

use egret_control::index::Index;
use egret_control::source::Sources;
use egret_dataplane::crew::Crew;
use egret_dataplane::packet::Tuple;
use egret_dataplane::snapshot::{Epoch, InterfaceId, Snapshot, SubnetId};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::trace::{Decision, Hop};
use egret_dataplane::verdict::{Drop, Element};

/// The hops of packets that go the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trail {
    /// The configuration under which they were judged, and to which its ids belong.
    pub epoch: u64,
    /// Where they enter.
    pub from: InterfaceId,
    /// The hops in their order. The last one has the drop, if they are dropped.
    pub hops: Vec<TrailHop>,
    /// How it ends.
    pub end: End,
}

impl Trail {
    /// The trail of a packet that was sent so, with its hops and the time to each, and its addresses on
    /// it. Without times it takes none.
    pub fn of(
        epoch: Epoch,
        from: InterfaceId,
        sent: Tuple,
        hops: &[Hop],
        delays: &[Duration],
        end: End,
    ) -> (Trail, Stages) {
        let mut stages = Stages { tuples: [sent; Stages::MOST], count: 1 };
        let delays = delays.iter().copied().chain(std::iter::repeat(Duration(0)));
        let hops = hops.iter().zip(delays).map(|(hop, delay)| {
            let before = stages.count - 1;
            if hop.after != stages.last() && usize::from(stages.count) < Stages::MOST {
                stages.tuples[usize::from(stages.count)] = hop.after;
                stages.count += 1;
            }
            TrailHop {
                element: hop.element,
                subnet: hop.subnet,
                decision: hop.decision,
                before,
                after: stages.count - 1,
                delay,
            }
        });
        let mut hops: Vec<TrailHop> = hops.collect();
        // Some walks find out at one element that another one refuses.
        if let (End::Drop(drop) | End::Reply(drop), Some(last)) = (end, hops.last().copied())
            && last.element != drop.element
        {
            let decision = Decision::Nature;
            hops.push(TrailHop { element: drop.element, decision, before: last.after, ..last });
        }
        (Trail { epoch: epoch.0.into(), from, hops, end }, stages)
    }
}

/// One hop of a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TrailHop {
    /// The element.
    pub element: Element,
    /// The subnet at which it acted, for network ACLs and route tables.
    pub subnet: Option<SubnetId>,
    /// What decided.
    pub decision: Decision,
    /// The stage of the addresses on arrival.
    pub before: u8,
    /// The stage of the addresses afterwards.
    pub after: u8,
    /// How long after it entered a packet is here, without jitter and queues.
    pub delay: Duration,
}

/// Virtual time over which what passes is summed: windows begin at whole multiples of it, and a
/// change of the configuration or the end of the run ends one early. CloudWatch's peaks are of ten
/// seconds (aws-facts §6.5), and divide a flow log's 60 and 600.
pub const WINDOW: Duration = Duration::from_secs(10);

/// Where virtual time begins, for what has a calendar: 2026-01-01 00:00:00 UTC, in nanoseconds since
/// 1970.
pub const EPOCH: u64 = 1_767_225_600 * 1_000_000_000;

/// How a trail ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Packets leave here.
    Forward(InterfaceId),
    /// They are dropped.
    Drop(Drop),
    /// They are dropped, and their sender is answered.
    Reply(Drop),
    /// They are fragments that wait for their first one.
    Held,
}

/// The addresses and ports of a flow's packets from stage to stage of one direction: as sent, and
/// after each translation. At most a shared ENI, two NAT gateways and an internet gateway translate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stages {
    /// The tuples; those from `count` on mean nothing.
    pub tuples: [Tuple; Stages::MOST],
    /// How many there are, at least one.
    pub count: u8,
}

impl Stages {
    /// So many stages at most.
    pub const MOST: usize = 6;

    /// The tuple at a stage.
    pub fn at(&self, stage: u8) -> Tuple {
        self.tuples[usize::from(stage.min(self.count - 1))]
    }

    /// The tuple as sent.
    pub fn first(&self) -> Tuple {
        self.tuples[0]
    }

    /// The tuple at the end.
    pub fn last(&self) -> Tuple {
        self.at(self.count - 1)
    }
}

/// What ids mean at the moment.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The present configuration.
    pub snapshot: &'a Snapshot,
    /// The way back from it to what was written.
    pub index: &'a Index,
    /// The files.
    pub sources: &'a Sources,
}

/// A packet that was judged.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Its number: 1 is the first of the run. The same at each hop.
    pub number: u64,
    /// When it entered the dataplane.
    pub at: Instant,
    /// Its hops.
    pub trail: &'a Trail,
    /// Which trail that is: the same number is the same trail, for as long as the run lasts.
    pub trail_id: u32,
    /// Its addresses at each of them.
    pub stages: &'a Stages,
    /// Its bytes as it entered.
    pub sent: &'a [u8],
    /// Its bytes as it left; as it entered, if it did not.
    pub left: &'a [u8],
    /// When it is lost on a link after all: where and why.
    pub lost: Option<Lost>,
}

/// A packet that did not pass the dataplane's path: a RST or an ICMP message that an element sent,
/// what went by the provider's own network, a fragment that had waited.
#[derive(Clone, Copy, Debug)]
pub struct Other<'a> {
    /// Its number, in one row with the others.
    pub number: u64,
    /// When it was sent.
    pub at: Instant,
    /// What it is.
    pub kind: OtherKind,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// What a packet is that the path did not judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKind {
    /// An element's answer to a packet that it dropped, and the number of that packet.
    Answer(Drop, u64),
    /// A fragment that goes on, or a further one that a packet was cut into.
    Fragment(InterfaceId),
    /// By the provider's own network: an inbound request, or its own traffic for a service.
    Provider,
}

/// A packet that a link lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lost {
    /// Why.
    pub reason: LinkLoss,
    /// The link's name: that of its default in `docs/scenario-file.md`.
    pub link: &'static str,
    /// The hop (index) before which it was lost; the number of hops is after the last one.
    pub before_hop: u8,
}

/// Why links lose packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkLoss {
    /// The link's `loss`.
    Loss,
    /// The link's queue was full: more than its `bandwidth`.
    Bandwidth,
    /// The link's `packets` a second were used up.
    PacketRate,
    /// The packet was larger than the link's `mtu`.
    Mtu,
    /// Nobody is there any more.
    Gone,
}

impl LinkLoss {
    /// Its name, as drop reasons have one.
    pub const fn name(self) -> &'static str {
        match self {
            LinkLoss::Loss => "link-loss",
            LinkLoss::Bandwidth => "link-bandwidth",
            LinkLoss::PacketRate => "link-packet-rate",
            LinkLoss::Mtu => "link-mtu",
            LinkLoss::Gone => "link-gone",
        }
    }
}

impl fmt::Display for LinkLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What passed of one direction of one flow by one trail, since this was said last.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a> {
    /// The hops.
    pub trail: &'a Trail,
    /// Which trail that is.
    pub trail_id: u32,
    /// The addresses.
    pub stages: &'a Stages,
    /// Packets and their bytes, from the IP header on.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// When the first one entered.
    pub first: Instant,
    /// When the last one entered.
    pub last: Instant,
    /// TCP flags, or-ed as flow logs have them (aws-facts §10.2): FIN 1, SYN 2, RST 4, SYN with ACK 18.
    pub tcp_flags: u8,
    /// SYNs without ACK among the packets.
    pub syns: u64,
    /// SYNs with ACK among the packets.
    pub syn_acks: u64,
    /// RSTs among the packets.
    pub rsts: u64,
    /// So many of them were lost on links, each of which was told ([`Watch::lost`]).
    pub lost: u64,
}

/// Somebody who watches a run.
#[allow(unused_variables)]
pub trait Watch {
    /// Whether every packet is to be shown.
    fn wants_packets(&self) -> bool {
        false
    }

    /// A packet was judged. Only if [`wants_packets`](Self::wants_packets).
    fn packet(&mut self, view: View<'_>, packet: &Packet<'_>) {}

    /// A packet that the path did not judge. Only if [`wants_packets`](Self::wants_packets).
    fn other(&mut self, view: View<'_>, packet: &Other<'_>) {}

    /// A link lost a packet, so that it did not pass all hops of its trail.
    /// [`passed`](Self::passed) will count it as well.
    fn lost(&mut self, view: View<'_>, packet: &Passed<'_>, lost: Lost) {}

    /// In the [`WINDOW`] that ends, this passed. Told for each flow and direction that had packets, in
    /// the order in which they were first seen.
    fn passed(&mut self, view: View<'_>, passed: &Passed<'_>) {}

    /// All was told of the window that ends at this time.
    fn window_ends(&mut self, view: View<'_>, at: Instant, crew: &Crew) {}

    /// The configuration is another one from now on.
    fn changed(&mut self, view: View<'_>, at: Instant, title: &str) {}

    /// This configuration was the one until now, and everything was told: another one follows
    /// ([`changed`](Self::changed)), or the run ends.
    fn ends(&mut self, view: View<'_>, at: Instant) {}

    /// Nothing more is told.
    ///
    /// # Errors
    /// What went wrong where something was to be written.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
