//! The packets of several senders, cut at once: what becomes of each for every one of them.
//!
//! The lowest packet of what is left is judged for each sender and each of what chance may choose, and
//! the smallest of the boxes in which those judgements hold is one part. It is the coarsest cut that
//! is exact for all of them, and costs as many judgements as parts, times senders.

use std::collections::HashMap;
use std::hash::Hash;

use egret_dataplane::packet::Protocol;
use indexmap::IndexSet;

use crate::classes::{Class, Origin, TooMany, addresses, enis, lowest};
use crate::cuts::{World, kinds};
use crate::fates::{Fate, Raw};
use crate::rows::{Part, products};
use crate::space::{ADDRESSES, Region, Span, every_port, has_ports};

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
    /// Of which protocols, and to which of their ports.
    pub traffic: Traffic,
    /// Destination addresses, in order.
    pub destinations: Vec<Span<u32>>,
    /// Source ports, in order, as the last translator gives them.
    pub source_ports: Vec<Span<u16>>,
    /// How they fare.
    pub fares: K,
}

/// Protocols, and ports of each of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Traffic {
    /// The protocols: the one with the smallest packet first.
    pub protocols: Vec<Protocol>,
    /// What the last of them stands for, itself included: all protocols that no rule and no entry
    /// names. Nothing if it is one of those that are told apart.
    pub others: Vec<Protocol>,
    /// Destination ports of the first, in order; of ICMP types and codes as [`Region::port`] has
    /// them. Where other protocols have other ports, it is all of them, of each.
    ports: Vec<Span<u16>>,
}

impl Traffic {
    /// Some ports of one protocol.
    pub fn of(protocol: Protocol, ports: Vec<Span<u16>>) -> Traffic {
        Traffic { protocols: vec![protocol], others: Vec::new(), ports }
    }

    /// The ports of one of its protocols.
    pub fn ports(&self, protocol: Protocol) -> &[Span<u16>] {
        if self.is_whole() { every_port(protocol) } else { &self.ports }
    }

    /// Whether it is every port of each protocol.
    pub fn is_whole(&self) -> bool {
        self.ports == every_port(self.protocols[0])
    }

    /// Whether a protocol is one of them, or one of those that the last stands for.
    pub fn has(&self, protocol: Protocol) -> bool {
        self.protocols.contains(&protocol) || self.others.contains(&protocol)
    }

    /// Whether one set of ports says what both have.
    fn has_the_ports_of(&self, other: &Traffic) -> bool {
        let numbered = |traffic: &Traffic| traffic.protocols.iter().all(|one| has_ports(*one));
        let same = self.ports == other.ports && numbered(self) && numbered(other);
        same || self.is_whole() && other.is_whole()
    }
}

/// What was found of senders.
#[derive(Clone, Debug)]
pub struct Survey<K> {
    /// What becomes of their packets.
    pub rows: Vec<Row<K>>,
    /// Into how many boxes the packets were cut.
    pub classes: usize,
}

/// Whoever says what counts of fates: what may become of a packet of each sender, several fates where
/// chance chooses. It says the same of packets that belong into one row, and nothing of those that
/// belong into none.
pub trait View<K>: Fn(&[Vec<&Fate>]) -> Option<K> {}

impl<K, F: Fn(&[Vec<&Fate>]) -> Option<K>> View<K> for F {}

/// What becomes of all packets of these senders that open a flow. At most `limit` boxes of each
/// protocol are looked at.
///
/// # Errors
/// When there are more.
pub fn survey<K: Clone + Eq + Hash>(
    senders: &[Sending<'_>],
    limit: usize,
    view: impl View<K>,
) -> Result<Survey<K>, TooMany> {
    let mut survey = Survey { rows: Vec::new(), classes: 0 };
    let cut = cut(senders, limit, view)?;
    for (traffic, parts) in cut.parts {
        add_rows(&mut survey.rows, &traffic, parts, |lot| cut.views[lot].clone());
    }
    survey.classes = cut.classes;
    Ok(survey)
}

/// The packets of senders, cut.
pub(crate) struct Cut<K> {
    /// The parts of each protocol of which something is said.
    pub(crate) parts: Vec<(Traffic, Vec<Part>)>,
    /// What is said, by the number of a lot.
    pub(crate) views: IndexSet<K>,
    /// Into how many boxes the packets were cut.
    classes: usize,
}

/// Cuts all packets of these senders that open a flow.
pub(crate) fn cut<K: Clone + Eq + Hash>(
    senders: &[Sending<'_>],
    limit: usize,
    view: impl View<K>,
) -> Result<Cut<K>, TooMany> {
    let mut cut = Cut { parts: Vec::new(), views: IndexSet::new(), classes: 0 };
    let mut cutter = Cutter {
        names: senders.iter().map(|_| HashMap::new()).collect(),
        senders,
        limit,
        fates: IndexSet::new(),
        lots: HashMap::new(),
    };
    let kinds = kinds(&senders.iter().map(|sender| sender.world).collect::<Vec<_>>());
    let told_apart = kinds.told_apart.iter().map(|protocol| (*protocol, Vec::new()));
    let others = kinds.others.first().map(|first| (*first, kinds.others.clone()));
    for (protocol, others) in told_apart.chain(others) {
        let (mut parts, mut count) = (Vec::new(), 0);
        let mut number =
            |fates: &[Vec<&Fate>]| view(fates).map(|view| cut.views.insert_full(view).0);
        for region in Region::all(ADDRESSES, protocol) {
            let (more, classes) = cutter.cut(region, limit - count, &mut number)?;
            parts.extend(more);
            count += classes;
        }
        cut.classes += count;
        let ports = every_port(protocol).to_vec();
        cut.parts.push((Traffic { protocols: vec![protocol], others, ports }, parts));
    }
    Ok(cut)
}

/// Adds what these parts, of one protocol, say by their lots: to rows that say the same of others.
pub(crate) fn add_rows<K: Eq>(
    rows: &mut Vec<Row<K>>,
    traffic: &Traffic,
    parts: Vec<Part>,
    fares: impl Fn(usize) -> K,
) {
    for product in products(parts) {
        let row = Row {
            traffic: Traffic { ports: product.ports, ..traffic.clone() },
            destinations: product.destinations,
            source_ports: product.source_ports,
            fares: fares(product.lot),
        };
        add(rows, row);
    }
}

/// Adds a row, or its protocol to one that says the same of another.
fn add<K: Eq>(rows: &mut Vec<Row<K>>, row: Row<K>) {
    let same = |other: &&mut Row<K>| {
        let ports = other.source_ports == row.source_ports;
        let ports = ports && other.traffic.has_the_ports_of(&row.traffic);
        ports && other.fares == row.fares && other.destinations == row.destinations
    };
    match rows.iter_mut().find(same) {
        Some(other) => {
            other.traffic.protocols.extend(row.traffic.protocols);
            other.traffic.others.extend(row.traffic.others);
        }
        None => rows.push(row),
    }
}

/// What may become of packets for each of some senders, as numbers.
type Lot = Vec<Vec<u32>>;

struct Cutter<'a> {
    senders: &'a [Sending<'a>],
    /// Boxes of each protocol.
    limit: usize,
    fates: IndexSet<Fate>,
    /// Of each sender, what was put into words already.
    names: Vec<HashMap<Raw<'a>, u32>>,
    /// What was said of lots already.
    lots: HashMap<Lot, Option<usize>>,
}

impl Cutter<'_> {
    /// The parts of a region of which something is said, with its number, and how many parts there
    /// are in all: at most `left`.
    fn cut(
        &mut self,
        region: Region,
        left: usize,
        say: &mut impl FnMut(&[Vec<&Fate>]) -> Option<usize>,
    ) -> Result<(Vec<Part>, usize), TooMany> {
        let enis = |sender: &Sending<'_>| enis(sender.world, sender.origin, region);
        let enis: Vec<Vec<u16>> = self.senders.iter().map(enis).collect();
        let (mut parts, mut count) = (Vec::new(), 0);
        let mut rest = vec![region];
        while let Some(region) = rest.pop() {
            if count == left {
                return Err(TooMany { limit: self.limit });
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
        let world = self.senders[sender].world;
        let raw = Raw::of(world, class);
        if let Some(number) = self.names[sender].get(&raw) {
            return *number;
        }
        let number = self.fates.insert_full(raw.named(world)).0 as u32;
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
