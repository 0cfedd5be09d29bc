//! The order in which threads do things, chosen by a model checker: two and three workers of which
//! each owns a port or two, so that flows are handed round; rings that hold one message; snapshots
//! published meanwhile; a worker that fails, or all that are stopped, in the middle of it. Nobody waits
//! forever, nothing is lost, no flow lives twice, and every worker comes to every snapshot.
//!
//! It takes a build of its own: `RUSTFLAGS="--cfg egret_shuttle" cargo test -p egret-tests --test
//! model`. A failure prints the schedule that leads to it.
#![cfg(egret_shuttle)]

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

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
use egret_tests::packet::{flags, syn, tcp, udp};
use egret_tests::probe::Source;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, MaxSteps, Runner};

const SEED: u64 = 5;
const SCHEDULES: usize = 2_000;
/// Turns of a thread and meetings of two, all told: whoever takes more waits forever.
const STEPS: usize = 100_000;
const TO: &str = "203.0.113.10:443";

/// A lane that sends a burst a turn, and answers what reaches the internet.
struct Sender {
    packets: VecDeque<(InterfaceId, Vec<u8>)>,
    passed: Vec<(u16, bool)>,
    answered: Vec<u16>,
    burst: usize,
    /// Fails after so many turns.
    fails_after: Option<usize>,
    /// An epoch that all workers have come to.
    reached: Arc<AtomicU32>,
}

impl Sender {
    fn new(burst: usize, reached: &Arc<AtomicU32>) -> Sender {
        let (packets, passed, answered) = Default::default();
        let reached = Arc::clone(reached);
        Sender { packets, passed, answered, burst, fails_after: None, reached }
    }

    fn arrived(&mut self, to: InterfaceId, bytes: Vec<u8>) {
        let headers = decode(&bytes).unwrap();
        let tuple = headers.tuple();
        let opens = headers.tcp().is_none_or(|flags| flags.opens());
        if to != InterfaceId::INTERNET {
            self.answered.push(tuple.dst_port);
            return;
        }
        self.passed.push((tuple.src_port, opens));
        if headers.tcp().is_none() {
            self.packets.push_back((to, answer::reply(&bytes).unwrap()));
        }
    }

    fn send(&mut self, worker: &mut Worker, now: Instant) {
        let Some((interface, mut bytes)) = self.packets.pop_front() else { return };
        let mut verdicts = Vec::new();
        let arrival = Arrival { interface, bytes: &mut bytes };
        worker.process(now, &mut [arrival], &mut verdicts, &mut Vec::new());
        if let Verdict::Forward(to) = verdicts[0] {
            self.arrived(to, bytes);
        }
    }

    fn fail_when_due(&mut self) {
        match &mut self.fails_after {
            // Without the panic hook, to which this would be the end of the test.
            Some(0) => std::panic::resume_unwind(Box::new("this lane was told to fail")),
            Some(turns) => *turns -= 1,
            None => {}
        }
    }
}

impl Lane for Sender {
    fn turn(&mut self, worker: &mut Worker, now: Instant) -> Turn {
        let reached = self.reached.load(Ordering::SeqCst);
        assert!(worker.snapshot().epoch.0 >= reached, "this worker runs on an old epoch");
        let turn = if self.packets.is_empty() { Turn::Done } else { Turn::Busy };
        (0..self.burst).for_each(|_| self.send(worker, now));
        self.fail_when_due();
        turn
    }

    fn leave(&mut self, emission: Emission) {
        self.arrived(emission.to, emission.bytes);
    }

    fn discard(&mut self) -> (u64, Turn) {
        (self.packets.drain(..).count() as u64, Turn::Done)
    }
}

/// A world with one or three connections to one destination in all.
fn small_world(connections: usize) -> Arc<Snapshot> {
    static WORLDS: [OnceLock<Arc<Snapshot>>; 4] = [const { OnceLock::new() }; 4];
    let world = WORLDS[connections].get_or_init(|| {
        let limit = format!("settings: {{ nat_connections: {connections}");
        Arc::new(snapshot(&WORLD.replace("settings: {", &limit)))
    });
    Arc::clone(world)
}

/// Packets for the lanes of the workers that own them, in order.
fn lanes(snapshot: &Snapshot, workers: usize, packets: &[Vec<u8>], burst: usize) -> Vec<Sender> {
    let interface = web(snapshot).0;
    let reached = Arc::default();
    let mut lanes: Vec<Sender> = (0..workers).map(|_| Sender::new(burst, &reached)).collect();
    for bytes in packets {
        let owner = owner(snapshot, workers, bytes);
        lanes[owner].packets.push_back((interface, bytes.clone()));
    }
    lanes
}

fn owner(snapshot: &Snapshot, workers: usize, bytes: &[u8]) -> usize {
    let steering = Steering::new(workers, SEED);
    usize::from(steering.first(snapshot, web(snapshot).0, &decode(bytes).unwrap()).0)
}

fn web(snapshot: &Snapshot) -> (InterfaceId, std::net::Ipv4Addr) {
    sender(snapshot, &Source::Task { service: "web".to_owned(), number: 0 })
}

type Ends = Vec<Ended<Sender>>;

/// Runs the lanes to their end while snapshots are published, and checks what must always hold.
fn run(snapshot: &Arc<Snapshot>, lanes: Vec<Sender>) -> (Ends, Counters, usize) {
    let ended = publish_and_join(snapshot, lanes);
    check_stubs(&ended);
    let (total, flows) = check_ended(&ended);
    (ended, total, flows)
}

fn start(snapshot: &Arc<Snapshot>, lanes: Vec<Sender>) -> Threads<Sender> {
    Threads::start(snapshot, Limits { flows: 32 }, SEED, lanes).unwrap()
}

fn publish_and_join(snapshot: &Arc<Snapshot>, lanes: Vec<Sender>) -> Ends {
    let reached = Arc::clone(&lanes[0].reached);
    let threads = start(snapshot, lanes);
    let mut publisher = threads.publisher();
    for epoch in 1..=2 {
        let next = Snapshot { epoch: Epoch(epoch), ..(**snapshot).clone() };
        let _ = publisher.publish_and_wait(Arc::new(next));
        reached.store(epoch, Ordering::SeqCst);
    }
    threads.join()
}

/// Every packet is accounted for, and no flow lives twice; what became of all, and how many live.
fn check_ended(ended: &Ends) -> (Counters, usize) {
    for ended in ended {
        assert!(ended.worker.counters().balance(), "{:#?}", ended.worker.counters());
    }
    let total = Counters::sum(ended.iter().map(|ended| ended.worker.counters()));
    assert_eq!(total.handed_over, total.taken_over, "a message was lost");
    (total, flows::live(ended.iter().map(|ended| &ended.worker)))
}

/// All workers went on to the end, and know where each other's flows are.
fn check_stubs(ended: &Ends) {
    let panics: Vec<_> = ended.iter().filter_map(|ended| ended.panicked.as_ref()).collect();
    assert!(panics.is_empty(), "{panics:?}");
    let handed: usize = ended.iter().map(|ended| ended.worker.handed_on()).sum();
    let taken: usize = ended.iter().map(|ended| ended.worker.taken_on()).sum();
    assert_eq!(handed, taken, "somebody follows a flow that nobody has, or nobody one that lives");
}

fn datagrams(snapshot: &Snapshot, count: u16) -> Vec<Vec<u8>> {
    let src = web(snapshot).1;
    (0..count).map(|n| udp(TO).port(2_000 + n).bytes(src)).collect()
}

/// Five flows, and ports for three of them: wherever these are, three flows live, each with a port of
/// its own and an answer, and two are refused.
fn more_flows_than_ports(workers: usize) {
    let snapshot = small_world(3);
    let firsts = datagrams(&snapshot, 5);
    let (ended, total, flows) = run(&snapshot, lanes(&snapshot, workers, &firsts, 1));
    let passed: Vec<_> = ended.iter().flat_map(|ended| &ended.lane.passed).collect();
    assert_eq!(passed.iter().collect::<HashSet<_>>().len(), 3, "{passed:?}");
    assert_eq!((passed.len(), flows, total.opened), (3, 3, 3));
    assert_eq!(total.dropped_for(DropReason::NatPortsExhausted), 2);
    assert_eq!(ended.iter().map(|ended| ended.lane.answered.len()).sum::<usize>(), 3);
}

/// Flows that begin, end and begin anew while their next packets are under way: one port for three of
/// them. A flow never lives twice, and in the end nobody waits for a flow that is over.
fn flows_that_end_under_way(workers: usize) {
    let snapshot = small_world(1);
    let src = web(&snapshot).1;
    let packets: Vec<_> = (0..3)
        .flat_map(|n| {
            [flags::SYN, flags::RST, flags::SYN]
                .map(|flags| tcp(TO, flags).port(2_000 + n).bytes(src))
        })
        .chain([syn(TO).port(2_000).bytes(src)])
        .collect();
    let (_, total, flows) = run(&snapshot, lanes(&snapshot, workers, &packets, 1));
    assert_eq!(flows, 1, "one port, one flow");
    assert!(total.opened >= 1);
}

/// More new flows at once for the others than there is room for, and one port: some are dropped on the
/// way, and nobody waits for them.
fn more_flows_than_room(workers: usize) {
    let snapshot = small_world(1);
    let mut packets = datagrams(&snapshot, 80);
    packets.retain(|bytes| owner(&snapshot, workers, bytes) == 0);
    packets.truncate(16);
    let (_, total, flows) = run(&snapshot, lanes(&snapshot, workers, &packets, 16));
    assert_eq!((flows, total.opened), (1, 1));
    assert!(total.dropped_for(DropReason::HandoverFull) > 0, "{total:#?}");
}

/// A worker fails in the middle: whatever it had, and whatever comes for it, is dropped and counted,
/// and all others come to their end.
fn one_fails(workers: usize, turns: usize) {
    let snapshot = small_world(3);
    let mut lanes = lanes(&snapshot, workers, &datagrams(&snapshot, 6), 1);
    lanes[1].fails_after = Some(turns);
    let ended = publish_and_join(&snapshot, lanes);
    let (total, _) = check_ended(&ended);
    for (at, ended) in ended.iter().enumerate() {
        let failed = (at == 1).then_some("this lane was told to fail");
        assert_eq!(ended.panicked.as_deref(), failed);
        let lost = ended.worker.counters().dropped_for(DropReason::WorkerLost);
        assert!(at == 1 || lost == 0, "{total:#?}");
    }
}

/// All are stopped at any time: what is under way comes to its end.
fn all_are_stopped(workers: usize) {
    let snapshot = small_world(1);
    let threads = start(&snapshot, lanes(&snapshot, workers, &datagrams(&snapshot, 6), 2));
    (0..workers).for_each(|_| shuttle::thread::yield_now());
    let ended = threads.stop();
    check_stubs(&ended);
    check_ended(&ended);
}

/// Runs a story under many schedules: any, or such as change hands few times at the worst moments.
fn check(story: impl Fn() + Send + Sync + Copy + 'static) {
    let mut config = Config::default();
    // A walk takes more than the 32 KiB that a thread has by default.
    config.stack_size = 1 << 20;
    config.max_steps = MaxSteps::FailAfter(STEPS);
    Runner::new(RandomScheduler::new(SCHEDULES), config.clone()).run(story);
    Runner::new(PctScheduler::new(3, SCHEDULES), config).run(story);
}

#[test]
fn more_flows_than_ports_over_two_workers() {
    check(|| more_flows_than_ports(2));
}

#[test]
fn more_flows_than_ports_over_three_workers() {
    check(|| more_flows_than_ports(3));
}

#[test]
fn flows_end_under_way_over_two_workers() {
    check(|| flows_that_end_under_way(2));
}

#[test]
fn flows_end_under_way_over_three_workers() {
    check(|| flows_that_end_under_way(3));
}

#[test]
fn more_flows_than_room_over_two_workers() {
    check(|| more_flows_than_room(2));
}

#[test]
fn more_flows_than_room_over_three_workers() {
    check(|| more_flows_than_room(3));
}

#[test]
fn one_of_two_workers_fails() {
    check(|| (0..4).for_each(|turns| one_fails(2, turns)));
}

#[test]
fn one_of_three_workers_fails() {
    check(|| (0..4).for_each(|turns| one_fails(3, turns)));
}

#[test]
fn three_workers_are_stopped() {
    check(|| all_are_stopped(3));
}
