//! One worker: it owns its flows, ports, fragments and counters, and shares nothing but the
//! snapshot. A driver gives it bursts and the time; it gives back a verdict for each packet.

use std::sync::Arc;

use dashmap::DashMap;

use crate::budget::Budget;
use crate::counters::Counters;
use crate::flow::{ClassId, Flows};
use crate::fragments::Fragments;
use crate::handover::Others;
use crate::miss::Kind;
use crate::ports::Ports;
use crate::snapshot::{EniId, InterfaceId, Snapshot};
use crate::steer::{Steering, WorkerId};
use crate::time::{Duration, Instant};
use crate::trace::Trace;
use crate::verdict::{DropReason, Element, Verdict};

/// How much a worker holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Flows. A new one beyond them is dropped, and counted.
    pub flows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { flows: 65_536 }
    }
}

/// A packet that comes in. It is rewritten in place; bytes beyond its total length are padding.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// Where it comes in.
    pub interface: InterfaceId,
    /// The packet, from its IPv4 header on.
    pub bytes: &'a mut [u8],
}

/// A packet that leaves besides those that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission {
    /// Where it leaves.
    pub to: InterfaceId,
    /// The packet.
    pub bytes: Vec<u8>,
    /// Why there is one.
    pub cause: Cause,
}

/// Why a worker emits a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It answers a packet that was dropped ([`Verdict::Reply`]).
    Answer,
    /// It is a further fragment of a packet that was forwarded.
    Fragment,
    /// It was held ([`Verdict::Held`]) and goes on now.
    Released,
    /// It came from another worker ([`Verdict::HandedOver`]).
    TakenOver,
}

/// A worker.
#[derive(Debug)]
pub struct Worker {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) flows: Flows,
    pub(crate) ports: Ports,
    pub(crate) fragments: Fragments,
    pub(crate) rates: Rates,
    pub(crate) counters: Counters,
    pub(crate) others: Others,
    /// Classes that were found out under the present configuration.
    pub(crate) kinds: Vec<(Kind, ClassId)>,
    pub(crate) seed: u64,
}

/// What each ENI may still send to link-local services: one figure for all workers, which only such
/// packets touch.
pub(crate) type Rates = Arc<DashMap<EniId, Rate>>;

/// What all workers of a crew have together.
#[derive(Clone, Debug, Default)]
struct Shared {
    budget: Arc<Budget>,
    rates: Rates,
}

impl Worker {
    /// A worker without flows. `seed` decides its hashes, and so which of several equal ports or
    /// ENIs a flow gets: the same seed and packets give the same bytes.
    pub fn new(snapshot: Arc<Snapshot>, limits: Limits, seed: u64) -> Worker {
        let alone = Others::new(WorkerId(0), Steering::ALONE);
        Worker::with(snapshot, limits, seed, alone, Shared::default())
    }

    /// Workers among which the flows are spread as `steering` says. Each may hold `limits`.
    pub fn crew(
        snapshot: &Arc<Snapshot>,
        limits: Limits,
        seed: u64,
        steering: Steering,
    ) -> Vec<Worker> {
        let shared = Shared::default();
        let ids = (0..steering.workers() as u16).map(WorkerId);
        let worker = |id| {
            let others = Others::new(id, steering);
            Worker::with(Arc::clone(snapshot), limits, seed, others, shared.clone())
        };
        ids.map(worker).collect()
    }

    fn with(
        snapshot: Arc<Snapshot>,
        limits: Limits,
        seed: u64,
        others: Others,
        shared: Shared,
    ) -> Worker {
        let gateways = snapshot.nat_gateways.len() + snapshot.endpoints.len();
        Worker {
            snapshot,
            flows: Flows::new(limits.flows, seed),
            ports: Ports::new(others.steering.share(others.me), shared.budget),
            fragments: Fragments::default(),
            rates: shared.rates,
            counters: Counters::new(gateways),
            others,
            kinds: Vec::new(),
            seed,
        }
    }

    /// Which worker this is.
    pub fn id(&self) -> WorkerId {
        self.others.me
    }

    /// Runs on another configuration from the next packet on, and gives back the one before: to free
    /// a large one takes longer than a burst, so let somebody else do it. Live flows are judged again
    /// at their next packet. The snapshot must be a later one of the same lineage: an id means the
    /// same thing in both.
    pub fn adopt(&mut self, snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
        self.kinds.clear();
        std::mem::replace(&mut self.snapshot, snapshot)
    }

    /// The configuration that the worker runs on.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// What became of all packets so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The live flows.
    pub fn flows(&self) -> &Flows {
        &self.flows
    }

    /// The ports in use.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Fragments that wait for their datagram's first one.
    pub fn held(&self) -> usize {
        self.fragments.held()
    }

    /// Judges one packet with every hop shown to `trace`: those of the packet itself and, where it
    /// opens a flow, those of its smallest answer on the way back. What happens to the packet and
    /// to the worker's state is what [`process`](Self::process) would do.
    pub fn trace(
        &mut self,
        now: Instant,
        arrival: Arrival<'_>,
        trace: &mut impl Trace,
        emissions: &mut Vec<Emission>,
    ) -> Verdict {
        self.counters.received += 1;
        self.counters.misses += 1;
        let verdict = self.slow(now, arrival, trace, emissions);
        self.counters.count(verdict);
        verdict
    }

    /// Ends flows and forgets fragments whose time is up, after a look at no more than `most` flows,
    /// so that a driver can spread the work over bursts. How many flows ended.
    pub fn expire(&mut self, now: Instant, most: usize) -> usize {
        let lost = self.fragments.expire(now, &self.snapshot.settings);
        for _ in 0..lost {
            let drop = DropReason::FragmentTimeout.at(Element::Dataplane);
            self.counters.release(Verdict::Drop(drop));
        }
        let (mut ended, mut looks) = (0, most);
        while let Some(id) = self.flows.expired(now, &mut looks) {
            self.end_idle(id);
            ended += 1;
        }
        ended
    }
}

/// A token bucket for the packets that an ENI sends to link-local services.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Tokens left, in packets times nanoseconds.
    tokens: u64,
    last: Instant,
}

const SECOND: u64 = Duration::from_secs(1).0;

impl Rate {
    pub(crate) fn full(per_second: u32, now: Instant) -> Rate {
        Rate { tokens: u64::from(per_second) * SECOND, last: now }
    }

    /// Takes one packet's token; false when the second's packets are used up.
    pub(crate) fn take(&mut self, per_second: u32, now: Instant) -> bool {
        let most = u64::from(per_second) * SECOND;
        let earned = now.since(self.last).0.saturating_mul(u64::from(per_second));
        self.tokens = self.tokens.saturating_add(earned).min(most);
        // Another worker may be ahead by a burst: the time between must not be paid for twice.
        self.last = self.last.max(now);
        let enough = self.tokens >= SECOND;
        self.tokens -= if enough { SECOND } else { 0 };
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_1024_packets() {
        let mut now = Instant::ZERO;
        let mut rate = Rate::full(1_024, now);
        let taken = (0..2_000).filter(|_| rate.take(1_024, now)).count();
        assert_eq!(taken, 1_024);
        now = now + Duration::from_millis(500);
        assert_eq!((0..2_000).filter(|_| rate.take(1_024, now)).count(), 512);
    }

    /// Threads share the figure, and one may be a burst behind.
    #[test]
    fn time_that_was_paid_for_is_not_paid_for_again() {
        let (early, late) = (Instant::ZERO, Instant::ZERO + Duration::from_millis(500));
        let mut rate = Rate::full(1_024, early);
        let taken = (0..3_000).filter(|n| rate.take(1_024, [late, early][n % 2])).count();
        assert_eq!(taken, 1_024);
    }
}
