//! The hit path at several sizes of the flow table: bursts of 64 packets of random flows, both ways.
//! Every packet is a hit, by the dataplane's own counters. The generator is part of the figures; its
//! own cost stands beside them.
#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use egret_bench::traffic::{BURST, Direction, Order, Pool, Protocols, Trace, flow, open};
use egret_bench::world::{Size, Way, World};
use egret_dataplane::time::Instant;
use egret_dataplane::worker::{Limits, Worker};

/// Bursts in one iteration.
const BURSTS: usize = 256;

fn hits(c: &mut Criterion) {
    let mut group = c.benchmark_group("hit");
    group.throughput(Throughput::Elements((BURSTS * BURST) as u64)).sample_size(20);
    for (name, flows) in [("1k", 1 << 10), ("64k", 1 << 16), ("1M", 1 << 20), ("8M", 1 << 23)] {
        // Eight million flows take a minute to open: only who asks for them by name.
        if flows > 1 << 20 && !std::env::args().any(|argument| argument.contains("8M")) {
            continue;
        }
        let mut bench = Hits::new(flows);
        group.bench_function(name, |b| b.iter(|| bench.run()));
        bench.check();
    }
    let mut bench = Hits::new(1 << 10);
    group.bench_function("generator-alone", |b| b.iter(|| bench.generate()));
}

struct Hits {
    worker: Worker,
    trace: Trace,
    pool: Pool,
    before: u64,
}

impl Hits {
    fn new(flows: usize) -> Hits {
        let world = World::new(Size { flows, ..Size::default() }, Way::Nat).expect("a world");
        let mut worker = Worker::new(world.snapshot.clone(), Limits { flows }, 7);
        let firsts: Vec<_> = (0..flows).map(|n| flow(&world, n, Protocols::Both)).collect();
        let flows = open(&mut worker, Instant::ZERO, &firsts).expect("every flow opens");
        let trace = Trace::new(&flows, Order::Random, Direction::Both, &[64], 1);
        let before = worker.counters().received;
        Hits { worker, trace, pool: Pool::default(), before }
    }

    fn run(&mut self) {
        let (mut verdicts, mut emissions) = (Vec::with_capacity(BURST), Vec::new());
        for _ in 0..BURSTS {
            let mut arrivals = self.pool.fill(&mut self.trace);
            self.worker.process(Instant::ZERO, &mut arrivals, &mut verdicts, &mut emissions);
            verdicts.clear();
        }
    }

    fn generate(&mut self) {
        for _ in 0..BURSTS {
            std::hint::black_box(self.pool.fill(&mut self.trace));
        }
    }

    /// All packets were forwarded; all but one in a thousand, whose tag another flow of its bucket
    /// has too, as hits of the fast pass.
    fn check(&self) {
        let counters = self.worker.counters();
        let received = counters.received - self.before;
        assert_eq!(counters.dropped(), 0);
        assert!(counters.hits * 1_000 >= received * 999, "{counters:?}");
    }
}

criterion_group!(benches, hits);
criterion_main!(benches);
