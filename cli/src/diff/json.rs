//! What has changed, for programs.

use egret_control::explain::{Outcome, analysis};
use egret_dataplane::packet::Protocol;
use egret_verify::diff::{Change, Kind};
use egret_verify::fates::{Fate, Source, Thing};
use egret_verify::senders::Sender;
use egret_verify::space::blocks;
use egret_verify::survey::Traffic;
use serde_json::{Value, json};

use super::example::Shown;
use super::{Report, Section};
use crate::reach::{icmp_json, span_json};

pub(super) fn json(report: &Report<'_>) -> String {
    let [old, new] = report.paths.map(|path| path.display().to_string());
    let json_of = |sections: &[Section<'_>]| -> Vec<Value> {
        sections.iter().map(|section| section_json(report, section)).collect()
    };
    let document = json!({
        "schema_version": 1,
        "old": old,
        "new": new,
        "lost": report.count(Kind::Lost),
        "gained": report.count(Kind::Gained),
        "rerouted": report.count(Kind::Rerouted),
        "inconclusive": report.count(Kind::Inconclusive),
        "added": report.agenda.added,
        "removed": report.agenda.removed,
        "unchanged": report.unchanged(),
        "changed": json_of(&report.sections),
        "in_doubt": json_of(&report.in_doubt),
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
    let mut value = json!({
        "change": match change.kind {
            Kind::Lost => "lost",
            Kind::Gained => "gained",
            Kind::Rerouted => "rerouted",
            Kind::Refused => "dropped-otherwise",
            Kind::Inconclusive => "inconclusive",
        },
        "protocols": protocols(&row.traffic),
        "destinations": blocks,
        "source_ports": span_json(&row.source_ports),
        "from": facing.collect::<Vec<_>>(),
        "example": example(report, section, change),
    });
    let has = |protocol| row.traffic.protocols.contains(&protocol);
    if let Some(protocol) = [Protocol::TCP, Protocol::UDP].into_iter().find(|one| has(*one)) {
        value["ports"] = span_json(row.traffic.ports(protocol));
    }
    if has(Protocol::ICMP) {
        value["types"] = icmp_json(row.traffic.ports(Protocol::ICMP));
    }
    value
}

/// Their names; those that nothing in either configuration names are `other` together.
fn protocols(traffic: &Traffic) -> Vec<String> {
    let name = |protocol: &Protocol| match traffic.others.contains(protocol) {
        true => "other".to_owned(),
        false => protocol.to_string(),
    };
    traffic.protocols.iter().map(name).collect()
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
        Fate::Delivered(_) => analysis::outcome(Outcome::Delivered),
        Fate::NoReply(..) => analysis::outcome(Outcome::NoReply),
        Fate::Dropped(_) => analysis::outcome(Outcome::Dropped),
        Fate::Inconclusive(_) => "inconclusive",
    };
    let mut value = json!({ "outcome": outcome });
    if let Some(name) = fate.waits_for() {
        value["waits_for"] = json!(name);
    }
    if let Some(passage) = fate.passage() {
        value["way"] = passage.way.iter().map(thing).collect();
        value["to"] = thing(&passage.to);
        value["source"] = match &passage.source {
            Source::Known(address) => json!(address),
            Source::Awaited(_) => Value::Null,
        };
        if let Source::Awaited(name) = &passage.source {
            value["source_waits_for"] = json!(name);
        }
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
