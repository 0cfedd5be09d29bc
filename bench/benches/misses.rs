//! New flows: 5 groups of 60 rules, 40 ACL entries and 1,000 routes, both translations, both
//! directions learnt. The table is full of half-open flows, so that each new one ends the oldest and
//! the number of live flows stays; and what such a flood costs the packets of established ones.
#![allow(missing_docs)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use egret_bench::traffic::{BURST, Image, Protocols, flow, open, packet};
use egret_bench::world::{Size, Way, World};
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::time::Instant;
use egret_dataplane::worker::{Arrival, Limits, Worker};

type Packets = Vec<(InterfaceId, Vec<u8>)>;

/// A worker whose table is full, and the numbers of flows that it has not seen.
struct Flood {
    world: World,
    worker: Worker,
    /// Numbers of new flows, from the first on and over again: by then the earlier ones have ended.
    first: usize,
    next: usize,
    most: usize,
}

impl Flood {
    /// `flows` live ones, the first of them `established`.
    fn new(flows: usize, established: usize) -> (Flood, Packets) {
        let size = Size { flows: flows * 4, rules: 300, routes: 1_000, acl_entries: 40 };
        let world = World::new(size, Way::Nat).expect("a world");
        let mut worker = Worker::new(world.snapshot.clone(), Limits { flows }, 7);
        let firsts: Vec<_> = (0..established).map(|n| flow(&world, n, Protocols::Udp)).collect();
        let standing = open(&mut worker, Instant::ZERO, &firsts).expect("every flow opens");
        let standing = standing.iter().map(|flow| {
            let (interface, tuple) = flow.ends[0];
            (interface, packet(Image::new(interface, tuple, 64)))
        });
        let standing = standing.collect();
        let mut flood =
            Flood { world, worker, first: established, next: established, most: flows * 4 };
        while flood.worker.flows().len() < flows {
            let mut packets = flood.packets(BURST);
            flood.send(&mut packets);
        }
        (flood, standing)
    }

    /// First packets of flows that do not live.
    fn packets(&mut self, count: usize) -> Packets {
        let numbers = self.next..self.next + count;
        self.next = if numbers.end + count > self.most { self.first } else { numbers.end };
        let first = |n| {
            let (interface, tuple) = flow(&self.world, n, Protocols::Udp);
            (interface, packet(Image::new(interface, tuple, 64)))
        };
        numbers.map(first).collect()
    }

    fn send(&mut self, packets: &mut Packets) {
        let (mut verdicts, mut emissions) = (Vec::with_capacity(BURST), Vec::new());
        for burst in packets.chunks_mut(BURST) {
            let mut arrivals: Vec<_> = burst
                .iter_mut()
                .map(|(interface, bytes)| Arrival { interface: *interface, bytes })
                .collect();
            self.worker.process(Instant::ZERO, &mut arrivals, &mut verdicts, &mut emissions);
            verdicts.clear();
        }
    }
}

fn new_flows(c: &mut Criterion) {
    const COUNT: usize = 16 * BURST;
    let mut group = c.benchmark_group("new-flow");
    group.throughput(Throughput::Elements(COUNT as u64)).sample_size(20);
    for (name, flows) in [("64k", 1 << 16), ("1M", 1 << 20)] {
        let (mut flood, _) = Flood::new(flows, 0);
        let before = flood.worker.counters().clone();
        // Set-up and routine cannot both borrow: the packets are made in the routine's own thread.
        let flood = std::cell::RefCell::new(&mut flood);
        group.bench_function(name, |b| {
            b.iter_batched(
                || flood.borrow_mut().packets(COUNT),
                |mut packets| flood.borrow_mut().send(&mut packets),
                BatchSize::LargeInput,
            );
        });
        let flood = flood.into_inner();
        let counters = flood.worker.counters();
        let received = counters.received - before.received;
        assert_eq!(counters.opened - before.opened, received, "every packet opened a flow");
        assert_eq!(counters.gave_way - before.gave_way, received, "and ended another");
    }
}

/// Packets of 4,096 established flows, alone and with as many packets of a flood between them.
fn established(c: &mut Criterion) {
    const STANDING: usize = 4_096;
    let mut group = c.benchmark_group("established");
    group.throughput(Throughput::Elements(STANDING as u64)).sample_size(20);
    for (name, flooded) in [("alone", false), ("under-flood", true)] {
        let (mut flood, standing) = Flood::new(1 << 16, STANDING);
        let hits = flood.worker.counters().hits;
        let flood = std::cell::RefCell::new(&mut flood);
        let mut sent = 0;
        group.bench_function(name, |b| {
            b.iter_batched(
                || {
                    let mut flood = flood.borrow_mut();
                    if flooded {
                        let mut packets = flood.packets(STANDING);
                        flood.send(&mut packets);
                    }
                    standing.clone()
                },
                |mut packets| {
                    sent += STANDING as u64;
                    flood.borrow_mut().send(&mut packets);
                },
                BatchSize::PerIteration,
            );
        });
        let flood = flood.into_inner();
        let hits = flood.worker.counters().hits - hits;
        assert!(hits * 1_000 >= sent * 999, "a flood ended established flows: {hits} of {sent}");
    }
}

criterion_group!(benches, new_flows, established);
criterion_main!(benches);
