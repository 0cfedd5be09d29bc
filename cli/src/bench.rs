//! `egret bench`: how fast the dataplane is here, beside the limit.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use egret_bench::job::{self, Job, PacketSize, Peer, Sweep};
use egret_bench::progress::Progress;
use egret_bench::results::Results;
use egret_bench::run::Given;
use egret_bench::traffic::{Direction, Order, Protocols};
use egret_bench::world::Way;
use egret_bench::{against, compare, html, quantity, run, text};

use crate::explain::Format;
use crate::input::{self, Input};
use crate::{Exit, terminal};

/// Measures how fast the dataplane is on this machine, beside the limit: the bare hit path over the
/// same packets.
///
/// Packets come from memory and go to memory: it needs no root, no network device and no set-up.
/// Counts may be written 64k or 1.5M.
///
/// Exit codes: 0 measured, 2 wrong usage, or nothing that could be measured.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Live flows, over all workers.
    #[arg(long, value_parser = quantity::count, default_value = "64k", help_heading = LOAD)]
    flows: u64,

    /// Workers, each a thread, on a core of its own where there are enough.
    #[arg(long, default_value_t = 1, help_heading = LOAD)]
    workers: usize,

    /// Bytes of a packet, from its IPv4 header on; imix is 64, 594 and 1,500 as 7:4:1.
    #[arg(long, value_enum, default_value = "64", help_heading = LOAD)]
    size: PacketSize,

    /// In which order flows send.
    #[arg(long, value_enum, default_value = "random", help_heading = LOAD)]
    order: Order,

    /// Directions of packets.
    #[arg(long, value_enum, default_value = "both", help_heading = LOAD)]
    direction: Direction,

    /// Protocols of flows.
    #[arg(long, value_enum, default_value = "udp", help_heading = LOAD)]
    protocol: Protocols,

    /// The share of packets that open a flow, in place of one that has ended.
    #[arg(long, value_name = "PERCENT", value_parser = quantity::percent, default_value = "0", help_heading = LOAD)]
    new_flows: f64,

    /// Which way packets take through the generated configuration.
    #[arg(long, value_enum, default_value = "nat", help_heading = CONFIGURATION)]
    path: Way,

    /// A scenario in place of the generated configuration: its tasks send to its hosts and
    /// endpoints whatever is delivered there and answered.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["path", "rules", "routes", "acl_entries"], help_heading = CONFIGURATION)]
    scenario: Option<PathBuf>,

    /// Outbound rules over the five security groups of an interface; the last one allows.
    #[arg(long, default_value_t = Job::default().rules, help_heading = CONFIGURATION)]
    rules: usize,

    /// Routes of the tasks' route table.
    #[arg(long, default_value_t = Job::default().routes, help_heading = CONFIGURATION)]
    routes: usize,

    /// Entries of the network ACL, in each direction; the last one allows.
    #[arg(long, default_value_t = Job::default().acl_entries, help_heading = CONFIGURATION)]
    acl_entries: usize,

    /// Packets a second of an open loop: latency from the time at which each is due, and losses.
    #[arg(long, value_name = "RATE", value_parser = quantity::rate, help_heading = MEASURE)]
    rate: Option<f64>,

    /// Search for the highest rate without loss (RFC 2544), or with this loss in percent, and
    /// measure latency below it. Each trial takes --duration.
    #[arg(long, value_name = "LOSS", value_parser = quantity::percent, num_args = 0..=1, default_missing_value = "0", help_heading = MEASURE)]
    search: Option<f64>,

    /// Packets that wait at a worker's ingress at most, in the open loop.
    #[arg(long, value_parser = count, default_value = "4096", help_heading = MEASURE)]
    queue: usize,

    /// Publish so many changed snapshots a second under load.
    #[arg(long, value_name = "N/s", value_parser = quantity::rate, help_heading = MEASURE)]
    churn: Option<f64>,

    /// Send the same packets through the kernel's own NAT, too, in network namespaces: needs root
    /// and nftables.
    #[arg(long, value_enum, help_heading = MEASURE)]
    peer: Option<Peer>,

    /// How long each measurement takes, such as 5s or 500ms.
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, default_value = "3s", help_heading = MEASURE)]
    duration: f64,

    /// The seed of flows, order and hashes.
    #[arg(long, default_value_t = 1, help_heading = MEASURE)]
    seed: u64,

    /// A point for each value: flows=1k,64k,1M, or workers, rules, routes, acl-entries, size, rate,
    /// new-flows. Several sweeps make every combination.
    #[arg(long, value_name = "NAME=A,B,...", help_heading = MEASURE)]
    sweep: Vec<Sweep>,

    /// The JSON of an earlier run: gives the ratio of each figure to what it was then.
    #[arg(long, value_name = "OLD.json", help_heading = OUTPUT)]
    compare: Option<PathBuf>,

    /// Another egret: runs both in turn, A B A B A B, and gives the ratio.
    #[arg(long, value_name = "BINARY", conflicts_with = "compare", help_heading = OUTPUT)]
    against: Option<PathBuf>,

    /// Writes a page with tables and plots.
    #[arg(long, value_name = "FILE.html", help_heading = OUTPUT)]
    report: Option<PathBuf>,

    /// How to print the results.
    #[arg(long, value_enum, default_value_t, help_heading = OUTPUT)]
    format: Format,
}

const LOAD: &str = "Load";
const CONFIGURATION: &str = "Configuration";
const MEASURE: &str = "Measurement";
const OUTPUT: &str = "Output";

fn count(text: &str) -> Result<usize, String> {
    quantity::count(text).map(|count| count as usize)
}

impl Bench {
    pub(crate) fn run(self) -> io::Result<Exit> {
        let given = match self.scenario.as_deref().map(given).transpose()? {
            None => None,
            Some(None) => return Ok(Exit::BadInput),
            Some(given) => given,
        };
        match self.results(given.as_ref()) {
            Err(message) => {
                terminal::complain(&format!("egret: {message}\n"))?;
                Ok(Exit::BadInput)
            }
            Ok(results) => {
                if let Some(path) = &self.report {
                    std::fs::write(path, html::render(&results))
                        .map_err(|error| named(path, error))?;
                }
                terminal::print(&match self.format {
                    Format::Text => text::render(&results),
                    Format::Json => format!("{}\n", serde_json::to_string_pretty(&results)?),
                })?;
                Ok(Exit::Fine)
            }
        }
    }

    fn results(&self, given: Option<&Given>) -> Result<Results, String> {
        let job = self.job();
        let jobs = job::points(&job, &self.sweep).map_err(|error| error.to_string())?;
        if let Some(path) = &self.report {
            writable(path)?;
        }
        if let Some(other) = &self.against {
            return self.beside(&job, other);
        }
        let then = self.compare.as_ref().map(|path| -> Result<Results, compare::Incomparable> {
            let then = compare::read(path)?;
            compare::check(&jobs, &then, &path.display().to_string())?;
            Ok(then)
        });
        let then = then.transpose().map_err(|error| error.to_string())?;
        let progress = Progress::new(jobs.len());
        let results = run::run(&job, &self.sweep, given, &progress);
        progress.finish();
        let mut results = results.map_err(|error| error.to_string())?;
        if let Some(then) = &then {
            compare::compare(&mut results, then);
        }
        Ok(results)
    }

    /// This binary and another one, in turn.
    fn beside(&self, job: &Job, other: &Path) -> Result<Results, String> {
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let sweeps = self.sweep.iter().flat_map(|sweep| ["--sweep".to_owned(), sweep.text()]);
        let arguments: Vec<String> = job.arguments().into_iter().chain(sweeps).collect();
        let progress = Progress::new(2 * against::TURNS);
        let results = against::run(&this, other, &arguments, |over| {
            progress.say(if over % 2 == 0 { "this binary" } else { "the other binary" });
            progress.reach(over, 0.0);
        });
        progress.finish();
        results.map_err(|error| error.to_string())
    }

    fn job(&self) -> Job {
        Job {
            flows: self.flows,
            workers: self.workers,
            size: self.size,
            order: self.order,
            path: self.path,
            scenario: self.scenario.as_ref().map(|path| path.display().to_string()),
            protocol: self.protocol,
            rules: self.rules,
            routes: self.routes,
            acl_entries: self.acl_entries,
            new_flows: self.new_flows,
            direction: self.direction,
            rate: self.rate,
            queue: self.queue,
            duration: self.duration,
            seed: self.seed,
            churn: self.churn,
            search: self.search,
            peer: self.peer,
        }
    }
}

/// The configuration at a path; `None` when it is wrong, which has been said.
fn given(path: &Path) -> io::Result<Option<Given>> {
    match Input::of(path).load() {
        Ok(loaded) => Ok(Some(Given { model: loaded.model, compilation: loaded.compilation })),
        Err(rejection) => {
            input::show(&rejection.findings, &rejection.sources)?;
            Ok(None)
        }
    }
}

/// A run of minutes must not end at a folder that is not there.
fn writable(path: &Path) -> Result<(), String> {
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    opened.map(drop).map_err(|error| format!("{}: {error}", path.display()))
}

fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
