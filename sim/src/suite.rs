//! Expectations beside a configuration, run as tests: a scenario's own (`expect:` and `results:`), or
//! a file of expectations about one (`*.egret.yaml`).

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use egret_control::compile::{Compilation, compile};
use egret_control::explain::{Explanation, World, text};
use egret_control::finding::{Finding, Rejection};
use egret_control::import;
use egret_control::model::{Model, Unknown};
use egret_control::source::{FileId, Place, Sources};
use egret_control::template::Parameters;
use egret_control::written::{self, At, Entries, OneOrMany, Page, Written};
use egret_dataplane::snapshot::Snapshot;
use egret_dataplane::time::Instant;
use egret_verify::classes::Class;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::expect::{self, Met, Unmet};
use crate::report::Report;
use crate::reporting::packet_words;
use crate::run::{Options, Run};
use crate::scenario::{
    Expectation, ExpectationSection, FILE_NAME, Scenario, TableSection, read_expectation,
    read_table,
};

pub mod coverage;
pub mod mutants;
pub mod mutation;
pub mod parts;

use parts::{List, Part};

/// What the name of a file of expectations ends in.
pub const ENDING: &str = ".egret.yaml";

/// Expectations, and what they are about.
pub struct Suite {
    /// Its file.
    pub path: PathBuf,
    /// What it is about: the file of a scenario, or whatever a folder's JSON was read from.
    pub about: PathBuf,
    scenario: Scenario,
    /// `None` where nothing can be said before more is known.
    compilation: Option<Compilation>,
    expect: Vec<Expectation>,
    /// Changes of the configuration that nobody need notice.
    pub excuses: Vec<Excuse>,
    /// Whether the scenario's run belongs to it.
    runs: bool,
    /// Whether it is noted what decides about the packets that are judged.
    watches: bool,
}

/// A file of expectations about a configuration.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SuiteFile {
    /// The scenario file, its folder, a template, or a folder of `aws ... describe-*` JSON, beside
    /// this file. Default: the scenario of this file's folder.
    scenario: Option<At<String>>,
    /// Values for the parameters of a template, by name; a list is written with commas.
    #[serde(default)]
    parameters: Entries<Written<String>>,
    /// What is expected of packets.
    #[serde(default)]
    expect: Vec<At<ExpectationSection>>,
    /// The same, as tables: senders down, targets across.
    #[serde(default)]
    tables: Vec<At<TableSection>>,
    /// Changes of the configuration that no expectation need notice (`egret test --mutate`), and why.
    #[serde(default)]
    survivors: Vec<At<SurvivorSection>>,
}

/// Changes of the configuration that may go unnoticed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SurvivorSection {
    /// The change as `egret test --mutate` words it, or a part of that; or a list of them.
    change: OneOrMany<String>,
    /// Why nobody need notice it.
    because: Written<String>,
}

/// A change of the configuration that no expectation need notice, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excuse {
    /// What its words have in them.
    pub change: String,
    /// Why nobody need notice it.
    pub because: String,
    /// Where it is written.
    pub spot: Spot,
}

/// What a file of expectations says.
#[derive(Default)]
struct Said {
    expect: Vec<Expectation>,
    excuses: Vec<Excuse>,
}

/// The JSON Schema of a file of expectations, by which editors complete and check it.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(SuiteFile).to_value()
}

/// One expectation of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// Where it is written.
    pub spot: Spot,
    of: Of,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// Of packets.
    Packets(usize),
    /// Of the scenario's run.
    Run(usize),
}

/// A place in a file, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// What came of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What is not as expected, a sentence each.
    pub differences: Vec<String>,
    /// What a template leaves open and would have to be known, where nothing is known to be otherwise
    /// than expected.
    pub waits_for: Vec<Awaited>,
    /// What happens to the smallest packet for which it is not, hop by hop.
    pub explanation: Option<String>,
    /// The rule, entry or route that decided about that packet.
    pub culprit: Option<Spot>,
    /// Classes of packets that were judged, 0 for what is of a run.
    pub classes: usize,
    /// What decided about them, where that is watched.
    pub seen: Seen,
}

/// What had to do with the packets of an expectation, there and back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What decided about some of them.
    pub decided: BTreeSet<Part>,
    /// What was asked about some of them, and may have had nothing to say.
    pub asked: BTreeSet<List>,
}

/// Something that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// What it is called.
    pub name: String,
    /// Where it is written.
    pub spot: Spot,
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is as expected.
    Passed,
    /// Something is not.
    Failed,
    /// That depends on something that is not known.
    Inconclusive,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

impl Outcome {
    /// How the case ended.
    pub fn verdict(&self) -> Verdict {
        match () {
            () if !self.differences.is_empty() => Verdict::Failed,
            () if !self.waits_for.is_empty() => Verdict::Inconclusive,
            () => Verdict::Passed,
        }
    }
}

impl Suite {
    /// Whether a file is one of expectations or a scenario, by its name.
    pub fn is_one(path: &Path) -> bool {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        name == FILE_NAME || name.ends_with(ENDING)
    }

    /// Reads and compiles.
    ///
    /// # Errors
    /// Every finding, if one of them is an error.
    pub fn read(path: &Path) -> Result<Suite, Rejection> {
        let is_suite = path.to_string_lossy().ends_with(ENDING);
        let (about, scenario, said) = match is_suite {
            true => read_suite(path)?,
            false => {
                let mut scenario = Scenario::read(path)?;
                let expect = std::mem::take(&mut scenario.expect);
                (path.to_owned(), scenario, Said { expect, ..Said::default() })
            }
        };
        let Said { expect, excuses } = said;
        let compilation = match compiled(&scenario.model, &expect) {
            Ok(compilation) => compilation,
            Err(findings) => return Err(Rejection { sources: scenario.model.sources, findings }),
        };
        let runs = !is_suite && !scenario.plan.expect.is_empty();
        let path = path.to_owned();
        Ok(Suite { path, about, scenario, compilation, expect, excuses, runs, watches: false })
    }

    /// The same, with a note of what decides about the packets that are judged.
    pub fn watching(self) -> Suite {
        Suite { watches: true, ..self }
    }

    /// Whether enough is known to say anything.
    pub fn is_known(&self) -> bool {
        self.compilation.is_some()
    }

    /// Its cases, in the order of the file; those of the run come last.
    pub fn cases(&self) -> Vec<Case> {
        let sources = &self.scenario.model.sources;
        let packets = self.expect.iter().enumerate().map(|(at, expected)| Case {
            name: packet_words(expected),
            spot: spot(sources, expected.place),
            of: Of::Packets(at),
        });
        let of_run = self.scenario.plan.expect.iter().filter(|_| self.runs).enumerate();
        let of_run = of_run.map(|(at, expected)| Case {
            name: crate::reporting::run_words(expected),
            spot: spot(sources, expected.place),
            of: Of::Run(at),
        });
        packets.chain(of_run).collect()
    }

    /// What comes of these cases. The scenario runs once, if one of them is of its run.
    pub fn judge<'c>(
        &self,
        cases: impl IntoIterator<Item = &'c Case>,
    ) -> impl Iterator<Item = Outcome> {
        let mut report = None;
        cases.into_iter().map(move |case| match (case.of, &self.compilation) {
            (_, None) => self.awaiting(&self.scenario.model.unknowns.everything, 0),
            (Of::Packets(at), Some(compilation)) => self.packets(compilation, &self.expect[at]),
            (Of::Run(at), _) => self.of_run(at, &mut report),
        })
    }

    /// What comes of an expectation of the run. The run itself is kept in `report`.
    fn of_run(&self, at: usize, report: &mut Option<Result<Report, String>>) -> Outcome {
        let mut open = self.scenario.model.unknowns.deciding().peekable();
        if open.peek().is_some() {
            return self.awaiting(open, 0);
        }
        // Those of packets come first in it, and were taken out.
        let differences = match report.get_or_insert_with(|| self.run()) {
            Ok(report) => report.expectations[at].differences.clone(),
            Err(error) => vec![error.clone()],
        };
        Outcome { differences, ..Outcome::default() }
    }

    fn packets(&self, compilation: &Compilation, expected: &Expectation) -> Outcome {
        let model = &self.scenario.model;
        let world = World::new(&model.sources, compilation);
        let mut seen = Seen::default();
        let mut watch = |class: &Class| seen.note(world.snapshot, class);
        let judged = match self.watches {
            true => expect::judge_seen(model, world, expected, &mut watch),
            false => expect::judge(model, world, expected),
        };
        let unmet = match judged {
            Ok(Met { classes, waits_for }) => {
                return Outcome { seen, ..self.awaiting(&waits_for, classes) };
            }
            Err(unmet) => unmet,
        };
        let Unmet { differences, failing: (_, classes), explanation } = unmet;
        let culprit = explanation.as_deref().and_then(decided);
        Outcome {
            differences,
            culprit: culprit.map(|place| spot(&model.sources, place)),
            explanation: explanation.map(|explanation| text::plain(world, &explanation)),
            classes,
            seen,
            ..Outcome::default()
        }
    }

    /// Nothing is known to be otherwise than expected; whether it is so waits for these.
    fn awaiting<'u>(
        &self,
        unknowns: impl IntoIterator<Item = &'u Unknown>,
        classes: usize,
    ) -> Outcome {
        let sources = &self.scenario.model.sources;
        let mut waits_for: Vec<Awaited> = Vec::new();
        for Unknown { name, place } in unknowns {
            let awaited = Awaited { name: name.clone(), spot: spot(sources, *place) };
            if !waits_for.contains(&awaited) {
                waits_for.push(awaited);
            }
        }
        Outcome { waits_for, classes, ..Outcome::default() }
    }

    fn run(&self) -> Result<Report, String> {
        let mut run =
            Run::new(&self.scenario, Options::default()).map_err(|error| error.to_string())?;
        run.step_until(Instant(u64::MAX));
        Ok(run.finish().0)
    }
}

impl Seen {
    fn note(&mut self, snapshot: &Snapshot, class: &Class) {
        for hop in &class.hops {
            self.decided.extend(Part::deciding(snapshot, hop));
            self.asked.extend(List::asked(snapshot, hop));
        }
    }
}

/// Where it is written what decided about a packet: what denies it or, if it arrives, the first rule
/// that let it go.
fn decided(explanation: &Explanation) -> Option<Place> {
    let steps = || explanation.forward.iter().chain(&explanation.back);
    let is_written = |place: &Place| place.file.is_some();
    match steps().find(|step| step.denial.is_some()) {
        Some(denied) => denied.place.filter(is_written),
        None => steps().filter_map(|step| step.place).find(is_written),
    }
}

fn spot(sources: &Sources, place: Place) -> Spot {
    let file = place.file.map(|file| sources.file(file).path.clone()).unwrap_or_default();
    Spot { file, line: place.line, column: place.column }
}

/// A file of expectations, and the scenario that it is about.
fn read_suite(path: &Path) -> Result<(PathBuf, Scenario, Said), Rejection> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        let finding = Finding::error("unreadable", Place::NOWHERE, message);
        Rejection { findings: vec![finding], ..Rejection::default() }
    })?;
    let mut alone = Sources::default();
    let file = alone.add(path, &*text);
    let suite: SuiteFile = match written::parse(&alone, file) {
        Ok(suite) => suite,
        Err(finding) => return Err(Rejection { sources: alone, findings: vec![finding] }),
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let about = suite.scenario.as_ref().map_or(FILE_NAME, |about| &about.value);
    let about = folder.join(about);
    let given = given(&alone, file, suite.parameters)?;
    let mut scenario = read_about(&about, &given)?;
    // Once more among the files of the scenario, so that each place is known there.
    let sources = &mut scenario.model.sources;
    let file = sources.add(path, &*text);
    let suite: SuiteFile = match written::parse(sources, file) {
        Ok(suite) => suite,
        Err(finding) => {
            return Err(Rejection { sources: scenario.model.sources, findings: vec![finding] });
        }
    };
    let mut findings = Vec::new();
    let mut page = Page::new(&scenario.model.sources, file, &mut findings);
    let said = suite.read(&scenario.model, &mut page);
    if findings.iter().any(Finding::is_error) {
        return Err(Rejection { sources: scenario.model.sources, findings });
    }
    let is_scenario = about.join(FILE_NAME).exists();
    let about = if is_scenario { about.join(FILE_NAME) } else { about };
    Ok((about, scenario, said))
}

impl SuiteFile {
    fn read(self, model: &Model, page: &mut Page<'_>) -> Said {
        let expect = self.expect.into_iter();
        let mut expect: Vec<Expectation> =
            expect.filter_map(|expected| read_expectation(expected, model, page)).collect();
        expect.extend(self.tables.into_iter().flat_map(|table| read_table(table, model, page)));
        let mut excuses = Vec::new();
        for section in self.survivors {
            let SurvivorSection { change, because } = section.value;
            let because = page.meaning(because).map(|because| because.value).unwrap_or_default();
            excuses.extend(page.meanings::<String, _>(change).into_iter().map(|change| Excuse {
                spot: spot(&model.sources, change.place),
                change: change.value,
                because: because.clone(),
            }));
        }
        Said { expect, excuses }
    }
}

/// The configuration, with whatever expectations name of it; `None` where nothing can be said before
/// more is known.
fn compiled(model: &Model, expect: &[Expectation]) -> Result<Option<Compilation>, Vec<Finding>> {
    if !model.unknowns.everything.is_empty() {
        return Ok(None);
    }
    let compilation = compile(model)?;
    let unknown = unknown_rules(&compilation.snapshot, expect);
    if unknown.is_empty() { Ok(Some(compilation)) } else { Err(unknown) }
}

/// Rules that expectations name and that the configuration does not have.
fn unknown_rules(snapshot: &Snapshot, expect: &[Expectation]) -> Vec<Finding> {
    let mut said = expect.iter().flat_map(Expectation::rules).peekable();
    if said.peek().is_none() {
        return Vec::new();
    }
    let known: Vec<String> = Part::all(snapshot).iter().map(|part| part.name(snapshot)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let unknown = said.filter(|rule| !known.contains(&rule.as_str())).map(|rule| {
        let message = format!("nothing that decides is called `{}`", rule.value);
        let finding = Finding::error("unknown-rule", rule.place, message);
        match written::nearest(rule, &known) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("`egret test --coverage --format json` lists the names"),
        }
    });
    unknown.collect()
}

/// What a file of expectations gives for parameters. They are of that file, which is none of the
/// scenario's yet, so that only errors in themselves have a place.
fn given(
    sources: &Sources,
    file: FileId,
    written: Entries<Written<String>>,
) -> Result<Parameters, Rejection> {
    let mut findings = Vec::new();
    let given = Parameters::read(written, &mut Page::new(sources, file, &mut findings));
    match findings.is_empty() {
        true => Ok(given.without_places()),
        false => Err(Rejection { sources: sources.clone(), findings }),
    }
}

/// A scenario, a template, or JSON as the AWS command line prints it.
fn read_about(path: &Path, given: &Parameters) -> Result<Scenario, Rejection> {
    if import::is_importable(path) || path.is_dir() && !path.join(FILE_NAME).exists() {
        let imported = import::read_with(&[path.to_owned()], given)?;
        return Ok(Scenario { model: imported.model, ..Scenario::default() });
    }
    if !given.is_empty() {
        let message = format!("`parameters` are for templates, and {} is none", path.display());
        let help = "write them beside the scenario's `import:`";
        let finding = Finding::error("parameter-of-scenario", Place::NOWHERE, message).help(help);
        return Err(Rejection { findings: vec![finding], ..Rejection::default() });
    }
    Scenario::read(path)
}
