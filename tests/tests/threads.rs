//! Workers on threads of their own: limits stay exact and answers find their way whatever the threads
//! do, configurations change without a lost packet, and a worker that fails takes nobody along.

use std::collections::{HashSet, VecDeque};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use egret_dataplane::counters::Counters;
use egret_dataplane::packet::{answer, decode};
use egret_dataplane::snapshot::{Epoch, InterfaceId, Snapshot};
use egret_dataplane::steer::{Steering, WorkerId};
use egret_dataplane::threads::{Ended, Lane, Threads, Turn};
use egret_dataplane::time::Instant;
use egret_dataplane::verdict::{DropReason, Verdict};
use egret_dataplane::worker::{Arrival, Emission, Limits, Worker};
use egret_tests::net::{WORLD, sender, snapshot};
use egret_tests::packet::udp;
use egret_tests::probe::Source;
use fastrand::Rng;

const SEED: u64 = 5;
const LIMITS: Limits = Limits { flows: 65_536 };
const BURST: usize = 32;

/// A lane that sends what it has, answers what reaches the internet, and keeps what reaches a task.
#[derive(Default)]
struct Sender {
    packets: VecDeque<(InterfaceId, Vec<u8>)>,
    /// Translated sources of what reached the internet.
    passed: Vec<(Ipv4Addr, u16)>,
    /// Where an answer arrived, and at which port.
    answered: Vec<(InterfaceId, u16)>,
    /// Fails when so many packets are left.
    fails_at: Option<usize>,
    /// Keeps the workers running until this is set.
    until: Option<Arc<AtomicBool>>,
}

impl Sender {
    fn arrived(&mut self, to: InterfaceId, bytes: Vec<u8>) {
        let tuple = decode(&bytes).expect("what leaves is right").tuple();
        if to == InterfaceId::INTERNET {
            self.passed.push((tuple.src, tuple.src_port));
            let reply = answer::reply(&bytes).expect("a datagram has an answer");
            self.packets.push_back((to, reply));
        } else {
            self.answered.push((to, tuple.dst_port));
        }
    }

    fn turn_now(&self) -> Turn {
        match (&self.until, self.packets.is_empty()) {
            (_, false) => Turn::Busy,
            (Some(until), true) if !until.load(Ordering::Acquire) => Turn::Idle,
            _ => Turn::Done,
        }
    }
}

impl Lane for Sender {
    fn turn(&mut self, worker: &mut Worker, now: Instant) -> Turn {
        if self.fails_at.is_some_and(|left| self.packets.len() <= left) {
            self.fails_at = None;
            panic!("this lane was told to fail");
        }
        let turn = self.turn_now();
        let count = self.packets.len().min(BURST);
        let mut burst: Vec<_> = self.packets.drain(..count).collect();
        let mut arrivals: Vec<_> = burst
            .iter_mut()
            .map(|(interface, bytes)| Arrival { interface: *interface, bytes })
            .collect();
        let (mut verdicts, mut emissions) = (Vec::new(), Vec::new());
        worker.process(now, &mut arrivals, &mut verdicts, &mut emissions);
        for ((_, bytes), verdict) in burst.into_iter().zip(verdicts) {
            if let Verdict::Forward(to) = verdict {
                self.arrived(to, bytes);
            }
        }
        turn
    }

    fn leave(&mut self, emission: Emission) {
        self.arrived(emission.to, emission.bytes);
    }

    fn discard(&mut self) -> (u64, Turn) {
        let packets = self.packets.drain(..).count() as u64;
        (packets, self.turn_now())
    }
}

/// New flows from two services that share an ENI to one destination, spread over the workers' lanes:
/// two in three to the right one.
fn lanes(snapshot: &Snapshot, workers: usize, flows: u16) -> Vec<Sender> {
    let steering = Steering::new(workers, SEED);
    let mut rng = Rng::with_seed(workers as u64);
    let mut lanes: Vec<Sender> = (0..workers).map(|_| Sender::default()).collect();
    let mut firsts: Vec<(u16, &str)> =
        (0..flows).flat_map(|n| [(1_024 + n, "web"), (1_024 + n, "jobs")]).collect();
    rng.shuffle(&mut firsts);
    for (port, service) in firsts {
        let task = Source::Task { service: service.to_owned(), number: 0 };
        let (interface, src) = sender(snapshot, &task);
        let bytes = udp("203.0.113.10:443").port(port).bytes(src);
        let WorkerId(owner) = steering.first(snapshot, interface, &decode(&bytes).unwrap());
        let lane = if rng.u8(..3) == 0 { rng.usize(..workers) } else { usize::from(owner) };
        lanes[lane].packets.push_back((interface, bytes));
    }
    lanes
}

fn run(snapshot: &Arc<Snapshot>, lanes: Vec<Sender>) -> Vec<Ended<Sender>> {
    Threads::start(snapshot, LIMITS, SEED, lanes).unwrap().join()
}

fn total(ended: &[Ended<Sender>]) -> Counters {
    let total = Counters::sum(ended.iter().map(|ended| ended.worker.counters()));
    for ended in ended {
        assert!(ended.worker.counters().balance(), "{:#?}", ended.worker.counters());
    }
    assert_eq!(total.handed_over, total.taken_over, "a packet was lost between two workers");
    let handed: usize = ended.iter().map(|ended| ended.worker.handed_on()).sum();
    let taken: usize = ended.iter().map(|ended| ended.worker.taken_on()).sum();
    assert_eq!(handed, taken);
    total
}

/// So many flows exist, each with a source of its own, and each was answered where it began.
fn check_flows(ended: &[Ended<Sender>], flows: usize) {
    let passed: Vec<_> = ended.iter().flat_map(|ended| &ended.lane.passed).collect();
    let answered: Vec<_> = ended.iter().flat_map(|ended| &ended.lane.answered).collect();
    assert_eq!(passed.len(), flows);
    assert_eq!(passed.iter().collect::<HashSet<_>>().len(), flows, "two flows share a source");
    assert_eq!(answered.len(), flows, "answers that arrived");
    assert_eq!(answered.iter().collect::<HashSet<_>>().len(), flows, "answers to one flow");
    assert_eq!(ended.iter().map(|ended| ended.worker.flows().len()).sum::<usize>(), flows);
}

#[test]
fn threads_together_open_exactly_55_000_connections() {
    // One ENI carries 65,000 in all: enough for these.
    let snapshot = Arc::new(snapshot(WORLD));
    for workers in [1, 2, 4, 8] {
        let ended = run(&snapshot, lanes(&snapshot, workers, 28_000));
        let total = total(&ended);
        check_flows(&ended, 55_000);
        assert_eq!(total.dropped_for(DropReason::NatPortsExhausted), 1_000, "{workers} workers");
        assert_eq!(total.opened, 55_000);
    }
}

#[test]
fn threads_together_spend_an_enis_budget_exactly() {
    let limits = "settings: { hyperplane_ports: 500";
    let snapshot = Arc::new(snapshot(&WORLD.replace("settings: {", limits)));
    for workers in [2, 8, 16] {
        let ended = run(&snapshot, lanes(&snapshot, workers, 2_000));
        check_flows(&ended, 500);
        let refused = total(&ended).dropped_for(DropReason::HyperplanePortsExhausted);
        assert_eq!(refused, 3_500, "{workers} workers");
    }
}

#[test]
fn configurations_change_under_load_without_a_lost_packet() {
    let snapshot = Arc::new(snapshot(WORLD));
    let until = Arc::new(AtomicBool::new(false));
    let mut lanes = lanes(&snapshot, 4, 20_000);
    lanes.iter_mut().for_each(|lane| lane.until = Some(Arc::clone(&until)));
    let threads = Threads::start(&snapshot, LIMITS, SEED, lanes).unwrap();
    let mut publisher = threads.publisher();
    for epoch in 1..=200 {
        let next = Snapshot { epoch: Epoch(epoch), ..(*snapshot).clone() };
        next.prepare();
        let _ = publisher.publish_and_wait(Arc::new(next));
        assert!(publisher.is_adopted(Epoch(epoch)));
    }
    until.store(true, Ordering::Release);
    let ended = threads.join();
    check_flows(&ended, 40_000);
    assert_eq!(total(&ended).dropped(), 0);
}

#[test]
fn a_worker_that_fails_takes_nobody_along() {
    let snapshot = Arc::new(snapshot(WORLD));
    let mut lanes = lanes(&snapshot, 4, 10_000);
    lanes[2].fails_at = Some(1_000);
    let threads = Threads::start(&snapshot, LIMITS, SEED, lanes).unwrap();
    let mut publisher = threads.publisher();
    let ended = threads.join();
    let next = Snapshot { epoch: Epoch(1), ..(*snapshot).clone() };
    let _ = publisher.publish_and_wait(Arc::new(next));
    for (worker, ended) in ended.iter().enumerate() {
        assert!(ended.worker.counters().balance(), "{:#?}", ended.worker.counters());
        let lost = ended.worker.counters().dropped_for(DropReason::WorkerLost);
        if worker == 2 {
            assert_eq!(ended.panicked.as_deref(), Some("this lane was told to fail"));
            assert!(lost >= 1_000, "{lost} packets were with the worker");
        } else {
            assert_eq!((ended.panicked.as_deref(), lost), (None, 0));
            assert!(ended.lane.answered.len() > 2_000, "worker {worker} did not go on");
        }
    }
}
