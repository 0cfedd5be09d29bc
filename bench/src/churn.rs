//! Changes of the configuration under load: how long they take to arrive, and whom they disturb.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant as Clock};

use egret_dataplane::snapshot::Snapshot;

use crate::gap::Gaps;
use crate::job::Job;
use crate::lane::Lane;
use crate::results::{Churn, Spread};
use crate::tally::{Mark, Tally};
use crate::threads;
use crate::traffic::BURST;
use crate::world::{Versions, World};

/// How long the publisher sleeps between two looks at who has adopted.
const LOOK: Duration = Duration::from_micros(200);

/// Where workers find the next configuration.
struct Inlet {
    begun: Clock,
    next: Mutex<Arc<Snapshot>>,
    /// Versions published so far.
    version: AtomicU64,
    /// For each worker, the version that it runs on, and when it adopted that one: nanoseconds.
    adopted: Vec<(AtomicU64, AtomicU64)>,
}

impl Inlet {
    fn new(world: &World, workers: usize) -> Inlet {
        Inlet {
            begun: Clock::now(),
            next: Mutex::new(Arc::clone(&world.snapshot)),
            version: AtomicU64::new(0),
            adopted: (0..workers).map(|_| (AtomicU64::new(0), AtomicU64::new(0))).collect(),
        }
    }

    /// The number of this version, and the one before.
    fn publish(&self, snapshot: Arc<Snapshot>) -> (u64, Arc<Snapshot>) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *next, snapshot);
        (self.version.fetch_add(1, Ordering::Release) + 1, before)
    }

    /// Adopts what is new, between two bursts.
    #[inline]
    fn look(&self, worker: usize, lane: &mut Lane) {
        let version = self.version.load(Ordering::Acquire);
        if version != self.adopted[worker].0.load(Ordering::Relaxed) {
            self.adopt(worker, lane, version);
        }
    }

    #[cold]
    fn adopt(&self, worker: usize, lane: &mut Lane, version: u64) {
        let snapshot = Arc::clone(&self.next.lock().unwrap_or_else(PoisonError::into_inner));
        lane.adopt(snapshot);
        let (adopted, at) = &self.adopted[worker];
        at.store(self.begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        adopted.store(version, Ordering::Release);
    }

    /// When the last worker adopted that version; `None` where one has not.
    fn adopted_at(&self, version: u64) -> Option<u64> {
        let each = self.adopted.iter().map(|(adopted, at)| {
            (adopted.load(Ordering::Acquire) >= version).then(|| at.load(Ordering::Relaxed))
        });
        each.collect::<Option<Vec<u64>>>()?.into_iter().max()
    }
}

/// What the publisher saw.
#[derive(Default)]
struct Published {
    compile: Vec<f64>,
    adoption: Vec<f64>,
}

/// Sends every worker as many packets as it takes while `rate` snapshots a second are published.
pub fn measure(lanes: &mut [Lane], world: &World, job: &Job, rate: f64) -> Churn {
    let inlet = Inlet::new(world, lanes.len());
    let over = AtomicBool::new(false);
    let (published, all) = thread::scope(|scope| {
        let publisher = scope.spawn(|| publish(&inlet, world.versions(), rate, &over));
        let all = threads::each(lanes.iter_mut(), |at, lane| load(lane, at, &inlet, job.duration));
        over.store(true, Ordering::Relaxed);
        (publisher.join().expect("a publisher that ends well"), all)
    });
    let seconds = inlet.begun.elapsed().as_secs_f64();
    let gaps = all.iter().map(|(gaps, _)| *gaps).reduce(Gaps::worse).expect("a worker");
    let mut tally = Tally::default();
    all.into_iter().for_each(|(_, of_lane)| tally.add(of_lane));
    Churn {
        asked: rate,
        adopted: published.adoption.len() as u64,
        seconds,
        compile_ns: Spread::of(published.compile),
        worst_adoption_ns: published.adoption.iter().copied().fold(0.0, f64::max),
        adoption_ns: Spread::of(published.adoption).median,
        worst_gap_ns: gaps.worst,
        worst_own_gap_ns: gaps.worst_own,
        lost: tally.dropped(),
        tally,
    }
}

fn load(lane: &mut Lane, at: usize, inlet: &Inlet, seconds: f64) -> (Gaps, Tally) {
    let mark = Mark::of(lane.worker());
    let end = Clock::now() + Duration::from_secs_f64(seconds);
    let mut gaps = Gaps::start();
    loop {
        let now = Clock::now();
        gaps.note(now);
        if now >= end {
            break;
        }
        inlet.look(at, lane);
        lane.turn(now, BURST);
    }
    (gaps, Tally::since(&mark, lane.worker()))
}

/// Compiles and publishes a version at each turn, and waits until all have adopted it.
fn publish(inlet: &Inlet, mut versions: Versions, rate: f64, over: &AtomicBool) -> Published {
    let mut published = Published::default();
    let period = Duration::from_secs_f64(1.0 / rate);
    let mut turn = Clock::now();
    while !over.load(Ordering::Relaxed) {
        let start = Clock::now();
        versions.compile();
        published.compile.push(start.elapsed().as_nanos() as f64);
        let snapshot = versions.snapshot();
        wait_until(turn, over);
        let at = inlet.begun.elapsed().as_nanos() as u64;
        let (version, before) = inlet.publish(snapshot);
        turn += period;
        let adopted = loop {
            match inlet.adopted_at(version) {
                None if over.load(Ordering::Relaxed) => break None,
                None => thread::sleep(LOOK),
                adopted => break adopted,
            }
        };
        published.adoption.extend(adopted.map(|then| then.saturating_sub(at) as f64));
        // Freed here, by nobody who has packets to carry.
        drop(before);
    }
    published
}

/// Sleeps, but not beyond the end.
fn wait_until(turn: Clock, over: &AtomicBool) {
    while Clock::now() < turn && !over.load(Ordering::Relaxed) {
        let left = turn.saturating_duration_since(Clock::now());
        thread::sleep(left.min(Duration::from_millis(20)));
    }
}
