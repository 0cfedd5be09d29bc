//! The order in which threads do things, chosen by a model checker: two and three workers of which
//! each owns a port or two, so that flows are handed round; rings that hold one message; snapshots
//! published meanwhile. Nobody waits forever, nothing is lost, no flow lives twice.
//!
//! It takes a build of its own: `RUSTFLAGS="--cfg egret_shuttle" cargo test -p egret-tests --test
//! model`. A failure prints the schedule that leads to it.
#![cfg(egret_shuttle)]

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, OnceLock};

use egret_dataplane::counters::Counters;
use egret_dataplane::packet::{answer, decode};
use egret_dataplane::snapshot::{Epoch, InterfaceId, Snapshot};
use egret_dataplane::steer::{Steering, WorkerId};
use egret_dataplane::threads::{Lane, Threads, Turn};
use egret_dataplane::time::Instant;
use egret_dataplane::verdict::{DropReason, Verdict};
use egret_dataplane::worker::{Arrival, Emission, Limits, Worker};
use egret_tests::net::{WORLD, sender, snapshot};
use egret_tests::packet::{flags, syn, tcp, udp};
use egret_tests::probe::Source;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

const SEED: u64 = 5;
const SCHEDULES: usize = 3_000;

/// A lane that sends one packet a turn, and answers what reaches the internet.
#[derive(Default)]
struct Sender {
    packets: VecDeque<(InterfaceId, Vec<u8>)>,
    passed: Vec<(u16, bool)>,
    answered: Vec<u16>,
}

impl Sender {
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
}

impl Lane for Sender {
    fn turn(&mut self, worker: &mut Worker, now: Instant) -> Turn {
        let Some((interface, mut bytes)) = self.packets.pop_front() else { return Turn::Done };
        let mut verdicts = Vec::new();
        let arrival = Arrival { interface, bytes: &mut bytes };
        worker.process(now, &mut [arrival], &mut verdicts, &mut Vec::new());
        if let Verdict::Forward(to) = verdicts[0] {
            self.arrived(to, bytes);
        }
        Turn::Busy
    }

    fn leave(&mut self, emission: Emission) {
        self.arrived(emission.to, emission.bytes);
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
fn lanes(snapshot: &Snapshot, workers: usize, packets: &[Vec<u8>]) -> Vec<Sender> {
    let steering = Steering::new(workers, SEED);
    let interface = web(snapshot).0;
    let mut lanes: Vec<Sender> = (0..workers).map(|_| Sender::default()).collect();
    for bytes in packets {
        let WorkerId(owner) = steering.first(snapshot, interface, &decode(bytes).unwrap());
        lanes[usize::from(owner)].packets.push_back((interface, bytes.clone()));
    }
    lanes
}

fn web(snapshot: &Snapshot) -> (InterfaceId, std::net::Ipv4Addr) {
    sender(snapshot, &Source::Task { service: "web".to_owned(), number: 0 })
}

/// Runs the lanes to their end while a snapshot is published, and checks what must always hold.
fn run(snapshot: &Arc<Snapshot>, lanes: Vec<Sender>) -> (Vec<Sender>, Counters, usize) {
    let threads = Threads::start(snapshot, Limits { flows: 32 }, SEED, lanes).unwrap();
    let mut publisher = threads.publisher();
    let next = Snapshot { epoch: Epoch(1), ..(**snapshot).clone() };
    let _ = publisher.publish_and_wait(Arc::new(next));
    assert!(publisher.is_adopted(Epoch(1)));
    let ended = threads.join();
    let total = Counters::sum(ended.iter().map(|ended| ended.worker.counters()));
    assert!(total.balance(), "{total:#?}");
    assert_eq!(total.handed_over, total.taken_over, "a message was lost");
    let flows = no_flow_lives_twice(ended.iter().map(|ended| &ended.worker));
    let handed: usize = ended.iter().map(|ended| ended.worker.handed_on()).sum();
    let taken: usize = ended.iter().map(|ended| ended.worker.taken_on()).sum();
    assert_eq!(handed, taken, "somebody follows a flow that nobody has, or nobody one that lives");
    (ended.into_iter().map(|ended| ended.lane).collect(), total, flows)
}

/// How many flows there are, each with keys of its own.
fn no_flow_lives_twice<'a>(workers: impl Iterator<Item = &'a Worker>) -> usize {
    let keys: Vec<_> = workers
        .flat_map(|worker| worker.flows().iter().map(|id| worker.flows().session(id).keys))
        .collect();
    let different: HashSet<_> = keys.iter().flatten().collect();
    assert_eq!(different.len(), 2 * keys.len(), "{keys:?}");
    keys.len()
}

/// Five flows, and ports for three of them: wherever these are, three flows live, each with a port of
/// its own and an answer, and two are refused.
fn more_flows_than_ports(workers: usize) {
    let snapshot = small_world(3);
    let src = web(&snapshot).1;
    let firsts: Vec<_> =
        (0..5).map(|n| udp("203.0.113.10:443").port(2_000 + n).bytes(src)).collect();
    let (lanes, total, flows) = run(&snapshot, lanes(&snapshot, workers, &firsts));
    let passed: Vec<_> = lanes.iter().flat_map(|lane| &lane.passed).collect();
    assert_eq!(passed.iter().collect::<HashSet<_>>().len(), 3, "{passed:?}");
    assert_eq!((passed.len(), flows, total.opened), (3, 3, 3));
    assert_eq!(total.dropped_for(DropReason::NatPortsExhausted), 2);
    assert_eq!(lanes.iter().map(|lane| lane.answered.len()).sum::<usize>(), 3);
}

/// Flows that begin, end and begin anew while their next packets are under way: one port for three of
/// them. A flow never lives twice, and in the end nobody waits for a flow that is over.
fn flows_that_end_under_way(workers: usize) {
    let snapshot = small_world(1);
    let src = web(&snapshot).1;
    let to = "203.0.113.10:443";
    let packets: Vec<_> = (0..3)
        .flat_map(|n| {
            [flags::SYN, flags::RST, flags::SYN]
                .map(|flags| tcp(to, flags).port(2_000 + n).bytes(src))
        })
        .chain([syn(to).port(2_000).bytes(src)])
        .collect();
    let (_, total, flows) = run(&snapshot, lanes(&snapshot, workers, &packets));
    assert_eq!(flows, 1, "one port, one flow");
    assert!(total.opened >= 1);
}

/// Runs a story under many schedules: any, or such as change hands few times at the worst moments.
fn check(story: impl Fn() + Send + Sync + Copy + 'static) {
    let mut config = Config::default();
    // A walk takes more than the 32 KiB that a thread has by default.
    config.stack_size = 1 << 20;
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
