//! Several workers, a thread each, under the wall clock.
//!
//! Each thread runs its worker to completion: packets come from the worker's own [`Lane`] and leave
//! by it. Threads meet in three places only, none of which a hit touches: the published snapshot,
//! which is looked at between two bursts; the rings by which few packets are handed over; and the
//! word to stop. A worker that panics is reported, and the packets of its flows are counted as
//! dropped from then on; the others go on.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant as Clock;

use crossbeam::utils::CachePadded;

use crate::handover::Handover;
use crate::snapshot::{Epoch, Snapshot};
use crate::steer::Steering;
use crate::sync::{
    ArcSwap, ArrayQueue, AtomicU32, AtomicUsize, Backoff, Builder, JoinHandle, Ordering,
};
use crate::time::{Duration, Instant};
use crate::verdict::{DropReason, Element, Verdict};
use crate::worker::{Emission, Limits, Worker};

/// Handed-over packets that wait for one worker. Models have the smallest: it is full at once.
const RING: usize = if cfg!(egret_shuttle) { 1 } else { 1_024 };
/// Messages that a worker keeps for others whose ring is full. Beyond them packets are dropped.
const BACKLOG: usize = if cfg!(egret_shuttle) { 8 } else { 4_096 };
/// Flows that are looked at for expiry between two bursts.
const EXPIRE: usize = 16;

/// Where a worker's packets come from and go to.
pub trait Lane: Send + 'static {
    /// Gives the worker what there is for it: a burst, as a rule.
    fn turn(&mut self, worker: &mut Worker, now: Instant) -> Turn;

    /// A packet leaves that came from another worker. It is no longer the worker's turn: what the
    /// lane makes of it comes with its next one.
    fn leave(&mut self, emission: Emission) {
        drop(emission);
    }

    /// A packet goes between workers, and is about to be judged. What the lane says of it comes
    /// back with the verdict ([`judged`](Self::judged)).
    fn comes(&mut self, packet: &[u8]) -> u64 {
        let _ = packet;
        0
    }

    /// What became of a packet that came from another worker, or that was to go to one and for which
    /// there was no room on the way.
    fn judged(&mut self, said: u64, verdict: Verdict) {
        let _ = (said, verdict);
    }

    /// The worker is lost: takes what there would be for it. How many packets that was.
    fn discard(&mut self) -> (u64, Turn) {
        (0, Turn::Done)
    }
}

/// What a lane had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Packets.
    Busy,
    /// Nothing at the moment.
    Idle,
    /// Nothing any more, but for what comes of [`Lane::leave`].
    Done,
}

/// How a worker ended.
#[derive(Debug)]
pub struct Ended<L> {
    /// Its lane.
    pub lane: L,
    /// The worker, with its flows and counters; after a panic only the counters mean anything.
    pub worker: Worker,
    /// What it said when it panicked, if it did.
    pub panicked: Option<String>,
}

/// Workers that run.
#[derive(Debug)]
pub struct Threads<L> {
    shared: Arc<Shared>,
    handles: Vec<JoinHandle<Ended<L>>>,
}

/// What the threads have in common.
#[derive(Debug)]
struct Shared {
    snapshot: ArcSwap<Snapshot>,
    /// The epoch that each worker runs on; [`GONE`] when it does not run any more.
    adopted: Vec<CachePadded<AtomicU32>>,
    rings: Vec<ArrayQueue<Handover>>,
    /// Lanes that are not done, and messages that were sent and whose consequences were not yet.
    active: AtomicUsize,
    /// One of the stages below. A single word: of two, a thread would see the first one late and the
    /// second one early.
    stage: AtomicU32,
    start: Clock,
}

/// Not every thread is there yet, and no lane has had a turn.
const BEGINNING: u32 = 0;
/// Lanes have their turns.
const RUNNING: u32 = 1;
/// Lanes have no more turns; what is under way comes to its end.
const STOPPED: u32 = 2;
/// A thread could not be had, so none does anything.
const CANCELLED: u32 = 3;

impl Shared {
    fn begun(&self, count: usize) {
        self.active.fetch_add(count, Ordering::AcqRel);
    }

    fn ended(&self, count: usize) {
        self.active.fetch_sub(count, Ordering::AcqRel);
    }

    fn stopped(&self) -> bool {
        self.stage.load(Ordering::Acquire) == STOPPED
    }

    /// Whether nothing more can come of anything: then nothing ever will.
    fn is_over(&self) -> bool {
        self.active.load(Ordering::Acquire) == 0
    }
}

/// The epoch of a worker that has ended: later than all.
const GONE: u32 = u32::MAX;

impl<L: Lane> Threads<L> {
    /// Starts a worker for each lane.
    ///
    /// # Errors
    /// When the system gives no more threads. Then no lane has had a turn.
    pub fn start(
        snapshot: &Arc<Snapshot>,
        limits: Limits,
        seed: u64,
        lanes: Vec<L>,
    ) -> std::io::Result<Threads<L>> {
        let steering = Steering::new(lanes.len(), seed);
        Threads::with(Worker::crew(snapshot, limits, seed, steering), lanes)
    }

    /// The same with workers that may have flows already: all of one crew, in order. Time begins
    /// anew: what happened to them happened at [`Instant::ZERO`].
    ///
    /// # Errors
    /// As [`start`](Self::start).
    ///
    /// # Panics
    /// When there is no worker, or not a lane for each.
    pub fn with(workers: Vec<Worker>, lanes: Vec<L>) -> std::io::Result<Threads<L>> {
        assert_eq!(workers.len(), lanes.len(), "a lane for each worker");
        let snapshot = workers.first().expect("at least one worker").snapshot();
        let adopted = |worker: &Worker| CachePadded::new(AtomicU32::new(worker.snapshot().epoch.0));
        let shared = Arc::new(Shared {
            snapshot: ArcSwap::new(Arc::clone(snapshot)),
            adopted: workers.iter().map(adopted).collect(),
            rings: workers.iter().map(|_| ArrayQueue::new(RING)).collect(),
            active: AtomicUsize::new(lanes.len()),
            stage: AtomicU32::new(BEGINNING),
            start: now(),
        });
        let mut threads = Threads { shared, handles: Vec::new() };
        for (worker, lane) in workers.into_iter().zip(lanes) {
            let shared = Arc::clone(&threads.shared);
            let name = format!("worker-{}", worker.id().0);
            let run = move || Thread::new(shared, worker, lane).run();
            match Builder::new().name(name).spawn(run) {
                Ok(handle) => threads.handles.push(handle),
                Err(error) => {
                    threads.end(CANCELLED);
                    return Err(error);
                }
            }
        }
        threads.shared.stage.store(RUNNING, Ordering::Release);
        Ok(threads)
    }

    /// A handle by which snapshots are published, from any thread.
    pub fn publisher(&self) -> Publisher {
        Publisher { shared: Arc::clone(&self.shared), retired: Vec::new() }
    }

    /// Ends all workers after their present burst, and waits for them. What they have for each other
    /// by then is judged and leaves, so that nothing is lost on the way.
    pub fn stop(self) -> Vec<Ended<L>> {
        self.end(STOPPED)
    }

    fn end(self, stage: u32) -> Vec<Ended<L>> {
        self.shared.stage.store(stage, Ordering::Release);
        self.join()
    }

    /// Waits until every lane is done.
    pub fn join(self) -> Vec<Ended<L>> {
        let joined = self.handles.into_iter().map(JoinHandle::join);
        joined.map(|ended| ended.expect("a thread catches its worker's panics")).collect()
    }
}

/// Publishes snapshots to running workers, and frees them when no worker runs on them any more.
#[derive(Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
    /// Snapshots that workers may still run on.
    retired: Vec<Arc<Snapshot>>,
}

impl Clone for Publisher {
    /// Each frees what it has replaced itself.
    fn clone(&self) -> Publisher {
        Publisher { shared: Arc::clone(&self.shared), retired: Vec::new() }
    }
}

impl Publisher {
    /// Hands the workers another configuration; they run on it from their next burst on. Its epoch
    /// must be later than the one before.
    pub fn publish(&mut self, snapshot: Arc<Snapshot>) {
        // Freeing one is work that no worker shall find itself with.
        self.retired.retain(|snapshot| Arc::strong_count(snapshot) > 1);
        self.retired.push(self.shared.snapshot.swap(snapshot));
    }

    /// Whether every worker that runs has come to this epoch.
    pub fn is_adopted(&self, epoch: Epoch) -> bool {
        self.shared.adopted.iter().all(|adopted| adopted.load(Ordering::Acquire) >= epoch.0)
    }

    /// Publishes, and returns when every worker runs on it, with how long that took.
    pub fn publish_and_wait(&mut self, snapshot: Arc<Snapshot>) -> Duration {
        let (epoch, start) = (snapshot.epoch, now());
        self.publish(snapshot);
        let backoff = Backoff::new();
        while !self.is_adopted(epoch) {
            backoff.snooze();
        }
        Duration(start.elapsed().as_nanos() as u64)
    }
}

/// The wall clock: here, and nowhere else in this crate.
#[allow(clippy::disallowed_methods)]
fn now() -> Clock {
    Clock::now()
}

/// One of the threads.
struct Thread<L> {
    shared: Arc<Shared>,
    worker: Worker,
    lane: L,
    /// Whether the lane said that it is done.
    done: bool,
    /// Messages for which there was no room in a ring, in order.
    backlog: VecDeque<Handover>,
    /// Messages that were taken, and whose consequences are not all sent yet.
    taken: usize,
}

impl<L: Lane> Thread<L> {
    fn new(shared: Arc<Shared>, worker: Worker, lane: L) -> Thread<L> {
        Thread { shared, worker, lane, done: false, backlog: VecDeque::new(), taken: 0 }
    }

    fn run(mut self) -> Ended<L> {
        let begins = self.begins();
        let ran = catch_unwind(AssertUnwindSafe(|| {
            if begins {
                self.work()
            }
        }));
        self.adopted(Epoch(GONE));
        let panicked = ran.err().map(|panic| what(&*panic));
        if panicked.is_some() {
            self.bury();
        }
        Ended { lane: self.lane, worker: self.worker, panicked }
    }

    /// Waits until all threads are there; false when one could not be had.
    fn begins(&self) -> bool {
        let backoff = Backoff::new();
        loop {
            match self.shared.stage.load(Ordering::Acquire) {
                BEGINNING => backoff.snooze(),
                stage => return stage != CANCELLED,
            }
        }
    }

    /// Until all lanes are done or told to stop, and nothing is under way. A worker whose lane is
    /// done stays for what others have for it.
    fn work(&mut self) {
        let mut emissions = Vec::new();
        let backoff = Backoff::new();
        loop {
            self.adopt();
            let now = Instant(self.shared.start.elapsed().as_nanos() as u64);
            self.take_over(now, &mut emissions);
            let turn = self.turn(now);
            self.worker.expire(now, EXPIRE);
            self.hand_over();
            self.is_done(turn == Turn::Done);
            let took = std::mem::take(&mut self.taken);
            // What they led to is under way by now, or the lane has it.
            self.shared.ended(took);
            if self.done && self.shared.is_over() {
                return;
            }
            if turn == Turn::Busy || took > 0 { backoff.reset() } else { backoff.snooze() }
        }
    }

    #[inline]
    fn turn(&mut self, now: Instant) -> Turn {
        if self.shared.stopped() { Turn::Done } else { self.lane.turn(&mut self.worker, now) }
    }

    /// Notes whether the lane is done. One that was may have something again, from `leave`.
    fn is_done(&mut self, done: bool) {
        match (self.done, done) {
            (false, true) => self.shared.ended(1),
            (true, false) => self.shared.begun(1),
            _ => {}
        }
        self.done = done;
    }

    fn ring(&self) -> &ArrayQueue<Handover> {
        &self.shared.rings[usize::from(self.worker.id().0)]
    }

    /// Runs on what was published last.
    #[inline]
    fn adopt(&mut self) {
        let published = self.shared.snapshot.load();
        if published.epoch != self.worker.snapshot().epoch {
            let snapshot = Arc::clone(&published);
            drop(published);
            let epoch = snapshot.epoch;
            // The publisher has it, too, and frees it.
            drop(self.worker.adopt(snapshot));
            self.adopted(epoch);
        }
    }

    fn adopted(&self, epoch: Epoch) {
        let adopted = &self.shared.adopted[usize::from(self.worker.id().0)];
        adopted.fetch_max(epoch.0, Ordering::AcqRel);
    }

    /// Takes what others have for this worker: a ring full at most, for they may go on, and the lane
    /// and the next snapshot wait.
    #[inline]
    fn take_over(&mut self, now: Instant, emissions: &mut Vec<Emission>) {
        while self.taken < RING
            && let Some(handover) = self.ring().pop()
        {
            self.taken += 1;
            let said = handover.packet().map_or(0, |packet| self.lane.comes(packet));
            if let Some(verdict) = self.worker.take_over(now, handover, emissions) {
                self.lane.judged(said, verdict);
            }
            for emission in emissions.drain(..) {
                self.lane.leave(emission);
            }
        }
    }

    /// Sends what this worker has for others, as far as there is room for it.
    #[inline]
    fn hand_over(&mut self) {
        self.collect();
        while let Some(handover) = self.backlog.pop_front() {
            let ring = &self.shared.rings[usize::from(handover.to.0)];
            if let Err(handover) = ring.push(handover) {
                self.backlog.push_front(handover);
                self.shorten_backlog();
                break;
            }
        }
    }

    #[inline]
    fn collect(&mut self) {
        if self.worker.hands_over() {
            let before = self.backlog.len();
            self.backlog.extend(self.worker.handovers());
            self.shared.begun(self.backlog.len() - before);
        }
    }

    /// Drops the youngest packets beyond what a worker may keep for others. News is never dropped:
    /// there is at most one for each flow.
    #[cold]
    fn shorten_backlog(&mut self) {
        while self.backlog.len() > BACKLOG
            && let Some(at) = self.backlog.iter().rposition(Handover::is_packet)
            && let Some(handover) = self.backlog.remove(at)
        {
            self.worker.drop_handover(&handover);
            let said = handover.packet().map_or(0, |packet| self.lane.comes(packet));
            self.lane.judged(said, Verdict::Drop(DropReason::HandoverFull.at(Element::Dataplane)));
            // Somebody may have to know that there will be no flow.
            self.collect();
            self.shared.ended(1);
        }
    }

    /// The worker has failed. Its flows are gone, and whatever comes for them is dropped.
    fn bury(&mut self) {
        self.forget_backlog();
        let (mut discarded, mut taken) = (0, 0);
        let backoff = Backoff::new();
        let mut lane_works = true;
        loop {
            let (packets, turn) = self.discard(&mut lane_works);
            discarded += packets;
            taken += self.discard_handovers();
            self.is_done(turn == Turn::Done);
            if self.done && self.shared.is_over() {
                break;
            }
            if turn == Turn::Busy { backoff.reset() } else { backoff.snooze() }
        }
        self.worker.lose(discarded, taken);
    }

    /// What the worker had to send will not be sent, and what it had taken leads to nothing.
    fn forget_backlog(&mut self) {
        self.shared.ended(self.backlog.len() + std::mem::take(&mut self.taken));
        let unsent = self.backlog.drain(..).chain(self.worker.handovers());
        let packets = unsent.filter(Handover::is_packet).count();
        self.worker.lose_handovers(packets as u64);
    }

    /// What the lane has for a worker that is lost. One that fails at that, too, is done.
    fn discard(&mut self, lane_works: &mut bool) -> (u64, Turn) {
        if self.shared.stopped() || !*lane_works {
            return (0, Turn::Done);
        }
        let discarded = catch_unwind(AssertUnwindSafe(|| self.lane.discard()));
        *lane_works = discarded.is_ok();
        discarded.unwrap_or((0, Turn::Done))
    }

    /// Packets that others had for the worker.
    fn discard_handovers(&self) -> u64 {
        let mut packets = 0;
        while let Some(handover) = self.ring().pop() {
            packets += u64::from(handover.is_packet());
            self.shared.ended(1);
        }
        packets
    }
}

/// What a panic said.
fn what(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it did not say why".to_owned())
}
