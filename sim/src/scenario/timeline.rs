//! What is changed during a run, as the file says it: each entry is a patch of the file itself (RFC
//! 7396), so that everything that a scenario can say can also be changed.

use std::path::Path;

use egret_control::compile::compile;
use egret_control::finding::Finding;
use egret_control::model::{Model, Name};
use egret_control::source::{Place, Sourced};
use egret_control::written::{At, Document, Loose, Page, Written};
use egret_dataplane::time::Duration;
use schemars::JsonSchema;
use serde::Deserialize;

use super::read_model;
use crate::plan::Change;

/// The sections that describe the cloud. The others describe the run.
const CLOUD: [&str; 10] = [
    "title",
    "region",
    "settings",
    "vpc",
    "vpcs",
    "peerings",
    "transit_gateways",
    "connectors",
    "services",
    "hosts",
];

/// Something that is changed during a run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeSection {
    /// When.
    at: Written<Duration>,
    /// What it is called in the summary.
    title: Option<At<String>>,
    /// The id of an Availability Zone that is lost: nothing in it sends, forwards or takes packets.
    lose_az: Option<At<String>>,
    /// The id of an Availability Zone that is there again.
    restore_az: Option<At<String>>,
    /// A patch of this file: what it says is merged in, `null` removes, lists are replaced whole.
    change: Option<Loose>,
}

/// An entry as read.
pub(super) struct Entry {
    at: Sourced<Duration>,
    title: String,
    loses: Option<Name>,
    restores: Option<Name>,
    patch: Option<Document>,
    place: Place,
}

pub(super) fn read(section: At<ChangeSection>, page: &mut Page<'_>) -> Option<Entry> {
    let Sourced { value: section, place } = page.sourced(section);
    let at = page.meaning(section.at);
    let loses = section.lose_az.map(|az| page.sourced(az));
    let restores = section.restore_az.map(|az| page.sourced(az));
    let patch = section.change.map(|loose| page.document(loose));
    let says = match (&loses, &restores, &patch) {
        (None, None, None) => {
            let message = "nothing is changed";
            let help = "write one of `lose_az`, `restore_az` and `change`";
            page.find(Finding::error("no-change", place, message).help(help));
            return None;
        }
        (Some(az), ..) => format!("{} is lost", az.value),
        (_, Some(az), _) => format!("{} is restored", az.value),
        (.., Some(patch)) => {
            let keys: Vec<&str> = patch.entries().iter().map(|(key, _)| key.as_str()).collect();
            format!("{} changes", keys.join(", "))
        }
    };
    let title = section.title.map_or(says, |title| title.value);
    let is_good = patch.as_ref().is_none_or(|patch| is_patch(patch, page));
    is_good.then_some(Entry { at: at?, title, loses, restores, patch, place })
}

/// Whether a document can be a change; else it is found why not.
fn is_patch(patch: &Document, page: &mut Page<'_>) -> bool {
    if !patch.is_map() {
        let message = "a change says keys of this file with what they become";
        let help = "write for instance `change: { services: { web: { tasks: 3 } } }`";
        page.find(Finding::error("bad-change", patch.place, message).help(help));
        return false;
    }
    let mut unknown = patch.entries().iter().map(|(key, _)| key);
    let Some(key) = unknown.find(|key| !CLOUD.contains(&key.as_str())) else { return true };
    let message = format!("`{}` cannot be changed during a run", key.value);
    let help = format!("what can be changed is {}", CLOUD[1..].join(", "));
    page.find(Finding::error("bad-change", key.place, message).help(help));
    false
}

/// What the cloud of a file, of which this is the whole, is after each change.
pub(super) fn changes(
    mut entries: Vec<Entry>,
    mut document: Document,
    first: &Model,
    path: &Path,
    page: &mut Page<'_>,
) -> Vec<Change> {
    if entries.is_empty() || compile(first).is_err() {
        // What is wrong from the beginning on has a better place than that of a change.
        return Vec::new();
    }
    document.retain(|key| CLOUD.contains(&key));
    entries.sort_by_key(|entry| entry.at.value);
    let mut lost: Vec<Name> = Vec::new();
    let mut changes = Vec::new();
    for entry in entries {
        if let Some(patch) = &entry.patch {
            document.merge(patch);
        }
        lost.retain(|az| Some(az) != entry.restores.as_ref());
        lost.extend(entry.loses.clone());
        for az in entry.loses.iter().chain(&entry.restores) {
            check_zone(az, first, page);
        }
        let said = crate::report::text::span(entry.at.value.0);
        let name = format!("{} (from {said} on)", path.display());
        match read_model(Path::new(&name), &document.render()) {
            Ok(mut model) => {
                model.lost_azs.clone_from(&lost);
                let found = compile(&model).err().unwrap_or_default();
                tell(&found, &entry, &said, page);
                let (at, title, place) = (entry.at.value, entry.title, entry.place);
                changes.push(Change { at, title, model, place });
            }
            Err(found) => tell(&found, &entry, &said, page),
        }
    }
    changes
}

/// What is wrong after a change, at its place.
fn tell(found: &[Finding], entry: &Entry, at: &str, page: &mut Page<'_>) {
    for finding in found.iter().filter(|finding| finding.is_error()) {
        let message = format!("from {at} on: {}", finding.message);
        let mut told = Finding::error(finding.code, entry.place, message);
        if let Some(help) = &finding.help {
            told = told.help(help.clone());
        }
        page.find(told);
    }
}

fn check_zone(az: &Name, model: &Model, page: &mut Page<'_>) {
    if model.subnets.iter().any(|subnet| subnet.az == *az) {
        return;
    }
    let mut known: Vec<&str> = model.subnets.iter().map(|subnet| subnet.az.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    let message = format!("no subnet is in Availability Zone `{}`", az.value);
    let help = format!("there are subnets in {}", known.join(", "));
    page.find(Finding::error("unknown-az", az.place, message).help(help));
}
