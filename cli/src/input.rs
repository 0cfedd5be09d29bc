//! What a verb works on: a scenario file, its folder, a template, or JSON as the AWS command line
//! prints it.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use egret_control::compile::{Compilation, compile};
use egret_control::finding::{Finding, Rejection, render};
use egret_control::import;
use egret_control::model::{Model, Unknown};
use egret_control::source::{Place, Sourced, Sources};
use egret_control::template::Parameters;
use egret_sim::plan::Plan;
use egret_sim::scenario::{FILE_NAME, Scenario};
use miette::MietteHandlerOpts;

use crate::terminal;

/// What to work on, and with which parameters.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Input {
    #[command(flatten)]
    about: About,

    #[command(flatten)]
    given: Given,
}

/// What to work on.
#[derive(Debug, Args)]
#[group(required = true)]
struct About {
    /// A scenario file, its folder, a template, or a folder of JSON as `aws ec2 describe-*` prints it.
    #[arg(value_name = "SCENARIO")]
    scenario: Option<PathBuf>,

    /// A template, or a file or folder of `aws ... describe-*` JSON, in place of a scenario; may be
    /// repeated.
    #[arg(long, value_name = "PATH", conflicts_with = "scenario")]
    import: Vec<PathBuf>,
}

/// Values for parameters of templates.
#[derive(Debug, Default, Args)]
#[group(skip)]
pub(crate) struct Given {
    /// The value of a template's parameter, or with `ssm:` before the name what SSM holds; may be
    /// repeated.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
}

impl Given {
    /// The same and more; the last value of a name counts.
    pub(crate) fn and(&self, more: &[(String, String)]) -> Given {
        Given { parameters: [&self.parameters, more].concat() }
    }

    /// Names and values, as they were written.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.parameters
    }

    fn parameters(&self) -> Parameters {
        let mut parameters = Parameters::default();
        for (name, value) in &self.parameters {
            parameters.give(name.clone(), Sourced::implied(value.clone()));
        }
        parameters
    }
}

/// A name and a value as the command line has them.
pub(crate) fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    match name.trim() {
        "" => Err("the name is missing: write NAME=VALUE".to_owned()),
        name => Ok((name.to_owned(), value.to_owned())),
    }
}

/// What was read.
pub(crate) struct Loaded {
    /// The model.
    pub(crate) model: Model,
    /// What it compiled to.
    pub(crate) compilation: Compilation,
    /// What a scenario plans for a run.
    pub(crate) plan: Plan,
    /// What looks wrong, of the readers and the compiler.
    pub(crate) warnings: Vec<Finding>,
}

impl Input {
    /// What is at a path.
    pub(crate) fn of(path: &Path) -> Input {
        Input::given(path, Given::default())
    }

    /// What is at a path, with values for its parameters.
    pub(crate) fn given(path: &Path, given: Given) -> Input {
        let about = About { scenario: Some(path.to_owned()), import: Vec::new() };
        Input { about, given }
    }

    /// Reads and compiles.
    pub(crate) fn load(&self) -> Result<Loaded, Rejection> {
        let Scenario { model, plan, mut warnings, .. } = self.read()?;
        if !model.unknowns.everything.is_empty() {
            warnings.extend(model.unknowns.everything.iter().map(nothing_known));
            return Err(Rejection { sources: model.sources, findings: warnings });
        }
        match compile(&model) {
            Ok(mut compilation) => {
                warnings.append(&mut compilation.warnings);
                Ok(Loaded { model, compilation, plan, warnings })
            }
            Err(findings) => {
                warnings.extend(findings);
                Err(Rejection { sources: model.sources, findings: warnings })
            }
        }
    }

    fn read(&self) -> Result<Scenario, Rejection> {
        let given = self.given.parameters();
        match &self.about.scenario {
            Some(path) if is_import(path) => from_aws(std::slice::from_ref(path), &given),
            Some(path) if given.is_empty() => Scenario::read(path),
            Some(path) => Err(parameters_of_scenario(path)),
            None => from_aws(&self.about.import, &given),
        }
    }
}

/// The finding for what has to be known before anything can be said.
fn nothing_known(unknown: &Unknown) -> Finding {
    let message = format!("nothing can be said before this is known: {}", unknown.name);
    let help = "give it: `--parameter NAME=VALUE` for a parameter of a template";
    Finding::error("inconclusive", unknown.place, message).help(help)
}

/// A cloud in which nothing is planned.
fn from_aws(paths: &[PathBuf], given: &Parameters) -> Result<Scenario, Rejection> {
    let imported = import::read_with(paths, given)?;
    let (model, warnings) = (imported.model, imported.warnings);
    Ok(Scenario { model, warnings, ..Scenario::default() })
}

/// A scenario file says by itself what the templates that it imports are given.
fn parameters_of_scenario(path: &Path) -> Rejection {
    let message = format!("--parameter is for templates, and {} is a scenario", path.display());
    let help = "write `parameters:` beside the scenario's `import:`";
    let finding = Finding::error("parameter-of-scenario", Place::NOWHERE, message).help(help);
    Rejection { findings: vec![finding], ..Rejection::default() }
}

/// A folder without a scenario file, or a file that is no scenario.
fn is_import(path: &Path) -> bool {
    let folder = path.is_dir() && !path.join(FILE_NAME).exists();
    folder || import::is_importable(path)
}

/// Shows findings on standard error: with the source drawn around them on a terminal, a line each
/// elsewhere.
pub(crate) fn show(findings: &[Finding], sources: &Sources) -> io::Result<()> {
    // miette would look at the terminal itself, and miss what `--color` says.
    let handler = || MietteHandlerOpts::new().color(true).force_graphical(true).build();
    // A second call finds the same hook in its place.
    let _ = miette::set_hook(Box::new(move |_| Box::new(handler())));
    for finding in findings {
        if terminal::is_fancy() {
            let report = render::report(finding, sources);
            terminal::complain(&format!("{report:?}\n"))?;
        } else {
            terminal::complain(&plain(finding, sources))?;
        }
    }
    Ok(())
}

/// A finding as compilers print it, with its advice on the next line.
pub(crate) fn plain(finding: &Finding, sources: &Sources) -> String {
    let line = render::line(finding, sources);
    let help = finding.help.as_ref().map_or(String::new(), |help| format!("  help: {help}\n"));
    format!("{line} [{}]\n{help}", finding.code)
}
