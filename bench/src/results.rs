//! What came of a run: as JSON these are the names that other programs read.

use serde::{Deserialize, Serialize};

use crate::against::Against;
use crate::compare::Compared;
use crate::job::{Job, Sweep};
use crate::machine::Machine;
use crate::quantity::figure;
use crate::tally::Tally;

/// The version of the names and units here. It grows when one changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// A run: every point of its sweeps, and what they were measured with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The version of Egret.
    pub egret: String,
    /// Seconds since 1970 at which the run began.
    pub started: u64,
    /// What it ran on.
    pub machine: Machine,
    /// The command that runs it again.
    pub command: String,
    /// What was swept.
    pub sweeps: Vec<Sweep>,
    /// The points, in the sweeps' order.
    pub points: Vec<Point>,
    /// Another binary, run in turn with this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
}

/// One point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// What was measured.
    pub job: Job,
    /// The state that it was measured with.
    pub setup: Setup,
    /// As many packets as are taken.
    pub closed: Closed,
    /// Packets at a given rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Open>,
    /// The highest rate, and the latency below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// Changes of the configuration under load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub churn: Option<Churn>,
    /// The same packets through the kernel's own NAT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<PeerFigures>,
    /// The same point of an earlier run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
}

/// The state behind a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// Flows that live when the measurement begins, as workers count them.
    pub live_flows: u64,
    /// CPU time of one flow's opening and its three further packets, in nanoseconds; none where no
    /// flow stands.
    pub open_ns: Option<f64>,
    /// Memory that a live flow takes, everything of the workers included, in bytes: the growth of
    /// what the process has resident. Too few flows show no figure.
    pub bytes_per_flow: Option<f64>,
}

/// Two figures for one quantity: noise only ever adds, so the least is the nearest to the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The least of all rounds.
    pub min: f64,
    /// The middle one.
    pub median: f64,
}

/// Two figures for one rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Throughput {
    /// The highest of all rounds: the one that was disturbed least.
    pub best: f64,
    /// The middle one.
    pub median: f64,
}

/// The closed loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// Rounds; each measures the generator, the limit and the dataplane, one after the other.
    pub rounds: usize,
    /// Packets that the dataplane was timed over.
    pub packets: u64,
    /// Millions of packets a second by the wall clock, all workers, generator included.
    pub mpps: Throughput,
    /// Billions of bits a second of IPv4 packets at the best rate.
    pub gbits: f64,
    /// Nanoseconds of thread CPU time a packet: generator and dataplane.
    pub ns: Spread,
    /// The generator alone.
    pub generator_ns: Spread,
    /// Generator and limit.
    pub limit_ns: Spread,
    /// The dataplane without the least of the generator.
    pub net_ns: Spread,
    /// The limit without it.
    pub limit_net_ns: Spread,
    /// The least `net_ns` over the least `limit_net_ns`.
    pub ratio_to_limit: f64,
    /// Core cycles a packet without the generator, where the clock of the core could be measured.
    pub cycles: Option<f64>,
    /// Packets that the limit did not find: with any, its figure is void.
    pub missed_by_limit: u64,
    /// What the dataplane says became of the packets.
    pub tally: Tally,
    /// The longest time from one burst to the next, in nanoseconds.
    pub worst_gap_ns: u64,
    /// The same without the time that the thread did not have the core.
    pub worst_own_gap_ns: u64,
}

/// The open loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// Packets a second that were intended.
    pub rate: f64,
    /// Packets that were due.
    pub offered: u64,
    /// Packets lost because the queue at a worker's ingress was full.
    pub lost: u64,
    /// Packets lost or dropped, as a share of those offered, in percent.
    pub loss_percent: f64,
    /// Nanoseconds from the time at which a packet was due to the end of its burst.
    pub latency: Latency,
    /// What the dataplane says became of the packets.
    pub tally: Tally,
}

/// How long packets took, in nanoseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of the packets took no longer.
    pub p50: u64,
    /// 90 %.
    pub p90: u64,
    /// 99 %.
    pub p99: u64,
    /// 99.9 %.
    pub p99_9: u64,
    /// 99.99 %.
    pub p99_99: u64,
    /// All of them.
    pub max: u64,
    /// The whole curve: pairs of a percentile and the latency there.
    pub curve: Vec<(f64, u64)>,
}

/// The search for the highest rate (RFC 2544, section 26.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// The loss that was allowed, in percent.
    pub loss_percent: f64,
    /// The highest rate that had no more, in packets a second; none when even the lowest had.
    pub rate: Option<f64>,
    /// Every rate that was tried, in order.
    pub trials: Vec<Trial>,
    /// The open loop at shares of the rate that was found.
    pub load: Vec<Load>,
}

/// A rate that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Packets a second.
    pub rate: f64,
    /// The loss of the best attempt, in percent.
    pub loss_percent: f64,
    /// Attempts that were made.
    pub attempts: u32,
    /// Whether the loss was within what is allowed.
    pub passed: bool,
}

/// The open loop at a share of the highest rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// The share, in percent.
    pub percent: f64,
    /// What it was like.
    pub open: Open,
}

/// Changes of the configuration under load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Churn {
    /// Snapshots a second that were asked for.
    pub asked: f64,
    /// Snapshots that were published and adopted by every worker.
    pub adopted: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Nanoseconds that compiling one took.
    pub compile_ns: Spread,
    /// Nanoseconds from publishing to the last worker's adoption: the median.
    pub adoption_ns: f64,
    /// The longest adoption.
    pub worst_adoption_ns: f64,
    /// The longest time from one burst to the next, in nanoseconds.
    pub worst_gap_ns: u64,
    /// The same without the time that the thread did not have the core.
    pub worst_own_gap_ns: u64,
    /// Packets that were not forwarded.
    pub lost: u64,
    /// What the dataplane says became of the packets.
    pub tally: Tally,
}

/// The same packets through the kernel's own NAT, on one core: UDP from tasks, no answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeerFigures {
    /// Nanoseconds a packet through the kernel's NAT, sending included.
    pub nat_ns: f64,
    /// The same with forwarding only.
    pub forward_ns: f64,
    /// Sending alone.
    pub sender_ns: f64,
    /// NAT without sending.
    pub net_ns: f64,
    /// `net_ns` over the dataplane's.
    pub ratio: f64,
    /// How it was measured.
    pub method: String,
}

impl Spread {
    /// The spread of what rounds gave.
    pub fn of(mut rounds: Vec<f64>) -> Spread {
        if rounds.is_empty() {
            return Spread::default();
        }
        rounds.sort_by(f64::total_cmp);
        Spread { min: figure(rounds[0]), median: figure(rounds[rounds.len() / 2]) }
    }
}

impl Throughput {
    /// The throughput of rounds.
    pub fn of(rounds: &[f64]) -> Throughput {
        let Spread { min, median } = Spread::of(rounds.iter().map(|rate| -rate).collect());
        Throughput { best: -min, median: -median }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_least_and_middle() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]), Spread { min: 1.0, median: 2.0 });
        assert_eq!(Spread::of(Vec::new()), Spread::default());
        assert_eq!(Throughput::of(&[3.0, 1.0, 2.0]), Throughput { best: 3.0, median: 2.0 });
    }
}
