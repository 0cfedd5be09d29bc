//! The hit path allocates nothing: not for a packet, not for a burst, not for an expiry that finds
//! nothing, not for a drop that is counted under a known reason.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use egret_dataplane::packet::answer;
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::time::Instant;
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Arrival, Emission, Limits, Worker};
use egret_tests::net::{WORLD, sender, snapshot};
use egret_tests::packet::{flags, syn, tcp, udp};
use egret_tests::probe::Source;

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

/// Flows of both protocols, and the packets of both directions.
struct Bench {
    worker: Worker,
    packets: Vec<(InterfaceId, Vec<u8>)>,
    verdicts: Vec<Verdict>,
    emissions: Vec<Emission>,
}

impl Bench {
    /// A table so large has its lines fetched into the second level of the cache, a small one into
    /// the first: two ways through the code.
    fn new(capacity: usize) -> Bench {
        let snapshot = Arc::new(snapshot(WORLD));
        let task = Source::Task { service: "web".to_owned(), number: 0 };
        let (interface, src) = sender(&snapshot, &task);
        let worker = Worker::new(snapshot, Limits { flows: capacity }, 3);
        let (verdicts, emissions) = (Vec::with_capacity(256), Vec::with_capacity(16));
        let mut bench = Bench { worker, packets: Vec::new(), verdicts, emissions };
        for port in 2_000..2_050 {
            let to = "203.0.113.10:443";
            bench.open(interface, udp(to).port(port).bytes(src), udp(to).port(port).bytes(src));
            let data = tcp(to, flags::ACK).port(port).bytes(src);
            bench.open(interface, syn(to).port(port).bytes(src), data);
        }
        bench
    }

    /// Opens a flow, and keeps a later packet of it and an answer to that.
    fn open(&mut self, interface: InterfaceId, first: Vec<u8>, later: Vec<u8>) {
        for _ in 0..2 {
            let (to, bytes) = self.send(interface, first.clone());
            self.send(to, answer::reply(&bytes).unwrap());
        }
        let (to, bytes) = self.send(interface, later.clone());
        self.packets.push((interface, later));
        self.packets.push((to, answer::reply(&bytes).unwrap()));
    }

    fn send(&mut self, interface: InterfaceId, mut bytes: Vec<u8>) -> (InterfaceId, Vec<u8>) {
        let mut verdicts = Vec::new();
        let arrival = Arrival { interface, bytes: &mut bytes };
        self.worker.process(Instant::ZERO, &mut [arrival], &mut verdicts, &mut self.emissions);
        let Verdict::Forward(to) = verdicts[0] else { panic!("{:?}", verdicts[0]) };
        (to, bytes)
    }

    /// Sends all packets as they are in bursts; how often that allocated.
    fn run(&mut self) -> usize {
        let mut packets = self.packets.clone();
        let mut arrivals: Vec<_> = packets
            .iter_mut()
            .map(|(interface, bytes)| Arrival { interface: *interface, bytes })
            .collect();
        let Bench { worker, verdicts, emissions, .. } = self;
        allocations(|| {
            worker.process(Instant::ZERO, &mut arrivals, verdicts, emissions);
            worker.expire(Instant::ZERO, 64);
            verdicts.clear();
        })
    }
}

#[test]
fn hits_allocate_nothing() {
    for capacity in [128, 200_000] {
        let mut bench = Bench::new(capacity);
        let hits = bench.worker.counters().hits;
        for round in 0..5 {
            assert_eq!(bench.run(), 0, "round {round}, room for {capacity} flows");
        }
        let hits = bench.worker.counters().hits - hits;
        assert_eq!(hits as usize, 5 * bench.packets.len(), "the test must measure hits");
    }
}

#[test]
fn drops_allocate_nothing_once_their_reason_was_met() {
    let mut bench = Bench::new(128);
    for (_, bytes) in &mut bench.packets {
        bytes[10] ^= 0xff;
    }
    bench.run();
    assert_eq!(bench.run(), 0);
    assert_eq!(bench.worker.counters().dropped() as usize, 2 * bench.packets.len());
}
