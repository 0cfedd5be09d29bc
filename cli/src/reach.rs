//! `egret reach`: everything that a sender reaches, and by which way.

use std::fmt::Write;
use std::io;
use std::net::Ipv4Addr;

use clap::Args;
use egret_control::explain::text::Style;
use egret_control::explain::{element_kind, element_names};
use egret_control::model::Model;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{EniOwner, Snapshot};
use egret_verify::classes::Origin;
use egret_verify::cuts::{World, link_local};
use egret_verify::reach::{Manner, Row, Surety, reach};
use egret_verify::senders::senders;
use egret_verify::space::{Span, blocks, without};
use egret_verify::targets::internet;
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
        let names = Names { model: &loaded.model, snapshot };
        terminal::print(&match self.format {
            Format::Text => text(&names, &self.from, &rows),
            Format::Json => {
                let rows: Vec<Value> = rows.iter().map(|row| names.json(row)).collect();
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

fn text(names: &Names<'_>, from: &str, rows: &[Row]) -> String {
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
            let ways = names.ways(&row.manner).iter().map(|way| way.join(", ")).collect::<Vec<_>>();
            let by = match ways.join("; or ") {
                ways if ways.is_empty() => "directly".to_owned(),
                ways => format!("by {ways}"),
            };
            let traffic = terminal::paint(Style::Name, &traffic(&row.manner));
            let _ = writeln!(out, "  {traffic}  {by}");
            if let Some(drop) = row.manner.obstacle {
                let name = element_names(names.snapshot, drop.element).swap_remove(0);
                let why = format!("{} at {} {name}", drop.reason, element_kind(drop.element));
                let _ = writeln!(out, "    {}", terminal::paint(Style::Bad, &why));
            }
            for destination in names.destinations(&row.destinations) {
                let _ = writeln!(out, "    {destination}");
            }
        }
    }
    if out.is_empty() {
        let _ = writeln!(out, "{from} reaches nothing.");
    }
    out
}

/// `tcp 443, 8000-8999`.
fn traffic(manner: &Manner) -> String {
    if manner.protocol == Protocol::ICMP {
        return "icmp echo".to_owned();
    }
    format!("{} {}", manner.protocol, ports(&manner.ports))
}

fn ports(spans: &[Span<u16>]) -> String {
    let one = |span: &Span<u16>| match (span.first, span.last) {
        (0, u16::MAX) => "all".to_owned(),
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    };
    spans.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a user calls things.
struct Names<'a> {
    model: &'a Model,
    snapshot: &'a Snapshot,
}

/// So many addresses in a row are looked at singly.
const FEW: u32 = 16;
/// So many blocks are listed before the list is turned round or cut.
const BLOCKS: usize = 8;

impl Names<'_> {
    fn ways(&self, manner: &Manner) -> Vec<Vec<String>> {
        let name = |element: &_| element_names(self.snapshot, *element).swap_remove(0);
        manner.ways.iter().map(|way| way.iter().map(name).collect()).collect()
    }

    /// Names of single addresses, then the blocks of the rest.
    fn destinations(&self, spans: &[Span<u32>]) -> Vec<String> {
        // A few neighbours may have names each.
        let few = |span: &Span<u32>| span.last - span.first < FEW;
        let single = |span: &Span<u32>| (span.first..=span.last).map(Span::one).collect();
        let spans = spans.iter().flat_map(|span| match few(span) {
            true => single(span),
            false => vec![*span],
        });
        let (named, rest): (Vec<_>, Vec<_>) = spans.partition(|span| self.name(span).is_some());
        let mut lines: Vec<String> = named.iter().filter_map(|span| self.name(span)).collect();
        if !rest.is_empty() {
            lines.extend(self.blocks(&rest));
        }
        lines
    }

    fn blocks(&self, spans: &[Span<u32>]) -> Vec<String> {
        let text = |(address, len): &(Ipv4Addr, u8)| match len {
            32 => address.to_string(),
            _ => format!("{address}/{len}"),
        };
        let list: Vec<String> = blocks(spans).iter().map(text).collect();
        if list.len() <= BLOCKS {
            return list;
        }
        let public = internet();
        let missing: Vec<String> = blocks(&without(&public, spans)).iter().map(text).collect();
        let more: Vec<String> = blocks(&without(spans, &public)).iter().map(text).collect();
        if missing.len() + more.len() < list.len() {
            let but = match missing.len() {
                0 => String::new(),
                _ => format!(" but {}", missing.join(", ")),
            };
            return [vec![format!("the internet{but}")], more].concat();
        }
        vec![list.join(", ")]
    }

    /// The name of what has the only address of a span.
    fn name(&self, span: &Span<u32>) -> Option<String> {
        let address = Ipv4Addr::from_bits(span.first);
        if span.first != span.last {
            return None;
        }
        if let Some(host) = self.model.hosts.iter().find(|host| *host.address == address) {
            return Some(format!("{} ({address})", host.name.as_str()));
        }
        if let Some(service) = link_local(self.snapshot, address) {
            return Some(format!("{service} ({address})"));
        }
        let at = self.snapshot.vpcs.iter().flat_map(|vpc| &vpc.addresses);
        let (_, eni) = at.clone().find(|(known, _)| *known == address)?;
        let eni = &self.snapshot[*eni];
        let name = match eni.owner {
            EniOwner::Endpoint(endpoint, _) => &self.snapshot[endpoint].name,
            _ => &eni.name,
        };
        Some(format!("{name} ({address})"))
    }

    fn json(&self, row: &Row) -> Value {
        let Manner { protocol, ports, surety, .. } = &row.manner;
        let blocks: Vec<String> = blocks(&row.destinations)
            .iter()
            .map(|(address, len)| format!("{address}/{len}"))
            .collect();
        let mut value = json!({
            "protocol": protocol.to_string(),
            "destinations": blocks,
            "ways": self.ways(&row.manner),
            "surety": match surety {
                Surety::Always => "always",
                Surety::Sometimes => "sometimes",
                Surety::Unanswered => "unanswered",
            },
        });
        if let Some(drop) = row.manner.obstacle {
            let name = element_names(self.snapshot, drop.element).swap_remove(0);
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
}
