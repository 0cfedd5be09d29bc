//! What a template leaves open, and packets depend on.

use super::Desk;
use crate::finding::Finding;
use crate::model::{Model, Unknown};

pub(super) fn check(desk: &mut Desk<'_>) {
    let model: &Model = desk.model;
    for Unknown { name, place } in model.unknowns.deciding() {
        let message = format!("this is not known: {name}");
        let help = "verdicts that depend on it are inconclusive; a parameter of a template can be given \
                    with `--parameter NAME=VALUE`";
        desk.find(Finding::warning("unknown", *place, message).help(help));
    }
}
