//! `egret diff`: what changes between two configurations, for every service.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Args, ValueEnum};
use egret_verify::classes::TooMany;
use egret_verify::cuts::World;
use egret_verify::diff::{Agenda, Change, Changes, Kind, Pair, Side, agenda, changes};
use egret_verify::open::Open;
use egret_verify::words::Words;

use crate::input::{self, Given, Input, Loaded};
use crate::reach::LIMIT;
use crate::{Exit, terminal};

mod example;
mod json;
mod markdown;
mod text;

/// Says what changes between two configurations for every service: flows that are lost, gained or
/// carried another way; all traffic to every address and port, proved and not sampled. What depends on
/// something that a template leaves open is listed apart.
///
/// Exit codes: 0 it is said, 1 something has changed of what `--fail-on` names, 2 bad input.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// What was: a scenario file, its folder, a template, or a folder of JSON as `aws ec2 describe-*`
    /// prints it.
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// What is to be.
    #[arg(value_name = "NEW")]
    new: PathBuf,

    #[command(flatten)]
    given: Given,

    /// The same for OLD alone.
    #[arg(long, value_name = "NAME=VALUE", value_parser = input::parameter)]
    old_parameter: Vec<(String, String)>,

    /// The same for NEW alone.
    #[arg(long, value_name = "NAME=VALUE", value_parser = input::parameter)]
    new_parameter: Vec<(String, String)>,

    /// Only what this one sends: a service, SERVICE/TASK, or a host or network interface; may be
    /// repeated. Default: every service.
    #[arg(long, value_name = "SENDER")]
    from: Vec<String>,

    /// Also say what is dropped as before, for another reason or elsewhere.
    #[arg(long)]
    reasons: bool,

    /// Explain each example hop by hop, in both.
    #[arg(long)]
    explain: bool,

    /// Exit with 1 if there is such a change, or if it is not known whether there is; may be repeated,
    /// or a list with commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "CHANGE")]
    fail_on: Vec<FailOn>,

    /// What is inconclusive fails for `--fail-on inconclusive` alone.
    #[arg(long, requires = "fail_on")]
    allow_inconclusive: bool,

    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// A table for a pull request.
    Markdown,
    /// For programs.
    Json,
}

/// Which changes are a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// What arrived, or was answered, no longer is.
    Lost,
    /// What was dropped, or its answer, no longer is.
    Gained,
    /// What arrives by another way, from another source address or elsewhere.
    Rerouted,
    /// What depends on something that is not known.
    Inconclusive,
    /// Whatever is said, services that come or go included.
    Any,
}

/// All that is printed.
struct Report<'a> {
    paths: [&'a Path; 2],
    /// What is given for parameters of NEW.
    given: Given,
    loaded: [&'a Loaded; 2],
    words: Words<'a>,
    agenda: &'a Agenda,
    sections: Vec<Section<'a>>,
    /// What is inconclusive.
    in_doubt: Vec<Section<'a>>,
    /// Rows about what is dropped for another reason, which nobody asked for.
    left_out: usize,
    explain: bool,
}

/// Senders for which the same has changed.
struct Section<'a> {
    names: Vec<&'a str>,
    pair: &'a Pair,
    changes: Vec<&'a Change>,
}

impl Diff {
    pub(crate) fn run(self) -> io::Result<Exit> {
        if is_same(&self.old, &self.new) && self.old_parameter == self.new_parameter {
            let path = self.old.display();
            return complain(&format!("OLD and NEW are both {path}: name two configurations"));
        }
        let sides = [(&self.old, &self.old_parameter), (&self.new, &self.new_parameter)];
        let loaded = sides.map(|(path, own)| Input::given(path, self.given.and(own)).load());
        let mut read = Vec::new();
        for loaded in loaded {
            match loaded {
                Ok(loaded) => read.push(loaded),
                Err(rejection) => input::show(&rejection.findings, &rejection.sources)?,
            }
        }
        let [old, new] = &read[..] else { return Ok(Exit::BadInput) };
        self.compare([old, new])
    }

    fn compare(&self, loaded: [&Loaded; 2]) -> io::Result<Exit> {
        let snapshots = loaded.map(|loaded| &loaded.compilation.snapshot);
        snapshots.iter().for_each(|snapshot| snapshot.prepare());
        let opens = [0, 1].map(|at| Open::new(&loaded[at].model, snapshots[at]));
        let worlds = [0, 1].map(|at| World::new(snapshots[at]).with(&opens[at]));
        let side = |at: usize| Side { model: &loaded[at].model, world: &worlds[at] };
        let sides = [side(0), side(1)];
        let agenda = match agenda(sides[0], sides[1], &self.from) {
            Ok(agenda) => agenda,
            Err(error) => return complain(&error.to_string()),
        };
        let found = match all(sides, &agenda.pairs) {
            Ok(found) => found,
            Err(error) => return complain(&error.to_string()),
        };
        let pairs = || agenda.pairs.iter().zip(&found);
        let shown = |change: &Change| match change.kind {
            Kind::Inconclusive => false,
            kind => self.reasons || kind != Kind::Refused,
        };
        let refused = found.iter().flat_map(|found| &found.changes);
        let refused = refused.filter(|change| change.kind == Kind::Refused).count();
        let report = Report {
            paths: [&self.old, &self.new],
            given: self.given.and(&self.new_parameter),
            loaded,
            // What is to be has the say.
            words: Words::new(&[(sides[1].model, snapshots[1]), (sides[0].model, snapshots[0])]),
            agenda: &agenda,
            sections: sections(pairs(), shown),
            in_doubt: sections(pairs(), |change| change.kind == Kind::Inconclusive),
            left_out: if self.reasons { 0 } else { refused },
            explain: self.explain,
        };
        terminal::print(&match self.format {
            Format::Text => text::text(&report),
            Format::Markdown => markdown::markdown(&report),
            Format::Json => json::json(&report),
        })?;
        Ok(if self.fails(&report) { Exit::Unexpected } else { Exit::Fine })
    }

    fn fails(&self, report: &Report<'_>) -> bool {
        let has = |kind| report.count(kind) > 0;
        let may_be = !self.allow_inconclusive && has(Kind::Inconclusive);
        self.fail_on.iter().any(|on| match on {
            FailOn::Lost => may_be || has(Kind::Lost),
            FailOn::Gained => may_be || has(Kind::Gained),
            FailOn::Rerouted => may_be || has(Kind::Rerouted),
            FailOn::Inconclusive => has(Kind::Inconclusive),
            FailOn::Any => {
                let Agenda { added, removed, .. } = report.agenda;
                may_be || !(report.sections.is_empty() && added.is_empty() && removed.is_empty())
            }
        })
    }
}

/// The changes of pairs that are to be shown, with senders together for which they are the same.
fn sections<'a>(
    pairs: impl Iterator<Item = (&'a Pair, &'a Changes)>,
    shown: impl Fn(&Change) -> bool,
) -> Vec<Section<'a>> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    for (pair, found) in pairs {
        let changes: Vec<&Change> = found.changes.iter().filter(|change| shown(change)).collect();
        let names = pair.names.iter().map(String::as_str);
        match sections.iter_mut().find(|section| section.says(pair, &changes)) {
            _ if changes.is_empty() => {}
            Some(section) => section.names.extend(names),
            None => sections.push(Section { names: names.collect(), pair, changes }),
        }
    }
    sections
}

impl Section<'_> {
    /// Whether it says just this.
    fn says(&self, pair: &Pair, changes: &[&Change]) -> bool {
        let zones = |pair: &Pair| -> Vec<Option<String>> {
            pair.new.iter().map(|sender| sender.zone.clone()).collect()
        };
        let same = |(one, other): (&&Change, &&Change)| {
            one.kind == other.kind && one.row == other.row && one.facing == other.facing
        };
        self.changes.len() == changes.len()
            && zones(self.pair) == zones(pair)
            && self.changes.iter().zip(changes).all(same)
    }

    /// The zones of which alone a change is true; none, if it is of all.
    fn zones(&self, change: &Change) -> Vec<&str> {
        if change.facing.len() == self.pair.facing.len() {
            return Vec::new();
        }
        let zone = |(_, new): &(usize, usize)| self.pair.new[*new].zone.as_deref();
        change.facing.iter().filter_map(zone).collect()
    }
}

impl Report<'_> {
    fn count(&self, kind: Kind) -> usize {
        let sections = self.sections.iter().chain(&self.in_doubt);
        let changes = sections.flat_map(|section| &section.changes);
        changes.filter(|change| change.kind == kind).count()
    }

    /// Senders for which nothing has changed, for certain.
    fn unchanged(&self) -> usize {
        let all: usize = self.agenda.pairs.iter().map(|pair| pair.names.len()).sum();
        let sections = self.sections.iter().chain(&self.in_doubt);
        all - sections.flat_map(|section| &section.names).collect::<HashSet<_>>().len()
    }
}

/// What is printed of a kind.
fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Lost => "lost",
        Kind::Gained => "gained",
        Kind::Rerouted => "rerouted",
        Kind::Refused => "dropped otherwise",
        Kind::Inconclusive => "inconclusive",
    }
}

fn is_same(old: &Path, new: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(old).is_some() && real(old) == real(new)
}

/// What has changed for each pair, several at a time.
fn all(sides: [Side<'_>; 2], pairs: &[Pair]) -> Result<Vec<Changes>, TooMany> {
    let next = AtomicUsize::new(0);
    let found: Vec<Mutex<Option<_>>> = pairs.iter().map(|_| Mutex::new(None)).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(pairs.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(pair) = pairs.get(at) else { break };
                    let changes = changes(sides[0], sides[1], pair, LIMIT);
                    *found[at].lock().unwrap_or_else(|e| e.into_inner()) = Some(changes);
                }
            });
        }
    });
    let whole = |found: Mutex<Option<_>>| found.into_inner().unwrap_or_else(|e| e.into_inner());
    found.into_iter().filter_map(whole).collect()
}

fn complain(error: &str) -> io::Result<Exit> {
    terminal::complain(&format!("egret: {error}\n"))?;
    Ok(Exit::BadInput)
}
