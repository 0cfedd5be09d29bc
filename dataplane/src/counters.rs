//! Every packet is accounted for: received + taken over = forwarded + replied + Σ dropped + held +
//! handed over.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::verdict::{Drop, DropReason, Element, Verdict};

/// What became of all packets so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that came in.
    pub received: u64,
    /// Packets for which what was decided for their flow held as it was.
    pub hits: u64,
    /// Packets that took the slow way, for whatever reason.
    pub misses: u64,
    /// Flows that were opened.
    pub opened: u64,
    /// Flows that gave way to others, half open or closing, because the table was full.
    pub gave_way: u64,
    /// Packets that left, rewritten.
    pub forwarded: u64,
    /// Packets that were dropped and answered.
    pub replied: u64,
    /// Fragments that wait.
    pub held: u64,
    /// Packets that went to another worker.
    pub handed_over: u64,
    /// Packets that came from another worker.
    pub taken_over: u64,
    /// Flows that ended because nothing passed for as long as their timers allow.
    pub idle_timeouts: u64,
    /// Those of them that were connections not closed gracefully, by the gateway that kept them: NAT
    /// gateways (`IdleTimeoutCount`, VPC guide, "nat-gateway-cloudwatch") and interface endpoints.
    forgotten: HashMap<Element, u64, RandomState>,
    /// Packets dropped without an answer, by reason and element.
    dropped: HashMap<Drop, u64, RandomState>,
    /// Packets dropped and answered, by reason and element.
    answered: HashMap<Drop, u64, RandomState>,
}

impl Counters {
    /// Nothing so far, with room for so many gateways that forget.
    pub(crate) fn new(gateways: usize) -> Counters {
        let mut counters = Counters::default();
        counters.forgotten.reserve(gateways);
        counters
    }

    /// Packets dropped without an answer.
    pub fn dropped(&self) -> u64 {
        self.dropped.values().sum()
    }

    /// Packets dropped for this reason, at any element, answered or not.
    pub fn dropped_for(&self, reason: DropReason) -> u64 {
        let both = self.dropped.iter().chain(&self.answered);
        both.filter(|(drop, _)| drop.reason == reason).map(|(_, count)| count).sum()
    }

    /// Every drop with how often it happened, without and with an answer.
    pub fn drops(&self) -> impl Iterator<Item = (Drop, u64)> {
        self.dropped.iter().chain(&self.answered).map(|(drop, count)| (*drop, *count))
    }

    /// Connections that this gateway forgot, for nothing passed.
    pub fn forgotten_by(&self, gateway: Element) -> u64 {
        self.forgotten.get(&gateway).copied().unwrap_or_default()
    }

    /// A connection of this gateway ended for want of packets.
    pub(crate) fn forget(&mut self, gateway: Element) {
        *self.forgotten.entry(gateway).or_default() += 1;
    }

    /// Whether every packet is accounted for.
    pub fn balance(&self) -> bool {
        self.came() == self.went()
    }

    fn came(&self) -> u64 {
        self.received + self.taken_over
    }

    fn went(&self) -> u64 {
        self.forwarded + self.replied + self.dropped() + self.held + self.handed_over
    }

    /// What became of the packets of all these workers.
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a Counters>) -> Counters {
        let mut sum = Counters::default();
        for one in all {
            sum.add(one);
        }
        sum
    }

    fn add(&mut self, other: &Counters) {
        self.received += other.received;
        self.hits += other.hits;
        self.misses += other.misses;
        self.opened += other.opened;
        self.gave_way += other.gave_way;
        self.forwarded += other.forwarded;
        self.replied += other.replied;
        self.held += other.held;
        self.handed_over += other.handed_over;
        self.taken_over += other.taken_over;
        self.idle_timeouts += other.idle_timeouts;
        for (drop, count) in &other.dropped {
            *self.dropped.entry(*drop).or_default() += count;
        }
        for (gateway, count) in &other.forgotten {
            *self.forgotten.entry(*gateway).or_default() += count;
        }
        for (drop, count) in &other.answered {
            *self.answered.entry(*drop).or_default() += count;
        }
    }

    /// Packets that were with a worker when it failed end here, and those that came for it since: so
    /// many by itself, so many from other workers.
    pub(crate) fn lose(&mut self, received: u64, taken_over: u64) {
        self.received += received;
        self.taken_over += taken_over;
        let lost = self.came().saturating_sub(self.went());
        *self.dropped.entry(DropReason::WorkerLost.at(Element::Dataplane)).or_default() += lost;
    }

    pub(crate) fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Forward(_) => self.forwarded += 1,
            Verdict::Held => self.held += 1,
            Verdict::HandedOver(_) => self.handed_over += 1,
            Verdict::Drop(drop) => *self.dropped.entry(drop).or_default() += 1,
            Verdict::Reply(drop) => {
                self.replied += 1;
                *self.answered.entry(drop).or_default() += 1;
            }
        }
    }

    /// A fragment that was held met its end.
    pub(crate) fn release(&mut self, verdict: Verdict) {
        self.held -= 1;
        self.count(verdict);
    }
}
