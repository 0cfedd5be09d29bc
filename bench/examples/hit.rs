//! Scratch.
#![allow(missing_docs, clippy::print_stdout)]
use egret_bench::{closed::*, limit::Limit, traffic::*, world::*};
use egret_dataplane::{prefetch::Hint, time::Instant, worker::*};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let protocols = match args.get(2).map(|s| s.as_str()) {
        Some("tcp") => Protocols::Tcp,
        Some("both") => Protocols::Both,
        _ => Protocols::Udp,
    };
    for n in args[1].split(',').map(|s| s.parse::<usize>().unwrap()) {
        let world = World::new(Size { flows: n, ..Size::default() }, Way::Nat).unwrap();
        let t = std::time::Instant::now();
        let mut worker = Worker::new(world.snapshot.clone(), Limits { flows: n }, 7);
        let firsts: Vec<_> = (0..n).map(|i| flow(&world, i, protocols)).collect();
        let c = cpu_nanos();
        let flows = open(&mut worker, Instant::ZERO, &firsts).unwrap();
        println!(
            "opened {} in {:.0} ns each (x4 packets)",
            worker.flows().len(),
            (cpu_nanos() - c) as f64 / n as f64
        );
        let start = std::time::Instant::now();
        let _ = t;
        let mut trace = Trace::new(&flows, Order::Random, Direction::Both, &[64], 1);
        let mut pool = Pool::default();
        let mut limit = Limit::new(&flows, 3);
        let hint = Hint::for_table(n * 96);
        let k = 1 << 20;
        let (mut g, mut l, mut w) = (vec![], vec![], vec![]);
        for _ in 0..7 {
            g.push(nanos_per_packet(k, || generate(&mut trace, &mut pool, k)));
            l.push(nanos_per_packet(k, || run_limit(&mut limit, hint, &mut trace, &mut pool, k)));
            w.push(nanos_per_packet(k, || {
                run_worker(&mut worker, start, &mut trace, &mut pool, k)
            }));
        }
        for v in [&mut g, &mut l, &mut w] {
            v.sort_by(f64::total_cmp);
        }
        println!(
            "{n}: gen {:.2}/{:.2} limit {:.2}/{:.2} worker {:.2}/{:.2} net limit {:.2} worker {:.2} ratio {:.2} missed {} fwd {} recv {}",
            g[0],
            g[3],
            l[0],
            l[3],
            w[0],
            w[3],
            l[0] - g[0],
            w[0] - g[0],
            (w[0] - g[0]) / (l[0] - g[0]),
            limit.missed,
            worker.counters().forwarded,
            worker.counters().received
        );
    }
}
