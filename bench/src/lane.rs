//! A worker with its share of the load: its flows, the packets that they send, and the limit over
//! the same flows.
//!
//! Workers have nothing in common but the snapshot. Which flows are whose is decided here, by their
//! number.

use std::sync::Arc;
use std::time::Instant as Clock;

use egret_control::explain::{element_kind, element_names};
use egret_dataplane::packet::Tuple;
use egret_dataplane::prefetch::Hint;
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Emission, Limits, Worker};
use thiserror::Error;

use crate::job::Job;
use crate::limit::Limit;
use crate::traffic::{self, BURST, Flow, Pool, Trace, flow};
use crate::turnover::{Idle, Turnover};
use crate::world::World;

/// Flows that may be looked at for expiry after each burst.
const EXPIRE: usize = 4;
/// Bytes of the limit's table for each flow.
const LIMIT_BYTES: usize = 96;

/// A flow of the load that cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{opened} flows are open and no further one is: {kind} {element} drops its packet. {sentence} \
     Give fewer --flows, or a configuration that carries more"
)]
pub struct Refused {
    /// Flows that the worker has.
    pub opened: usize,
    /// The kind of element that drops the packet.
    pub kind: &'static str,
    /// What it is called.
    pub element: String,
    /// Why.
    pub sentence: &'static str,
}

/// A worker whose flows are open.
#[derive(Debug)]
pub struct Opened {
    worker: Worker,
    standing: Vec<Flow>,
    passing: Vec<Flow>,
    turnover: Option<Turnover>,
    now: Instant,
    /// CPU time that opening one flow and bringing it to where it stays took, in nanoseconds.
    pub open_nanos: f64,
}

/// A worker under load.
#[derive(Debug)]
pub struct Lane {
    worker: Worker,
    limit: Limit,
    hint: Hint,
    /// Packets for the generator alone and for the limit.
    aside: Trace,
    /// Packets for the worker.
    trace: Trace,
    pool: Pool,
    pace: Pace,
    expire: usize,
    bursts: usize,
    verdicts: Vec<Verdict>,
    emissions: Vec<Emission>,
}

/// How time goes by for a worker.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// As for everybody.
    Real { base: Instant, start: Clock },
    /// By a step with each burst.
    Steps { now: Instant, step: Duration },
}

impl Pace {
    fn now(&mut self, real: Clock) -> Instant {
        match self {
            Pace::Real { base, start } => {
                *base + Duration(real.duration_since(*start).as_nanos() as u64)
            }
            Pace::Steps { now, step } => {
                *now = *now + *step;
                *now
            }
        }
    }
}

impl Opened {
    /// Worker number `at` of the job's workers, with every flow of its share.
    ///
    /// # Errors
    /// When the configuration carries fewer flows.
    pub fn new(world: &World, job: &Job, at: usize) -> Result<Opened, Refused> {
        let share = (at..job.flows as usize).step_by(job.workers).count();
        let first = |n: usize| flow(world, at + n * job.workers, job.protocol);
        let limits = Limits { flows: share.next_multiple_of(BURST) };
        let mut worker = Worker::new(Arc::clone(&world.snapshot), limits, job.seed);
        let refused = |worker: &Worker, verdict| refused(&world.snapshot, worker, verdict);
        let turnover = turnover(world, job, share, &first).map_err(|v| refused(&worker, v))?;
        let split = turnover.map_or((share, 0), |split| (split.standing, split.passing));
        let firsts: Vec<(InterfaceId, Tuple)> = (0..split.0 + split.1).map(first).collect();
        let (standing, passing) = firsts.split_at(split.0);
        // Flows that pass are opened once to see them answered, and are gone again before the load
        // begins: it opens them anew.
        let mut now = Instant::ZERO;
        let passing = traffic::open_one_way(&mut worker, now, passing);
        let passing = passing.map_err(|verdict| refused(&worker, verdict))?;
        if let Some(split) = turnover {
            now = now + Duration(split.step.0 * (split.round / BURST) as u64);
            while worker.expire(now, share) > 0 {}
        }
        let start = crate::closed::cpu_nanos();
        let standing = traffic::open(&mut worker, now, standing);
        let standing = standing.map_err(|verdict| refused(&worker, verdict))?;
        let nanos = crate::closed::cpu_nanos() - start;
        let open_nanos = nanos as f64 / standing.len().max(1) as f64;
        Ok(Opened { worker, standing, passing, turnover, now, open_nanos })
    }

    /// Bytes that the load itself keeps of the flows, beside what the worker does.
    pub fn own_bytes(&self) -> usize {
        (self.standing.capacity() + self.passing.capacity()) * size_of::<Flow>()
    }

    /// Puts the worker under load.
    pub fn load(self, job: &Job) -> Lane {
        let (order, sizes) = ((job.order, job.direction), job.size.sizes());
        let trace = match &self.turnover {
            Some(split) => {
                Trace::with_turnover(&self.standing, &self.passing, split, order, sizes, job.seed)
            }
            None => Trace::new(&self.standing, job.order, job.direction, sizes, job.seed),
        };
        let mut flows = self.standing;
        flows.extend(self.passing);
        let pace = match &self.turnover {
            Some(split) => Pace::Steps { now: self.now, step: split.step },
            None => Pace::Real { base: self.now, start: Clock::now() },
        };
        let mut lane = Lane {
            worker: self.worker,
            limit: Limit::new(&flows, job.seed),
            hint: Hint::for_table(flows.len() * LIMIT_BYTES),
            aside: trace.clone(),
            trace,
            pool: Pool::default(),
            pace,
            expire: if self.turnover.is_some() { BURST } else { EXPIRE },
            bursts: 0,
            verdicts: Vec::with_capacity(BURST),
            emissions: Vec::new(),
        };
        // One round brings the table to the size that it keeps.
        let bursts = self.turnover.map_or(0, |split| split.round / BURST);
        for _ in 0..bursts {
            lane.turn(Clock::now(), BURST);
        }
        lane
    }
}

impl Lane {
    /// The worker.
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Packets that the limit did not find: none, or its measure is void.
    pub fn missed_by_limit(&self) -> u64 {
        self.limit.missed
    }

    /// Draws a burst and does nothing with it.
    #[inline]
    pub fn generate(&mut self) {
        std::hint::black_box(self.pool.fill(&mut self.aside));
    }

    /// Takes a burst as the limit does.
    #[inline]
    pub fn limit(&mut self) {
        let mut arrivals = self.pool.fill(&mut self.aside);
        self.bursts += 1;
        self.limit.process(self.hint, (self.bursts >> 10) as u16, &mut arrivals);
    }

    /// Takes a burst as a driver does, of which only the first `count` packets have come: the time
    /// is the burst's, and after it a few flows are looked at for expiry.
    #[inline]
    pub fn turn(&mut self, real: Clock, count: usize) {
        let now = self.pace.now(real);
        let mut arrivals = self.pool.fill_some(&mut self.trace, count);
        let arrivals = &mut arrivals[..count];
        self.worker.process(now, arrivals, &mut self.verdicts, &mut self.emissions);
        std::hint::black_box(&self.verdicts);
        self.verdicts.clear();
        self.emissions.clear();
        self.worker.expire(now, self.expire);
    }

    /// Runs on another configuration from the next burst on.
    pub fn adopt(&mut self, snapshot: Arc<Snapshot>) {
        self.worker.adopt(snapshot);
    }
}

/// How flows take turns, where a share of the packets opens one.
fn turnover(
    world: &World,
    job: &Job,
    flows: usize,
    first: &impl Fn(usize) -> (InterfaceId, Tuple),
) -> Result<Option<Turnover>, Verdict> {
    if job.new_flows <= 0.0 {
        return Ok(None);
    }
    // Any of the first flows shows what the timers of its protocol and its way are.
    let firsts: Vec<_> = (0..flows.min(64)).map(first).collect();
    let idle = Idle::of(&world.snapshot, &firsts)?;
    Ok(Some(Turnover::new(flows, job.new_flows / 100.0, idle)))
}

fn refused(snapshot: &Snapshot, worker: &Worker, verdict: Verdict) -> Refused {
    let opened = worker.flows().len();
    match verdict {
        Verdict::Drop(drop) | Verdict::Reply(drop) => Refused {
            opened,
            kind: element_kind(drop.element),
            element: element_names(snapshot, drop.element).swap_remove(0),
            sentence: drop.reason.sentence(),
        },
        Verdict::Forward(_) | Verdict::Held => {
            Refused { opened, kind: "dataplane", element: String::new(), sentence: "It waits." }
        }
    }
}
