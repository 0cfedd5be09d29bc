//! `egret reach`: everything that a sender reaches, and by which way.

use std::fmt::Write;
use std::io;

use clap::Args;
use egret_control::explain::text::Style;
use egret_control::explain::{element_kind, element_names};
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::Snapshot;
use egret_verify::classes::Origin;
use egret_verify::cuts::World;
use egret_verify::reach::{Manner, Row, Surety, reach};
use egret_verify::senders::senders;
use egret_verify::space::blocks;
use egret_verify::words::{Words, traffic, way_words};
use serde_json::{Value, json};

use crate::explain::Format;
use crate::input::{self, Input};
use crate::{Exit, terminal};

/// Classes that are looked at, of each sender and protocol. A configuration of a hundred services has
/// thousands.
pub(crate) const LIMIT: usize = 1_000_000;

/// Says everything that a service or host reaches, and by which way: TCP, UDP and ICMP echo requests to
/// every address and port, proved and not sampled.
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
        let rows = match reach(&World::new(snapshot), &origins, LIMIT) {
            Ok(rows) => rows,
            Err(error) => return complain(&error.to_string()),
        };
        let words = Words::new(&[(&loaded.model, snapshot)]);
        terminal::print(&match self.format {
            Format::Text => text(snapshot, &words, &self.from, &rows),
            Format::Json => {
                let rows: Vec<Value> = rows.iter().map(|row| json_of(snapshot, row)).collect();
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

fn text(snapshot: &Snapshot, words: &Words<'_>, from: &str, rows: &[Row]) -> String {
    let mut out = String::new();
    let headings = [
        (Surety::Always, "reaches"),
        (Surety::Sometimes, "reaches sometimes (from some zones, or some source ports)"),
        (Surety::Unanswered, "sends to, and no answer comes back from"),
    ];
    for (surety, heading) in headings {
        let mut here = rows.iter().filter(|row| row.manner.surety == surety).peekable();
        if here.peek().is_none() {
            continue;
        }
        let gap = if out.is_empty() { "" } else { "\n" };
        let heading = terminal::paint(Style::Heading, &format!("{from} {heading}"));
        // Writing to a text does not fail.
        let _ = writeln!(out, "{gap}{heading}");
        for row in here {
            let ways =
                ways(snapshot, &row.manner).iter().map(|way| way.join(", ")).collect::<Vec<_>>();
            let by = match ways.join("; or ") {
                ways if ways.is_empty() => "directly".to_owned(),
                ways => format!("by {ways}"),
            };
            let traffic =
                terminal::paint(Style::Name, &traffic(&[row.manner.protocol], &row.manner.ports));
            let _ = writeln!(out, "  {traffic}  {by}");
            if let Some(drop) = row.manner.obstacle {
                let name = element_names(snapshot, drop.element).swap_remove(0);
                let why = format!("{} at {} {name}", drop.reason, element_kind(drop.element));
                let _ = writeln!(out, "    {}", terminal::paint(Style::Bad, &why));
            }
            for destination in words.destinations(&row.destinations) {
                let _ = writeln!(out, "    {destination}");
            }
        }
    }
    if out.is_empty() {
        let _ = writeln!(out, "{from} reaches nothing.");
    }
    out
}

/// The names of the elements of each way.
fn ways(snapshot: &Snapshot, manner: &Manner) -> Vec<Vec<String>> {
    manner.ways.iter().map(|way| way_words(snapshot, way)).collect()
}

fn json_of(snapshot: &Snapshot, row: &Row) -> Value {
    let Manner { protocol, ports, surety, .. } = &row.manner;
    let blocks: Vec<String> =
        blocks(&row.destinations).iter().map(|(address, len)| format!("{address}/{len}")).collect();
    let mut value = json!({
        "protocol": protocol.to_string(),
        "destinations": blocks,
        "ways": ways(snapshot, &row.manner),
        "surety": match surety {
            Surety::Always => "always",
            Surety::Sometimes => "sometimes",
            Surety::Unanswered => "unanswered",
        },
    });
    if let Some(drop) = row.manner.obstacle {
        let name = element_names(snapshot, drop.element).swap_remove(0);
        value["obstacle"] = json!({
            "reason": drop.reason.name(),
            "code": drop.reason.code(),
            "element": name,
        });
    }
    if *protocol != Protocol::ICMP {
        let ports = ports.iter().map(|span| json!({ "from": span.first, "to": span.last }));
        value["ports"] = ports.collect();
    }
    value
}
