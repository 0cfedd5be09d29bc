//! `egret check`: everything that is wrong with a configuration, or looks wrong.

use std::io;

use clap::Args;
use egret_control::finding::Finding;
use egret_control::source::Sources;
use egret_sim::unmet::Unmet;
use egret_verify::classes::TooMany;
use serde_json::json;

use crate::explain::Format;
use crate::input::{self, Input, Loaded};
use crate::{Exit, terminal};

mod flow_logs;
mod unmet;

/// Reads a configuration and says everything that is wrong with it, or looks wrong, and what no packet
/// of a service or host comes to; with flow logs instead which rules no logged flow uses, and where a log contradicts the configuration.
///
/// Exit codes: 0 nothing stands in the way (there may be warnings), 1 what --fail-on names was found, 2
/// there are errors, or records that cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    input: Input,

    /// How to print the findings.
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    #[command(flatten)]
    flow_logs: flow_logs::FlowLogs,
}

/// What is said beside the findings.
enum Beside<'a> {
    /// Nothing: the configuration is not to be used.
    Nothing,
    /// What no packet comes to.
    Unmet(Result<Unmet, TooMany>),
    /// What flow logs have used.
    FlowLogs(Box<flow_logs::Checked<'a>>),
}

impl Check {
    pub(crate) fn run(self) -> io::Result<Exit> {
        match self.input.load() {
            Ok(loaded) => self.accepted(&loaded),
            Err(rejection) => {
                self.print(&rejection.findings, &rejection.sources, &Beside::Nothing)?;
                Ok(Exit::BadInput)
            }
        }
    }

    fn accepted(&self, loaded: &Loaded) -> io::Result<Exit> {
        let (findings, sources) = (&loaded.warnings, &loaded.model.sources);
        if self.flow_logs.is_none() {
            self.print(findings, sources, &Beside::Unmet(unmet::of(loaded)))?;
            return Ok(Exit::Fine);
        }
        match self.flow_logs.check(loaded)? {
            Ok(checked) => {
                let exit = self.flow_logs.exit(&checked);
                self.print(findings, sources, &Beside::FlowLogs(Box::new(checked)))?;
                Ok(exit)
            }
            Err(error) => {
                terminal::complain(&format!("egret: {error}\n"))?;
                Ok(Exit::BadInput)
            }
        }
    }

    fn print(
        &self,
        findings: &[Finding],
        sources: &Sources,
        beside: &Beside<'_>,
    ) -> io::Result<()> {
        match self.format {
            Format::Text => {
                input::show(findings, sources)?;
                let errors = findings.iter().filter(|finding| finding.is_error()).count();
                terminal::print(&summary(errors, findings.len() - errors))?;
                match beside {
                    Beside::Nothing => Ok(()),
                    Beside::Unmet(unmet) => terminal::print(&unmet::text(unmet, sources)),
                    Beside::FlowLogs(checked) => checked.show(),
                }
            }
            Format::Json => {
                let all: Vec<_> =
                    findings.iter().map(|finding| as_json(finding, sources)).collect();
                let mut document = json!({ "findings": all });
                match beside {
                    Beside::Nothing => {}
                    Beside::Unmet(unmet) => document["unmet"] = unmet::json(unmet, sources),
                    Beside::FlowLogs(checked) => document["flow_logs"] = checked.json(),
                }
                terminal::print(&format!("{document:#}\n"))
            }
        }
    }
}

fn summary(errors: usize, warnings: usize) -> String {
    let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, 0) => "No findings.\n".to_owned(),
        (0, warnings) => format!("{}, no errors.\n", count(warnings, "warning")),
        (errors, warnings) => {
            format!("{}, {}.\n", count(errors, "error"), count(warnings, "warning"))
        }
    }
}

fn as_json(finding: &Finding, sources: &Sources) -> serde_json::Value {
    let place = finding.place;
    json!({
        "severity": finding.severity.to_string(),
        "code": finding.code,
        "message": finding.message,
        "help": finding.help,
        "file": place.file.map(|file| sources.file(file).path.display().to_string()),
        "line": place.file.map(|_| place.line),
        "column": place.file.map(|_| place.column),
    })
}
