//! Classes of single packets, remembered: who asks about millions of packets has the dataplane judge
//! one of each class.
//!
//! A packet is looked up by its destination first, in a tree of stretches, and then among the boxes of
//! its stretch. What is remembered of a class is the caller's; how many classes there are is limited by
//! the caller, too, who forgets them all when they are too many ([`Known::forget`]).

use std::collections::{BTreeMap, HashMap};

use egret_dataplane::packet::Protocol;

use crate::space::{Packet, Region, Span};

/// What is known of the classes that were seen so far.
#[derive(Clone, Debug)]
pub struct Known<T> {
    classes: Vec<T>,
    senders: HashMap<(u32, Protocol), Stretches>,
}

/// Destinations from a first one up to the next stretch, and the classes there.
type Stretches = BTreeMap<u32, Vec<Spot>>;

/// Where a class is within a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spot {
    port: Span<u16>,
    source_port: Span<u16>,
    class: u32,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Known { classes: Vec::new(), senders: HashMap::new() }
    }
}

impl<T> Known<T> {
    /// How many classes are known.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The number of the class of a packet of this sender; senders have numbers of the caller's. Who
    /// sees the class for the first time says by `judge` where it is, and what is to be remembered.
    pub fn class(
        &mut self,
        sender: u32,
        packet: &Packet,
        judge: impl FnOnce() -> (Region, T),
    ) -> usize {
        let stretches = self.senders.entry((sender, packet.protocol)).or_default();
        if let Some(class) = find(stretches, packet) {
            return class as usize;
        }
        let (region, of) = judge();
        debug_assert!(region.contains(packet), "{region:?} has {packet:?}");
        let class = self.classes.len() as u32;
        self.classes.push(of);
        let new = Spot { port: region.port, source_port: region.source_port, class };
        begin(stretches, region.dst.first);
        if let Some(after) = region.dst.last.checked_add(1) {
            begin(stretches, after);
        }
        for spots in stretches.range_mut(region.dst.first..=region.dst.last) {
            spots.1.push(new);
        }
        class as usize
    }

    /// What is remembered of a class.
    pub fn of(&mut self, class: usize) -> &mut T {
        &mut self.classes[class]
    }

    /// Everything that is remembered.
    pub fn all(&self) -> &[T] {
        &self.classes
    }

    /// Forgets every class, and hands over what was remembered.
    pub fn forget(&mut self) -> Vec<T> {
        self.senders.clear();
        std::mem::take(&mut self.classes)
    }
}

fn find(stretches: &Stretches, packet: &Packet) -> Option<u32> {
    let (_, spots) = stretches.range(..=packet.dst.to_bits()).next_back()?;
    let mut here = spots.iter();
    let found = here
        .find(|one| one.port.contains(packet.port) && one.source_port.contains(packet.source_port));
    found.map(|one| one.class)
}

/// A stretch begins here, with what the one before it has.
fn begin(stretches: &mut Stretches, at: u32) {
    if !stretches.contains_key(&at) {
        let before = stretches.range(..at).next_back();
        let spots = before.map_or_else(Vec::new, |(_, spots)| spots.clone());
        stretches.insert(at, spots);
    }
}
