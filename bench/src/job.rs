//! What to measure: one point, and the sweeps that make several of it.

use std::str::FromStr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::quantity;
use crate::traffic::{Direction, Order, Protocols};
use crate::world::{Size, Way};

/// One point: a configuration, its traffic, and how it is offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Live flows, over all workers.
    pub flows: u64,
    /// Workers, a thread each.
    pub workers: usize,
    /// Sizes of packets.
    pub size: PacketSize,
    /// In which order flows send.
    pub order: Order,
    /// Which way packets take through the generated configuration.
    pub path: Way,
    /// A configuration of the user's in place of the generated one.
    pub scenario: Option<String>,
    /// Protocols of flows.
    pub protocol: Protocols,
    /// Outbound rules over the groups of an interface.
    pub rules: usize,
    /// Routes of the private subnet's table.
    pub routes: usize,
    /// Entries of the network ACL, in each direction.
    pub acl_entries: usize,
    /// The share of packets that open a flow, in percent.
    pub new_flows: f64,
    /// Directions of packets.
    pub direction: Direction,
    /// Packets a second of the open loop; none is the closed loop.
    pub rate: Option<f64>,
    /// Packets that wait at a worker's ingress at most, in the open loop.
    pub queue: usize,
    /// Seconds that a measurement takes.
    pub duration: f64,
    /// The seed of flows, order and hashes.
    pub seed: u64,
    /// Snapshots published a second; none without churn.
    pub churn: Option<f64>,
    /// The loss in percent that the search for the highest rate allows; none without a search.
    pub search: Option<f64>,
    /// Who else takes the same packets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Peer>,
}

/// Who else takes the same packets on the same machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// The kernel's own NAT, in network namespaces: needs root and nftables.
    Linux,
}

/// Sizes of packets, IPv4 header and all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum PacketSize {
    /// 64 bytes.
    #[value(name = "64")]
    #[serde(rename = "64")]
    Small,
    /// 1,500 bytes.
    #[value(name = "1500")]
    #[serde(rename = "1500")]
    Large,
    /// Seven of 64 bytes, four of 594, one of 1,500.
    #[value(name = "imix")]
    #[serde(rename = "imix")]
    Imix,
}

impl PacketSize {
    /// The sizes, taking turns.
    pub fn sizes(self) -> &'static [u16] {
        match self {
            PacketSize::Small => &[64],
            PacketSize::Large => &[1_500],
            PacketSize::Imix => &[64, 594, 64, 64, 594, 64, 1_500, 64, 594, 64, 64, 594],
        }
    }

    /// Bytes of a packet on average.
    pub fn mean(self) -> f64 {
        let sizes = self.sizes();
        sizes.iter().map(|size| f64::from(*size)).sum::<f64>() / sizes.len() as f64
    }
}

impl Default for Job {
    fn default() -> Job {
        let Size { rules, routes, acl_entries, .. } = Size::default();
        Job {
            flows: 64_000,
            workers: 1,
            size: PacketSize::Small,
            order: Order::Random,
            path: Way::Nat,
            scenario: None,
            protocol: Protocols::Udp,
            rules,
            routes,
            acl_entries,
            new_flows: 0.0,
            direction: Direction::Both,
            rate: None,
            queue: 4_096,
            duration: 3.0,
            seed: 1,
            churn: None,
            search: None,
            peer: None,
        }
    }
}

/// Flows that one worker's table can name.
const MOST_FLOWS: u64 = 1 << 26;

/// Flows a worker at least where some open while others end: their hashes do not share them out
/// evenly, and each worker needs a burst of them.
const TAKE_TURNS: u64 = 256;

/// Why a job cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadJob {
    /// Fewer flows than make a burst for each worker.
    #[error("{flows} flows for {workers} workers: each worker needs at least 1")]
    FewFlows {
        /// Flows.
        flows: u64,
        /// Workers.
        workers: usize,
    },
    /// Too few flows to take turns.
    #[error("{flows} flows for {workers} workers: --new-flows needs at least {least} flows")]
    FewToTakeTurns {
        /// Flows.
        flows: u64,
        /// Workers.
        workers: usize,
        /// At least.
        least: u64,
    },
    /// More flows than fit.
    #[error("{0} flows are more than the {MOST_FLOWS} that can be told apart")]
    ManyFlows(u64),
    /// No worker.
    #[error("0 workers take no packets: give at least 1")]
    NoWorker,
    /// The generated configuration cannot have so many.
    #[error("{what} is {value}, and has to be from {least} to {most}")]
    Size {
        /// Of what.
        what: &'static str,
        /// How many.
        value: usize,
        /// At least.
        least: usize,
        /// At most.
        most: usize,
    },
    /// Only a sender's packet opens a flow.
    #[error("packets to tasks open no flow: --new-flows goes with --direction out or both")]
    NewFlowsInwards,
    /// With both directions, no more than every second packet is a sender's.
    #[error("--new-flows 100 leaves no packet for the way back: use --direction out")]
    OnlyNewFlows,
    /// A rate and a search for one.
    #[error("--search looks for the rate: give it without --rate")]
    RateAndSearch,
    /// The peer takes one size.
    #[error("--peer sends packets of one size: use --size 64 or --size 1500")]
    PeerOfOneSize,
    /// No place to wait.
    #[error("a queue of 0 packets loses every packet: give --queue at least 64")]
    NoQueue,
    /// A sweep over what the given scenario decides.
    #[error("the scenario decides its {0}: sweep it without --scenario")]
    SweepOfScenario(&'static str),
}

impl Job {
    /// Whether the job can be run.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn check(&self) -> Result<(), BadJob> {
        if self.workers == 0 {
            return Err(BadJob::NoWorker);
        }
        if self.flows < self.workers as u64 {
            return Err(BadJob::FewFlows { flows: self.flows, workers: self.workers });
        }
        if self.flows > MOST_FLOWS {
            return Err(BadJob::ManyFlows(self.flows));
        }
        within("--workers", self.workers, 1, 1_024)?;
        within("--rules", self.rules, 1, 5_000)?;
        within("--routes", self.routes, 1, 65_000)?;
        within("--acl-entries", self.acl_entries, 1, 30_000)?;
        let least = TAKE_TURNS * self.workers as u64;
        if self.new_flows > 0.0 && self.flows < least {
            let (flows, workers) = (self.flows, self.workers);
            return Err(BadJob::FewToTakeTurns { flows, workers, least });
        }
        if self.new_flows > 0.0 && self.direction == Direction::In {
            return Err(BadJob::NewFlowsInwards);
        }
        if self.new_flows >= 100.0 && self.direction == Direction::Both {
            return Err(BadJob::OnlyNewFlows);
        }
        if self.rate.is_some() && self.search.is_some() {
            return Err(BadJob::RateAndSearch);
        }
        if self.peer.is_some() && self.size == PacketSize::Imix {
            return Err(BadJob::PeerOfOneSize);
        }
        if self.queue < 64 {
            return Err(BadJob::NoQueue);
        }
        Ok(())
    }

    /// The size of the generated configuration.
    pub fn configuration(&self) -> Size {
        let flows = self.flows as usize;
        Size { flows, rules: self.rules, routes: self.routes, acl_entries: self.acl_entries }
    }

    /// The command that runs it again, without what only says how to print.
    pub fn command(&self) -> String {
        ["egret", "bench"]
            .into_iter()
            .map(str::to_owned)
            .chain(self.arguments())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The arguments that say what differs from the default.
    pub fn arguments(&self) -> Vec<String> {
        let usual = Job::default();
        let mut arguments = Vec::new();
        let mut say = |flag: &str, value: String| arguments.extend([format!("--{flag}"), value]);
        say("flows", quantity::short(self.flows));
        say("workers", self.workers.to_string());
        say("size", word(self.size));
        let mut when = |said: bool, flag: &str, value: String| {
            if said {
                say(flag, value);
            }
        };
        when(self.order != usual.order, "order", word(self.order));
        when(self.scenario.is_none() && self.path != usual.path, "path", word(self.path));
        when(self.scenario.is_some(), "scenario", self.scenario.clone().unwrap_or_default());
        when(self.protocol != usual.protocol, "protocol", word(self.protocol));
        when(self.rules != usual.rules, "rules", self.rules.to_string());
        when(self.routes != usual.routes, "routes", self.routes.to_string());
        when(self.acl_entries != usual.acl_entries, "acl-entries", self.acl_entries.to_string());
        when(self.new_flows > 0.0, "new-flows", self.new_flows.to_string());
        when(self.direction != usual.direction, "direction", word(self.direction));
        let number = |rate: f64| {
            if rate.fract() == 0.0 { quantity::short(rate as u64) } else { rate.to_string() }
        };
        when(self.rate.is_some(), "rate", number(self.rate.unwrap_or(0.0)));
        when(self.queue != usual.queue, "queue", self.queue.to_string());
        when(self.churn.is_some(), "churn", format!("{}/s", self.churn.unwrap_or(0.0)));
        when(self.search.is_some(), "search", format!("{}%", self.search.unwrap_or(0.0)));
        when(self.peer.is_some(), "peer", self.peer.map_or(String::new(), word));
        say("duration", format!("{}s", self.duration));
        say("seed", self.seed.to_string());
        arguments
    }
}

fn within(what: &'static str, value: usize, least: usize, most: usize) -> Result<(), BadJob> {
    let fine = (least..=most).contains(&value);
    if fine { Ok(()) } else { Err(BadJob::Size { what, value, least, most }) }
}

/// What a value is called on the command line.
pub fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned())
}

/// One of a job's numbers, and the values that it takes in turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// Which.
    pub variable: Variable,
    /// Its values, as they were written.
    pub values: Vec<String>,
}

/// What a sweep varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Variable {
    /// Live flows.
    Flows,
    /// Workers.
    Workers,
    /// Rules.
    Rules,
    /// Routes.
    Routes,
    /// Entries of the network ACL.
    AclEntries,
    /// Sizes of packets.
    Size,
    /// The rate of the open loop.
    Rate,
    /// The share of packets that open a flow.
    NewFlows,
}

impl FromStr for Sweep {
    type Err = String;

    fn from_str(text: &str) -> Result<Sweep, String> {
        let form = || format!("`{text}` is no sweep: write flows=1k,64k,1M or workers=1,2");
        let (name, values) = text.split_once('=').ok_or_else(form)?;
        let known = || {
            let names: Vec<String> = Variable::value_variants().iter().map(|v| word(*v)).collect();
            format!("nothing called `{name}` can be swept: {} can", names.join(", "))
        };
        let variable = Variable::from_str(name, false).map_err(|_| known())?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        let sweep = Sweep { variable, values };
        let mut scratch = Job::default();
        for value in &sweep.values {
            variable.set(&mut scratch, value)?;
        }
        Ok(sweep)
    }
}

impl Sweep {
    /// The sweep as it is written on the command line.
    pub fn text(&self) -> String {
        format!("{}={}", word(self.variable), self.values.join(","))
    }
}

impl Variable {
    /// Gives a job this value.
    fn set(self, job: &mut Job, value: &str) -> Result<(), String> {
        let count = || quantity::count(value).map(|count| count as usize);
        match self {
            Variable::Flows => job.flows = quantity::count(value)?,
            Variable::Workers => job.workers = count()?,
            Variable::Rules => job.rules = count()?,
            Variable::Routes => job.routes = count()?,
            Variable::AclEntries => job.acl_entries = count()?,
            Variable::Rate => job.rate = Some(quantity::rate(value)?),
            Variable::NewFlows => job.new_flows = quantity::percent(value)?,
            Variable::Size => {
                job.size = PacketSize::from_str(value, true)
                    .map_err(|_| format!("`{value}` is no size of packets: 64, 1500 or imix"))?;
            }
        }
        Ok(())
    }

    /// What a job has of it.
    pub fn of(self, job: &Job) -> String {
        match self {
            Variable::Flows => quantity::short(job.flows),
            Variable::Workers => job.workers.to_string(),
            Variable::Rules => job.rules.to_string(),
            Variable::Routes => job.routes.to_string(),
            Variable::AclEntries => job.acl_entries.to_string(),
            Variable::Size => word(job.size),
            Variable::Rate => job.rate.map_or("-".to_owned(), |rate| quantity::short(rate as u64)),
            Variable::NewFlows => format!("{}%", job.new_flows),
        }
    }

    /// Whether it is a number of the generated configuration, which a scenario has not.
    fn of_configuration(self) -> Option<&'static str> {
        match self {
            Variable::Rules => Some("rules"),
            Variable::Routes => Some("routes"),
            Variable::AclEntries => Some("network ACL"),
            _ => None,
        }
    }
}

/// Every point of the sweeps over a job, each one checked: the first sweep varies slowest.
///
/// # Errors
/// What is wrong with the first point that cannot be run.
pub fn points(job: &Job, sweeps: &[Sweep]) -> Result<Vec<Job>, BadJob> {
    let mut jobs = vec![job.clone()];
    for sweep in sweeps {
        if let (Some(_), Some(what)) = (&job.scenario, sweep.variable.of_configuration()) {
            return Err(BadJob::SweepOfScenario(what));
        }
        let each = |job: &Job| {
            let job = job.clone();
            sweep.values.iter().map(move |value| {
                let mut job = job.clone();
                sweep.variable.set(&mut job, value).expect("a value that was read before");
                job
            })
        };
        jobs = jobs.iter().flat_map(each).collect();
    }
    jobs.iter().try_for_each(Job::check)?;
    Ok(jobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_multiply() {
        let sweeps = ["flows=1k,64k", "workers=1,2"].map(|text| text.parse::<Sweep>().unwrap());
        let jobs = points(&Job::default(), &sweeps).unwrap();
        let seen: Vec<_> = jobs.iter().map(|job| (job.flows, job.workers)).collect();
        assert_eq!(seen, [(1_000, 1), (1_000, 2), (64_000, 1), (64_000, 2)]);
    }

    #[test]
    fn bad_sweeps_say_what_is_wrong() {
        let error = |text: &str| text.parse::<Sweep>().unwrap_err();
        assert!(error("flows").contains("write flows=1k,64k,1M"));
        assert!(error("flow=1k").contains("flows, workers, rules"));
        assert!(error("flows=1k,many").contains("`many` is no count"));
        assert!(error("size=65").contains("64, 1500 or imix"));
    }

    #[test]
    fn a_scenario_decides_its_rules() {
        let job = Job { scenario: Some("x".to_owned()), ..Job::default() };
        let sweep = "rules=3,60".parse().unwrap();
        assert_eq!(points(&job, &[sweep]), Err(BadJob::SweepOfScenario("rules")));
    }

    #[test]
    fn impossible_jobs_are_refused() {
        let job = Job::default();
        let bad = [
            Job { workers: 0, ..job.clone() },
            Job { flows: 1, workers: 2, ..job.clone() },
            Job { flows: 1 << 40, ..job.clone() },
            Job { rules: 0, ..job.clone() },
            Job { new_flows: 10.0, direction: Direction::In, ..job.clone() },
            Job { rate: Some(1.0), search: Some(0.0), ..job.clone() },
            Job { peer: Some(Peer::Linux), size: PacketSize::Imix, ..job.clone() },
        ];
        for job in bad {
            assert!(job.check().is_err(), "{job:?}");
        }
        assert_eq!(job.check(), Ok(()));
    }

    #[test]
    fn imix_is_seven_to_four_to_one() {
        let of = |size| PacketSize::Imix.sizes().iter().filter(|s| **s == size).count();
        assert_eq!([of(64), of(594), of(1_500)], [7, 4, 1]);
        assert!((PacketSize::Imix.mean() - 360.33).abs() < 0.01);
    }

    #[test]
    fn the_command_says_what_differs() {
        let job = Job { rate: Some(2.5e6), flows: 1_000_000, ..Job::default() };
        let command = job.command();
        assert_eq!(
            command,
            "egret bench --flows 1M --workers 1 --size 64 --rate 2.5M --duration 3s --seed 1"
        );
    }
}
