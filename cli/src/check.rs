//! `egret check`: everything that is wrong with a configuration, or looks wrong.

use std::io;

use clap::Args;
use egret_control::finding::Finding;
use egret_control::source::Sources;
use serde_json::json;

use crate::explain::Format;
use crate::input::{self, Input};
use crate::{Exit, terminal};

/// Reads a configuration and says everything that is wrong with it, or looks wrong.
///
/// Exit codes: 0 nothing stands in the way (there may be warnings), 2 there are errors.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    input: Input,

    /// How to print the findings.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Check {
    pub(crate) fn run(self) -> io::Result<Exit> {
        let (findings, sources) = match self.input.load() {
            Ok(loaded) => (loaded.warnings, loaded.model.sources),
            Err(rejection) => (rejection.findings, rejection.sources),
        };
        let errors = findings.iter().filter(|finding| finding.is_error()).count();
        match self.format {
            Format::Text => {
                input::show(&findings, &sources)?;
                terminal::print(&summary(errors, findings.len() - errors))?;
            }
            Format::Json => {
                let all: Vec<_> =
                    findings.iter().map(|finding| as_json(finding, &sources)).collect();
                terminal::print(&format!("{:#}\n", json!({ "findings": all })))?;
            }
        }
        Ok(if errors == 0 { Exit::Fine } else { Exit::BadInput })
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
