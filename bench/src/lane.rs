//! A worker with its share of the load: its flows, the packets that they send, and the limit over
//! the same flows.
//!
//! Flows belong to workers as the dataplane steers them. Each worker runs to completion on a thread
//! of its own; nothing here is handed from one to another.

use std::sync::Arc;
use std::time::Instant as Clock;

use egret_control::explain::{element_kind, element_names};
use egret_dataplane::packet::Tuple;
use egret_dataplane::prefetch::Hint;
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::steer::Steering;
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Emission, Limits, Worker};
use thiserror::Error;

use crate::closed::cpu_nanos;
use crate::job::Job;
use crate::limit::Limit;
use crate::threads;
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
    "a worker has {opened} flows and cannot open another: {kind} {element} says no. {sentence} Give \
     fewer --flows, or a configuration that carries more"
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
    /// CPU time of opening flows that stand and bringing them to where they stay, in nanoseconds.
    pub open_nanos: u64,
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
    /// The job's workers, each with every flow that the dataplane steers to it.
    ///
    /// # Errors
    /// When the configuration carries fewer flows.
    pub fn all(world: &World, job: &Job) -> Result<Vec<Opened>, Refused> {
        let steering = Steering::new(job.workers, job.seed);
        let shares = shares(world, job, steering);
        let largest = shares.iter().map(Vec::len).max().unwrap_or(0);
        let limits = Limits { flows: largest.next_multiple_of(BURST) };
        let workers = Worker::crew(&world.snapshot, limits, job.seed, steering);
        let open = |_, (worker, firsts)| Opened::new(world, job, worker, firsts);
        threads::each(workers.into_iter().zip(shares), open).into_iter().collect()
    }

    /// A worker with the flows that begin with these packets.
    fn new(
        world: &World,
        job: &Job,
        mut worker: Worker,
        firsts: Vec<First>,
    ) -> Result<Opened, Refused> {
        let refused = |worker: &Worker, verdict| refused(&world.snapshot, worker, verdict);
        let turnover = turnover(world, job, &firsts).map_err(|v| refused(&worker, v))?;
        let (stand, pass) = turnover.map_or((firsts.len(), 0), |t| (t.standing, t.passing));
        let (standing, passing) = (&firsts[..stand], &firsts[stand..stand + pass]);
        // Flows that pass are opened once to see them answered, and are gone again before the load
        // begins: it opens them anew.
        let mut now = Instant::ZERO;
        let passing = traffic::open_one_way(&mut worker, now, passing);
        let passing = passing.map_err(|verdict| refused(&worker, verdict))?;
        if let Some(split) = turnover {
            now = now + Duration(split.step.0 * (split.round / BURST) as u64);
            forget(&mut worker, now);
        }
        let start = cpu_nanos();
        let standing = traffic::open(&mut worker, now, standing);
        let standing = standing.map_err(|verdict| refused(&worker, verdict))?;
        let open_nanos = cpu_nanos() - start;
        Ok(Opened { worker, standing, passing, turnover, now, open_nanos })
    }

    /// Flows that stand.
    pub fn standing(&self) -> usize {
        self.standing.len()
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
        drop(self.worker.adopt(snapshot));
    }
}

/// The first packet of a flow: where it enters, and its tuple.
type First = (InterfaceId, Tuple);

/// The flows of each worker.
fn shares(world: &World, job: &Job, steering: Steering) -> Vec<Vec<First>> {
    let mut shares = vec![Vec::with_capacity(job.flows as usize / job.workers); job.workers];
    for number in 0..job.flows as usize {
        let first = flow(world, number, job.protocol);
        let owner = match job.workers {
            1 => 0,
            _ => traffic::owner(&world.snapshot, steering, first),
        };
        shares[owner].push(first);
    }
    shares
}

/// How flows take turns, where a share of the packets opens one.
fn turnover(world: &World, job: &Job, firsts: &[First]) -> Result<Option<Turnover>, Verdict> {
    if job.new_flows <= 0.0 {
        return Ok(None);
    }
    // The first few flows show what the timers of each protocol and way are.
    let idle = Idle::of(&world.snapshot, &firsts[..firsts.len().min(64)])?;
    Ok(Some(Turnover::new(firsts.len(), job.new_flows / 100.0, idle)))
}

/// Lets every flow end, which has been idle for long enough. Each is looked at a few times, nearer
/// by each time.
fn forget(worker: &mut Worker, now: Instant) {
    let flows = worker.flows().len();
    for _ in 0..16 {
        worker.expire(now, flows);
    }
}

fn refused(snapshot: &Snapshot, worker: &Worker, verdict: Verdict) -> Refused {
    let opened = worker.flows().len();
    let (kind, element, sentence) = match verdict {
        Verdict::Drop(drop) | Verdict::Reply(drop) => (
            element_kind(drop.element),
            element_names(snapshot, drop.element).swap_remove(0),
            drop.reason.sentence(),
        ),
        Verdict::HandedOver(_) => {
            ("dataplane", String::new(), "The worker has no port of its own left for it.")
        }
        Verdict::Forward(_) | Verdict::Held => ("dataplane", String::new(), "It waits."),
    };
    Refused { opened, kind, element, sentence }
}
