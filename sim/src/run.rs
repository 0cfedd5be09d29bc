//! A scenario, run in virtual time.
//!
//! [`Run`] lets everything happen that a scenario plans, in the order of its time and never faster or
//! slower for it: the same scenario, seed and number of workers give the same packets, to the byte.

use std::fmt;

use egret_control::compile::compile;
use egret_control::finding::Finding;
use egret_control::source::Sources;
use egret_dataplane::crew::Crew;
use egret_dataplane::time::{Duration, Instant};
use thiserror::Error;

use crate::cloud::Cloud;
use crate::observe::Watch;
use crate::plan::{Plan, Traffic, Workload};
use crate::report::{ExpectationReport, Report};
use crate::reporting;
use crate::scenario::Scenario;
use crate::world::World;

/// When a run ends whose scenario says no `duration`.
pub const DURATION: Duration = Duration::from_secs(3_600);
/// The seed of a run for which nobody says one.
pub const SEED: u64 = 1;

/// How to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The seed; none is the scenario's, or 1.
    pub seed: Option<u64>,
    /// Dataplane workers, at least one.
    pub workers: usize,
    /// When to end, if the scenario says later or nothing.
    pub until: Option<Duration>,
    /// Whether to keep what happens to connections, for [`Run::events`].
    pub events: bool,
    /// Whether to keep what [`Run::audit`] needs.
    pub audit: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { seed: None, workers: 1, until: None, events: false, audit: false }
    }
}

/// Why a scenario cannot be run.
#[derive(Debug, Error)]
pub enum RunError {
    /// It does not compile: `egret check` says the same.
    #[error("the configuration has errors")]
    Configuration(Vec<Finding>),
    /// No dataplane without a worker, and no more than can be numbered.
    #[error("{0} workers: a run has 1 to 1,024")]
    Workers(usize),
}

/// Something that happened to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Instant,
    /// What.
    pub text: String,
    /// The workload's name.
    pub traffic: Option<String>,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>14.6}s  ", self.at.0 as f64 / 1e9)?;
        if let Some(traffic) = &self.traffic {
            write!(f, "{traffic}: ")?;
        }
        f.write_str(&self.text)
    }
}

/// Flows for which each worker has room: what the plan opens, twice over.
fn flows(plan: &Plan) -> usize {
    let of = |traffic: &Traffic| match &traffic.workload {
        Workload::Connections(connections) => u64::from(connections.count),
        Workload::Datagrams(datagrams) => u64::from(datagrams.flows),
        _ => 1,
    };
    let planned: u64 = plan.traffic.iter().map(of).sum();
    (2 * planned).clamp(LEAST_FLOWS, MOST_FLOWS) as usize
}

/// The table is never smaller, so that lookups and replays have room, nor larger than 16 million.
const LEAST_FLOWS: u64 = 1 << 16;
const MOST_FLOWS: u64 = 1 << 24;

/// A scenario under way.
pub struct Run {
    world: World,
    title: String,
    sources: Sources,
    expectations: Vec<ExpectationReport>,
    seed: u64,
    workers: usize,
    end: Instant,
}

impl Run {
    /// Everything in its place, at the beginning of virtual time.
    ///
    /// # Errors
    /// When the scenario does not compile, or there is no such number of workers.
    pub fn new(scenario: &Scenario, options: Options) -> Result<Run, RunError> {
        let Options { seed, workers, until, events, audit } = options;
        if !(1..=1_024).contains(&workers) {
            return Err(RunError::Workers(workers));
        }
        let compilation = compile(&scenario.model).map_err(RunError::Configuration)?;
        let plan = scenario.plan.clone();
        let seed = seed.or(plan.seed).unwrap_or(SEED);
        let end = plan.duration.unwrap_or(DURATION);
        let end = until.map_or(end, |until| until.min(end));
        let model = scenario.model.clone();
        let sources = model.sources.clone();
        let (links, flows) = (plan.links.clone(), flows(&plan));
        let cloud = Cloud::new(compilation, sources.clone(), links, workers, flows, seed);
        let world = World::new(plan, model, cloud, seed, events, audit);
        Ok(Run {
            // What single packets meet is expected of the configuration as written.
            expectations: reporting::of_packets(&world, &scenario.expect),
            world,
            sources,
            title: scenario.title.clone(),
            seed,
            workers,
            end: Instant::ZERO + end,
        })
    }

    /// Lets somebody watch, from now on.
    pub fn watch(&mut self, watch: Box<dyn Watch>) {
        self.world.cloud.watch(watch);
    }

    /// Lets happen what happens up to a point in virtual time; false when nothing is left, or the
    /// run's end has come.
    pub fn step_until(&mut self, until: Instant) -> bool {
        let until = until.min(self.end);
        self.world.run_until(until);
        self.world.next_at().is_some_and(|next| next <= self.end)
    }

    /// Virtual time.
    pub fn now(&self) -> Instant {
        self.world.now
    }

    /// When the run ends, if something happens for so long.
    pub fn end(&self) -> Instant {
        self.end
    }

    /// What happened to connections since this was asked last, with [`Options::events`].
    pub fn events(&mut self) -> Vec<Event> {
        self.world.log()
    }

    /// The dataplane's workers.
    pub fn crew(&self) -> &Crew {
        self.world.cloud.crew()
    }

    /// Whether every packet is accounted for at the moment, and none ever reached a task that had
    /// not asked for it. Needs [`Options::audit`].
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn audit(&self) -> Result<(), String> {
        self.world.audit()
    }

    /// When something happens next, in virtual time.
    pub fn next_at(&self) -> Option<Instant> {
        self.world.next_at().filter(|next| *next <= self.end)
    }

    /// What came of it, and who watched.
    pub fn finish(mut self) -> (Report, Vec<Box<dyn Watch>>) {
        let cut = self.world.next_at().is_some();
        // A run that was cut lasted to its end; another one for as long as something happened.
        let now = if cut { self.end } else { self.world.now };
        self.world.now = now;
        let watchers = self.world.cloud.finish(now);
        let mut report = reporting::report(&mut self.world);
        report.title = self.title;
        report.seed = self.seed;
        report.workers = self.workers;
        report.cut = cut;
        let of_run = reporting::of_run(&self.world, &self.sources, &report);
        report.expectations = self.expectations.into_iter().chain(of_run).collect();
        (report, watchers)
    }
}
