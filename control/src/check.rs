//! What looks wrong in a model, though it can be run.

use crate::finding::Finding;
use crate::model::Model;
use crate::names::Names;

/// Everything that is wrong or looks wrong with a model, errors first.
pub fn check(model: &Model) -> Vec<Finding> {
    match crate::compile::compile(model) {
        Ok(compilation) => compilation.warnings,
        Err(findings) => findings,
    }
}

/// Adds what is suspicious.
pub(crate) fn suspicions(model: &Model, names: &Names<'_>, findings: &mut Vec<Finding>) {
    let _ = (model, names, findings);
}

/// Errors first, then by place.
pub(crate) fn sort(model: &Model, findings: &mut [Finding]) {
    let _ = model;
    findings.sort_by_key(|finding| {
        let place = finding.place;
        (finding.severity, place.file, place.offset)
    });
}
