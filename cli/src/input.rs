//! What a verb works on: a scenario file, its folder, or JSON as the AWS command line prints it.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use egret_control::compile::{Compilation, compile};
use egret_control::finding::{Finding, Rejection, render};
use egret_control::import;
use egret_control::model::{Model, Unknown};
use egret_control::source::Sources;
use egret_sim::scenario::{FILE_NAME, Scenario};
use miette::MietteHandlerOpts;

use crate::terminal;

/// What to work on.
#[derive(Debug, Args)]
#[group(required = true)]
pub(crate) struct Input {
    /// A scenario file, its folder, or a folder of JSON as `aws ec2 describe-*` prints it.
    #[arg(value_name = "SCENARIO")]
    scenario: Option<PathBuf>,

    /// A file or folder of `aws ... describe-*` JSON, in place of a scenario; may be repeated.
    #[arg(long, value_name = "PATH", conflicts_with = "scenario")]
    import: Vec<PathBuf>,
}

/// What was read.
pub(crate) struct Loaded {
    /// The model.
    pub(crate) model: Model,
    /// What it compiled to.
    pub(crate) compilation: Compilation,
    /// What looks wrong, of the readers and the compiler.
    pub(crate) warnings: Vec<Finding>,
}

impl Input {
    /// What is at a path.
    pub(crate) fn of(path: &Path) -> Input {
        Input { scenario: Some(path.to_owned()), import: Vec::new() }
    }

    /// Reads and compiles.
    pub(crate) fn load(&self) -> Result<Loaded, Rejection> {
        let (model, mut warnings) = self.read()?;
        if !model.unknowns.everything.is_empty() {
            warnings.extend(model.unknowns.everything.iter().map(nothing_known));
            return Err(Rejection { sources: model.sources, findings: warnings });
        }
        match compile(&model) {
            Ok(mut compilation) => {
                warnings.append(&mut compilation.warnings);
                Ok(Loaded { model, compilation, warnings })
            }
            Err(findings) => {
                warnings.extend(findings);
                Err(Rejection { sources: model.sources, findings: warnings })
            }
        }
    }

    fn read(&self) -> Result<(Model, Vec<Finding>), Rejection> {
        match &self.scenario {
            Some(path) if is_import(path) => from_aws(std::slice::from_ref(path)),
            Some(path) => Scenario::read(path).map(|scenario| (scenario.model, scenario.warnings)),
            None => from_aws(&self.import),
        }
    }
}

/// The finding for what has to be known before anything can be said.
fn nothing_known(unknown: &Unknown) -> Finding {
    let message = format!("nothing can be said before this is known: {}", unknown.name);
    let help = "give it: `--parameter NAME=VALUE` for a parameter of a template";
    Finding::error("inconclusive", unknown.place, message).help(help)
}

fn from_aws(paths: &[PathBuf]) -> Result<(Model, Vec<Finding>), Rejection> {
    import::read(paths).map(|imported| (imported.model, imported.warnings))
}

/// A folder without a scenario file, or a JSON file.
fn is_import(path: &Path) -> bool {
    let folder = path.is_dir() && !path.join(FILE_NAME).exists();
    folder || path.extension().is_some_and(|extension| extension == "json")
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
