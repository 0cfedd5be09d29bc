//! The closed loop: packets as fast as they are taken, and what each costs.

use std::time::Instant as Clock;

use egret_dataplane::prefetch::Hint;
use egret_dataplane::time::Instant;
use egret_dataplane::worker::Worker;
use rustix::time::{ClockId, clock_gettime};

use crate::limit::Limit;
use crate::traffic::{BURST, Pool, Trace};

/// Flows that may be looked at for expiry after each burst.
const EXPIRE: usize = 4;

/// CPU time that this thread has used, in nanoseconds: what others do meanwhile does not count.
pub fn cpu_nanos() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Nanoseconds a packet of something that takes `packets`.
pub fn nanos_per_packet(packets: usize, run: impl FnOnce()) -> f64 {
    let start = cpu_nanos();
    run();
    (cpu_nanos() - start) as f64 / packets as f64
}

/// The generator alone.
pub fn generate(trace: &mut Trace, pool: &mut Pool, packets: usize) {
    for _ in 0..packets / BURST {
        std::hint::black_box(pool.fill(trace));
    }
}

/// The generator and the limit.
pub fn run_limit(
    limit: &mut Limit,
    hint: Hint,
    trace: &mut Trace,
    pool: &mut Pool,
    packets: usize,
) {
    for burst in 0..packets / BURST {
        let mut arrivals = pool.fill(trace);
        limit.process(hint, (burst >> 10) as u16, &mut arrivals);
    }
}

/// The generator and the dataplane, as a driver runs it: the clock is read once a burst, and after
/// each burst a few flows are looked at for expiry.
pub fn run_worker(
    worker: &mut Worker,
    start: Clock,
    trace: &mut Trace,
    pool: &mut Pool,
    packets: usize,
) {
    let (mut verdicts, mut emissions) = (Vec::with_capacity(BURST), Vec::new());
    for _ in 0..packets / BURST {
        let now = Instant(start.elapsed().as_nanos() as u64);
        let mut arrivals = pool.fill(trace);
        worker.process(now, &mut arrivals, &mut verdicts, &mut emissions);
        std::hint::black_box(&verdicts);
        verdicts.clear();
        emissions.clear();
        worker.expire(now, EXPIRE);
    }
}
