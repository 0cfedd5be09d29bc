//! What is wrong with something that was read: what, where, and how to mend it.
//!
//! Readers, checks and the compiler collect findings and go on, so that one run tells everything.

use std::fmt;

use crate::source::{Place, Sources};

pub mod render;

/// One thing that is wrong, or looks wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it stands in the way.
    pub severity: Severity,
    /// Its kind, for programs and for searching: kebab-case, such as `unknown-subnet`.
    pub code: &'static str,
    /// What is wrong: one sentence that names the values, without a full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Where it was written.
    pub place: Place,
}

/// Whether a finding stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing can be run on this.
    Error,
    /// It can be run, but may not mean what its author thinks.
    Warning,
}

impl Finding {
    /// Something that stands in the way.
    pub fn error(code: &'static str, place: Place, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Error, code, message: message.into(), help: None, place }
    }

    /// Something that looks wrong, or that Egret passes over.
    pub fn warning(code: &'static str, place: Place, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Warning, ..Finding::error(code, place, message) }
    }

    /// The same finding with advice on how to mend it.
    pub fn help(self, text: impl Into<String>) -> Finding {
        Finding { help: Some(text.into()), ..self }
    }

    /// Whether it stands in the way.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// Why something could not be read: at least one error, with the files that its places are in.
#[derive(Clone, Debug, Default)]
pub struct Rejection {
    /// The files that were read so far.
    pub sources: Sources,
    /// Everything that was found, warnings too.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.findings.iter().map(|finding| render::line(finding, &self.sources));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for Rejection {}
