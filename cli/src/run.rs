//! `egret run`: a scenario's traffic in virtual time, and what came of it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use egret_control::written::Scalar;
use egret_dataplane::time::{Duration, Instant};
use egret_sim::capture::Capture;
use egret_sim::flow_logs::{self, FlowLogs};
use egret_sim::metrics::{self, Metrics};
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

    /// Write VPC flow logs to this file: Parquet if it ends in `.parquet`, packed text if it ends
    /// in `.gz`, text otherwise.
    #[arg(long, value_name = "FILE")]
    flow_logs: Option<PathBuf>,

    /// The fields of their records, such as '${srcaddr} ${dstaddr} ${action}'; the fourteen of
    /// version 2 by default.
    #[arg(
        long,
        value_name = "FIELDS",
        default_value = "default",
        hide_default_value = true,
        requires = "flow_logs"
    )]
    flow_log_format: flow_logs::Format,

    /// How long a record covers at most.
    #[arg(long, value_name = "TIME", value_enum, default_value_t, requires = "flow_logs")]
    flow_log_window: FlowLogWindow,

    /// Write CloudWatch's metrics of NAT gateways and interface endpoints to this file, for each
    /// minute: JSON if it ends in `.json`, the text that Prometheus reads otherwise.
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,

    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The windows that AWS lets one choose from (`MaxAggregationInterval` of CreateFlowLogs).
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FlowLogWindow {
    /// A minute.
    #[value(name = "60s")]
    Minute,
    /// Ten minutes.
    #[default]
    #[value(name = "600s")]
    TenMinutes,
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
        self.watch(&mut simulation, &scenario.model.region)?;
        self.simulate(&mut simulation)?;
        let (report, watchers) = simulation.finish();
        // A full disk loses the file, not the summary.
        let written: Vec<io::Result<()>> =
            watchers.into_iter().map(|mut watcher| watcher.finish()).collect();
        self.print(&report)?;
        written.into_iter().collect::<io::Result<()>>()?;
        Ok(if report.holds() { Exit::Fine } else { Exit::Unexpected })
    }

    fn read(&self) -> Result<Scenario, egret_control::finding::Rejection> {
        // Compiled here as well, so that everything that is wrong is said with its place.
        Input::of(&self.scenario).load()?;
        Scenario::read(&self.scenario)
    }

    /// Lets those watch who write files.
    fn watch(&self, simulation: &mut Simulation, region: &str) -> io::Result<()> {
        if let Some(path) = &self.pcap {
            simulation.watch(Box::new(Capture::new(create(path)?, self.snaplen)));
        }
        if let Some(path) = &self.flow_logs {
            let kind = match extension(path) {
                "parquet" => flow_logs::FileKind::Parquet,
                "gz" => flow_logs::FileKind::Gzip,
                _ => flow_logs::FileKind::Text,
            };
            let window = match self.flow_log_window {
                FlowLogWindow::Minute => flow_logs::SHORT_WINDOW,
                FlowLogWindow::TenMinutes => flow_logs::WINDOW,
            };
            let format = self.flow_log_format.clone();
            simulation.watch(Box::new(FlowLogs::new(create(path)?, kind, format, region, window)?));
        }
        if let Some(path) = &self.metrics {
            let kind = match extension(path) {
                "json" => metrics::FileKind::Json,
                _ => metrics::FileKind::OpenMetrics,
            };
            simulation.watch(Box::new(Metrics::new(create(path)?, kind)));
        }
        Ok(())
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

/// A file to write to, whose errors say its name.
struct Named {
    path: PathBuf,
    file: File,
}

impl Named {
    fn name(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
    }
}

impl Write for Named {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| self.name(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| self.name(error))
    }
}

/// A new file, with a mebibyte between two calls of the system.
fn create(path: &Path) -> io::Result<BufWriter<Named>> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let file = File::create(path).map_err(named)?;
    Ok(BufWriter::with_capacity(1 << 20, Named { path: path.to_owned(), file }))
}

/// What a file's name ends in.
fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

/// A span as the scenario file writes it.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed = Duration::parse(text).map(|(duration, _)| duration);
    parsed.map_err(|_| "write a time with its unit: `500ms`, `90s`, `10m`, `1h`".to_owned())
}
