//! Coverage, as it is printed: which rules, entries, routes and endpoints no expectation exercised.

use std::path::PathBuf;

use egret_control::explain::text::Style;
use egret_sim::suite::Suite;
use egret_sim::suite::coverage::{Coverage, Covered, Ratio};
use egret_sim::suite::parts::Kind;
use serde_json::{Value, json};

use super::formats::{annotation, place, sarif_result};
use super::{File, count};
use crate::terminal;

/// A configuration, and what all suites about it exercised.
pub(super) struct Configuration {
    /// The scenario file, or the folder of JSON.
    pub(super) path: PathBuf,
    pub(super) coverage: Coverage,
}

/// The configurations of these files, in order; suites about one count together.
pub(super) fn of(files: &[File]) -> Vec<Configuration> {
    let mut found: Vec<(PathBuf, Configuration)> = Vec::new();
    for file in files {
        let Some(suite) = &file.suite else { continue };
        let key = identity(suite);
        let at = found.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            let path = suite.about.clone();
            found.push((key, Configuration { path, coverage: Coverage::of(suite) }));
            found.len() - 1
        });
        let coverage = &mut found[at].1.coverage;
        file.done.iter().for_each(|done| coverage.count(&done.outcome));
    }
    found.into_iter().map(|(_, configuration)| configuration).collect()
}

/// By what a configuration is known, however its path is written.
pub(super) fn identity(suite: &Suite) -> PathBuf {
    suite.about.canonicalize().unwrap_or_else(|_| suite.about.clone())
}

pub(super) fn total(configurations: &[Configuration]) -> Ratio {
    configurations.iter().map(|configuration| configuration.coverage.ratio(None)).sum()
}

pub(super) fn text(configurations: &[Configuration]) -> String {
    let mut out = String::from("\n");
    for Configuration { path, coverage } in configurations {
        let ratio = coverage.ratio(None);
        let path = terminal::paint(Style::Heading, &path.display().to_string());
        out += &format!("{path}  {} exercised\n", ratio_words(ratio));
        for covered in coverage.idle() {
            let place = terminal::paint(Style::Faint, &format!("[{}]", at(covered)));
            let never = terminal::paint(Style::Bad, "never");
            out += &format!("  {never}  {}  {place}\n", covered.words());
        }
    }
    out + &summary(configurations)
}

/// The figures of all configurations together, one line for each kind of part that there is.
fn summary(configurations: &[Configuration]) -> String {
    let mut out = format!("\ncoverage: {}\n", ratio_words(total(configurations)));
    for kind in Kind::ALL {
        let ratios = configurations.iter().map(|c| c.coverage.ratio(Some(kind)));
        let ratio: Ratio = ratios.sum();
        if ratio.whole > 0 {
            out += &format!("  {:<23} {}\n", kind.plural(), ratio_words(ratio));
        }
    }
    let implicit = configurations.iter().flat_map(|c| &c.coverage.implicit);
    let exercised = implicit.clone().filter(|covered| covered.expectations > 0).count();
    let all = count(implicit.count(), "part", "parts");
    out + &format!("  {exercised} of {all} that AWS adds by itself, which do not count\n")
}

pub(super) fn ratio_words(ratio: Ratio) -> String {
    format!("{} of {} ({:.1} %)", ratio.part, ratio.whole, ratio.percent())
}

fn at(covered: &Covered) -> String {
    covered.spot.as_ref().map(|spot| spot.to_string()).unwrap_or_default()
}

pub(super) fn json(configurations: &[Configuration]) -> Value {
    let part = |covered: &Covered| {
        json!({
            "kind": covered.part.kind().name(),
            "name": covered.name,
            "does": covered.does,
            "place": covered.spot.as_ref().map(place),
            "expectations": covered.expectations,
        })
    };
    let parts = |all: &[Covered]| all.iter().map(part).collect::<Vec<Value>>();
    let configuration = |one: &Configuration| {
        let mut of = figures(one.coverage.ratio(None));
        of["path"] = json!(one.path);
        of["parts"] = json!(parts(&one.coverage.written));
        of["implicit"] = json!(parts(&one.coverage.implicit));
        of
    };
    let mut document = figures(total(configurations));
    document["configurations"] = configurations.iter().map(configuration).collect();
    document
}

fn figures(ratio: Ratio) -> Value {
    json!({ "exercised": ratio.part, "parts_in_all": ratio.whole, "percent": ratio.percent() })
}

/// Workflow commands: a notice at each part that nothing exercised.
pub(super) fn github(configurations: &[Configuration]) -> String {
    let idle = configurations.iter().flat_map(|one| one.coverage.idle());
    let notice = |covered: &Covered| {
        let message = format!("No expectation exercises this: {}", covered.words());
        covered.spot.as_ref().map(|spot| annotation("notice", spot, &message))
    };
    let notices: String = idle.filter_map(notice).collect();
    format!("{notices}coverage: {}\n", ratio_words(total(configurations)))
}

/// A note for each part that nothing exercised.
pub(super) fn sarif(configurations: &[Configuration]) -> Vec<Value> {
    let idle = configurations.iter().flat_map(|one| one.coverage.idle());
    let note = |covered: &Covered| {
        let message = format!("No expectation exercises {}.", covered.words());
        Some(sarif_result("not-exercised", "note", &message, covered.spot.as_ref()?))
    };
    idle.filter_map(note).collect()
}

/// The tracefile of lcov(1): for each line with a part how many expectations exercised what is
/// there, the least of them where there are several.
pub(super) fn lcov(configurations: &[Configuration]) -> String {
    let mut lines: std::collections::BTreeMap<(PathBuf, u32), usize> = Default::default();
    for covered in configurations.iter().flat_map(|one| &one.coverage.written) {
        let Some(spot) = &covered.spot else { continue };
        let hits = lines.entry((spot.file.clone(), spot.line)).or_insert(usize::MAX);
        *hits = covered.expectations.min(*hits);
    }
    let mut out = String::new();
    let mut lines = lines.into_iter().peekable();
    let mut file = PathBuf::new();
    let (mut found, mut hit) = (0, 0);
    while let Some(((path, line), hits)) = lines.next() {
        if path != file {
            out += &format!("TN:\nSF:{}\n", path.display());
            (file, found, hit) = (path, 0, 0);
        }
        out += &format!("DA:{line},{hits}\n");
        found += 1;
        hit += usize::from(hits > 0);
        if lines.peek().is_none_or(|((next, _), _)| *next != file) {
            out += &format!("LF:{found}\nLH:{hit}\nend_of_record\n");
        }
    }
    out
}
