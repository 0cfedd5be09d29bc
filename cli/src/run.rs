//! `egret run`: a scenario's traffic in virtual time, and what came of it.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use clap::Args;
use egret_control::written::Scalar;
use egret_dataplane::time::{Duration, Instant};
use egret_sim::capture::Capture;
use egret_sim::report::{Report, text};
use egret_sim::run::{Event, Options, Run as Simulation};
use egret_sim::scenario::Scenario;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::explain::Format;
use crate::input::{self, Input};
use crate::{Exit, terminal};

/// How often the progress bar moves, in virtual time: as many steps.
const STEPS: u64 = 200;

/// Runs a scenario's traffic in virtual time, and says what came of it.
///
/// The same scenario, seed and number of workers give the same output, to the byte.
///
/// Exit codes: 0 everything expected is so, 1 an expectation failed, 2 bad input, 3 failed while
/// running or writing.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A scenario file, or its folder.
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,

    /// The seed; the scenario's, or 1, without one.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Dataplane workers among which the flows are spread.
    #[arg(long, value_name = "N", default_value_t = 1)]
    workers: usize,

    /// End at this virtual time, such as `90s` or `10m`, if the scenario does not end before.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    until: Option<Duration>,

    /// Print what happens to connections, as it happens, before the summary.
    #[arg(long)]
    events: bool,

    /// Write every packet at every hop to this file, as pcapng.
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,

    /// Keep at most so many bytes of each packet in the capture.
    #[arg(long, value_name = "BYTES", default_value_t = 65_535, requires = "pcap")]
    snaplen: u32,

    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Run {
    pub(crate) fn run(self) -> io::Result<Exit> {
        let scenario = match self.read() {
            Ok(scenario) => scenario,
            Err(rejection) => {
                input::show(&rejection.findings, &rejection.sources)?;
                return Ok(Exit::BadInput);
            }
        };
        let options = Options {
            seed: self.seed,
            workers: self.workers,
            until: self.until,
            events: self.events,
            ..Options::default()
        };
        let mut simulation = match Simulation::new(&scenario, options) {
            Ok(simulation) => simulation,
            Err(error) => {
                terminal::complain(&format!("egret: {error}\n"))?;
                return Ok(Exit::BadInput);
            }
        };
        if let Some(path) = &self.pcap {
            let file = BufWriter::with_capacity(1 << 20, create(path)?);
            simulation.watch(Box::new(Capture::new(file, self.snaplen)));
        }
        self.simulate(&mut simulation)?;
        let (report, watchers) = simulation.finish();
        for mut watcher in watchers {
            watcher.finish()?;
        }
        self.print(&report)?;
        Ok(if report.holds() { Exit::Fine } else { Exit::Unexpected })
    }

    fn read(&self) -> Result<Scenario, egret_control::finding::Rejection> {
        // Compiled here as well, so that everything that is wrong is said with its place.
        Input::of(&self.scenario).load()?;
        Scenario::read(&self.scenario)
    }

    fn simulate(&self, simulation: &mut Simulation) -> io::Result<()> {
        let end = simulation.end();
        let bar = ProgressBar::new(STEPS);
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let slice = Duration((end.0 / STEPS).max(1));
        let mut until = Instant::ZERO;
        loop {
            until = (until + slice).min(end);
            let goes_on = simulation.step_until(until);
            for event in simulation.events() {
                bar.suspend(|| self.print_event(&event))?;
            }
            bar.set_position(until.0 / slice.0);
            bar.set_message(text::span(simulation.now().0));
            if !goes_on || until >= end {
                bar.finish_and_clear();
                return Ok(());
            }
        }
    }

    fn print_event(&self, event: &Event) -> io::Result<()> {
        terminal::print(&match self.format {
            Format::Text => format!("{event}\n"),
            Format::Json => {
                let Event { at, text, traffic } = event;
                format!("{}\n", json!({ "at_ns": at.0, "traffic": traffic, "event": text }))
            }
        })
    }

    fn print(&self, report: &Report) -> io::Result<()> {
        match self.format {
            Format::Text => {
                let gap = if self.events { "\n" } else { "" };
                terminal::print(&format!("{gap}{}", text::render(report, terminal::paint)))
            }
            Format::Json => {
                terminal::print(&format!("{}\n", serde_json::to_string_pretty(report)?))
            }
        }
    }
}

/// A file to write to.
///
/// # Errors
/// The system's, with the file's name.
fn create(path: &Path) -> io::Result<File> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    File::create(path).map_err(named)
}

/// A span as the scenario file writes it.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed = Duration::parse(text).map(|(duration, _)| duration);
    parsed.map_err(|_| "write a time with its unit: `500ms`, `90s`, `10m`, `1h`".to_owned())
}
