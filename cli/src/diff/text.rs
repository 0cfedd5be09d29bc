//! What has changed, for people.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;
use std::net::Ipv4Addr;

use egret_control::explain::text::Style;
use egret_verify::diff::{Agenda, Change, Kind};
use egret_verify::fates::{Fate, Obstacle, Passage, Source};
use egret_verify::senders::Sender;
use egret_verify::space::SOURCE_PORTS;
use egret_verify::words::{port_words, traffic};
use indexmap::IndexMap;

use super::example::Shown;
use super::{Report, Section, kind_words};
use crate::terminal::paint;

pub(super) fn text(report: &Report<'_>) -> String {
    let mut out = String::new();
    report.sections.iter().for_each(|section| write_section(&mut out, report, section));
    if !report.in_doubt.is_empty() {
        // Writing to a text does not fail.
        let _ = writeln!(out, "{}\n", paint(Style::Heading, IN_DOUBT));
    }
    report.in_doubt.iter().for_each(|section| write_section(&mut out, report, section));
    out += &summary(report);
    out
}

/// What is above what is inconclusive.
pub(super) const IN_DOUBT: &str = "Inconclusive: may be lost, gained or carried another way";

fn write_section(out: &mut String, report: &Report<'_>, section: &Section<'_>) {
    let heading = paint(Style::Heading, &section.names.join(", "));
    // Writing to a text does not fail.
    let _ = writeln!(out, "{heading}");
    section.changes.iter().for_each(|change| write_change(out, report, section, change));
    out.push('\n');
}

fn write_change(out: &mut String, report: &Report<'_>, section: &Section<'_>, change: &Change) {
    let style = match change.kind {
        Kind::Lost => Style::Bad,
        Kind::Gained => Style::Good,
        Kind::Rerouted | Kind::Refused | Kind::Inconclusive => Style::Name,
    };
    let kind = paint(style, kind_words(change.kind));
    let _ = writeln!(out, "  {kind}  {}", traffic_words(section, change));
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "    {label:<4} {text}");
    };
    let destinations = report.words.destinations(&change.row.destinations);
    for (at, destination) in destinations.iter().enumerate() {
        line(if at == 0 { "to" } else { "" }, destination);
    }
    let [was, now] = sides(section, change);
    line("was", &was);
    line("now", &now);
    let shown = Shown::new(report, section.pair, change);
    let packet = format!("{}, {}", shown.from(), shown.packet());
    line("e.g.", &paint(Style::Faint, &shown.command().unwrap_or(packet)));
    if report.explain {
        for (side, explanation) in ["was", "now"].iter().zip(shown.explanations()) {
            for text in explanation.lines() {
                let _ = writeln!(out, "    {}", paint(Style::Faint, &format!("{side} | {text}")));
            }
        }
    }
}

/// `tcp 443`; where it is not true of all, from which zones and with which source ports.
pub(super) fn traffic_words(section: &Section<'_>, change: &Change) -> String {
    let mut words = traffic(&change.row.traffic);
    if change.row.source_ports != [SOURCE_PORTS] {
        words += &format!(", answered to ports {}", port_words(&change.row.source_ports));
    }
    match section.zones(change) {
        zones if zones.is_empty() => words,
        zones => words + ", from " + &zones.join(", "),
    }
}

/// What became of packets, and what becomes of them. Zones are told apart where packets come further
/// from one than from another.
pub(super) fn sides(section: &Section<'_>, change: &Change) -> [String; 2] {
    let (row, pair) = (&change.row.fares, section.pair);
    let old = change.facing.iter().map(|(old, _)| (&pair.old[*old], &row[*old]));
    let new = change.facing.iter().map(|(_, new)| (&pair.new[*new], &row[pair.old.len() + new]));
    [side(old.collect()), side(new.collect())]
}

fn side(mut zones: Vec<(&Sender, &Vec<Fate>)>) -> String {
    let levels = |fates: &[Fate]| fates.iter().map(Fate::level).collect::<BTreeSet<Option<u8>>>();
    let alike = zones.windows(2).all(|pair| levels(pair[0].1) == levels(pair[1].1));
    if alike {
        let mut seen = HashSet::new();
        let all = zones.iter().flat_map(|(_, fates)| fates.iter());
        return fate_words(&all.filter(|fate| seen.insert(*fate)).collect::<Vec<_>>());
    }
    zones.dedup_by_key(|(sender, _)| &sender.name);
    let words = zones.iter().map(|(sender, fates)| {
        let zone = sender.zone.as_deref().unwrap_or(&sender.name);
        format!("from {zone} {}", fate_words(&fates.iter().collect::<Vec<_>>()))
    });
    words.collect::<Vec<_>>().join("; ")
}

/// What may become of packets, from different zones or by chance.
fn fate_words(fates: &[&Fate]) -> String {
    // Of what differs in its source address alone, the addresses are listed.
    let mut found: IndexMap<Fate, Vec<String>> = IndexMap::new();
    for fate in fates {
        let mut alike = (*fate).clone();
        let source = alike.passage_mut().map(|passage| {
            let nowhere = Source::Known(Ipv4Addr::UNSPECIFIED);
            std::mem::replace(&mut passage.source, nowhere).to_string()
        });
        found.entry(alike).or_default().extend(source);
    }
    let words = found.iter().map(|(fate, sources)| one_fate(fate, &sources.join(" or ")));
    words.collect::<Vec<_>>().join("; or ")
}

fn one_fate(fate: &Fate, sources: &str) -> String {
    match fate {
        Fate::Delivered(passage) => passage_words(passage, sources),
        Fate::NoReply(passage, obstacle) => {
            let (passage, obstacle) = (passage_words(passage, sources), obstacle_words(obstacle));
            format!("{passage}, and the answer dropped: {obstacle}")
        }
        Fate::Dropped(obstacle) => format!("dropped: {}", obstacle_words(obstacle)),
        Fate::Inconclusive(name) => format!("not known: {name}"),
    }
}

/// `by nat-a, vpc-igw, from 198.51.100.10`.
fn passage_words(passage: &Passage, sources: &str) -> String {
    let way: Vec<&str> = passage.way.iter().map(|thing| thing.name.as_str()).collect();
    let by = if way.is_empty() { "directly".to_owned() } else { format!("by {}", way.join(", ")) };
    let to = match passage.to.kind {
        "network-interface" => format!(" to {}", passage.to.name),
        _ => String::new(),
    };
    format!("{by}{to}, from {sources}")
}

/// `security-group-egress at security-group web`.
fn obstacle_words(obstacle: &Obstacle) -> String {
    let at = &obstacle.at;
    let place = format!("{} {}", at.kind, at.name);
    format!("{} at {}", obstacle.reason.name(), place.trim_end())
}

/// What there is in all, and who came and went.
pub(super) fn summary(report: &Report<'_>) -> String {
    let Agenda { added, removed, .. } = report.agenda;
    let mut lines = Vec::new();
    if !(report.sections.is_empty() && report.in_doubt.is_empty()) {
        let kinds = [Kind::Lost, Kind::Gained, Kind::Rerouted, Kind::Refused, Kind::Inconclusive];
        let counts = kinds.map(|kind| (report.count(kind), kind_words(kind)));
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, word)| format!("{count} {word}")).collect();
        lines.push(format!("{}.", counts.join(", ")));
    }
    lines.extend(list("Added", added));
    lines.extend(list("Removed", removed));
    lines.extend(match report.unchanged() {
        0 => None,
        1 => Some("Nothing changes for 1 sender.".to_owned()),
        more => Some(format!("Nothing changes for {more} senders.")),
    });
    lines.extend(match report.left_out {
        0 => None,
        1 => Some(
            "1 row is about what is dropped for another reason: `--reasons` shows it.".to_owned(),
        ),
        more => Some(format!(
            "{more} rows are about what is dropped for another reason: `--reasons` shows them."
        )),
    });
    if lines.is_empty() {
        lines.push("There is no service to compare.".to_owned());
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn list(heading: &str, names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{heading}: {}.", names.join(", ")))
}
