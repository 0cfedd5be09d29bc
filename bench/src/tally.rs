//! What the dataplane itself says became of the packets of a measurement.

use egret_control::explain::{element_kind, element_names};
use egret_dataplane::counters::Counters;
use egret_dataplane::snapshot::Snapshot;
use egret_dataplane::worker::Worker;
use serde::{Deserialize, Serialize};

/// Packets by what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Packets that were given to workers.
    pub received: u64,
    /// Packets for which what was decided for their flow held as it was.
    pub hits: u64,
    /// Packets that took the slow way: they opened a flow, or theirs was judged again.
    pub misses: u64,
    /// Flows that were opened.
    pub opened: u64,
    /// Packets that were dropped, by reason and element.
    pub drops: Vec<DropCount>,
}

/// Packets that were dropped for one reason at one element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropCount {
    /// The reason's name.
    pub reason: String,
    /// The kind of element, such as `nat-gateway`.
    pub kind: String,
    /// What the element is called.
    pub element: String,
    /// Packets.
    pub packets: u64,
}

/// A worker's counters at one time.
#[derive(Clone, Debug)]
pub struct Mark(Counters);

impl Mark {
    /// The counters of a worker now.
    pub fn of(worker: &Worker) -> Mark {
        Mark(worker.counters().clone())
    }
}

impl Tally {
    /// What became of the packets since `earlier`.
    pub fn since(Mark(earlier): &Mark, worker: &Worker) -> Tally {
        let now = worker.counters();
        Tally {
            received: now.received - earlier.received,
            hits: now.hits - earlier.hits,
            misses: now.misses - earlier.misses,
            opened: now.opened - earlier.opened,
            drops: drops(worker.snapshot(), earlier, now),
        }
    }

    /// Adds another worker's packets, or those of another stretch of time.
    pub fn add(&mut self, other: Tally) {
        self.received += other.received;
        self.hits += other.hits;
        self.misses += other.misses;
        self.opened += other.opened;
        for drop in other.drops {
            let same = |known: &&mut DropCount| {
                known.reason == drop.reason && known.element == drop.element
            };
            match self.drops.iter_mut().find(same) {
                Some(known) => known.packets += drop.packets,
                None => self.drops.push(drop),
            }
        }
        self.drops.sort_by_key(|drop| std::cmp::Reverse(drop.packets));
    }

    /// Packets that were dropped.
    pub fn dropped(&self) -> u64 {
        self.drops.iter().map(|drop| drop.packets).sum()
    }
}

fn drops(snapshot: &Snapshot, earlier: &Counters, now: &Counters) -> Vec<DropCount> {
    let before =
        |drop| earlier.drops().filter(|(d, _)| *d == drop).map(|(_, count)| count).sum::<u64>();
    let mut seen = Vec::new();
    let mut drops = Vec::new();
    for (drop, _) in now.drops() {
        if seen.contains(&drop) {
            continue;
        }
        seen.push(drop);
        let after: u64 = now.drops().filter(|(d, _)| *d == drop).map(|(_, count)| count).sum();
        let packets = after - before(drop);
        if packets > 0 {
            drops.push(DropCount {
                reason: drop.reason.name().to_owned(),
                kind: element_kind(drop.element).to_owned(),
                element: element_names(snapshot, drop.element).swap_remove(0),
                packets,
            });
        }
    }
    drops
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_drop_of_two_workers_is_one_line() {
        let of = |reason: &str, packets| {
            let drops = vec![DropCount {
                reason: reason.into(),
                kind: "nat-gateway".into(),
                element: "nat".into(),
                packets,
            }];
            Tally { received: 100, hits: 90, misses: 5, opened: 5, drops }
        };
        let mut tally = of("a", 5);
        tally.add(of("a", 3));
        tally.add(of("b", 20));
        assert_eq!((tally.received, tally.hits, tally.misses, tally.dropped()), (300, 270, 15, 28));
        assert_eq!(tally.drops.len(), 2);
        assert_eq!(tally.drops[0].reason, "b");
    }
}
