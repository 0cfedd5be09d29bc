//! Expectations beside a configuration, run as tests: a scenario's own (`expect:` and `results:`), or
//! a file of expectations about one (`*.egret.yaml`).

use std::path::{Path, PathBuf};

use egret_control::compile::{Compilation, compile};
use egret_control::explain::{Explanation, World, text};
use egret_control::finding::{Finding, Rejection};
use egret_control::import;
use egret_control::model::Unknown;
use egret_control::source::{Place, Sources};
use egret_control::written::{self, At, Page};
use egret_dataplane::time::Instant;
use serde::Deserialize;

use crate::expect::{self, Met, Unmet};
use crate::report::Report;
use crate::reporting::packet_words;
use crate::run::{Options, Run};
use crate::scenario::{Expectation, ExpectationSection, FILE_NAME, Scenario, read_expectation};

/// What the name of a file of expectations ends in.
pub const ENDING: &str = ".egret.yaml";

/// Expectations, and what they are about.
pub struct Suite {
    /// Its file.
    pub path: PathBuf,
    scenario: Scenario,
    /// `None` where nothing can be said before more is known.
    compilation: Option<Compilation>,
    expect: Vec<Expectation>,
    /// Whether the scenario's run belongs to it.
    runs: bool,
}

/// A file of expectations.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteFile {
    /// The scenario file, its folder, or a folder of `aws ... describe-*` JSON, beside this file.
    /// Default: the scenario of this file's folder.
    scenario: Option<At<String>>,
    /// What is expected.
    expect: Vec<At<ExpectationSection>>,
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
        let (scenario, expect) = match is_suite {
            true => read_suite(path)?,
            false => {
                let mut scenario = Scenario::read(path)?;
                let expect = std::mem::take(&mut scenario.expect);
                (scenario, expect)
            }
        };
        let compilation = match scenario.model.unknowns.everything.is_empty() {
            true => match compile(&scenario.model) {
                Ok(compilation) => Some(compilation),
                Err(findings) => {
                    return Err(Rejection { sources: scenario.model.sources, findings });
                }
            },
            false => None,
        };
        let runs = !is_suite && !scenario.plan.expect.is_empty();
        Ok(Suite { path: path.to_owned(), scenario, compilation, expect, runs })
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
        let unmet = match expect::judge(model, world, expected) {
            Ok(Met { classes, waits_for }) => return self.awaiting(&waits_for, classes),
            Err(unmet) => unmet,
        };
        let Unmet { differences, failing: (_, classes), explanation } = unmet;
        let culprit = explanation.as_deref().and_then(decided);
        Outcome {
            differences,
            culprit: culprit.map(|place| spot(&model.sources, place)),
            explanation: explanation.map(|explanation| text::plain(world, &explanation)),
            classes,
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
fn read_suite(path: &Path) -> Result<(Scenario, Vec<Expectation>), Rejection> {
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
    let mut scenario = read_about(&folder.join(about))?;
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
    let expect = suite.expect.into_iter();
    let expect: Vec<Expectation> =
        expect.filter_map(|e| read_expectation(e, &scenario.model, &mut page)).collect();
    if findings.iter().any(Finding::is_error) {
        return Err(Rejection { sources: scenario.model.sources, findings });
    }
    Ok((scenario, expect))
}

/// A scenario, or JSON as the AWS command line prints it.
fn read_about(path: &Path) -> Result<Scenario, Rejection> {
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    if is_json || path.is_dir() && !path.join(FILE_NAME).exists() {
        let imported = import::read(&[path.to_owned()])?;
        return Ok(Scenario { model: imported.model, ..Scenario::default() });
    }
    Scenario::read(path)
}
