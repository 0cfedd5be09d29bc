//! Which elements packets pass, counted for each: a packet adds to the counter of its way, and ways
//! are added up when somebody looks.

use std::collections::HashMap;

use egret_dataplane::trace::Hop;
use egret_dataplane::verdict::Element;
use foldhash::fast::FixedState;

/// So many ways are told apart; then what they have is added up, and all begin anew.
const MOST: usize = 1_024;

/// Packets and their bytes, from the IP header on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Passed {
    /// Adds more.
    pub fn add(&mut self, more: Passed) {
        self.packets += more.packets;
        self.bytes += more.bytes;
    }

    fn count(&mut self, bytes: usize) {
        self.add(Passed { packets: 1, bytes: bytes as u64 });
    }
}

/// What has passed each element.
pub type ByElement = HashMap<Element, Passed, FixedState>;

/// A way that packets take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TrailId {
    at: u32,
    /// Ways are numbered anew when there were too many.
    generation: u32,
}

/// All ways of one worker's packets.
#[derive(Debug, Default)]
pub(super) struct Trails {
    /// What was added up already.
    past: ByElement,
    trails: Vec<(Vec<Element>, Passed)>,
    known: HashMap<Vec<Element>, u32, FixedState>,
    generation: u32,
}

impl Trails {
    /// The way of a packet with these hops of its own. An element that is passed twice counts once.
    pub(super) fn of(&mut self, hops: &[Hop]) -> TrailId {
        let mut elements: Vec<Element> = Vec::with_capacity(hops.len());
        for hop in hops {
            let dropped = hop.drop.map(|drop| drop.element);
            for element in [Some(hop.element), dropped].into_iter().flatten() {
                if !elements.contains(&element) {
                    elements.push(element);
                }
            }
        }
        self.intern(elements)
    }

    fn intern(&mut self, elements: Vec<Element>) -> TrailId {
        if self.trails.len() >= MOST {
            self.past = self.sum();
            self.trails.clear();
            self.known.clear();
            self.generation += 1;
        }
        let next = self.trails.len() as u32;
        let at = *self.known.entry(elements.clone()).or_insert(next);
        if at == next {
            self.trails.push((elements, Passed::default()));
        }
        TrailId { at, generation: self.generation }
    }

    /// A packet of so many bytes went this way; false when the way is not known any more.
    pub(super) fn count(&mut self, trail: TrailId, bytes: usize) -> bool {
        let known = trail.generation == self.generation;
        if known && let Some((_, passed)) = self.trails.get_mut(trail.at as usize) {
            passed.count(bytes);
        }
        known
    }

    /// A packet came to nothing but this element.
    pub(super) fn count_at(&mut self, element: Element, bytes: usize) {
        self.past.entry(element).or_default().count(bytes);
    }

    /// What has passed each element so far.
    pub(super) fn sum(&self) -> ByElement {
        let mut sum = self.past.clone();
        for (elements, passed) in &self.trails {
            for element in elements {
                sum.entry(*element).or_default().add(*passed);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egret_dataplane::snapshot::NatId;

    #[test]
    fn what_passed_is_not_forgotten_when_ways_begin_anew() {
        let mut trails = Trails::default();
        let nat = |n| Element::NatGateway(NatId(n));
        let first = trails.intern(vec![Element::Internet, nat(0)]);
        assert!(trails.count(first, 100));
        for n in 0..MOST as u32 {
            let trail = trails.intern(vec![Element::Internet, nat(n + 1)]);
            assert!(trails.count(trail, 10));
        }
        assert!(!trails.count(first, 100), "its number means nothing any more");
        let sum = trails.sum();
        assert_eq!(sum[&nat(0)], Passed { packets: 1, bytes: 100 });
        let all = Passed { packets: 1 + MOST as u64, bytes: 100 + 10 * MOST as u64 };
        assert_eq!(sum[&Element::Internet], all);
    }
}
