//! The hit path allocates nothing: not for a packet, not for a burst, not for flows that expire, not
//! for a drop that is counted under a known reason, not between two turns of a thread. What a miss
//! allocates is counted.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::sync::Arc;

use egret_dataplane::packet::{answer, decode};
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::steer::Steering;
use egret_dataplane::threads::{Lane, Threads, Turn};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Arrival, Emission, Limits, Worker};
use egret_tests::net::{WORLD, sender, snapshot};
use egret_tests::packet::{flags, syn, tcp, udp};
use egret_tests::probe::Source;

const SEED: u64 = 3;
const TO: &str = "203.0.113.10:443";

/// Counts what this thread asks the system for.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the allocator's contract, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(run: impl FnOnce()) -> usize {
    let before = COUNT.get();
    run();
    COUNT.get() - before
}

/// Workers with flows of both protocols, and for each the packets of both directions.
struct Bench {
    snapshot: Arc<Snapshot>,
    steering: Steering,
    workers: Vec<Worker>,
    packets: Vec<Vec<Sent>>,
    verdicts: Vec<Verdict>,
    emissions: Vec<Emission>,
}

/// A packet, and where it comes in.
type Sent = (InterfaceId, Vec<u8>);

impl Bench {
    /// A table so large has its lines fetched into the second level of the cache, a small one into
    /// the first: two ways through the code.
    fn new(workers: usize, capacity: usize) -> Bench {
        let snapshot = Arc::new(snapshot(WORLD));
        let steering = Steering::new(workers, SEED);
        let mut bench = Bench {
            workers: Worker::crew(&snapshot, Limits { flows: capacity }, SEED, steering),
            snapshot,
            steering,
            packets: vec![Vec::new(); workers],
            verdicts: Vec::with_capacity(1_024),
            emissions: Vec::with_capacity(16),
        };
        let (interface, src) = bench.task("web");
        for port in 2_000..2_050 {
            let datagram = udp(TO).port(port).bytes(src);
            bench.open(interface, datagram.clone(), datagram);
            let data = tcp(TO, flags::ACK).port(port).bytes(src);
            bench.open(interface, syn(TO).port(port).bytes(src), data);
        }
        bench
    }

    fn task(&self, service: &str) -> (InterfaceId, Ipv4Addr) {
        sender(&self.snapshot, &Source::Task { service: service.to_owned(), number: 0 })
    }

    fn owner(&self, interface: InterfaceId, bytes: &[u8]) -> usize {
        let headers = decode(bytes).unwrap();
        usize::from(self.steering.first(&self.snapshot, interface, &headers).0)
    }

    /// Opens a flow, and keeps a later packet of it and an answer to that.
    fn open(&mut self, interface: InterfaceId, first: Vec<u8>, later: Vec<u8>) {
        for _ in 0..2 {
            let (_, to, bytes) = self.send(interface, first.clone());
            self.send(to, answer::reply(&bytes).unwrap());
        }
        let (worker, to, bytes) = self.send(interface, later.clone());
        self.packets[worker].push((interface, later));
        self.packets[worker].push((to, answer::reply(&bytes).unwrap()));
    }

    fn send(
        &mut self,
        interface: InterfaceId,
        mut bytes: Vec<u8>,
    ) -> (usize, InterfaceId, Vec<u8>) {
        let owner = self.owner(interface, &bytes);
        let mut verdicts = Vec::new();
        let arrival = Arrival { interface, bytes: &mut bytes };
        let worker = &mut self.workers[owner];
        worker.process(Instant::ZERO, &mut [arrival], &mut verdicts, &mut self.emissions);
        let Verdict::Forward(to) = verdicts[0] else { panic!("{:?}", verdicts[0]) };
        (owner, to, bytes)
    }

    /// Sends each worker its packets in bursts; how often that allocated.
    fn run(&mut self) -> usize {
        let Bench { workers, packets, verdicts, emissions, .. } = self;
        let both = workers.iter_mut().zip(packets);
        both.map(|(worker, packets)| process(worker, Instant::ZERO, packets, verdicts, emissions))
            .sum()
    }

    fn hits(&self) -> u64 {
        self.workers.iter().map(|worker| worker.counters().hits).sum()
    }

    fn dropped(&self) -> u64 {
        self.workers.iter().map(|worker| worker.counters().dropped()).sum()
    }

    /// The first packets of new flows from one task to one destination.
    fn firsts(&self, ports: Range<u16>) -> Vec<Sent> {
        let (interface, src) = self.task("web");
        ports.map(|port| (interface, udp(TO).port(port).bytes(src))).collect()
    }
}

/// Sends copies of packets, and expires a little; how often the worker allocated.
fn process(
    worker: &mut Worker,
    now: Instant,
    packets: &[Sent],
    verdicts: &mut Vec<Verdict>,
    emissions: &mut Vec<Emission>,
) -> usize {
    let mut packets = packets.to_vec();
    let mut arrivals: Vec<_> = packets
        .iter_mut()
        .map(|(interface, bytes)| Arrival { interface: *interface, bytes })
        .collect();
    verdicts.clear();
    emissions.clear();
    allocations(|| {
        worker.process(now, &mut arrivals, verdicts, emissions);
        worker.expire(now, 64);
    })
}

#[test]
fn hits_allocate_nothing() {
    for (workers, capacity) in [(1, 128), (1, 200_000), (3, 128), (3, 200_000)] {
        let mut bench = Bench::new(workers, capacity);
        let hits = bench.hits();
        for round in 0..5 {
            let allocated = bench.run();
            assert_eq!(allocated, 0, "round {round}, {workers} workers, {capacity} flows");
        }
        let sent: usize = bench.packets.iter().map(Vec::len).sum();
        assert_eq!((bench.hits() - hits) as usize, 5 * sent, "the test must measure hits");
    }
}

/// A lane that counts what its thread allocates while it is the worker's turn, and between two turns.
struct Counted {
    packets: Vec<Sent>,
    turns: usize,
    /// The thread's count at the end of the last turn, if there was one that counts.
    last: Option<usize>,
    allocated: usize,
}

/// Turns after which a thread has met with everything.
const WARM: usize = 3;

impl Lane for Counted {
    fn turn(&mut self, worker: &mut Worker, now: Instant) -> Turn {
        self.allocated += self.last.map_or(0, |last| COUNT.get() - last);
        let (mut verdicts, mut emissions) = (Vec::with_capacity(1_024), Vec::new());
        let during = process(worker, now, &self.packets, &mut verdicts, &mut emissions);
        self.turns += 1;
        if self.turns > WARM {
            self.allocated += during;
            self.last = Some(COUNT.get());
        }
        if self.turns < 100 { Turn::Busy } else { Turn::Done }
    }
}

#[test]
fn threads_allocate_nothing_for_hits_and_between_them() {
    let Bench { workers, packets, .. } = Bench::new(3, 128);
    let lane = |packets| Counted { packets, turns: 0, last: None, allocated: 0 };
    let lanes = packets.into_iter().map(lane).collect();
    for ended in Threads::with(workers, lanes).unwrap().join() {
        assert_eq!(ended.panicked, None);
        assert_eq!(ended.lane.allocated, 0, "in {} turns", ended.lane.turns);
        let hits = ended.worker.counters().hits as usize;
        assert!(hits >= ended.lane.turns * ended.lane.packets.len(), "the test must measure hits");
    }
}

#[test]
fn flows_that_expire_allocate_nothing() {
    let mut bench = Bench::new(3, 128);
    let late = Instant::ZERO + Duration::from_secs(1_000_000);
    for worker in &mut bench.workers {
        let live = worker.flows().len();
        assert!(live > 10);
        let mut ended = 0;
        let allocated = allocations(|| {
            while !worker.flows().is_empty() {
                ended += worker.expire(late, 16);
            }
        });
        assert_eq!((allocated, ended), (0, live));
    }
}

#[test]
fn drops_allocate_nothing_once_their_reason_was_met() {
    let mut bench = Bench::new(1, 128);
    let ((web, src), (plain, public)) = (bench.task("web"), bench.task("plain"));
    let mut damaged = udp(TO).bytes(src);
    damaged[10] ^= 0xff;
    let dropped = vec![
        (web, damaged),
        (web, syn("10.0.2.10:5433").bytes(src)),
        (web, syn("10.0.2.6:5432").bytes(src)),
        (web, udp("224.0.0.1:443").bytes(src)),
        (web, udp(TO).bytes(public)),
        (plain, syn("10.0.2.10:5432").bytes(public)),
        (InterfaceId::INTERNET, udp("198.51.100.10:60000").bytes("203.0.113.77".parse().unwrap())),
    ];
    let reasons = dropped.len();
    bench.packets = vec![dropped];
    bench.run();
    assert_eq!(bench.workers[0].counters().drops().count(), reasons, "a reason each");
    for _ in 0..5 {
        assert_eq!(bench.run(), 0);
    }
    assert_eq!(bench.dropped() as usize, 6 * reasons);
}

/// Everything that a flow has is laid out when the worker is made, but for the ports in use towards
/// its destination: 64 bytes for 512 of them, and the list of these.
#[test]
fn misses_allocate_for_new_blocks_of_ports_only() {
    for capacity in [4_096, 200_000] {
        let mut bench = Bench::new(1, capacity);
        let opened = bench.workers[0].counters().opened;
        let mut allocated = 0;
        for first in (0..2_048).step_by(256).map(|flows| 10_000 + flows) {
            bench.packets = vec![bench.firsts(first..first + 256)];
            allocated += bench.run();
        }
        let opened = bench.workers[0].counters().opened - opened;
        assert_eq!(opened, 2_048, "the test must measure misses");
        assert!(allocated <= 12, "{allocated} allocations for {opened} flows");
    }
}

/// Destinations that nobody has a connection to cost a larger table of them now and then.
#[test]
fn misses_towards_new_destinations_allocate_seldom() {
    let mut bench = Bench::new(1, 4_096);
    let (interface, src) = bench.task("web");
    let first = |n: u8| (interface, udp(&format!("203.0.113.{n}:80")).port(9_000).bytes(src));
    bench.packets = vec![(20..220).map(first).collect()];
    let (allocated, opened) = (bench.run(), bench.workers[0].counters().opened);
    assert_eq!(opened, 300, "the test must measure misses");
    assert!(allocated <= 8, "{allocated} allocations for 200 flows");
}

#[test]
fn flows_that_take_the_place_of_others_allocate_hardly_ever() {
    let mut bench = Bench::new(1, 4_096);
    let firsts = bench.firsts(10_000..10_256);
    let Bench { workers: all, verdicts, emissions, .. } = &mut bench;
    let worker = &mut all[0];
    for round in 1..=6 {
        let now = Instant::ZERO + Duration::from_secs(round * 1_000_000);
        let opened = worker.counters().opened;
        assert_eq!(allocations(|| while worker.expire(now, 16) > 0 {}), 0);
        let allocated = process(worker, now, &firsts, verdicts, emissions);
        assert_eq!(worker.counters().opened - opened, 256, "the test must measure misses");
        // The first blocks of ports, of the shared ENI and of the NAT gateway.
        assert!(allocated <= 2, "{allocated} allocations in round {round}");
    }
}

#[test]
fn a_packet_that_is_handed_over_is_copied_once() {
    let mut bench = Bench::new(2, 4_096);
    let mut packets = bench.firsts(10_000..10_500);
    packets.retain(|(interface, bytes)| bench.owner(*interface, bytes) == 1);
    let Bench { workers, verdicts, emissions, .. } = &mut bench;
    let mut allocated = 0;
    for _ in 0..2 {
        // The first time the list of them grows, too.
        allocated = process(&mut workers[0], Instant::ZERO, &packets, verdicts, emissions);
        assert_eq!(workers[0].handovers().count(), packets.len());
    }
    assert_eq!(allocated, packets.len());
}
