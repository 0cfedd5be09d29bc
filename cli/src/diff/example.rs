//! The smallest packet of a change: in words, as a command, and explained.

use egret_control::explain::{Question, World, explain_chosen, text};
use egret_dataplane::packet::Protocol;
use egret_verify::diff::{Change, Pair};
use egret_verify::senders::Sender;
use egret_verify::space::{Packet, SOURCE_PORTS, Span, has_ports};
use egret_verify::words::icmp_words;

use super::Report;

/// An example, as OLD and NEW know it.
pub(super) struct Shown<'a> {
    report: &'a Report<'a>,
    change: &'a Change,
    senders: [&'a Sender; 2],
}

impl<'a> Shown<'a> {
    pub(super) fn new(report: &'a Report<'a>, pair: &'a Pair, change: &'a Change) -> Shown<'a> {
        let (old, new) = change.example.facing;
        Shown { report, change, senders: [&pair.old[old], &pair.new[new]] }
    }

    /// Who sends it.
    pub(super) fn from(&self) -> &'a str {
        &self.senders[1].name
    }

    /// `tcp 203.0.113.10:443`.
    pub(super) fn packet(&self) -> String {
        let Packet { dst, protocol, port, .. } = self.change.example.packet;
        match protocol {
            _ if has_ports(protocol) => format!("{protocol} {dst}:{port}"),
            Protocol::ICMP => format!("icmp {} {dst}", icmp_words(&[Span::one(port)])),
            _ => format!("{protocol} {dst}"),
        }
    }

    /// The command that explains it in NEW. There is none where only some of the ports that a
    /// translator chooses from show the change, and for port 0.
    pub(super) fn command(&self) -> Option<String> {
        let Packet { dst, protocol, port, .. } = self.change.example.packet;
        if self.change.row.source_ports != [SOURCE_PORTS] || has_ports(protocol) && port == 0 {
            return None;
        }
        let path = quoted(&self.report.paths[1].display().to_string());
        let to = match protocol {
            Protocol::TCP => format!("{dst}:{port}"),
            Protocol::ICMP => {
                let [kind, code] = port.to_be_bytes();
                format!("{dst} --icmp {kind}/{code}")
            }
            _ if has_ports(protocol) => format!("{dst}:{port} --protocol {protocol}"),
            Protocol(number) => format!("{dst} --protocol {number}"),
        };
        let given = self.report.given.pairs().iter();
        let given = given.map(|(name, value)| quoted(&format!("{name}={value}")));
        let given: String = given.map(|pair| format!(" --parameter {pair}")).collect();
        Some(format!("egret explain {path}{given} --from {} --to {to}", quoted(self.from())))
    }

    /// What happens to it hop by hop, in OLD and in NEW.
    pub(super) fn explanations(&self) -> [String; 2] {
        [0, 1].map(|side| {
            let loaded = self.report.loaded[side];
            let world = World::new(&loaded.model.sources, &loaded.compilation);
            let choice = self.change.example.choices[side];
            text::plain(world, &explain_chosen(world, self.question(side), choice))
        })
    }

    fn question(&self, side: usize) -> Question {
        let sender = self.senders[side];
        let packet = Packet { src: sender.origin.src, ..self.change.example.packet };
        Question {
            from: sender.origin.interface,
            from_label: sender.label.clone(),
            tuple: packet.tuple(),
            icmp: packet.icmp(),
            to_label: packet.dst.to_string(),
            notes: Vec::new(),
            all: false,
        }
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
