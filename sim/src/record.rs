//! Expectations of what holds now: of everything that services send, or of what flow logs have seen of
//! it. They are few enough to be read and changed, and all of them hold.
//!
//! Of what arrives, the way and, past a gateway, the source address are expected, of each block or
//! name; of all the rest, that it is dropped, whatever drops it. What depends on the source port that
//! a translator happens to choose cannot be expected, and is said instead. The link-local services,
//! about which no rule is asked, are left out but for the resolver.
//!
//! Nothing is judged here: [`egret_verify`] surveys the packets.

use std::net::Ipv4Addr;

use egret_control::compile::Compilation;
use egret_control::explain::resolve::Unresolved;
use egret_control::model::Model;
use egret_dataplane::packet::Protocol as IpProtocol;
use egret_dataplane::snapshot::Snapshot;
use egret_dataplane::verdict::DropReason;
use egret_verify::classes::TooMany;
use egret_verify::cuts::World;
use egret_verify::diff::{Pair, Side, agenda};
use egret_verify::fates::{Fate, Source};
use egret_verify::open::Open;
use egret_verify::senders::{Sender, senders};
use egret_verify::space::{SOURCE_PORTS, Span, every_port};
use egret_verify::survey::{Row, Sending, survey};
use thiserror::Error;

use crate::scenario::Expectation;

mod everything;
mod logged;
mod targets;
mod yaml;

pub use logged::Logged;
pub use yaml::{Header, yaml};

/// What was recorded.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// Expectations, each of all senders of which it holds.
    pub expectations: Vec<Expectation>,
    /// What cannot be expected, a sentence each.
    pub left_out: Vec<String>,
    /// The names of what is not known, for want of which something cannot be expected.
    pub waits_for: Vec<String>,
}

/// Why nothing can be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// A sender that nobody knows.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// A configuration that falls into too many classes.
    #[error(transparent)]
    TooMany(#[from] TooMany),
}

impl Recording {
    /// Adds an expectation, or its senders to one that is the same of others.
    fn expect(&mut self, expectation: Expectation) {
        let same = |other: &&mut Expectation| {
            Expectation { from: expectation.from.clone(), ..(**other).clone() } == expectation
        };
        match self.expectations.iter_mut().find(same) {
            Some(other) => other.from.extend(expectation.from),
            None => self.expectations.push(expectation),
        }
    }
}

/// Services that fare alike, and how.
struct Group<'a> {
    model: &'a Model,
    snapshot: &'a Snapshot,
    pair: Pair,
    rows: Vec<Row<Vec<Seen>>>,
}

/// What may become of packets from one zone, as far as it can be expected.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Seen {
    /// They arrive.
    Arrives(Arrival),
    /// They are dropped.
    Dropped,
    /// A link-local service answers, whatever the rules are.
    LinkLocal,
    /// Chance decides.
    Varies,
    /// What is not known decides.
    Inconclusive(String),
}

/// How packets arrive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Arrival {
    via: Vec<String>,
    /// Past a gateway: within a VPC, the address of a shared ENI is nobody's choice.
    source: Option<Ipv4Addr>,
    /// What drops the answers, if something always does.
    unanswered: Option<(DropReason, String)>,
}

/// Records everything that these senders send. Without a name, every service. At most `limit` classes of each protocol are looked at.
///
/// # Errors
/// When a name means nothing, or there are too many classes.
pub fn record(
    model: &Model,
    compilation: &Compilation,
    names: &[String],
    limit: usize,
) -> Result<Recording, RecordError> {
    let mut recording = Recording::default();
    for group in groups(model, &compilation.snapshot, names, limit)? {
        everything::record(&group, &mut recording);
    }
    Ok(recording)
}

/// Records what flow logs have seen these senders send, as far as it still is so.
///
/// # Errors
/// When a name means nothing, or there are too many classes.
pub fn record_logged(
    model: &Model,
    compilation: &Compilation,
    names: &[String],
    logged: &Logged,
    limit: usize,
) -> Result<Recording, RecordError> {
    let mut recording = Recording::default();
    for group in groups(model, &compilation.snapshot, names, limit)? {
        logged.record(&group, &mut recording);
    }
    Ok(recording)
}

fn groups<'a>(
    model: &'a Model,
    snapshot: &'a Snapshot,
    names: &[String],
    limit: usize,
) -> Result<Vec<Group<'a>>, RecordError> {
    let open = Open::new(model, snapshot);
    let world = World::new(snapshot).with(&open);
    let side = Side { model, world: &world };
    let mut groups = Vec::new();
    for pair in agenda(side, side, names)?.pairs {
        let sending = |sender: &Sender| Sending { world: &world, origin: sender.origin };
        let panel: Vec<Sending<'_>> = pair.new.iter().map(sending).collect();
        let view = |fates: &[Vec<&Fate>]| Some(fates.iter().map(|fates| seen(fates)).collect());
        let rows = survey(&panel, limit, view)?.rows;
        groups.push(Group { model, snapshot, pair, rows });
    }
    Ok(groups)
}

/// What can be expected of packets that have one of these fates.
fn seen(fates: &[&Fate]) -> Seen {
    let is_link_local = |fate: &&Fate| match fate {
        Fate::Delivered(passage) => passage.to.kind == "link-local",
        _ => false,
    };
    if let Some(name) = fates.iter().find_map(|fate| fate.waits_for()) {
        return Seen::Inconclusive(name.to_owned());
    }
    if fates.iter().all(is_link_local) {
        return Seen::LinkLocal;
    }
    if fates.iter().all(|fate| fate.level() == Some(0)) {
        return Seen::Dropped;
    }
    let mut arrivals: Vec<Option<Arrival>> = fates.iter().map(|fate| arrival(fate)).collect();
    arrivals.dedup();
    match &mut arrivals[..] {
        [Some(arrival)] => Seen::Arrives(arrival.clone()),
        [Some(first), rest @ ..] => {
            // A gateway with several addresses may choose each of them.
            first.source = None;
            let same = rest
                .iter()
                .flatten()
                .all(|other| Arrival { source: None, ..other.clone() } == *first);
            let all = rest.iter().all(Option::is_some);
            if same && all { Seen::Arrives(first.clone()) } else { Seen::Varies }
        }
        _ => Seen::Varies,
    }
}

fn arrival(fate: &Fate) -> Option<Arrival> {
    let passage = fate.passage()?;
    let is_gateway = |kind: &str| kind == "nat-gateway" || kind == "internet-gateway";
    let has = |wanted: &str| passage.way.iter().any(|thing| thing.kind == wanted);
    // The internet gateway goes without saying where a NAT gateway is before it.
    let told = passage
        .way
        .iter()
        .filter(|thing| !(thing.kind == "internet-gateway" && has("nat-gateway")));
    Some(Arrival {
        via: told.map(|thing| thing.name.clone()).collect(),
        source: match passage.source {
            Source::Known(source) if passage.way.iter().any(|at| is_gateway(at.kind)) => {
                Some(source)
            }
            _ => None,
        },
        unanswered: fate.obstacle().map(|obstacle| (obstacle.reason, obstacle.at.name.clone())),
    })
}

impl Group<'_> {
    /// Its services, or of each the tasks of these zones.
    fn from(&self, zones: &[usize]) -> Vec<String> {
        if zones.len() == self.pair.new.len() {
            return self.pair.names.clone();
        }
        let tasks = |name: &String| {
            let tasks = senders(self.model, self.snapshot, name).unwrap_or_default();
            zones.iter().filter_map(|at| tasks.get(*at).map(|task| task.name.clone())).collect()
        };
        self.pair.names.iter().flat_map(|name: &String| -> Vec<String> { tasks(name) }).collect()
    }

    /// The zones of a row, those together that fare alike.
    fn zones<'r>(&self, row: &'r Row<Vec<Seen>>) -> Vec<(&'r Seen, Vec<usize>)> {
        let mut zones: Vec<(&Seen, Vec<usize>)> = Vec::new();
        for (at, seen) in row.fares.iter().enumerate() {
            match zones.iter_mut().find(|(other, _)| *other == seen) {
                Some((_, alike)) => alike.push(at),
                None => zones.push((seen, vec![at])),
            }
        }
        zones
    }
}

/// Whether what becomes of a row's packets depends on which source port a translator chooses.
fn depends_on_source_port(row: &Row<Vec<Seen>>) -> bool {
    row.source_ports != [SOURCE_PORTS]
}

/// Packets of a protocol as expectations have them, whose ports are said with the destination.
fn protocol(protocol: IpProtocol, ports: &[Span<u16>]) -> crate::scenario::Protocol {
    use crate::scenario::Protocol;
    match protocol {
        IpProtocol::TCP => Protocol::Tcp,
        IpProtocol::UDP => Protocol::Udp,
        IpProtocol::ICMP => match ports {
            [one] if *one == Span::one(ECHO) => Protocol::Icmp(Some(8), Some(0)),
            [one] => Protocol::Icmp(Some(one.first.to_be_bytes()[0]), None),
            _ => Protocol::Icmp(None, None),
        },
        other => Protocol::Other(other.0),
    }
}

/// Type and code of an echo request.
const ECHO: u16 = 8 << 8;

/// Ports of a protocol that an expectation can speak of at once. Of ICMP these are all messages, echo
/// requests, or a type that has a rule of its own; the rest are messages that nobody sends.
fn sayable(protocol: IpProtocol, ports: &[Span<u16>]) -> Vec<Vec<Span<u16>>> {
    if protocol != IpProtocol::ICMP || ports == every_port(protocol) {
        return vec![ports.to_vec()];
    }
    let is_whole_type =
        |span: &&Span<u16>| span.first & 0xff == 0 && span.last == span.first | 0xff;
    // Queries and answers are told apart by themselves.
    let is_named = |span: &&Span<u16>| ![0, 8, 13, 14, 15, 16, 17, 18].contains(&(span.first >> 8));
    let echo = ports.iter().any(|span| span.contains(ECHO)).then(|| vec![Span::one(ECHO)]);
    let types = ports.iter().filter(is_whole_type).filter(is_named).map(|span| vec![*span]);
    echo.into_iter().chain(types).collect()
}
