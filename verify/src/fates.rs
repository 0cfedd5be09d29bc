//! What becomes of a sender's packets, in words that outlive one configuration: elements by name, not
//! by index. So senders of two configurations, or of one service's zones, can be held beside each
//! other, packet by packet.
//!
//! The senders' packets are cut once, for all of them: the lowest packet of what is left is judged for
//! each sender and each of what chance may choose, and the smallest of the boxes in which those
//! judgements hold is one part. It is the coarsest cut that is exact for all of them, and costs as
//! many judgements as parts, times senders.

use std::collections::HashMap;
use std::hash::Hash;
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

    /// The same, to change it.
    pub fn passage_mut(&mut self) -> Option<&mut Passage> {
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
pub struct Row<K> {
    /// The protocols: TCP, UDP or both; or ICMP, of which echo requests are meant.
    pub protocols: Vec<Protocol>,
    /// Destination addresses, in order.
    pub destinations: Vec<Span<u32>>,
    /// Destination ports, in order.
    pub ports: Vec<Span<u16>>,
    /// Source ports, in order, as the last translator gives them.
    pub source_ports: Vec<Span<u16>>,
    /// How they fare.
    pub fares: K,
}

/// What was found of senders.
#[derive(Clone, Debug)]
pub struct Survey<K> {
    /// What becomes of their packets.
    pub rows: Vec<Row<K>>,
    /// Into how many boxes the packets were cut.
    pub classes: usize,
}

/// What becomes of all TCP and UDP packets, and of all echo requests, for these senders. `view` is
/// shown what may become of a packet of each sender, several fates where chance chooses, and says what
/// of it counts: packets of which it says the same are in one row, those of which it says nothing in
/// none. At most `limit` boxes of each protocol are looked at.
///
/// # Errors
/// When there are more.
pub fn survey<K: Clone + Eq + Hash>(
    senders: &[Sending<'_>],
    limit: usize,
    view: impl Fn(&[Vec<&Fate>]) -> Option<K>,
) -> Result<Survey<K>, TooMany> {
    let mut survey = Survey { rows: Vec::new(), classes: 0 };
    let mut views = IndexSet::new();
    let mut cutter = Cutter {
        names: senders.iter().map(|_| HashMap::new()).collect(),
        senders,
        fates: IndexSet::new(),
        lots: HashMap::new(),
    };
    for (protocol, port) in ASKED {
        let region = Region { dst: ADDRESSES, protocol, port, source_port: SOURCE_PORTS };
        let mut number = |fates: &[Vec<&Fate>]| view(fates).map(|view| views.insert_full(view).0);
        let (parts, classes) = cutter.cut(region, limit, &mut number)?;
        survey.classes += classes;
        for product in products(parts) {
            let row = Row {
                protocols: vec![protocol],
                destinations: product.destinations,
                ports: product.ports,
                source_ports: product.source_ports,
                fares: views[product.lot].clone(),
            };
            add(&mut survey.rows, row);
        }
    }
    Ok(survey)
}

/// Adds a row, or its protocol to one that says the same of another.
fn add<K: Eq>(rows: &mut Vec<Row<K>>, row: Row<K>) {
    let same = |other: &&mut Row<K>| {
        let ports = other.ports == row.ports && other.source_ports == row.source_ports;
        ports && other.fares == row.fares && other.destinations == row.destinations
    };
    match rows.iter_mut().find(same) {
        Some(other) => other.protocols.extend(row.protocols),
        None => rows.push(row),
    }
}

/// What may become of packets for each of some senders, as numbers.
type Lot = Vec<Vec<u32>>;

struct Cutter<'a> {
    senders: &'a [Sending<'a>],
    fates: IndexSet<Fate>,
    /// Of each sender, what was put into words already.
    names: Vec<HashMap<Raw, u32>>,
    /// What was said of lots already.
    lots: HashMap<Lot, Option<usize>>,
}

impl Cutter<'_> {
    /// The parts of a region of which something is said, with its number, and how many parts there
    /// are in all.
    fn cut(
        &mut self,
        region: Region,
        limit: usize,
        say: &mut impl FnMut(&[Vec<&Fate>]) -> Option<usize>,
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
            let said = match self.lots.get(&lot) {
                Some(said) => *said,
                None => {
                    let said = say(&self.fates_of(&lot));
                    self.lots.insert(lot, said);
                    said
                }
            };
            parts.extend(said.map(|lot| Part { region: hold, lot }));
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

    fn fates_of(&self, lot: &Lot) -> Vec<Vec<&Fate>> {
        let named = |numbers: &Vec<u32>| {
            let fates = numbers.iter().map(|number| &self.fates[*number as usize]);
            let mut fates: Vec<&Fate> = fates.collect();
            fates.sort();
            fates
        };
        lot.iter().map(named).collect()
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
