//! `egret test`: expectations beside a configuration, proved.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use egret_control::explain::text::Style;
use egret_control::finding::Rejection;
use egret_sim::suite::coverage::Ratio;
use egret_sim::suite::{Awaited, Case, Outcome, Suite, Verdict};

use crate::{Exit, input, terminal};

mod coverage;
mod formats;
mod mutation;

/// Runs expectations as tests: `expect:` and `results:` of scenarios, and files of expectations
/// (`*.egret.yaml`).
///
/// What is expected of a block of addresses, a range of ports or a service with many tasks is proved of
/// every packet, not of samples. Where that depends on something that a template leaves open, the verdict
/// is INCONCLUSIVE.
///
/// Exit codes: 0 all is as expected, 1 something is not or cannot be known, 2 bad input, 3 failed while
/// running, 4 there was no test.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Files, or folders to look for them in.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Run only what has this in its file or name; may be repeated, and then one of them is enough.
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,

    /// Say what would be run, and run nothing.
    #[arg(long)]
    list: bool,

    /// Stop at the first failure.
    #[arg(long)]
    fail_fast: bool,

    /// Take what cannot be known yet for no failure.
    #[arg(long)]
    allow_inconclusive: bool,

    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Say which rules, entries, routes and endpoints no expectation exercised.
    #[arg(long)]
    coverage: bool,

    /// Fail if less than this was exercised; implies --coverage.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    coverage_min: Option<f64>,

    /// Write coverage by lines in the format of lcov; implies --coverage.
    #[arg(long, value_name = "FILE")]
    lcov: Option<PathBuf>,

    /// Change each rule, entry, route and endpoint in turn, and say which changes no expectation
    /// notices.
    #[arg(long)]
    mutate: bool,

    /// Fail if less than this is noticed of what is not excused; implies --mutate.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    mutate_min: Option<f64>,
}

/// A number from 0 to 100.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').parse::<f64>().ok();
    let number = number.filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| "write a number from 0 to 100".to_owned())
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line each, and what happens where something fails.
    #[default]
    Text,
    /// One document.
    Json,
    /// JUnit XML, for build servers.
    Junit,
    /// Test Anything Protocol, version 14.
    Tap,
    /// Workflow commands of GitHub Actions, which annotate the lines of a pull request.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// A case that was run.
struct Done {
    case: Case,
    outcome: Outcome,
    took: Duration,
}

impl Done {
    fn verdict(&self) -> Verdict {
        self.outcome.verdict()
    }

    fn failed(&self) -> bool {
        self.verdict() == Verdict::Failed
    }

    /// What its verdict waits for, in words.
    fn waits_for(&self) -> String {
        let names = self.outcome.waits_for.iter().map(|awaited| awaited.name.as_str());
        format!("this depends on {}", names.collect::<Vec<_>>().join(" and on "))
    }
}

/// How many ended how.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    inconclusive: usize,
}

impl Tally {
    fn of<'a>(done: impl IntoIterator<Item = &'a Done>) -> Tally {
        let mut tally = Tally::default();
        for done in done {
            *match done.verdict() {
                Verdict::Passed => &mut tally.passed,
                Verdict::Failed => &mut tally.failed,
                Verdict::Inconclusive => &mut tally.inconclusive,
            } += 1;
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        match self.inconclusive {
            0 => Ok(()),
            number => write!(f, ", {number} inconclusive"),
        }
    }
}

/// What came of one file.
#[derive(Default)]
struct File {
    path: PathBuf,
    done: Vec<Done>,
    rejection: Option<Rejection>,
    /// The suite, where more is asked about it than whether it holds.
    suite: Option<Suite>,
}

impl Test {
    pub(crate) fn run(self) -> io::Result<Exit> {
        let mut paths = Vec::new();
        for path in &self.paths {
            if let Err(error) = find(path, true, &mut paths) {
                terminal::complain(&format!("egret: {}: {error}\n", path.display()))?;
                return Ok(Exit::BadInput);
            }
        }
        if self.list {
            return self.list(&paths);
        }
        let began = Instant::now();
        let files = self.run_all(&paths);
        for rejection in files.iter().filter_map(|file| file.rejection.as_ref()) {
            input::show(&rejection.findings, &rejection.sources)?;
        }
        let done: Vec<&Done> = files.iter().flat_map(|file| &file.done).collect();
        let tally = Tally::of(done.iter().copied());
        let coverage = self.wants_coverage().then(|| coverage::of(&files));
        let mutation = self.wants_mutation().then(|| mutation::of(&files));
        let took = began.elapsed();
        let more = More { coverage: coverage.as_deref(), mutation: mutation.as_deref() };
        terminal::print(&match self.format {
            Format::Text => text(&files, took) + &more.text(),
            Format::Json => formats::json(&done, more),
            Format::Junit => formats::junit(&files).map_err(io::Error::other)?,
            Format::Tap => formats::tap(&done),
            Format::Github => formats::github(&done, more),
            Format::Sarif => formats::sarif(&done, more),
        })?;
        if let (Some(path), Some(coverage)) = (&self.lcov, more.coverage) {
            std::fs::write(path, coverage::lcov(coverage)).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
        }
        let is_enough = self.is_enough(more)?;
        Ok(match () {
            () if files.iter().any(|file| file.rejection.is_some()) => Exit::BadInput,
            () if done.is_empty() => no_tests()?,
            () if tally.failed > 0 || !is_enough => Exit::Unexpected,
            () if !self.allow_inconclusive && tally.inconclusive > 0 => Exit::Unexpected,
            () => Exit::Fine,
        })
    }

    fn wants_coverage(&self) -> bool {
        self.coverage || self.coverage_min.is_some() || self.lcov.is_some()
    }

    fn wants_mutation(&self) -> bool {
        self.mutate || self.mutate_min.is_some()
    }

    /// Whether the figures are what was asked for; says so where they are not.
    fn is_enough(&self, more: More<'_>) -> io::Result<bool> {
        let covered = match (self.coverage_min, more.coverage) {
            (Some(least), Some(found)) => gate("coverage", coverage::total(found), least)?,
            _ => true,
        };
        let noticed = match (self.mutate_min, more.mutation) {
            (Some(least), Some(found)) => gate("mutation", mutation::total(found), least)?,
            _ => true,
        };
        Ok(covered && noticed)
    }

    /// Runs files side by side; what comes of them is in their order.
    fn run_all(&self, paths: &[PathBuf]) -> Vec<File> {
        let failed = AtomicBool::new(false);
        side_by_side(paths, |path| self.run_file(path, &failed))
    }

    fn run_file(&self, path: &Path, failed: &AtomicBool) -> File {
        let mut file = File { path: path.to_owned(), ..File::default() };
        let suite = match Suite::read(path) {
            Ok(suite) => suite,
            Err(rejection) => return File { rejection: Some(rejection), ..file },
        };
        let watches = self.wants_coverage() || self.wants_mutation();
        let suite = if watches { suite.watching() } else { suite };
        let cases: Vec<Case> = self.chosen(&suite).collect();
        let mut outcomes = suite.judge(&cases);
        for case in &cases {
            if self.fail_fast && failed.load(Ordering::Relaxed) {
                break;
            }
            let began = Instant::now();
            let Some(outcome) = outcomes.next() else { break };
            let done = Done { case: case.clone(), outcome, took: began.elapsed() };
            failed.fetch_or(done.failed(), Ordering::Relaxed);
            file.done.push(done);
        }
        drop(outcomes);
        // A filter leaves out configurations of which it chooses nothing.
        let counts = self.filter.is_empty() || !file.done.is_empty();
        file.suite = (watches && counts && suite.is_known()).then_some(suite);
        file
    }

    fn chosen(&self, suite: &Suite) -> impl Iterator<Item = Case> {
        let path = suite.path.to_string_lossy().into_owned();
        let wanted = move |case: &Case| {
            let has = |text: &String| path.contains(text) || case.name.contains(text);
            self.filter.is_empty() || self.filter.iter().any(has)
        };
        suite.cases().into_iter().filter(wanted)
    }

    fn list(&self, paths: &[PathBuf]) -> io::Result<Exit> {
        let (mut text, mut rejected) = (String::new(), false);
        for path in paths {
            match Suite::read(path) {
                Ok(suite) => {
                    let line = |case: Case| format!("{}: {}\n", at(&case), case.name);
                    text.extend(self.chosen(&suite).map(line));
                }
                Err(rejection) => {
                    input::show(&rejection.findings, &rejection.sources)?;
                    rejected = true;
                }
            }
        }
        terminal::print(&text)?;
        match () {
            () if rejected => Ok(Exit::BadInput),
            () if text.is_empty() => no_tests(),
            () => Ok(Exit::Fine),
        }
    }
}

/// What was found out besides the expectations themselves.
#[derive(Clone, Copy)]
struct More<'a> {
    coverage: Option<&'a [coverage::Configuration]>,
    mutation: Option<&'a [mutation::Configuration]>,
}

impl More<'_> {
    fn text(self) -> String {
        let coverage = self.coverage.map(coverage::text).unwrap_or_default();
        coverage + &self.mutation.map(mutation::text).unwrap_or_default()
    }
}

/// Whether so much is enough; says so where it is not.
fn gate(what: &str, found: Ratio, least: f64) -> io::Result<bool> {
    let enough = found.percent() >= least;
    if !enough {
        let found = found.percent();
        terminal::complain(&format!("egret: {what} is {found:.1} %, and should be {least} %\n"))?;
    }
    Ok(enough)
}

/// What comes of each item, in their order; each thread takes the next one.
fn side_by_side<T: Sync, R: Send + Default>(items: &[T], of: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let found: Vec<Mutex<R>> = items.iter().map(|_| Mutex::default()).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let result = of(item);
                    *found[at].lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = result;
                }
            });
        }
    });
    let whole = |found: Mutex<R>| found.into_inner().unwrap_or_else(|e| e.into_inner());
    found.into_iter().map(whole).collect()
}

fn no_tests() -> io::Result<Exit> {
    terminal::complain("egret: there is no test to run\n")?;
    Ok(Exit::NoTests)
}

/// Adds the files with tests at a path: one that is named, whatever it is called, and in folders those
/// that are called like one.
fn find(path: &Path, is_named: bool, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        path.metadata()?;
        if is_named || Suite::is_one(path) {
            found.push(path.to_owned());
        }
        return Ok(());
    }
    let entries: io::Result<Vec<PathBuf>> =
        path.read_dir()?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut entries = entries?;
    entries.sort();
    for entry in entries {
        let entry = entry.strip_prefix(".").map_or(entry.clone(), Path::to_owned);
        let name = entry.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        // What tools leave behind, and links that may lead round in a circle.
        if !name.starts_with('.') && name != "target" && !(entry.is_symlink() && entry.is_dir()) {
            find(&entry, false, found)?;
        }
    }
    Ok(())
}

/// `file:line:column` of a case.
fn at(case: &Case) -> String {
    case.spot.to_string()
}

/// So many, with the word for it.
fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn text(files: &[File], took: Duration) -> String {
    let mut out = String::new();
    for file in files.iter().filter(|file| !file.done.is_empty()) {
        let path = file.path.display().to_string();
        out += &format!("{}\n", terminal::paint(Style::Heading, &path));
        out.extend(file.done.iter().map(line));
    }
    let done = || files.iter().flat_map(|file| &file.done);
    let tally = Tally::of(done());
    let style = if tally.failed == 0 { Style::Good } else { Style::Bad };
    let classes: usize = done().map(|done| done.outcome.classes).sum();
    out += &format!(
        "\n{}; {} of packets in {:.0} ms\n",
        terminal::paint(style, &tally.to_string()),
        count(classes, "class", "classes"),
        took.as_secs_f64() * 1e3
    );
    out
}

/// A case, and more where it is not as expected.
fn line(done: &Done) -> String {
    match done.verdict() {
        Verdict::Passed => {
            format!("  {}  {}\n", terminal::paint(Style::Good, "ok"), done.case.name)
        }
        Verdict::Failed => failure(done),
        Verdict::Inconclusive => inconclusive(done),
    }
}

/// A case of which nothing is certain, and what it waits for.
fn inconclusive(done: &Done) -> String {
    let place = terminal::paint(Style::Faint, &format!("[{}]", at(&done.case)));
    let word = terminal::paint(Style::Name, "INCONCLUSIVE");
    let mut out = format!("  {word}  {}  {place}\n", done.case.name);
    for Awaited { name, spot } in &done.outcome.waits_for {
        let place = terminal::paint(Style::Faint, &format!("[{spot}]"));
        out += &format!("      this depends on {name}  {place}\n");
    }
    out
}

/// A failure: what is not as expected, and the way of the packet that shows it.
fn failure(done: &Done) -> String {
    let Done { case, outcome, .. } = done;
    let place = terminal::paint(Style::Faint, &format!("[{}]", at(case)));
    let mut out = format!("  {}  {}  {place}\n", terminal::paint(Style::Bad, "FAILED"), case.name);
    for difference in &outcome.differences {
        out += &format!("      {difference}\n");
    }
    for line in outcome.explanation.iter().flat_map(|text| text.lines()) {
        out += &format!("      {}\n", terminal::paint(Style::Faint, &format!("| {line}")));
    }
    out
}
