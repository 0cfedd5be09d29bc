//! The open loop: packets come when they are due, whether or not anybody is ready for them.
//!
//! Every packet has a time at which it is due, and its latency counts from then on: where the worker
//! was late, all that had to wait show it (no coordinated omission). A packet that is due takes a
//! place in the queue at the worker's ingress, and is lost where there is none.
//!
//! Drawing a packet is part of what a burst takes here, and so is recording its latency: some five
//! nanoseconds each.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant as Clock;

use hdrhistogram::Histogram;

use crate::job::Job;
use crate::lane::Lane;
use crate::results::{Latency, Open};
use crate::tally::{Mark, Tally};
use crate::threads;
use crate::traffic::BURST;

/// Where the time comes from: nanoseconds since the run began.
pub trait Time {
    /// Now.
    fn now(&mut self) -> u64;
}

/// What packets are sent to.
pub trait Device {
    /// Takes so many packets, at most [`BURST`].
    fn take(&mut self, count: usize);
}

/// When packets are due: the same time apart.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    period: f64,
}

impl Schedule {
    /// So many packets a second.
    pub fn new(rate: f64) -> Schedule {
        Schedule { period: 1e9 / rate }
    }

    /// How many packets are due by then.
    #[inline]
    fn due_by(&self, now: u64) -> u64 {
        (now as f64 / self.period) as u64
    }

    /// When packet `n`, counted from 0, is due.
    #[inline]
    fn due(&self, n: u64) -> u64 {
        ((n + 1) as f64 * self.period) as u64
    }
}

/// The queue at a worker's ingress. It holds packets' numbers; losses make them ranges.
#[derive(Debug)]
struct Ingress {
    capacity: u64,
    waiting: VecDeque<Range<u64>>,
    len: u64,
    next: u64,
    lost: u64,
}

impl Ingress {
    fn new(capacity: usize) -> Ingress {
        let capacity = capacity as u64;
        Ingress { capacity, waiting: VecDeque::new(), len: 0, next: 0, lost: 0 }
    }

    /// All packets below `due` have come: as many as there are places for wait, the others are lost.
    #[inline]
    fn admit(&mut self, due: u64) {
        if due <= self.next {
            return;
        }
        let came = due - self.next;
        let admitted = came.min(self.capacity - self.len);
        match self.waiting.back_mut() {
            Some(last) if last.end == self.next => last.end += admitted,
            _ if admitted > 0 => self.waiting.push_back(self.next..self.next + admitted),
            _ => {}
        }
        self.len += admitted;
        self.lost += came - admitted;
        self.next = due;
    }

    /// The packets that have waited longest, none of which was lost: at most a burst.
    #[inline]
    fn take(&mut self) -> Range<u64> {
        let Some(first) = self.waiting.front_mut() else { return 0..0 };
        let burst = first.start..first.end.min(first.start + BURST as u64);
        first.start = burst.end;
        if first.is_empty() {
            self.waiting.pop_front();
        }
        self.len -= burst.end - burst.start;
        burst
    }
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Packets that were due.
    pub offered: u64,
    /// Packets that found the queue full.
    pub lost: u64,
    /// Nanoseconds from the time at which a packet was due to the end of its burst.
    pub latency: Histogram<u64>,
}

/// The longest latency that is told apart: a minute.
const LONGEST: u64 = 60_000_000_000;

/// No latency yet.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds in order")
}

/// Sends packets for `nanos`, and then those that still wait.
pub fn run(
    schedule: Schedule,
    capacity: usize,
    nanos: u64,
    time: &mut impl Time,
    device: &mut impl Device,
) -> Outcome {
    let mut ingress = Ingress::new(capacity);
    let mut latency = histogram();
    loop {
        let now = time.now();
        ingress.admit(schedule.due_by(now.min(nanos)));
        let burst = ingress.take();
        if burst.is_empty() {
            if now >= nanos {
                break;
            }
            std::hint::spin_loop();
            continue;
        }
        device.take((burst.end - burst.start) as usize);
        let end = time.now();
        for packet in burst {
            latency.saturating_record(end.saturating_sub(schedule.due(packet)).max(1));
        }
    }
    Outcome { offered: schedule.due_by(nanos), lost: ingress.lost, latency }
}

struct Real(Clock);

impl Time for Real {
    #[inline]
    fn now(&mut self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

impl Device for Lane {
    #[inline]
    fn take(&mut self, count: usize) {
        self.turn(Clock::now(), count);
    }
}

/// Sends every worker its share of `rate` for `seconds`.
pub fn measure(lanes: &mut [Lane], job: &Job, rate: f64, seconds: f64) -> Open {
    let schedule = Schedule::new(rate / lanes.len() as f64);
    let meeting = threads::meeting(lanes.len());
    let nanos = (seconds * 1e9) as u64;
    let all = threads::each(lanes.iter_mut(), |_, lane| {
        warm(lane);
        let mark = Mark::of(lane.worker());
        meeting.wait();
        let outcome = run(schedule, job.queue, nanos, &mut Real(Clock::now()), lane);
        (outcome, Tally::since(&mark, lane.worker()))
    });
    let (mut offered, mut lost) = (0, 0);
    let (mut latency, mut tally) = (histogram(), Tally::default());
    for (outcome, of_lane) in all {
        offered += outcome.offered;
        lost += outcome.lost;
        latency += outcome.latency;
        tally.add(of_lane);
    }
    let loss_percent = (lost + tally.dropped()) as f64 / offered.max(1) as f64 * 100.0;
    Open { rate, offered, lost, loss_percent, latency: percentiles(&latency), tally }
}

/// What came before was something else: a few bursts bring the caches and the core up to speed.
fn warm(lane: &mut Lane) {
    for _ in 0..1_024 {
        lane.turn(Clock::now(), BURST);
    }
}

fn percentiles(latency: &Histogram<u64>) -> Latency {
    let at = |percent: f64| latency.value_at_percentile(percent);
    let curve = latency.iter_quantiles(4).map(|step| {
        let percent = (step.quantile_iterated_to() * 1e8).round() / 1e6;
        (percent, step.value_iterated_to())
    });
    Latency {
        p50: at(50.0),
        p90: at(90.0),
        p99: at(99.0),
        p99_9: at(99.9),
        p99_99: at(99.99),
        max: latency.max(),
        curve: curve.filter(|(percent, _)| *percent < 100.0).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A device with a time of its own: each packet takes a while, and once it stalls.
    struct Slow<'a> {
        now: &'a Cell<u64>,
        per_packet: u64,
        stall: Option<(u64, u64)>,
        taken: u64,
    }

    impl Device for Slow<'_> {
        fn take(&mut self, count: usize) {
            assert!(count <= BURST);
            self.taken += count as u64;
            self.now.set(self.now.get() + count as u64 * self.per_packet);
            if let Some((_, length)) = self.stall.take_if(|(at, _)| self.now.get() >= *at) {
                self.now.set(self.now.get() + length);
            }
        }
    }

    impl Time for &Cell<u64> {
        fn now(&mut self) -> u64 {
            // Whoever only looks at the clock lets time go by, too.
            self.set(self.get() + 100);
            self.get()
        }
    }

    const SECOND: u64 = 1_000_000_000;

    fn send(
        rate: f64,
        capacity: usize,
        per_packet: u64,
        stall: Option<(u64, u64)>,
    ) -> (Outcome, u64) {
        let now = Cell::new(0);
        let mut device = Slow { now: &now, per_packet, stall, taken: 0 };
        let outcome = run(Schedule::new(rate), capacity, SECOND, &mut &now, &mut device);
        (outcome, device.taken)
    }

    #[test]
    fn every_packet_is_taken_or_lost() {
        for per_packet in [1, 100, 900, 1_100, 5_000] {
            let (outcome, taken) = send(1e6, 1_024, per_packet, None);
            assert_eq!(outcome.offered, 1_000_000);
            assert_eq!(outcome.offered, taken + outcome.lost, "{per_packet}");
            assert_eq!(outcome.latency.len(), taken);
        }
    }

    #[test]
    fn a_device_that_keeps_up_loses_nothing_and_is_quick() {
        let (outcome, _) = send(1e6, 1_024, 100, None);
        assert_eq!(outcome.lost, 0);
        assert!(outcome.latency.max() < 1_000, "{}", outcome.latency.max());
    }

    #[test]
    fn a_device_at_half_the_rate_loses_half_and_its_queue_is_full() {
        let (outcome, taken) = send(1e6, 1_000, 2_000, None);
        assert!((taken as f64 / 1e6 - 0.5).abs() < 0.01, "{taken}");
        // A place in a full queue is 1,000 packets of 2 µs away from the end.
        let p50 = outcome.latency.value_at_percentile(50.0) as f64;
        assert!((p50 / 2e6 - 1.0).abs() < 0.1, "{p50}");
    }

    /// Where latency counted from the burst's beginning, one burst would show the stall: 64 packets
    /// of a million, and p99.9 would know nothing of it.
    #[test]
    fn a_stall_is_seen_by_every_packet_that_was_due_in_it() {
        let (outcome, _) = send(1e6, 100_000, 100, Some((SECOND / 2, 10_000_000)));
        assert_eq!(outcome.lost, 0);
        let at = |percent| outcome.latency.value_at_percentile(percent) as f64 / 1e6;
        assert!((outcome.latency.max() as f64 / 1e7 - 1.0).abs() < 0.01);
        // 10 ms of 1 s is one packet in a hundred, and half of those waited 5 ms and more.
        assert!((at(99.5) - 5.0).abs() < 1.0, "{}", at(99.5));
        assert!((at(99.9) - 9.0).abs() < 0.5, "{}", at(99.9));
        assert!(at(98.0) < 0.01, "{}", at(98.0));
    }

    #[test]
    fn a_stall_that_fills_the_queue_loses_what_came_after() {
        let (outcome, _) = send(1e6, 1_000, 100, Some((SECOND / 2, 10_000_000)));
        // 10,000 packets were due in it, and 1,000 could wait.
        assert!((outcome.lost as f64 - 9_000.0).abs() < 100.0, "{}", outcome.lost);
    }

    #[test]
    fn the_queue_keeps_the_order_across_losses() {
        let mut ingress = Ingress::new(100);
        ingress.admit(150);
        assert_eq!((ingress.len, ingress.lost), (100, 50));
        assert_eq!(ingress.take(), 0..64);
        ingress.admit(160);
        assert_eq!(ingress.take(), 64..100);
        assert_eq!(ingress.take(), 150..160);
        assert_eq!(ingress.take(), 0..0);
    }
}
