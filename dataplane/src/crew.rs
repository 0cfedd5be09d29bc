//! Several workers stepped by one thread, in a fixed order: for virtual time, where the same packets
//! and seed must give the same bytes. [`threads`](crate::threads) runs them in parallel.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::counters::Counters;
use crate::flow::{State, Translator};
use crate::handover::Handover;
use crate::packet::{Headers, Protocol, decode};
use crate::snapshot::{InterfaceId, Snapshot};
use crate::steer::{Steering, WorkerId};
use crate::time::Instant;
use crate::trace::{Off, Trace};
use crate::verdict::{Element, Verdict};
use crate::worker::{Arrival, Cause, Emission, Limits, Worker};

/// Workers that take turns.
#[derive(Debug)]
pub struct Crew {
    workers: Vec<Worker>,
    steering: Steering,
    under_way: VecDeque<Handover>,
    /// Empty between two packets.
    verdicts: Vec<Verdict>,
}

impl Crew {
    /// So many workers without flows, each of which may hold `limits`.
    pub fn new(snapshot: &Arc<Snapshot>, workers: usize, limits: Limits, seed: u64) -> Crew {
        let steering = Steering::new(workers, seed);
        let workers = Worker::crew(snapshot, limits, seed, steering);
        Crew { workers, steering, under_way: VecDeque::new(), verdicts: Vec::new() }
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

    /// The same with the packet's hops shown to `trace`, if it took the slow way: see
    /// [`Worker::process_shown`].
    pub fn process_shown(
        &mut self,
        now: Instant,
        arrival: Arrival<'_>,
        emissions: &mut Vec<Emission>,
        trace: &mut impl Trace,
    ) -> Verdict {
        let first = self.first(arrival.interface, arrival.bytes);
        self.judge(first, now, arrival, emissions, trace)
    }

    /// The hops of a packet of a live flow, wherever the flow is: see [`Worker::show`].
    pub fn show(&self, interface: InterfaceId, headers: &Headers, trace: &mut impl Trace) -> bool {
        self.workers.iter().any(|worker| worker.show(interface, headers, trace))
    }

    /// The same for a packet that came to this worker, rightly or not.
    pub fn process_at(
        &mut self,
        worker: WorkerId,
        now: Instant,
        arrival: Arrival<'_>,
        emissions: &mut Vec<Emission>,
    ) -> Verdict {
        self.judge(worker, now, arrival, emissions, &mut Off)
    }

    fn judge(
        &mut self,
        worker: WorkerId,
        now: Instant,
        arrival: Arrival<'_>,
        emissions: &mut Vec<Emission>,
        trace: &mut impl Trace,
    ) -> Verdict {
        let Arrival { interface, bytes } = arrival;
        let arrival = Arrival { interface, bytes: &mut *bytes };
        let mut verdicts = std::mem::take(&mut self.verdicts);
        let burst = &mut [arrival];
        self.worker(worker).process_shown(now, burst, &mut verdicts, emissions, trace);
        let said = verdicts.pop().expect("a verdict for each packet");
        self.verdicts = verdicts;
        let before = emissions.len();
        let verdict = self.follow(worker, said, now, emissions, trace);
        // The packet itself is the first that leaves by another worker.
        let itself = |emission: &Emission| emission.cause == Cause::TakenOver;
        if let (Verdict::HandedOver(_), Verdict::Forward(_)) = (said, verdict)
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
        trace: &mut impl Trace,
    ) -> Verdict {
        self.collect(from);
        while let Some(handover) = self.under_way.pop_front() {
            let to = handover.to;
            let said = self.worker(to).take_over_shown(now, handover, emissions, trace);
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
        if self.workers.len() == 1 {
            return WorkerId(0);
        }
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
            let _ = self.follow(id, Verdict::Held, now, &mut Vec::new(), &mut Off);
        }
        ended
    }

    /// The workers.
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// Connections of a NAT gateway or a shared ENI at the moment, over all workers.
    pub fn connections(&self, by: Translator) -> u32 {
        match by {
            Translator::Hyperplane(eni) => self.workers[0].ports().carried(eni),
            _ => self.workers.iter().map(|worker| worker.ports().connections(by)).sum(),
        }
    }

    /// TCP connections that each NAT gateway and interface endpoint keeps at the moment, but for those
    /// that are closed. This looks at every flow.
    pub fn active_connections(&self) -> HashMap<Element, u64> {
        let mut active = HashMap::new();
        for worker in &self.workers {
            let flows = worker.flows();
            let connections = flows.iter().filter(|id| {
                let session = flows.session(*id);
                session.keys[0].tuple().protocol == Protocol::TCP
                    && session.state() != State::Closed
            });
            for gateway in connections.flat_map(|id| flows.gateways(id, worker.snapshot())) {
                *active.entry(gateway).or_default() += 1;
            }
        }
        active
    }

    /// What became of all packets so far.
    pub fn counters(&self) -> Counters {
        Counters::sum(self.workers.iter().map(Worker::counters))
    }
}
