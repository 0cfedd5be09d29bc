//! What has changed, as a comment on a pull request.

use std::fmt::Write;

use egret_verify::diff::{Change, Kind};

use super::example::Shown;
use super::text::{IN_DOUBT, sides, summary, traffic_words};
use super::{Report, Section, kind_words};

pub(super) fn markdown(report: &Report<'_>) -> String {
    let [old, new] = report.paths.map(|path| path.display());
    let mut out = format!("### Egress, from `{old}` to `{new}`\n\n");
    report.sections.iter().for_each(|section| write_section(&mut out, report, section));
    if !report.in_doubt.is_empty() {
        let _ = writeln!(out, "### {IN_DOUBT}\n");
    }
    report.in_doubt.iter().for_each(|section| write_section(&mut out, report, section));
    let summary: Vec<String> = summary(report).lines().map(escaped).collect();
    out + &summary.join("\n") + "\n"
}

fn write_section(out: &mut String, report: &Report<'_>, section: &Section<'_>) {
    // Writing to a text does not fail.
    let _ = writeln!(out, "#### {}\n", escaped(&section.names.join(", ")));
    *out += "| | traffic | to | was | now | for instance |\n|---|---|---|---|---|---|\n";
    out.extend(section.changes.iter().map(|change| row(report, section, change)));
    out.push('\n');
    *out += &details(report, section);
}

fn row(report: &Report<'_>, section: &Section<'_>, change: &Change) -> String {
    let kind = match change.kind {
        Kind::Lost => format!("**{}**", kind_words(change.kind)),
        kind => kind_words(kind).to_owned(),
    };
    let shown = Shown::new(report, section.pair, change);
    let [was, now] = sides(section, change);
    let cells = [
        kind,
        escaped(&traffic_words(section, change)),
        escaped(&report.words.destinations(&change.row.destinations).join(", ")),
        escaped(&was),
        escaped(&now),
        escaped(&format!("{}, {}", shown.from(), shown.packet())),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// How to look at the examples, folded away.
fn details(report: &Report<'_>, section: &Section<'_>) -> String {
    let shown = || section.changes.iter().map(|change| Shown::new(report, section.pair, change));
    let text: Vec<String> = match report.explain {
        true => shown().flat_map(|shown| explained(&shown)).collect(),
        false => shown().filter_map(|shown| shown.command()).collect(),
    };
    if text.is_empty() {
        return String::new();
    }
    let text = text.join("\n");
    format!(
        "<details><summary>The examples, hop by hop</summary>\n\n```\n{text}\n```\n\n</details>\n\n"
    )
}

fn explained(shown: &Shown<'_>) -> Vec<String> {
    let [old, new] = shown.explanations();
    vec![format!("# was\n{old}"), format!("# now\n{new}")]
}

/// A text that says the same in a cell of a table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}
