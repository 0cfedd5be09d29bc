//! Reads what `terraform show -json` prints: true plans and states, and what is wrong with some.
//!
//! `tests/fixtures/terraform` holds the configurations that they are of. The plans and the state are
//! Terraform's own (1.11, aws provider 5.100), without the members that nobody reads.

mod described;
mod plans;
mod resolution;
mod robust;
mod states;
mod verdicts;

use std::path::{Path, PathBuf};

use egret_control::finding::{Finding, render};
use egret_control::import::{self, Imported};
use egret_control::model::Model;
use egret_control::source::Sources;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn imported(name: &str) -> Imported {
    import::read(&[fixture(name)]).unwrap_or_else(|rejection| panic!("{rejection}"))
}

/// The findings as lines, the folder cut off.
fn lines(findings: &[Finding], sources: &Sources) -> Vec<String> {
    let line = |finding| render::line(finding, sources);
    let file_name = |line: String| match line.split_once(": ") {
        Some((place, rest)) if place.contains('/') => {
            format!("{}: {rest}", place.rsplit('/').next().unwrap_or_default())
        }
        _ => line,
    };
    findings.iter().map(line).map(file_name).collect()
}

/// Reads a text as a file of its own.
fn read(text: &str) -> Result<(Model, Vec<String>), Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("plan.json");
    std::fs::write(&path, text).expect("writing the test's file");
    match import::read(&[path]) {
        Ok(Imported { model, warnings }) => {
            let warnings = lines(&warnings, &model.sources);
            Ok((model, warnings))
        }
        Err(rejection) => Err(lines(&rejection.findings, &rejection.sources)),
    }
}
