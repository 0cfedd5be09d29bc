//! `egret reach`: everything that a sender reaches, and by which way.

use std::fmt::Write;
use std::io;

use clap::Args;
use egret_control::explain::text::Style;
use egret_dataplane::packet::Protocol;
use egret_verify::classes::Origin;
use egret_verify::cuts::World;
use egret_verify::fates::{Obstacle, Thing};
use egret_verify::open::Open;
use egret_verify::reach::{Manner, Row, Surety, reach};
use egret_verify::senders::senders;
use egret_verify::space::{Span, blocks, has_ports};
use egret_verify::words::{Words, traffic};
use serde_json::{Value, json};

use crate::explain::Format;
use crate::input::{self, Input};
use crate::{Exit, terminal};

/// Classes that are looked at, of each sender and protocol. A configuration of a hundred services has
/// thousands.
pub(crate) const LIMIT: usize = 1_000_000;

/// Says everything that a service or host reaches, and by which way: all traffic to every address and
/// port, proved and not sampled. What depends on something that a template leaves open is listed apart.
///
/// Exit codes: 0 it is said, 2 bad input.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    #[command(flatten)]
    input: Input,

    /// Who sends: a service (all its tasks), SERVICE/TASK, or a host or network interface.
    #[arg(long, value_name = "SENDER")]
    from: String,

    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Reach {
    pub(crate) fn run(self) -> io::Result<Exit> {
        let loaded = match self.input.load() {
            Ok(loaded) => loaded,
            Err(rejection) => {
                input::show(&rejection.findings, &rejection.sources)?;
                return Ok(Exit::BadInput);
            }
        };
        let snapshot = &loaded.compilation.snapshot;
        snapshot.prepare();
        let senders = match senders(&loaded.model, snapshot, &self.from) {
            Ok(senders) => senders,
            Err(error) => return complain(&error.to_string()),
        };
        let origins: Vec<Origin> = senders.iter().map(|sender| sender.origin).collect();
        let open = Open::new(&loaded.model, snapshot);
        let rows = match reach(&World::new(snapshot).with(&open), &origins, LIMIT) {
            Ok(rows) => rows,
            Err(error) => return complain(&error.to_string()),
        };
        let words = Words::new(&[(&loaded.model, snapshot)]);
        terminal::print(&match self.format {
            Format::Text => text(&words, &self.from, &rows),
            Format::Json => {
                let rows: Vec<Value> = rows.iter().flat_map(json_of).collect();
                let document = json!({ "schema_version": 1, "from": self.from, "reaches": rows });
                format!("{document:#}\n")
            }
        })?;
        Ok(Exit::Fine)
    }
}

fn complain(error: &str) -> io::Result<Exit> {
    terminal::complain(&format!("egret: {error}\n"))?;
    Ok(Exit::BadInput)
}

fn text(words: &Words<'_>, from: &str, rows: &[Row]) -> String {
    let mut out = String::new();
    let headings = [
        (Surety::Always, "reaches"),
        (Surety::Sometimes, "reaches sometimes (from some zones, or some source ports)"),
        (Surety::Unanswered, "sends to, and no answer comes back from"),
        (Surety::Inconclusive, "may reach, or by which way it does: what is not known decides"),
    ];
    for (surety, heading) in headings {
        let mut here = rows.iter().filter(|row| row.fares.surety == surety).peekable();
        if here.peek().is_none() {
            continue;
        }
        let gap = if out.is_empty() { "" } else { "\n" };
        let heading = terminal::paint(Style::Heading, &format!("{from} {heading}"));
        // Writing to a text does not fail.
        let _ = writeln!(out, "{gap}{heading}");
        here.for_each(|row| write_row(&mut out, words, row));
    }
    if out.is_empty() {
        let _ = writeln!(out, "{from} reaches nothing.");
    }
    out
}

fn write_row(out: &mut String, words: &Words<'_>, row: &Row) {
    let Manner { obstacle, waits_for, .. } = &row.fares;
    let way = |way: &Vec<&str>| match way.is_empty() {
        true => "directly".to_owned(),
        false => format!("by {}", way.join(", ")),
    };
    let by = match waits_for.is_empty() {
        true => ways(&row.fares).iter().map(way).collect::<Vec<_>>().join("; or "),
        false => format!("not known: {}", waits_for.join("; ")),
    };
    let traffic = terminal::paint(Style::Name, &traffic(&row.traffic));
    // Writing to a text does not fail.
    let _ = writeln!(out, "  {traffic}  {by}");
    if let Some(obstacle) = obstacle.as_ref().filter(|_| waits_for.is_empty()) {
        let (reason, place) =
            (obstacle.reason, format!("{} {}", obstacle.at.kind, obstacle.at.name));
        let why = format!("{reason} at {}", place.trim_end());
        let _ = writeln!(out, "    {}", terminal::paint(Style::Bad, &why));
    }
    for destination in words.destinations(&row.destinations) {
        let _ = writeln!(out, "    {destination}");
    }
}

/// The names of the elements of each way.
fn ways<'a>(manner: &'a Manner) -> Vec<Vec<&'a str>> {
    let name = |thing: &'a Thing| thing.name.as_str();
    manner.ways.iter().map(|way| way.iter().map(name).collect()).collect()
}

/// An object for each protocol of a row; those that nothing names are `other` together.
fn json_of(row: &Row) -> Vec<Value> {
    let of = |protocol: &Protocol| {
        let mut value = manner_json(row);
        let ports = row.traffic.ports(*protocol);
        let is_other = row.traffic.others.contains(protocol);
        value["protocol"] = match is_other {
            true => json!("other"),
            false => json!(protocol.to_string()),
        };
        match *protocol {
            Protocol::ICMP => value["types"] = icmp_json(ports),
            _ if has_ports(*protocol) => value["ports"] = span_json(ports),
            _ => {}
        }
        value
    };
    row.traffic.protocols.iter().map(of).collect()
}

fn manner_json(row: &Row) -> Value {
    let Manner { surety, obstacle, waits_for, .. } = &row.fares;
    let blocks: Vec<String> =
        blocks(&row.destinations).iter().map(|(address, len)| format!("{address}/{len}")).collect();
    let mut value = json!({
        "destinations": blocks,
        "ways": ways(&row.fares),
        "surety": match surety {
            Surety::Always => "always",
            Surety::Sometimes => "sometimes",
            Surety::Unanswered => "unanswered",
            Surety::Inconclusive => "inconclusive",
        },
    });
    if let Some(Obstacle { reason, at }) = obstacle {
        value["obstacle"] =
            json!({ "reason": reason.name(), "code": reason.code(), "element": at.name });
    }
    if !waits_for.is_empty() {
        value["waits_for"] = json!(waits_for);
    }
    value
}

/// Ports for programs.
pub(crate) fn span_json(ports: &[Span<u16>]) -> Value {
    ports.iter().map(|span| json!({ "from": span.first, "to": span.last })).collect()
}

/// ICMP types and codes for programs.
pub(crate) fn icmp_json(types: &[Span<u16>]) -> Value {
    let words = |at: u16| {
        let [kind, code] = at.to_be_bytes();
        format!("{kind}/{code}")
    };
    types.iter().map(|span| json!({ "from": words(span.first), "to": words(span.last) })).collect()
}
