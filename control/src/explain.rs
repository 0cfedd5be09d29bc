//! What happens to a packet, hop by hop, there and back, and why: the library behind
//! `egret explain`.
//!
//! Nothing is evaluated here. A worker of the dataplane judges the packet with a recorder attached
//! ([`egret_dataplane::trace`]), and then the answer to it for real; this module puts what was
//! recorded into words ([`text`]) and into the shape of Reachability Analyzer ([`analysis`]).

pub mod analysis;
mod mend;
pub mod resolve;
mod sent;
pub mod text;
mod words;

use std::net::Ipv4Addr;
use std::sync::Arc;

use egret_dataplane::judgement::Choice;
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::trace::{Direction, Hop};
use egret_dataplane::verdict::{Drop, Element};

use crate::compile::Compilation;
use crate::index::Index;
use crate::model::Unknown;
use crate::source::{Place, Sources};
use sent::Sent;

pub use words::{
    element_kind, element_names, elements, entry_words, hop_words, key_words, place, rule_of,
    rule_words, target_words, traffic_words,
};

/// A packet, and how it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Where it enters.
    pub from: InterfaceId,
    /// What the user calls the sender, such as `web (task 0, use1-az1)`.
    pub from_label: String,
    /// Its addresses, protocol and ports.
    pub tuple: Tuple,
    /// ICMP type and code, of an ICMP packet.
    pub icmp: (u8, u8),
    /// What the user calls the destination, such as `api.example.com (203.0.113.10)`.
    pub to_label: String,
    /// How names were resolved, a sentence each.
    pub notes: Vec<String>,
    /// Whether to go on past a drop, and list everything that is in the way.
    pub all: bool,
}

/// What became of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrives, and its answer comes back.
    Delivered,
    /// It arrives, and its answer is dropped.
    NoReply,
    /// It is dropped.
    Dropped,
}

/// A hop with its words.
#[derive(Clone, Debug)]
pub struct Step {
    /// The hop, as recorded.
    pub hop: Hop,
    /// What kind of element it is, in the field's terms: `security-group`, `nat-gateway`.
    pub kind: &'static str,
    /// What the element is called.
    pub name: String,
    /// What happened there.
    pub text: String,
    /// Where the rule, entry or route that decided was written.
    pub place: Option<Place>,
    /// Why the packet went no further, if it did not.
    pub denial: Option<Denial>,
}

/// A drop with its words.
#[derive(Clone, Debug)]
pub struct Denial {
    /// The drop.
    pub drop: Drop,
    /// Which way the packet was going.
    pub direction: Direction,
    /// What kind of element dropped it.
    pub kind: &'static str,
    /// What that element is called.
    pub name: String,
    /// Rules or entries that were tried, and why each did not let the packet pass.
    pub tried: Vec<String>,
    /// How to mend it.
    pub mend: String,
}

/// What happens to a packet, there and back.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What was asked.
    pub question: Question,
    /// What became of it.
    pub outcome: Outcome,
    /// The way there.
    pub forward: Vec<Step>,
    /// The way back of its answer, if it has one.
    pub back: Vec<Step>,
    /// The packet's tuple where it was delivered.
    pub delivered: Option<Tuple>,
    /// Everything that is in the way: the first, or with [`Question::all`] each.
    pub denials: Vec<Denial>,
    /// What else to know.
    pub notes: Vec<String>,
    /// What is not known and could make another outcome of it; whoever knows what a template leaves
    /// open says so.
    pub waits_for: Option<Unknown>,
}

/// What an explanation is made from.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The files, for places.
    pub sources: &'a Sources,
    /// The configuration.
    pub snapshot: &'a Snapshot,
    /// The way back from it to the files.
    pub index: &'a Index,
}

impl<'a> World<'a> {
    /// The world of a compilation.
    pub fn new(sources: &'a Sources, compilation: &'a Compilation) -> World<'a> {
        World { sources, snapshot: &compilation.snapshot, index: &compilation.index }
    }
}

/// Sends the packet, and its answer back, and says what happened.
///
/// With [`Question::all`] the packet is sent once more, on past everything that drops it: that tells
/// what else is in the way, and changes nothing of what became of it.
pub fn explain(world: World<'_>, question: Question) -> Explanation {
    let snapshot = Arc::new(world.snapshot.clone());
    let mut sent = Sent::send(&snapshot, &question);
    if question.all {
        sent = sent.past_drops(&snapshot, &question);
    }
    put_into_words(world, question, &sent)
}

/// The same where chance decides so. [`Question::all`] has no effect.
pub fn explain_chosen(world: World<'_>, question: Question, choice: Choice) -> Explanation {
    let sent = Sent::judged(world.snapshot, &question, choice);
    put_into_words(world, question, &sent)
}

fn put_into_words(world: World<'_>, question: Question, sent: &Sent) -> Explanation {
    let steps = |hops: &[Hop]| -> Vec<Step> {
        hops.iter().map(|hop| words::step(world, hop, &question)).collect()
    };
    let (forward, back) = (steps(&sent.forward), steps(&sent.back));
    let denials = forward.iter().chain(&back).filter_map(|step| step.denial.clone()).collect();
    let mut notes = question.notes.clone();
    notes.extend(sent.notes());
    notes.extend(sent.delivered.and_then(|(at, tuple)| nobody_listens(world, at, tuple)));
    let (outcome, delivered) = (sent.outcome(), sent.delivered.map(|(_, tuple)| tuple));
    let waits_for = None;
    Explanation { question, outcome, forward, back, delivered, denials, notes, waits_for }
}

/// A note for a destination that is known to refuse the port.
fn nobody_listens(world: World<'_>, at: InterfaceId, tuple: Tuple) -> Option<String> {
    let listen = world.index.listen(at).or_else(|| match at {
        InterfaceId::INTERNET => world.index.host_listen(tuple.dst),
        _ => None,
    })?;
    let ports = matches!(tuple.protocol, Protocol::TCP | Protocol::UDP);
    let heard = listen.iter().any(|l| l.protocol == tuple.protocol.0 && l.port == tuple.dst_port);
    let refusal = if tuple.protocol == Protocol::TCP { "a RST" } else { "ICMP port unreachable" };
    (ports && !heard).then(|| {
        let (protocol, port) = (tuple.protocol, tuple.dst_port);
        format!("Nothing listens on {protocol} {port} there: the host answers with {refusal}.")
    })
}

/// Protocol and destination port, or ICMP type and code, in words.
fn traffic_of(question: &Question) -> String {
    match question.tuple.protocol {
        Protocol::TCP | Protocol::UDP => {
            format!("{} {}", question.tuple.protocol, question.tuple.dst_port)
        }
        Protocol::ICMP => format!("icmp {}/{}", question.icmp.0, question.icmp.1),
        other => other.to_string(),
    }
}

impl Explanation {
    /// The elements that the packet passed on its way there, in order.
    pub fn via(&self) -> impl Iterator<Item = Element> {
        self.forward.iter().filter(|step| step.denial.is_none()).map(|step| step.hop.element)
    }

    /// Every hop, there and back.
    pub fn hops(&self) -> impl Iterator<Item = &Hop> {
        self.forward.iter().chain(&self.back).map(|step| &step.hop)
    }

    /// The source address that the destination sees.
    pub fn source(&self) -> Option<Ipv4Addr> {
        self.delivered.map(|tuple| tuple.src)
    }
}
