//! What has changed, for programs.

use egret_control::explain::{Outcome, analysis};
use egret_verify::diff::{Change, Kind};
use egret_verify::fates::{Fate, Thing};
use egret_verify::senders::Sender;
use egret_verify::space::{Span, blocks};
use serde_json::{Value, json};

use super::example::Shown;
use super::{Report, Section};

pub(super) fn json(report: &Report<'_>) -> String {
    let [old, new] = report.paths.map(|path| path.display().to_string());
    let sections: Vec<Value> =
        report.sections.iter().map(|section| section_json(report, section)).collect();
    let document = json!({
        "schema_version": 1,
        "old": old,
        "new": new,
        "lost": report.count(Kind::Lost),
        "gained": report.count(Kind::Gained),
        "rerouted": report.count(Kind::Rerouted),
        "added": report.agenda.added,
        "removed": report.agenda.removed,
        "unchanged": report.unchanged(),
        "changed": sections,
    });
    format!("{document:#}\n")
}

fn section_json(report: &Report<'_>, section: &Section<'_>) -> Value {
    let changes: Vec<Value> =
        section.changes.iter().map(|change| change_json(report, section, change)).collect();
    json!({ "senders": section.names, "changes": changes })
}

fn change_json(report: &Report<'_>, section: &Section<'_>, change: &Change) -> Value {
    let (row, pair) = (&change.row, section.pair);
    let facing = change.facing.iter().map(|(old, new)| {
        json!({
            "old": sender(&pair.old[*old]),
            "new": sender(&pair.new[*new]),
            "was": fates(&row.fares[*old]),
            "now": fates(&row.fares[pair.old.len() + new]),
        })
    });
    let blocks = blocks(&row.destinations);
    let blocks: Vec<String> = blocks.iter().map(|(a, len)| format!("{a}/{len}")).collect();
    let protocols: Vec<String> = row.protocols.iter().map(ToString::to_string).collect();
    json!({
        "change": match change.kind {
            Kind::Lost => "lost",
            Kind::Gained => "gained",
            Kind::Rerouted => "rerouted",
            Kind::Refused => "dropped-otherwise",
        },
        "protocols": protocols,
        "destinations": blocks,
        "ports": spans(&row.ports),
        "source_ports": spans(&row.source_ports),
        "from": facing.collect::<Vec<_>>(),
        "example": example(report, section, change),
    })
}

fn example(report: &Report<'_>, section: &Section<'_>, change: &Change) -> Value {
    let shown = Shown::new(report, section.pair, change);
    let packet = change.example.packet;
    let mut value = json!({
        "from": shown.from(),
        "to": packet.dst,
        "protocol": packet.protocol.to_string(),
        "port": packet.port,
        "source_port": packet.source_port,
        "command": shown.command(),
    });
    if report.explain {
        let [was, now] = shown.explanations();
        value["explanation"] = json!({ "was": was, "now": now });
    }
    value
}

fn sender(sender: &Sender) -> Value {
    json!({ "sender": sender.name, "zone": sender.zone })
}

fn fates(fates: &[Fate]) -> Vec<Value> {
    fates.iter().map(fate).collect()
}

fn fate(fate: &Fate) -> Value {
    let outcome = match fate {
        Fate::Delivered(_) => Outcome::Delivered,
        Fate::NoReply(..) => Outcome::NoReply,
        Fate::Dropped(_) => Outcome::Dropped,
    };
    let mut value = json!({ "outcome": analysis::outcome(outcome) });
    if let Some(passage) = fate.passage() {
        value["way"] = passage.way.iter().map(thing).collect();
        value["to"] = thing(&passage.to);
        value["source"] = json!(passage.source);
    }
    if let Some(obstacle) = fate.obstacle() {
        value["reason"] = json!(obstacle.reason.name());
        value["code"] = json!(obstacle.reason.code());
        value["at"] = thing(&obstacle.at);
    }
    value
}

fn thing(thing: &Thing) -> Value {
    json!({ "kind": thing.kind, "name": thing.name })
}

fn spans(spans: &[Span<u16>]) -> Vec<Value> {
    spans.iter().map(|span| json!({ "from": span.first, "to": span.last })).collect()
}
