//! Expectations beside a configuration, run as tests: a scenario's own (`expect:` and `results:`), or
//! a file of expectations about one (`*.egret.yaml`).

use std::path::{Path, PathBuf};

use egret_control::compile::{Compilation, compile};
use egret_control::explain::{Explanation, World, text};
use egret_control::finding::{Finding, Rejection};
use egret_control::import;
use egret_control::source::{FileId, Place, Sources};
use egret_control::template::Parameters;
use egret_control::written::{self, At, Entries, Page, Written};
use egret_dataplane::time::Instant;
use serde::Deserialize;

use crate::expect::{self, Unmet};
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
    compilation: Compilation,
    expect: Vec<Expectation>,
    /// Whether the scenario's run belongs to it.
    runs: bool,
}

/// A file of expectations.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteFile {
    /// The scenario file, its folder, a template, or a folder of `aws ... describe-*` JSON, beside
    /// this file. Default: the scenario of this file's folder.
    scenario: Option<At<String>>,
    /// Values for the parameters of a template, by name; a list is written with commas.
    #[serde(default)]
    parameters: Entries<Written<String>>,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What is not as expected, a sentence each; none is a success.
    pub differences: Vec<String>,
    /// What happens to the smallest packet for which it is not, hop by hop.
    pub explanation: Option<String>,
    /// The rule, entry or route that decided about that packet.
    pub culprit: Option<Spot>,
    /// Classes of packets that were judged, 0 for what is of a run.
    pub classes: usize,
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
        let compilation = match compile(&scenario.model) {
            Ok(compilation) => compilation,
            Err(findings) => return Err(Rejection { sources: scenario.model.sources, findings }),
        };
        compilation.snapshot.prepare();
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
        cases.into_iter().map(move |case| match case.of {
            Of::Packets(at) => self.packets(&self.expect[at]),
            Of::Run(at) => {
                let report = report.get_or_insert_with(|| self.run());
                // Those of packets come first in it, and were taken out.
                let differences = match report {
                    Ok(report) => report.expectations[at].differences.clone(),
                    Err(error) => vec![error.clone()],
                };
                Outcome { differences, explanation: None, culprit: None, classes: 0 }
            }
        })
    }

    fn packets(&self, expected: &Expectation) -> Outcome {
        let model = &self.scenario.model;
        let world = World::new(&model.sources, &self.compilation);
        let unmet = match expect::judge(model, world, expected) {
            Ok(classes) => {
                return Outcome {
                    differences: Vec::new(),
                    explanation: None,
                    culprit: None,
                    classes,
                };
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
        }
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
    let given = given(&alone, file, suite.parameters)?;
    let mut scenario = read_about(&folder.join(about), &given)?;
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
