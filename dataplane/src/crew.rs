//! Several workers stepped by one thread, in a fixed order: for virtual time, where the same packets
//! and seed must give the same bytes. [`threads`](crate::threads) runs them in parallel.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::counters::Counters;
use crate::handover::Handover;
use crate::packet::decode;
use crate::snapshot::{InterfaceId, Snapshot};
use crate::steer::{Steering, WorkerId};
use crate::time::Instant;
use crate::verdict::Verdict;
use crate::worker::{Arrival, Cause, Emission, Limits, Worker};

/// Workers that take turns.
#[derive(Debug)]
pub struct Crew {
    workers: Vec<Worker>,
    steering: Steering,
    under_way: VecDeque<Handover>,
}

impl Crew {
    /// So many workers without flows, each of which may hold `limits`.
    pub fn new(snapshot: &Arc<Snapshot>, workers: usize, limits: Limits, seed: u64) -> Crew {
        let steering = Steering::new(workers, seed);
        let workers = Worker::crew(snapshot, limits, seed, steering);
        Crew { workers, steering, under_way: VecDeque::new() }
    }

    /// Judges a packet, wherever its flow is: what one worker alone would say of it, with the packet
    /// rewritten in place. What leaves besides is added to `emissions`.
    pub fn process(
        &mut self,
        now: Instant,
        arrival: Arrival<'_>,
        emissions: &mut Vec<Emission>,
    ) -> Verdict {
        let first = self.first(arrival.interface, arrival.bytes);
        self.process_at(first, now, arrival, emissions)
    }

    /// The same for a packet that came to this worker, rightly or not.
    pub fn process_at(
        &mut self,
        worker: WorkerId,
        now: Instant,
        arrival: Arrival<'_>,
        emissions: &mut Vec<Emission>,
    ) -> Verdict {
        let Arrival { interface, bytes } = arrival;
        let mut verdicts = Vec::with_capacity(1);
        let arrival = Arrival { interface, bytes: &mut *bytes };
        self.worker(worker).process(now, &mut [arrival], &mut verdicts, emissions);
        let before = emissions.len();
        let verdict = self.follow(worker, verdicts[0], now, emissions);
        // The packet itself is the first that leaves by another worker.
        let itself = |emission: &Emission| emission.cause == Cause::TakenOver;
        if let (Verdict::HandedOver(_), Verdict::Forward(_)) = (verdicts[0], verdict)
            && let Some(at) = emissions[before..].iter().position(itself)
        {
            let emission = emissions.remove(before + at);
            bytes[..emission.bytes.len()].copy_from_slice(&emission.bytes);
        }
        verdict
    }

    /// Delivers what workers have for each other, until nobody has anything. The verdict of the
    /// first packet among it, where `verdict` says that there is one.
    fn follow(
        &mut self,
        from: WorkerId,
        mut verdict: Verdict,
        now: Instant,
        emissions: &mut Vec<Emission>,
    ) -> Verdict {
        self.collect(from);
        while let Some(handover) = self.under_way.pop_front() {
            let to = handover.to;
            let said = self.worker(to).take_over(now, handover, emissions);
            if let (Verdict::HandedOver(next), Some(said)) = (verdict, said)
                && next == to
            {
                verdict = said;
            }
            self.collect(to);
        }
        verdict
    }

    fn collect(&mut self, from: WorkerId) {
        let handovers = self.workers[usize::from(from.0)].handovers();
        self.under_way.extend(handovers);
    }

    fn worker(&mut self, id: WorkerId) -> &mut Worker {
        &mut self.workers[usize::from(id.0)]
    }

    /// The worker that judges a packet first. What cannot be read, the first one drops.
    pub fn first(&self, interface: InterfaceId, bytes: &[u8]) -> WorkerId {
        let snapshot = self.workers[0].snapshot();
        decode(bytes)
            .map_or(WorkerId(0), |headers| self.steering.first(snapshot, interface, &headers))
    }

    /// Runs on another configuration from the next packet on: see [`Worker::adopt`].
    pub fn adopt(&mut self, snapshot: &Arc<Snapshot>) {
        for worker in &mut self.workers {
            drop(worker.adopt(Arc::clone(snapshot)));
        }
    }

    /// Ends what is due, with a look at no more than `most` flows of each worker. How many ended.
    pub fn expire(&mut self, now: Instant, most: usize) -> usize {
        let mut ended = 0;
        for id in (0..self.workers.len() as u16).map(WorkerId) {
            ended += self.worker(id).expire(now, most);
            // Nothing but news of flows that are over: nothing leaves.
            let _ = self.follow(id, Verdict::Held, now, &mut Vec::new());
        }
        ended
    }

    /// The workers.
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// What became of all packets so far.
    pub fn counters(&self) -> Counters {
        Counters::sum(self.workers.iter().map(Worker::counters))
    }
}
