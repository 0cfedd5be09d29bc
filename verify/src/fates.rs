//! What becomes of a sender's packets, in words that outlive one configuration: elements by name, not
//! by index. So senders of two configurations, or of one service's zones, can be held beside each
//! other, packet by packet.
//!
//! The senders' packets are cut once, for all of them: the lowest packet of what is left is judged for
//! each sender and each of what chance may choose, and the smallest of the boxes in which those
//! judgements hold is one part. It is the coarsest cut that is exact for all of them, and costs as
//! many judgements as parts, times senders.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use egret_control::explain::{element_kind, element_names};
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{Interface, InterfaceId, Snapshot};
use egret_dataplane::verdict::{Drop, DropReason, Element};
use indexmap::IndexSet;

use crate::classes::{Class, Origin, TooMany, addresses, enis, lowest};
use crate::cuts::World;
use crate::reach::{ASKED, Way, way};
use crate::rows::{Part, products};
use crate::space::{ADDRESSES, Region, SOURCE_PORTS, Span};

/// What becomes of a packet and of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// It arrives, and its answer comes back, as far as anybody answers.
    Delivered(Passage),
    /// It arrives, and its answer is dropped.
    NoReply(Passage, Obstacle),
    /// It is dropped.
    Dropped(Obstacle),
}

/// By which way a packet arrives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Passage {
    /// The elements of the way that a user would name, in order.
    pub way: Vec<Thing>,
    /// What takes it.
    pub to: Thing,
    /// The source address that the destination sees.
    pub source: Ipv4Addr,
}

/// What drops a packet, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Obstacle {
    /// Why.
    pub reason: DropReason,
    /// Where.
    pub at: Thing,
}

/// An element by its kind and name. A sender's own service has no name here: services that share
/// everything fare alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thing {
    /// Its kind, such as `nat-gateway`.
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
}

impl Fate {
    /// How far packets come: 0 if they are dropped, 1 if their answers are, 2 if nothing is.
    pub fn level(&self) -> u8 {
        match self {
            Fate::Dropped(_) => 0,
            Fate::NoReply(..) => 1,
            Fate::Delivered(_) => 2,
        }
    }

    /// By which way packets arrive, if they do.
    pub fn passage(&self) -> Option<&Passage> {
        match self {
            Fate::Delivered(passage) | Fate::NoReply(passage, _) => Some(passage),
            Fate::Dropped(_) => None,
        }
    }

    /// What drops the packets, or their answers.
    pub fn obstacle(&self) -> Option<&Obstacle> {
        match self {
            Fate::Delivered(_) => None,
            Fate::NoReply(_, obstacle) | Fate::Dropped(obstacle) => Some(obstacle),
        }
    }

    /// What becomes of the packets of a class.
    pub fn of(snapshot: &Snapshot, class: &Class) -> Fate {
        Raw::of(class).named(snapshot)
    }
}

/// Who sends, in one configuration.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a> {
    /// The configuration.
    pub world: &'a World<'a>,
    /// Where the packets enter.
    pub origin: Origin,
}

/// Packets that fare alike: of each protocol, from each of the source ports to each of the ports of
/// each destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The protocols: TCP, UDP or both; or ICMP, of which echo requests are meant.
    pub protocols: Vec<Protocol>,
    /// Destination addresses, in order.
    pub destinations: Vec<Span<u32>>,
    /// Destination ports, in order.
    pub ports: Vec<Span<u16>>,
    /// Source ports, in order, as the last translator gives them.
    pub source_ports: Vec<Span<u16>>,
    /// What may become of them, for each sender that was asked about; several fates where chance
    /// chooses.
    pub fates: Vec<Vec<Fate>>,
}

/// What was found of senders.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// What becomes of their packets.
    pub rows: Vec<Row>,
    /// Into how many boxes the packets were cut.
    pub classes: usize,
}

/// What may become of packets for each of some senders, as numbers that are equal where the fates
/// are.
pub type Lot = Vec<Vec<u32>>;

/// What becomes of all TCP and UDP packets, and of all echo requests, for these senders. Rows have what
/// is `wanted` of each lot; without anything, there is none. At most `limit` boxes of each protocol are looked at.
///
/// # Errors
/// When there are more.
pub fn survey(
    senders: &[Sending<'_>],
    limit: usize,
    wanted: impl Fn(Lot) -> Option<Lot>,
) -> Result<Survey, TooMany> {
    let mut survey = Survey::default();
    let mut cutter = Cutter {
        names: senders.iter().map(|_| HashMap::new()).collect(),
        senders,
        fates: IndexSet::new(),
        lots: IndexSet::new(),
    };
    for (protocol, port) in ASKED {
        let region = Region { dst: ADDRESSES, protocol, port, source_port: SOURCE_PORTS };
        let (parts, classes) = cutter.cut(region, limit, &wanted)?;
        survey.classes += classes;
        for product in products(parts) {
            let fates = cutter.fates(product.lot);
            add(
                &mut survey.rows,
                Row {
                    protocols: vec![protocol],
                    destinations: product.destinations,
                    ports: product.ports,
                    source_ports: product.source_ports,
                    fates,
                },
            );
        }
    }
    Ok(survey)
}

/// Adds a row, or its protocol to one that says the same of another.
fn add(rows: &mut Vec<Row>, row: Row) {
    let same =
        |other: &&mut Row| Row { protocols: row.protocols.clone(), ..(**other).clone() } == row;
    match rows.iter_mut().find(same) {
        Some(other) => other.protocols.extend(row.protocols),
        None => rows.push(row),
    }
}

struct Cutter<'a> {
    senders: &'a [Sending<'a>],
    fates: IndexSet<Fate>,
    /// Of each sender, what was put into words already.
    names: Vec<HashMap<Raw, u32>>,
    lots: IndexSet<Lot>,
}

impl Cutter<'_> {
    /// The wanted parts of a region, each with its lot, and how many parts there are.
    fn cut(
        &mut self,
        region: Region,
        limit: usize,
        wanted: impl Fn(Lot) -> Option<Lot>,
    ) -> Result<(Vec<Part>, usize), TooMany> {
        let enis = |sender: &Sending<'_>| enis(sender.world, sender.origin, region);
        let enis: Vec<Vec<u16>> = self.senders.iter().map(enis).collect();
        let (mut parts, mut count) = (Vec::new(), 0);
        let mut rest = vec![region];
        while let Some(region) = rest.pop() {
            if count == limit {
                return Err(TooMany { limit });
            }
            count += 1;
            let (hold, lot) = self.lowest(region, &enis);
            rest.extend(region.without(&hold));
            if let Some(lot) = wanted(lot) {
                parts.push(Part { region: hold, lot: self.lots.insert_full(lot).0 });
            }
        }
        Ok((parts, count))
    }

    /// The part of a region's lowest packet, and what may become of it.
    fn lowest(&mut self, region: Region, enis: &[Vec<u16>]) -> (Region, Lot) {
        let (mut hold, mut lot) = (region, Lot::with_capacity(self.senders.len()));
        for (at, sender) in self.senders.iter().enumerate() {
            let mut fates = Vec::new();
            for eni in &enis[at] {
                let mut judge = |address| {
                    let class = lowest(sender.world, sender.origin, region, *eni, address);
                    hold = hold.lower(&class.region);
                    fates.push(self.number(at, &class));
                    addresses(sender.world, &class)
                };
                let addresses = judge(0);
                (1..addresses).for_each(|address| {
                    judge(address);
                });
            }
            fates.sort_unstable();
            fates.dedup();
            lot.push(fates);
        }
        (hold, lot)
    }

    /// The number of a class's fate.
    fn number(&mut self, sender: usize, class: &Class) -> u32 {
        let (fates, snapshot) = (&mut self.fates, self.senders[sender].world.snapshot());
        let raw = Raw::of(class);
        if let Some(number) = self.names[sender].get(&raw) {
            return *number;
        }
        let number = fates.insert_full(raw.named(snapshot)).0 as u32;
        self.names[sender].insert(raw, number);
        number
    }

    fn fates(&self, lot: usize) -> Vec<Vec<Fate>> {
        let named = |numbers: &Vec<u32>| {
            let mut fates: Vec<Fate> =
                numbers.iter().map(|number| self.fates[*number as usize].clone()).collect();
            fates.sort();
            fates
        };
        self.lots[lot].iter().map(named).collect()
    }
}

/// A fate by indices of one configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Raw {
    way: Way,
    there: Result<(InterfaceId, Ipv4Addr), Drop>,
    back: Option<Drop>,
}

impl Raw {
    fn of(class: &Class) -> Raw {
        let there = class.judgement.there.map(|(to, tuple)| (to, tuple.src));
        // Where a dropped packet came from is another matter than what drops it.
        let way = if there.is_ok() { way(class) } else { Way::new() };
        Raw { way, there, back: class.judgement.back }
    }

    fn named(&self, snapshot: &Snapshot) -> Fate {
        let obstacle =
            |drop: Drop| Obstacle { reason: drop.reason, at: thing(snapshot, drop.element) };
        let (to, source) = match self.there {
            Ok(arrived) => arrived,
            Err(drop) => return Fate::Dropped(obstacle(drop)),
        };
        let way = self.way.iter().map(|element| thing(snapshot, *element)).collect();
        let passage = Passage { way, to: thing(snapshot, taker(snapshot, to)), source };
        match self.back {
            None => Fate::Delivered(passage),
            Some(drop) => Fate::NoReply(passage, obstacle(drop)),
        }
    }
}

fn thing(snapshot: &Snapshot, element: Element) -> Thing {
    let name = match element {
        Element::Service(_) => String::new(),
        _ => element_names(snapshot, element).swap_remove(0),
    };
    Thing { kind: element_kind(element), name }
}

/// What takes the packets that leave at an interface.
fn taker(snapshot: &Snapshot, at: InterfaceId) -> Element {
    match snapshot[at] {
        Interface::Internet => Element::Internet,
        Interface::Task(task) => Element::Service(snapshot[task].service),
        Interface::Eni(eni) => snapshot[eni].element(eni),
        Interface::GatewayEndpoint(endpoint) => Element::VpcEndpoint(endpoint),
        Interface::LinkLocal(vpc) => Element::LinkLocal(vpc),
        Interface::External(attachment) => Element::External(attachment),
        Interface::Gone => Element::Dataplane,
    }
}
