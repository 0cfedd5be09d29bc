//! Workers on threads of their own: limits stay exact and answers find their way whatever the threads
//! do, configurations change without a lost packet, nothing is lost at the end, and a worker that
//! fails takes nobody along.

use std::collections::{HashSet, VecDeque};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use egret_dataplane::counters::Counters;
use egret_dataplane::packet::{answer, decode};
use egret_dataplane::snapshot::{Epoch, InterfaceId, Snapshot};
use egret_dataplane::steer::Steering;
use egret_dataplane::threads::{Ended, Lane, Threads, Turn};
use egret_dataplane::time::Instant;
use egret_dataplane::verdict::{DropReason, Verdict};
use egret_dataplane::worker::{Arrival, Emission, Limits, Worker};
use egret_tests::flows;
use egret_tests::net::{WORLD, sender, snapshot};
use egret_tests::packet::{Packet, syn, udp};
use egret_tests::probe::Source;
use fastrand::Rng;

const SEED: u64 = 5;
const LIMITS: Limits = Limits { flows: 65_536 };
const BURST: usize = 32;
const TO: &str = "203.0.113.10:443";
const ELSEWHERE: &str = "203.0.113.11:443";

/// A packet, and where it comes in.
type First = (InterfaceId, Vec<u8>);

/// A lane that sends what it has, answers what reaches the internet, and keeps what reaches a task.
#[derive(Default)]
struct Sender {
    packets: VecDeque<First>,
    /// Where packets that reached the internet seemed to come from, and went to.
    passed: Vec<(Ipv4Addr, u16, Ipv4Addr)>,
    /// Where an answer arrived, and at which port.
    answered: Vec<(InterfaceId, u16)>,
    orders: Orders,
}

/// What a lane does besides.
#[derive(Clone, Default)]
struct Orders {
    /// Fails when so many packets are left.
    fails_at: Option<usize>,
    /// Fails at being told to discard packets, too.
    fails_again: bool,
    /// Packets to be sent over and over.
    again: Option<Again>,
    /// An epoch that all workers have come to.
    reached: Arc<AtomicU32>,
    /// Sleeps until this is set.
    sleeps: Option<Arc<AtomicBool>>,
    /// Sets this when it has no packets any more.
    wakes: Option<Arc<AtomicBool>>,
}

/// A load without an end: the next round begins when almost all of the last one was answered, so
/// that nobody has more to do than there is room for.
#[derive(Clone)]
struct Again {
    packets: Vec<First>,
    /// Packets that were sent and not answered yet, over all lanes.
    flying: Arc<AtomicUsize>,
    enough: Arc<AtomicBool>,
}

impl Sender {
    fn arrived(&mut self, to: InterfaceId, bytes: Vec<u8>) {
        let headers = decode(&bytes).expect("what leaves is right");
        let tuple = headers.tuple();
        if to == InterfaceId::INTERNET {
            self.passed.push((tuple.src, tuple.src_port, tuple.dst));
            let reply = answer::reply(&bytes).expect("everything that is sent has an answer");
            self.packets.push_back((to, reply));
            return;
        }
        if headers.tcp().is_none() {
            let named = &bytes[usize::from(headers.header_len) + 8..];
            assert_eq!(named, name(to, tuple.dst_port), "an answer went astray");
        }
        self.answered.push((to, tuple.dst_port));
        if let Some(again) = &self.orders.again {
            again.flying.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn turn_now(&mut self) -> Turn {
        if !self.packets.is_empty() {
            return Turn::Busy;
        }
        match &self.orders.again {
            Some(again) if !again.enough.load(Ordering::Acquire) => {
                if again.flying.load(Ordering::Acquire) < 500 {
                    again.flying.fetch_add(again.packets.len(), Ordering::AcqRel);
                    self.packets.extend(again.packets.iter().cloned());
                }
                Turn::Idle
            }
            _ => Turn::Done,
        }
    }

    fn obey(&mut self, worker: &Worker) {
        let reached = self.orders.reached.load(Ordering::Acquire);
        assert!(worker.snapshot().epoch.0 >= reached, "this worker runs on an old epoch");
        while self.orders.sleeps.as_ref().is_some_and(|wake| !wake.load(Ordering::Acquire)) {
            std::thread::yield_now();
        }
        if self.packets.is_empty()
            && let Some(wake) = &self.orders.wakes
        {
            wake.store(true, Ordering::Release);
        }
        if self.orders.fails_at.is_some_and(|left| self.packets.len() <= left) {
            self.orders.fails_at = None;
            panic!("this lane was told to fail");
        }
    }
}

impl Lane for Sender {
    fn turn(&mut self, worker: &mut Worker, now: Instant) -> Turn {
        self.obey(worker);
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
        assert!(!self.orders.fails_again, "this lane was told to fail again");
        let packets = self.packets.drain(..).count() as u64;
        (packets, self.turn_now())
    }
}

/// What a datagram carries, so that its answer says for whom it is.
fn name(task: InterfaceId, port: u16) -> Vec<u8> {
    [task.0.to_be_bytes().as_slice(), &port.to_be_bytes()].concat()
}

/// The first packets of flows from two services that share an ENI: as many of each, to one
/// destination, in any order.
fn firsts(snapshot: &Snapshot, flows: u16, packet: fn(&str) -> Packet, to: &str) -> Vec<First> {
    let tasks = ["web", "jobs"]
        .map(|service| sender(snapshot, &Source::Task { service: service.to_owned(), number: 0 }));
    let first = |(interface, src): (InterfaceId, _), port| {
        let packet = Packet { payload: name(interface, port), ..packet(to).port(port) };
        (interface, packet.bytes(src))
    };
    (1_024..1_024 + flows).flat_map(|port| tasks.map(|task| first(task, port))).collect()
}

/// Packets in any order on the workers' lanes: two in three on the right one.
fn lanes(snapshot: &Snapshot, workers: usize, mut packets: Vec<First>) -> Vec<Sender> {
    let mut rng = Rng::with_seed(workers as u64);
    rng.shuffle(&mut packets);
    let mut lanes: Vec<Sender> = (0..workers).map(|_| Sender::default()).collect();
    for first in packets {
        let astray = rng.u8(..3) == 0;
        let lane = if astray { rng.usize(..workers) } else { owner(snapshot, workers, &first) };
        lanes[lane].packets.push_back(first);
    }
    lanes
}

fn owner(snapshot: &Snapshot, workers: usize, (interface, bytes): &First) -> usize {
    let steering = Steering::new(workers, SEED);
    usize::from(steering.first(snapshot, *interface, &decode(bytes).unwrap()).0)
}

/// Lanes that go on until told that it is enough.
fn endless(snapshot: &Snapshot, workers: usize, flows: u16) -> (Vec<Sender>, Arc<AtomicBool>) {
    let mut lanes = lanes(snapshot, workers, firsts(snapshot, flows, udp, TO));
    let (flying, enough) = (Arc::default(), Arc::default());
    for lane in &mut lanes {
        let packets = lane.packets.drain(..).collect();
        let (flying, enough) = (Arc::clone(&flying), Arc::clone(&enough));
        lane.orders.again = Some(Again { packets, flying, enough });
    }
    (lanes, enough)
}

fn start(snapshot: &Arc<Snapshot>, lanes: Vec<Sender>) -> Threads<Sender> {
    Threads::start(snapshot, LIMITS, SEED, lanes).unwrap()
}

fn run(snapshot: &Arc<Snapshot>, lanes: Vec<Sender>) -> Vec<Ended<Sender>> {
    start(snapshot, lanes).join()
}

fn limited(limits: &str) -> Arc<Snapshot> {
    let settings = format!("settings: {{ {limits}");
    Arc::new(snapshot(&WORLD.replace("settings: {", &settings)))
}

fn later(snapshot: &Snapshot, epoch: u32) -> Arc<Snapshot> {
    let next = Snapshot { epoch: Epoch(epoch), ..snapshot.clone() };
    next.prepare();
    Arc::new(next)
}

/// What became of all packets: every one is accounted for, and none was lost between two workers.
fn total(ended: &[Ended<Sender>]) -> Counters {
    for ended in ended {
        assert!(ended.worker.counters().balance(), "{:#?}", ended.worker.counters());
    }
    let total = Counters::sum(ended.iter().map(|ended| ended.worker.counters()));
    assert_eq!(total.handed_over, total.taken_over, "a packet was lost between two workers");
    total
}

/// Whoever has handed a flow on knows of it, and nobody else.
fn check_stubs(ended: &[Ended<Sender>]) {
    let handed: usize = ended.iter().map(|ended| ended.worker.handed_on()).sum();
    let taken: usize = ended.iter().map(|ended| ended.worker.taken_on()).sum();
    assert_eq!(handed, taken, "flows that went on, and flows that came from others");
}

/// So many flows live, each with a source of its own, and every packet of theirs was answered.
fn check_flows(ended: &[Ended<Sender>], flows: usize) {
    check_stubs(ended);
    let passed: Vec<_> = ended.iter().flat_map(|ended| &ended.lane.passed).collect();
    let answered: Vec<_> = ended.iter().flat_map(|ended| &ended.lane.answered).collect();
    assert_eq!(answered.len(), passed.len(), "answers that arrived");
    assert_eq!(passed.iter().collect::<HashSet<_>>().len(), flows, "sources");
    assert_eq!(flows::live(ended.iter().map(|ended| &ended.worker)), flows);
}

#[test]
fn threads_together_open_exactly_55_000_connections() {
    // One ENI carries 65,000 in all: enough for these.
    let snapshot = Arc::new(snapshot(WORLD));
    for workers in [1, 2, 4, 8, 16] {
        let mut packets = firsts(&snapshot, 28_000, udp, TO);
        packets.extend(firsts(&snapshot, 1_000, syn, TO));
        packets.extend(firsts(&snapshot, 1_000, udp, ELSEWHERE));
        let ended = run(&snapshot, lanes(&snapshot, workers, packets));
        let total = total(&ended);
        assert_eq!(total.dropped_for(DropReason::NatPortsExhausted), 1_000, "{workers} workers");
        assert_eq!(total.dropped(), 1_000);
        assert_eq!(total.opened, 59_000);
        check_flows_of_each(&ended);
    }
}

/// 55,000 datagrams and 2,000 connections to one destination, and 2,000 datagrams to another.
fn check_flows_of_each(ended: &[Ended<Sender>]) {
    check_stubs(ended);
    assert_eq!(flows::live(ended.iter().map(|ended| &ended.worker)), 59_000);
    let passed: Vec<_> = ended.iter().flat_map(|ended| &ended.lane.passed).collect();
    let answered: usize = ended.iter().map(|ended| ended.lane.answered.len()).sum();
    let elsewhere: Ipv4Addr = ELSEWHERE.split_once(':').unwrap().0.parse().unwrap();
    let there = passed.iter().filter(|(_, _, to)| *to == elsewhere).count();
    assert_eq!((passed.len() - there, there, answered), (57_000, 2_000, 59_000));
}

#[test]
fn threads_together_spend_an_enis_budget_exactly() {
    let snapshot = limited("hyperplane_ports: 500");
    for workers in [2, 8, 16] {
        let ended = run(&snapshot, lanes(&snapshot, workers, firsts(&snapshot, 2_000, udp, TO)));
        check_flows(&ended, 500);
        let refused = total(&ended).dropped_for(DropReason::HyperplanePortsExhausted);
        assert_eq!(refused, 3_500, "{workers} workers");
    }
}

#[test]
fn configurations_change_under_load_without_a_lost_packet() {
    let snapshot = Arc::new(snapshot(WORLD));
    for workers in [2, 4, 16] {
        let (mut lanes, enough) = endless(&snapshot, workers, 2_000);
        let reached = Arc::new(AtomicU32::new(0));
        lanes.iter_mut().for_each(|lane| lane.orders.reached = Arc::clone(&reached));
        let threads = start(&snapshot, lanes);
        let mut publisher = threads.publisher();
        for epoch in 1..=100 {
            let _ = publisher.publish_and_wait(later(&snapshot, epoch));
            // From now on no worker may be seen on an earlier one.
            reached.store(epoch, Ordering::Release);
        }
        enough.store(true, Ordering::Release);
        let ended = threads.join();
        check_flows(&ended, 4_000);
        assert_eq!(total(&ended).dropped(), 0);
        assert!(ended.iter().all(|ended| ended.panicked.is_none()));
        assert!(ended.iter().all(|ended| ended.worker.snapshot().epoch == Epoch(100)));
    }
}

#[test]
fn a_snapshot_is_freed_when_no_worker_runs_on_it() {
    let snapshot = Arc::new(snapshot(WORLD));
    let (lanes, enough) = endless(&snapshot, 2, 100);
    let threads = start(&snapshot, lanes);
    let (first, mut publisher) = (later(&snapshot, 1), threads.publisher());
    let gone = Arc::downgrade(&first);
    let _ = publisher.publish_and_wait(first);
    let _ = publisher.publish_and_wait(later(&snapshot, 2));
    let mut other = publisher.clone();
    let _ = publisher.publish_and_wait(later(&snapshot, 3));
    let _ = other.publish_and_wait(later(&snapshot, 4));
    assert!(gone.upgrade().is_none(), "two publishers keep for each other what nobody needs");
    enough.store(true, Ordering::Release);
    let _ = threads.join();
}

#[test]
fn nothing_is_lost_when_all_are_stopped() {
    let snapshot = Arc::new(snapshot(WORLD));
    for workers in [2, 4, 8] {
        // On a busy machine threads take their time to begin: the test is one only of hand-overs.
        let busy = [50, 500, 5_000].into_iter().any(|millis| {
            let (lanes, _) = endless(&snapshot, workers, 5_000);
            let threads = start(&snapshot, lanes);
            std::thread::sleep(std::time::Duration::from_millis(millis));
            let ended = threads.stop();
            let total = total(&ended);
            assert_eq!(total.dropped(), 0);
            check_stubs(&ended);
            total.handed_over > 100
        });
        assert!(busy, "hardly any were handed over");
    }
}

#[test]
fn a_worker_that_cannot_keep_up_is_sent_no_more_than_there_is_room_for() {
    // A connection for each of two workers. What comes for the first one goes on to the second,
    // which sleeps until all of it was sent: its ring is full by then, and the backlog.
    let snapshot = limited("nat_connections: 2");
    let mut packets = firsts(&snapshot, 8_000, udp, TO);
    packets.retain(|first| owner(&snapshot, 2, first) == 0);
    let wake = Arc::new(AtomicBool::new(false));
    let mut lanes = [Sender::default(), Sender::default()];
    lanes[0].packets = packets.into();
    lanes[0].orders.wakes = Some(Arc::clone(&wake));
    lanes[1].orders.sleeps = Some(wake);
    let ended = run(&snapshot, lanes.into());
    let total = total(&ended);
    assert!(total.dropped_for(DropReason::HandoverFull) > 1_000, "{total:#?}");
    check_flows(&ended, 2);
}

#[test]
fn a_worker_that_fails_takes_nobody_along() {
    // What the lane still has is counted as dropped, unless it fails at telling how much that is.
    for (fails_again, least) in [(false, 4_000 - BURST as u64), (true, 0)] {
        let snapshot = Arc::new(snapshot(WORLD));
        let mut lanes = lanes(&snapshot, 4, firsts(&snapshot, 10_000, udp, TO));
        lanes[2].orders.fails_at = Some(4_000);
        lanes[2].orders.fails_again = fails_again;
        let threads = start(&snapshot, lanes);
        let mut publisher = threads.publisher();
        for epoch in 1..=20 {
            let _ = publisher.publish_and_wait(later(&snapshot, epoch));
        }
        let mut ended = threads.join();
        let _ = publisher.publish_and_wait(later(&snapshot, 21));
        let total = total(&ended);
        let lost = ended.remove(2);
        assert_eq!(lost.panicked.as_deref(), Some("this lane was told to fail"));
        let of_its_flows = lost.worker.counters().dropped_for(DropReason::WorkerLost);
        assert_eq!(total.dropped_for(DropReason::WorkerLost), of_its_flows);
        assert!(of_its_flows >= least, "{of_its_flows} packets came for the worker since");
        for ended in ended {
            assert_eq!(ended.panicked, None);
            assert!(ended.lane.answered.len() > 2_000, "a worker did not go on");
        }
    }
}
