//! What happens in a run, as a scenario plans it: who sends what and when, how the links between the
//! elements are, what is changed on the way, and what must have come of it in the end.
//!
//! Plain data, checked by the reader (`scenario/`): names are those of the model, numbers are in
//! range. Times are virtual.

pub use egret_control::model::Behaviour;
use egret_control::model::Name;
use egret_control::source::{Place, Sourced};
use egret_dataplane::time::Duration;
use egret_dataplane::verdict::DropReason;

use crate::replay::Recording;
use crate::scenario::Destination;

/// Everything that a run needs besides the model.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// When the run ends, even if something would still happen.
    pub duration: Option<Duration>,
    /// The seed, where the command line says none.
    pub seed: Option<u64>,
    /// How long, how wide and how reliable the links are.
    pub links: Links,
    /// Who sends what.
    pub traffic: Vec<Traffic>,
    /// What is changed on the way, by time.
    pub timeline: Vec<Change>,
    /// What must have come of it.
    pub expect: Vec<RunExpectation>,
}

/// What one sender sends.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// What it goes by in summaries and expectations; `FROM to TO` where the scenario says none.
    pub name: String,
    /// Who sends.
    pub from: Sender,
    /// Where to. A service and its port, for [`Sender::Inbound`].
    pub to: Sourced<Destination>,
    /// When it begins.
    pub at: Duration,
    /// What it is.
    pub workload: Workload,
    /// The place of the whole entry.
    pub place: Place,
}

/// Who sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The tasks of a service, in turn, or one of them.
    Service(Name, Option<u32>),
    /// A host of the scenario, by the name that it has there.
    Host(Name),
    /// A client on the internet, by the provider's own way in: it does not pass the VPC.
    Inbound,
    /// The provider on behalf of a service: it does not pass the VPC.
    Provider(Name, ProviderTraffic),
}

/// What the provider does for a service without its VPC (seed document; aws-facts §1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderTraffic {
    /// Pulls its image.
    ImagePull,
    /// Pushes its logs.
    Logs,
    /// Fetches its secrets.
    Secrets,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Workload {
    /// TCP connections with requests and responses.
    Connections(Connections),
    /// UDP datagrams, each of which may be answered.
    Datagrams(Datagrams),
    /// ICMP echo requests.
    Ping(Probes),
    /// Probes with a growing time to live: UDP to ports from 33434 on.
    Traceroute {
        /// The largest time to live.
        hops: u8,
    },
    /// Raw packets of a capture, in its time, rewritten onto the sender's address.
    Replay(Recording),
}

/// TCP connections.
#[derive(Clone, Debug, PartialEq)]
pub struct Connections {
    /// How many.
    pub count: u32,
    /// Opened so many a second; none is all at once.
    pub rate: Option<f64>,
    /// Requests on each connection, one after the other.
    pub requests: u32,
    /// Bytes of each request, headers included.
    pub request: u64,
    /// Bytes of each response, headers included.
    pub response: u64,
    /// Silence before each further request: think time, or an idle gap.
    pub idle: Duration,
    /// TCP keep-alive probes at this interval.
    pub keepalive: Option<Duration>,
    /// Whether connections are closed after their last response. Otherwise they stay open.
    pub close: bool,
    /// Whether the name is looked up at the VPC's resolver first.
    pub dns: bool,
    /// When a connection that makes no progress is given up.
    pub timeout: Duration,
}

/// UDP datagrams.
#[derive(Clone, Debug, PartialEq)]
pub struct Datagrams {
    /// Senders, each from a port of its own.
    pub flows: u32,
    /// Datagrams of each flow.
    pub count: u32,
    /// Between two datagrams of a flow.
    pub interval: Duration,
    /// Bytes of payload.
    pub size: u16,
    /// Whether the name is looked up at the VPC's resolver first.
    pub dns: bool,
    /// DNS queries for the destination's name in place of a payload.
    pub query: Option<String>,
    /// When an answer is given up.
    pub timeout: Duration,
}

/// ICMP echo requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Probes {
    /// How many.
    pub count: u32,
    /// Between two.
    pub interval: Duration,
    /// Bytes of payload.
    pub size: u16,
    /// When an answer is given up.
    pub timeout: Duration,
}

/// A link: what a packet meets between two elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// One way, at least.
    pub latency: Duration,
    /// Up to so much more, evenly spread.
    pub jitter: Duration,
    /// The share of packets that are lost: 0 to 1.
    pub loss: f64,
    /// The share of packets that are held back by `reorder_by`, so that later ones overtake them.
    pub reorder: f64,
    /// By how much.
    pub reorder_by: Duration,
    /// Bits a second each way; none is no limit.
    pub bandwidth: Option<u64>,
    /// Packets a second each way; none is no limit.
    pub packets: Option<u64>,
    /// What waits at most for the link, in bytes. More is dropped.
    pub queue: u64,
    /// The largest packet; none is that of what is at its end.
    pub mtu: Option<u16>,
}

impl Link {
    /// A link that takes so long and does nothing else.
    pub const fn of(latency: Duration) -> Link {
        Link {
            latency,
            jitter: Duration::ZERO,
            loss: 0.0,
            reorder: 0.0,
            reorder_by: Duration::from_millis(1),
            bandwidth: None,
            packets: None,
            queue: 1 << 20,
            mtu: None,
        }
    }
}

/// The links between elements, each a named default that a scenario overrides.
#[derive(Clone, Debug, PartialEq)]
pub struct Links {
    /// From a task to its shared ENI. 50 us: a Hyperplane hop (aws-facts §2.6).
    pub hyperplane: Link,
    /// Between two ENIs of one Availability Zone. 100 us.
    pub zone: Link,
    /// Between two Availability Zones. 1 ms (aws-facts §2.6: below 1 to 2 ms).
    pub cross_zone: Link,
    /// Through a NAT gateway. 50 us; 100 Gbit/s and 10 million packets a second, what it scales to
    /// (aws-facts §6.4).
    pub nat_gateway: Link,
    /// Through an interface endpoint. 50 us; 100 Gbit/s (aws-facts §7.1).
    pub interface_endpoint: Link,
    /// Through a gateway endpoint. 100 us.
    pub gateway_endpoint: Link,
    /// To a VPC's resolver. 200 us.
    pub resolver: Link,
    /// Through a peering connection. 50 us.
    pub peering: Link,
    /// Through a transit gateway. 200 us.
    pub transit_gateway: Link,
    /// Behind a transit gateway's attachment to a network outside. 10 ms.
    pub external: Link,
    /// Beyond the internet gateway. 10 ms.
    pub internet: Link,
    /// The provider's own network, which inbound requests and its own traffic take. 5 ms.
    pub provider: Link,
}

const fn micros(micros: u64) -> Duration {
    Duration(micros * 1_000)
}

impl Default for Links {
    fn default() -> Self {
        const GIGABIT: u64 = 1_000_000_000;
        // Five milliseconds at full width.
        const DEEP: u64 = 64 << 20;
        Links {
            hyperplane: Link::of(micros(50)),
            zone: Link::of(micros(100)),
            cross_zone: Link::of(micros(1_000)),
            nat_gateway: Link {
                bandwidth: Some(100 * GIGABIT),
                packets: Some(10_000_000),
                queue: DEEP,
                ..Link::of(micros(50))
            },
            interface_endpoint: Link {
                bandwidth: Some(100 * GIGABIT),
                queue: DEEP,
                ..Link::of(micros(50))
            },
            gateway_endpoint: Link::of(micros(100)),
            resolver: Link::of(micros(200)),
            peering: Link::of(micros(50)),
            transit_gateway: Link::of(micros(200)),
            external: Link::of(micros(10_000)),
            internet: Link::of(micros(10_000)),
            provider: Link::of(micros(5_000)),
        }
    }
}

/// Something that is changed during a run.
#[derive(Clone, Debug)]
pub struct Change {
    /// When.
    pub at: Duration,
    /// What it is called in the timeline.
    pub title: String,
    /// The whole scenario as it is from then on.
    pub model: egret_control::model::Model,
    /// The place of the entry.
    pub place: Place,
}

/// What must have come of a run.
#[derive(Clone, Debug)]
pub struct RunExpectation {
    /// About what.
    pub about: About,
    /// Figures by name with what each must be: see `docs/scenario-file.md`.
    pub figures: Vec<(Figure, Sourced<Bound>)>,
    /// The place of the whole expectation.
    pub place: Place,
}

/// What an expectation of a run is about.
#[derive(Clone, Debug)]
pub enum About {
    /// A workload, by its name.
    Traffic(Name),
    /// An element, by any of its names.
    Element(Name),
    /// Packets dropped for this reason, perhaps by one element.
    Dropped(Sourced<DropReason>, Option<Name>),
}

/// A figure of a run's summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    /// Connections, datagrams or probes that were begun.
    Attempted,
    /// Connections that were established.
    Established,
    /// Connections whose last response came, datagrams and probes that were answered.
    Completed,
    /// Those that came to nothing.
    Failed,
    /// Connections that ended by a RST.
    Reset,
    /// Connections or datagrams that ended by their timeout.
    TimedOut,
    /// Segments that were sent again.
    Retransmissions,
    /// Packets: that an element was given, or that were dropped.
    Packets,
    /// Packets that an element dropped.
    Drops,
    /// The most ports that a translator had in use at once.
    PeakPorts,
    /// The 99th percentile of round trips, in milliseconds.
    P99Ms,
}

impl About {
    /// What it is about, in words.
    pub const fn words(&self) -> &'static str {
        match self {
            About::Traffic(_) => "traffic",
            About::Element(_) => "an element",
            About::Dropped(..) => "a reason",
        }
    }

    /// Whether the summary has this figure about it.
    pub fn has(&self, figure: Figure) -> bool {
        let element = matches!(figure, Figure::Packets | Figure::Drops | Figure::PeakPorts);
        match self {
            About::Traffic(_) => !element,
            About::Element(_) => element,
            About::Dropped(..) => figure == Figure::Packets,
        }
    }
}

impl Figure {
    /// All of them.
    pub const ALL: [Figure; 11] = [
        Figure::Attempted,
        Figure::Established,
        Figure::Completed,
        Figure::Failed,
        Figure::Reset,
        Figure::TimedOut,
        Figure::Retransmissions,
        Figure::Packets,
        Figure::Drops,
        Figure::PeakPorts,
        Figure::P99Ms,
    ];

    /// Its name in the scenario file.
    pub const fn name(self) -> &'static str {
        match self {
            Figure::Attempted => "attempted",
            Figure::Established => "established",
            Figure::Completed => "completed",
            Figure::Failed => "failed",
            Figure::Reset => "reset",
            Figure::TimedOut => "timed_out",
            Figure::Retransmissions => "retransmissions",
            Figure::Packets => "packets",
            Figure::Drops => "drops",
            Figure::PeakPorts => "peak_ports",
            Figure::P99Ms => "p99_ms",
        }
    }
}

/// What a figure must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// At least.
    pub least: f64,
    /// At most.
    pub most: f64,
}

impl Bound {
    /// Whether a value is within.
    pub fn holds(&self, value: f64) -> bool {
        (self.least..=self.most).contains(&value)
    }
}
