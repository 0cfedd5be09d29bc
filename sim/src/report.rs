//! What came of a run: for people as [`text`], for programs as JSON (its fields, by serde).

pub mod text;

use serde::Serialize;

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The version of this shape: a field may be added, never renamed or removed, within one.
    pub schema_version: u32,
    /// The scenario's title.
    pub title: String,
    /// The seed.
    pub seed: u64,
    /// Dataplane workers.
    pub workers: usize,
    /// When the last thing happened, in virtual nanoseconds.
    pub ended_ns: u64,
    /// Whether the run was cut by its duration while something would still have happened.
    pub cut: bool,
    /// What came of each workload, in the scenario's order.
    pub traffic: Vec<TrafficReport>,
    /// What passed each element, in the order of first use.
    pub elements: Vec<ElementReport>,
    /// What links lost.
    pub links: Vec<LinkReport>,
    /// What was changed, by time.
    pub timeline: Vec<ChangeReport>,
    /// All packets.
    pub packets: PacketReport,
    /// What was expected, and whether it is so.
    pub expectations: Vec<ExpectationReport>,
}

/// What came of a workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TrafficReport {
    /// Its name.
    pub name: String,
    /// Who sent.
    pub from: String,
    /// Where to.
    pub to: String,
    /// `tcp`, `udp`, `ping`, `traceroute`, `replay`, `inbound` or `provider`.
    pub kind: &'static str,
    /// The elements that its first packet passed, by name; empty for what bypasses the VPC.
    pub via: Vec<String>,
    /// Connections, datagrams or probes that were begun.
    pub attempted: u64,
    /// Connections that were established.
    pub established: u64,
    /// Those that came to their good end: all responses, the answer, the echo.
    pub completed: u64,
    /// Those that did not, with why: how many of each, most frequent first.
    pub failed: Vec<(String, u64)>,
    /// Connections still open, or answers still awaited, at the end.
    pub open: u64,
    /// Connections that a RST ended.
    pub resets: u64,
    /// Connections or datagrams that were given up.
    pub timeouts: u64,
    /// Bytes of payload that the sender's side sent and were acknowledged, or were sent by UDP.
    pub bytes_sent: u64,
    /// Bytes of payload that came back.
    pub bytes_received: u64,
    /// Segments that were sent again, both ways.
    pub retransmissions: u64,
    /// Whether every byte that came, on both sides, was the byte that was sent.
    pub intact: bool,
    /// Round trips: of SYN and SYN-ACK, of a request and its response's first byte, of a probe.
    pub connect: Option<Latency>,
    /// Round trips of requests: from the first byte sent to the last byte of the response.
    pub request: Option<Latency>,
    /// Traceroute: who answered at each time to live.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<TraceHop>,
}

/// One line of a traceroute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceHop {
    /// The time to live.
    pub ttl: u8,
    /// Who answered.
    pub address: Option<std::net::Ipv4Addr>,
    /// How long it took, in nanoseconds.
    pub ns: u64,
}

/// Times in virtual nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// The least.
    pub min_ns: u64,
    /// The middle.
    pub p50_ns: u64,
    /// The 99th percentile.
    pub p99_ns: u64,
    /// The most.
    pub max_ns: u64,
}

/// What passed an element.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ElementReport {
    /// What kind it is, such as `nat-gateway`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Packets that came to it.
    pub packets_in: u64,
    /// Packets that went on.
    pub packets_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Packets that it dropped, by reason.
    pub dropped: Vec<(String, u64)>,
    /// The most ports in use at once, of what translates ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_ports: Option<u64>,
}

/// What a link lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkReport {
    /// The link.
    pub link: String,
    /// Why.
    pub reason: String,
    /// How many packets.
    pub packets: u64,
}

/// Something that was changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeReport {
    /// When, in virtual nanoseconds.
    pub at_ns: u64,
    /// What.
    pub title: String,
    /// Connections that were established by then and not yet over.
    pub established: u64,
    /// Of those, how many failed later.
    pub failed_later: u64,
    /// Packets dropped from this change to the next one, by reason.
    pub dropped: Vec<(String, u64)>,
}

/// All packets of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PacketReport {
    /// That the dataplane was given.
    pub received: u64,
    /// That it forwarded.
    pub forwarded: u64,
    /// That it dropped and answered.
    pub answered: u64,
    /// That it dropped.
    pub dropped: u64,
    /// Fragments that wait.
    pub held: u64,
    /// That links lost afterwards.
    pub lost: u64,
    /// That went by the provider's own network.
    pub provider: u64,
    /// Every drop by reason, with the sentence that explains it.
    pub drops: Vec<DropReport>,
}

/// Packets that were dropped for one reason at one element.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DropReport {
    /// The reason's name.
    pub reason: &'static str,
    /// Reachability Analyzer's code.
    pub code: &'static str,
    /// What it means.
    pub sentence: &'static str,
    /// The element that dropped them: its kind and name.
    pub element: String,
    /// How many.
    pub packets: u64,
}

/// An expectation, judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpectationReport {
    /// What was expected, in a line.
    pub expected: String,
    /// Where it is written: `file:line:column`.
    pub place: String,
    /// What is not so; empty when it holds.
    pub differences: Vec<String>,
}

impl Report {
    /// Whether everything that was expected is so.
    pub fn holds(&self) -> bool {
        self.expectations.iter().all(|expectation| expectation.differences.is_empty())
    }
}
