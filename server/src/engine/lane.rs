//! What a worker of the running dataplane gets to do: packets that somebody sends, live traffic,
//! questions about its flows, and rest.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use arc_swap::ArcSwap;
use egret_dataplane::counters::Counters;
use egret_dataplane::packet::decode;
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::steer::Steering;
use egret_dataplane::threads::{Lane, Turn};
use egret_dataplane::time::Instant;
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Emission, Worker};
use tokio::sync::oneshot;

use super::flow_pages::{self, Filter, Page};
use super::observer::Observer;
use super::traffic::packets::Mark;
use super::traffic::sender::Senders;
use super::traffic::{Aim, Run};
use super::trails::{ByElement, Trails};

/// How long a worker without packets rests before it looks for a new configuration: a bound on how
/// late an idle worker adopts one.
const REST: Duration = Duration::from_millis(1);
/// How long it rests at least between two packets that are due: those in between go together.
const SHORTEST_REST: Duration = Duration::from_micros(200);
/// How often a worker's counters are shown, in nanoseconds.
const SHOW: u64 = 100_000_000;

/// What somebody wants of a worker.
pub(super) enum Errand {
    /// Judge these packets.
    Judge(Burst),
    /// Send a part of this run.
    Start(Arc<Run>, Aim),
    /// The run's source and destination are others.
    Aim(u32, Aim),
    /// Send no more of it, and say so.
    Stop(u32, oneshot::Sender<()>),
    /// Forget it, and say so.
    Forget(u32, oneshot::Sender<()>),
    /// Show flows: from that place on, so many, those.
    Flows { from: usize, most: usize, wanted: Filter, shown: oneshot::Sender<Page> },
}

/// Packets with the interfaces that they enter by, and who wants to know what became of them.
pub(super) struct Burst {
    pub(super) packets: Vec<(InterfaceId, Vec<u8>)>,
    pub(super) judged: oneshot::Sender<Vec<Judged>>,
}

/// What became of a packet.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The packet, as it was rewritten.
    pub bytes: Vec<u8>,
}

/// What a worker shows of itself.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// What became of its packets.
    pub counters: Counters,
    /// What has passed each element.
    pub passed: ByElement,
    /// How many flows live.
    pub flows: usize,
    /// How many it may have.
    pub capacity: usize,
}

/// The lane of one worker.
pub(super) struct Errands {
    inbox: Receiver<Errand>,
    shown: Arc<ArcSwap<Shown>>,
    observer: Arc<Observer>,
    show_at: u64,
    trails: Trails,
    senders: Senders,
}

impl Errands {
    pub(super) fn new(
        inbox: Receiver<Errand>,
        shown: Arc<ArcSwap<Shown>>,
        steering: Steering,
        observer: Arc<Observer>,
    ) -> Errands {
        let (trails, senders) = (Trails::default(), Senders::new(steering));
        Errands { inbox, shown, observer, show_at: 0, trails, senders }
    }

    fn show(&mut self, worker: &Worker, now: Instant) {
        if now.0 < self.show_at {
            return;
        }
        self.show_at = now.0 + SHOW;
        self.senders.show(now);
        let before = self.shown.load();
        let idle = before.counters.received == worker.counters().received
            && before.counters.taken_over == worker.counters().taken_over
            && before.flows == worker.flows().len()
            && before.capacity > 0;
        if !idle {
            self.shown.store(Arc::new(Shown {
                counters: worker.counters().clone(),
                passed: self.trails.sum(),
                flows: worker.flows().len(),
                capacity: worker.flows().capacity(),
            }));
        }
    }

    /// How long there is nothing to send.
    fn rest(&self, now: Instant) -> Duration {
        let due = self.senders.due().map(|due| Duration::from_nanos(due.since(now).0));
        due.map_or(REST, |due| due.clamp(SHORTEST_REST, REST))
    }

    fn run(&mut self, worker: &mut Worker, now: Instant, errand: Errand) {
        match errand {
            Errand::Judge(burst) => {
                self.judge(worker, now, burst);
                self.show_at = 0;
            }
            Errand::Start(run, aim) => self.senders.start(worker, run, aim),
            Errand::Aim(run, aim) => self.senders.aim(worker, run, aim),
            Errand::Stop(run, done) => {
                self.senders.stop(run, now);
                let _ = done.send(());
            }
            Errand::Forget(run, done) => {
                self.senders.forget(run, now);
                let _ = done.send(());
            }
            Errand::Flows { from, most, wanted, shown } => {
                // Whoever asked may have gone.
                let _ = shown.send(flow_pages::page(worker, now, from, most, &wanted));
            }
        }
    }

    /// Packets of somebody's own are few: each is judged with its hops shown, which are counted.
    fn judge(&mut self, worker: &mut Worker, now: Instant, burst: Burst) {
        let judged = burst.packets.into_iter().map(|(interface, mut bytes)| {
            let (verdict, record) = self.observer.trace(worker, now, interface, &mut bytes);
            let trail = self.trails.of(record.own());
            self.trails.count(trail, bytes.len());
            Judged { verdict, bytes }
        });
        let judged = judged.collect();
        let _ = burst.judged.send(judged);
    }
}

impl Lane for Errands {
    fn turn(&mut self, worker: &mut Worker, now: Instant) -> Turn {
        self.show(worker, now);
        let sent = self.senders.turn(worker, now, &mut self.trails, &self.observer);
        // One that is late does not rest at all.
        let late = sent && self.senders.due().is_some_and(|due| due <= now);
        let rest = if late { Duration::ZERO } else { self.rest(now) };
        match self.inbox.recv_timeout(rest) {
            Ok(errand) => {
                self.run(worker, now, errand);
                Turn::Busy
            }
            Err(RecvTimeoutError::Timeout) if sent => Turn::Busy,
            Err(RecvTimeoutError::Timeout) => Turn::Idle,
            // Nobody can send anything any more.
            Err(RecvTimeoutError::Disconnected) => Turn::Done,
        }
    }

    fn comes(&mut self, packet: &[u8]) -> u64 {
        let headers = decode(packet).ok();
        Mark::code(headers.and_then(|headers| Mark::of(packet, &headers)))
    }

    fn judged(&mut self, said: u64, verdict: Verdict) {
        if let Some(mark) = Mark::of_code(said) {
            self.senders.judged(mark, verdict);
        }
    }

    /// Whoever waits for an answer is told by that there is none.
    fn discard(&mut self) -> (u64, Turn) {
        match self.inbox.recv_timeout(REST) {
            Ok(Errand::Judge(burst)) => (burst.packets.len() as u64, Turn::Busy),
            Ok(_) => (0, Turn::Busy),
            Err(RecvTimeoutError::Timeout) => (0, Turn::Idle),
            Err(RecvTimeoutError::Disconnected) => (0, Turn::Done),
        }
    }

    fn leave(&mut self, emission: Emission) {
        self.senders.leave(&emission);
    }
}
