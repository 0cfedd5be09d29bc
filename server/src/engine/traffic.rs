//! Live traffic: a service or an interface sends to a destination, at a rate, through the running
//! dataplane, and the destination answers.
//!
//! A run is shared out over the workers: each sends from flows of its own, at its part of the rate
//! (`sender`), and shows what became of its packets. What the source and the destination are is
//! asked again with each configuration, as `egret explain` would ask it.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Clock, SystemTime};

use arc_swap::ArcSwap;
use egret_control::explain::resolve::{Request, resolve};
use egret_control::model::Listen;
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{EniOwner, InterfaceId};
use egret_dataplane::time::Instant;
use egret_dataplane::verdict::{Drop, DropReason};
use foldhash::fast::FixedState;
use tokio::sync::oneshot;

use super::Running;
use super::lane::Errand;

mod pace;
pub(super) mod packets;
mod plan;
pub(super) mod sender;
#[cfg(test)]
mod tests;
pub mod workload;

pub use packets::SMALLEST;
pub use plan::{Plan, Rate};

/// So many runs are kept, over or not.
pub const MOST_RUNS: usize = 64;

/// Where packets enter, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aim {
    pub(super) from: InterfaceId,
    pub(super) src: Ipv4Addr,
    pub(super) dst: Ipv4Addr,
    pub(super) dst_port: u16,
    pub(super) protocol: Protocol,
    /// Places where the destination may be, and nobody listens.
    pub(super) deaf: Vec<InterfaceId>,
}

/// A run.
#[derive(Debug)]
pub struct Run {
    /// Its number.
    pub id: u32,
    /// What is to be sent.
    pub plan: Plan,
    /// When it was started.
    pub started: SystemTime,
    /// What each worker has sent.
    parts: Vec<ArcSwap<Tally>>,
    aim: Mutex<Aimed>,
}

#[derive(Debug)]
struct Aimed {
    aim: Aim,
    /// Why source or destination are not known any more, if they are not.
    problem: Option<String>,
}

/// Which way a packet went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// From the source to the destination.
    Forward,
    /// From the destination back.
    Return,
}

/// Packets dropped, by what dropped them and which way they went.
pub type Drops = HashMap<(Drop, Way), u64, FixedState>;

/// What became of the packets of a run so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Packets that the source sent.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Packets that arrived at the destination.
    pub delivered: u64,
    /// Packets by which the destination answered.
    pub answers: u64,
    /// Answers that arrived at the source.
    pub answers_delivered: u64,
    /// Packets that arrived where nobody listens.
    pub refused: u64,
    /// What was dropped.
    pub drops: Drops,
    /// Packets that were not sent because the worker did not come to it in time.
    pub behind: u64,
    /// Packets that went on to another worker.
    pub handed_over: u64,
    /// Packets that came from another worker.
    pub taken_over: u64,
    /// The last word on a packet.
    pub last: Option<Last>,
    /// How often that was another one than before.
    pub turns: u64,
    /// When the worker was done with its part.
    pub over: Option<Instant>,
}

/// What became of a packet and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// When.
    pub at: Instant,
    /// The configuration by which it was judged.
    pub epoch: u32,
    /// What dropped it, or its answer.
    pub drop: Option<(Drop, Way)>,
}

impl Last {
    /// The word for it, as expectations use it.
    pub fn outcome(&self) -> &'static str {
        match self.drop {
            None => "delivered",
            Some((_, Way::Forward)) => "dropped",
            Some((_, Way::Return)) => "no-reply",
        }
    }
}

impl Tally {
    /// Packets dropped.
    pub fn dropped(&self) -> u64 {
        self.drops.values().sum()
    }

    /// Packets of which nobody knows yet what became of them: between two workers, when nothing is
    /// wrong.
    pub fn under_way(&self) -> u64 {
        let went = self.delivered + self.answers_delivered + self.dropped();
        (self.sent + self.answers).saturating_sub(went)
    }

    /// Packets dropped for want of something in Egret, and not by the network.
    pub fn lost(&self) -> u64 {
        let ours = self.drops.iter().filter(|((drop, _), _)| is_loss(drop.reason));
        ours.map(|(_, count)| count).sum()
    }

    fn add(&mut self, more: &Tally) {
        self.sent += more.sent;
        self.sent_bytes += more.sent_bytes;
        self.delivered += more.delivered;
        self.answers += more.answers;
        self.answers_delivered += more.answers_delivered;
        self.refused += more.refused;
        self.behind += more.behind;
        self.handed_over += more.handed_over;
        self.taken_over += more.taken_over;
        self.turns += more.turns;
        for (drop, count) in &more.drops {
            *self.drops.entry(*drop).or_default() += count;
        }
        let later = |last: &Last| self.last.is_none_or(|known| known.at < last.at);
        self.last = more.last.filter(later).or(self.last);
    }
}

/// Whether a packet that is dropped for this reason would have passed a larger or a better Egret.
pub fn is_loss(reason: DropReason) -> bool {
    use DropReason::*;
    matches!(reason, FlowTableFull | HandoverFull | WorkerLost | FragmentsFull)
}

impl Run {
    /// What became of its packets, over all workers.
    pub fn tally(&self) -> Tally {
        let parts: Vec<Arc<Tally>> = self.parts.iter().map(ArcSwap::load_full).collect();
        let mut sum = Tally::default();
        parts.iter().for_each(|part| sum.add(part));
        let over = parts.iter().map(|part| part.over).collect::<Option<Vec<_>>>();
        sum.over = over.and_then(|over| over.into_iter().max());
        sum
    }

    /// When it begins, or began.
    pub fn begins(&self) -> SystemTime {
        self.started + self.plan.after
    }

    /// Why source or destination are not known any more, if they are not.
    pub fn problem(&self) -> Option<String> {
        lock(&self.aim).problem.clone()
    }

    fn show(&self, worker: usize, tally: &Tally) {
        self.parts[worker].store(Arc::new(tally.clone()));
    }

    fn request(&self) -> Request {
        self.plan.request()
    }
}

/// Why there is no further run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStarted {
    /// It is not clear who sends, or where to.
    #[error(transparent)]
    Unresolved(#[from] egret_control::explain::resolve::Unresolved),
    /// There are too many.
    #[error("{MOST_RUNS} runs are kept, and there is room for {free} more of {more}")]
    TooMany {
        /// Runs that were to be started.
        more: usize,
        /// Runs that there is room for.
        free: usize,
    },
}

/// All runs.
#[derive(Debug)]
pub struct Traffic {
    inboxes: Vec<Sender<Errand>>,
    runs: Mutex<Runs>,
    /// When the workers' time began.
    began: (SystemTime, Clock),
}

#[derive(Debug, Default)]
struct Runs {
    last: u32,
    all: BTreeMap<u32, Arc<Run>>,
}

impl Traffic {
    pub(super) fn new(inboxes: Vec<Sender<Errand>>) -> Traffic {
        let began = (SystemTime::now(), Clock::now());
        Traffic { inboxes, runs: Mutex::default(), began }
    }

    /// Starts runs: all of them, or none.
    ///
    /// # Errors
    /// See [`NotStarted`].
    pub fn start(&self, running: &Running, plans: Vec<Plan>) -> Result<Vec<Arc<Run>>, NotStarted> {
        let aims: Result<Vec<Aim>, _> =
            plans.iter().map(|plan| aim(running, &plan.request())).collect();
        let aims = aims?;
        let mut runs = lock(&self.runs);
        let forgotten = runs.make_room(plans.len())?;
        let workers = self.inboxes.len();
        let started: Vec<_> =
            plans.into_iter().zip(&aims).map(|(plan, aim)| runs.add(plan, aim, workers)).collect();
        drop(runs);
        for forgotten in forgotten {
            self.tell(|| Errand::Forget(forgotten, oneshot::channel().0));
        }
        for (run, aim) in started.iter().zip(&aims) {
            self.tell(|| Errand::Start(Arc::clone(run), aim.clone()));
        }
        Ok(started)
    }

    /// All runs, in the order in which they were started.
    pub fn runs(&self) -> Vec<Arc<Run>> {
        lock(&self.runs).all.values().cloned().collect()
    }

    /// The run of that number.
    pub fn run(&self, id: u32) -> Option<Arc<Run>> {
        lock(&self.runs).all.get(&id).cloned()
    }

    /// Stops a run and forgets it; gives back what became of all its packets.
    pub async fn stop(&self, id: u32) -> Option<(Arc<Run>, Tally)> {
        let run = lock(&self.runs).all.remove(&id)?;
        self.all_have(|done| Errand::Stop(id, done)).await;
        // What is between two workers arrives when they have had their next turns.
        for _ in 0..SETTLES {
            if run.tally().under_way() == 0 {
                break;
            }
            tokio::time::sleep(SETTLE).await;
        }
        self.all_have(|done| Errand::Forget(id, done)).await;
        let tally = run.tally();
        Some((run, tally))
    }

    /// Asks anew what source and destination are: the configuration is another one.
    pub(super) fn aim(&self, running: &Running) {
        for run in self.runs() {
            let mut aimed = lock(&run.aim);
            match aim(running, &run.request()) {
                Ok(aim) => {
                    aimed.problem = None;
                    if aim != aimed.aim {
                        aimed.aim = aim.clone();
                        self.tell(|| Errand::Aim(run.id, aim.clone()));
                    }
                }
                // Its packets go on from where the source was, and are dropped there.
                Err(problem) => aimed.problem = Some(problem.to_string()),
            }
        }
    }

    /// What the clock on the wall says at an instant of the workers.
    pub fn wall(&self, at: Instant) -> SystemTime {
        self.began.0 + Duration::from_nanos(at.0)
    }

    /// How long ago an instant of the workers was.
    pub fn since(&self, at: Instant) -> Duration {
        self.began.1.elapsed().saturating_sub(Duration::from_nanos(at.0))
    }

    fn tell(&self, errand: impl Fn() -> Errand) {
        for inbox in &self.inboxes {
            // A worker that is lost sends nothing.
            let _ = inbox.send(errand());
        }
    }

    /// Waits until every worker has had it.
    async fn all_have(&self, errand: impl Fn(oneshot::Sender<()>) -> Errand) {
        let sent = self.inboxes.iter().map(|inbox| {
            let (done, had) = oneshot::channel();
            let _ = inbox.send(errand(done));
            had
        });
        for had in sent.collect::<Vec<_>>() {
            let _ = had.await;
        }
    }
}

/// How often, and how long each time, a stopped run is waited for.
const SETTLES: usize = 20;
const SETTLE: Duration = Duration::from_millis(5);

impl Runs {
    /// Forgets the runs that were over first, where there are too many for so many more.
    fn make_room(&mut self, more: usize) -> Result<Vec<u32>, NotStarted> {
        let too_many = (self.all.len() + more).saturating_sub(MOST_RUNS);
        let over = |run: &Arc<Run>| run.tally().over.is_some();
        let over = self.all.iter().filter(|(_, run)| over(run)).map(|(id, _)| *id);
        let forgotten: Vec<u32> = over.take(too_many).collect();
        if forgotten.len() < too_many {
            return Err(NotStarted::TooMany {
                more,
                free: MOST_RUNS + forgotten.len() - self.all.len(),
            });
        }
        forgotten.iter().for_each(|id| drop(self.all.remove(id)));
        Ok(forgotten)
    }

    fn add(&mut self, plan: Plan, aim: &Aim, workers: usize) -> Arc<Run> {
        self.last += 1;
        let parts = (0..workers).map(|_| ArcSwap::from_pointee(Tally::default())).collect();
        let aim = Mutex::new(Aimed { aim: aim.clone(), problem: None });
        let run = Run { id: self.last, plan, started: SystemTime::now(), parts, aim };
        let run = Arc::new(run);
        self.all.insert(run.id, Arc::clone(&run));
        run
    }
}

fn aim(
    running: &Running,
    request: &Request,
) -> Result<Aim, egret_control::explain::resolve::Unresolved> {
    let question = resolve(&running.model, &running.compilation.snapshot, request)?;
    let tuple = question.tuple;
    Ok(Aim {
        from: question.from,
        src: tuple.src,
        dst: tuple.dst,
        dst_port: tuple.dst_port,
        protocol: tuple.protocol,
        deaf: deaf(running, tuple),
    })
}

/// Where such packets may arrive, and it is known that nobody listens: at hosts outside, and at
/// interfaces with that address.
fn deaf(running: &Running, to: Tuple) -> Vec<InterfaceId> {
    let (snapshot, index) = (&running.compilation.snapshot, &running.compilation.index);
    if !matches!(to.protocol, Protocol::TCP | Protocol::UDP) {
        return Vec::new();
    }
    let unheard = |listen: &[Listen]| {
        !listen.contains(&Listen { protocol: to.protocol.0, port: to.dst_port })
    };
    let private = snapshot.vpcs.iter().filter_map(|vpc| vpc.eni_at(to.dst));
    let inside =
        private.chain(snapshot.eni_of_public(to.dst)).filter_map(|eni| match snapshot[eni].owner {
            EniOwner::Host(place) => Some(place),
            _ => None,
        });
    let inside = inside.filter(|place| index.listen(*place).is_some_and(unheard));
    let outside = index.host_listen(to.dst).filter(|listen| unheard(listen));
    inside.chain(outside.map(|_| InterfaceId::INTERNET)).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
