//! What a worker of the running dataplane gets to do: bursts that somebody sends, and rest.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use arc_swap::ArcSwap;
use egret_dataplane::counters::Counters;
use egret_dataplane::packet::decode;
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::threads::{Lane, Turn};
use egret_dataplane::time::Instant;
use egret_dataplane::trace::Record;
use egret_dataplane::verdict::Verdict;
use egret_dataplane::worker::{Arrival, Worker};
use tokio::sync::oneshot;

use super::observer::{Observer, Seen};

/// How long a worker without packets rests before it looks for a new configuration: a bound on how
/// late an idle worker adopts one.
const REST: Duration = Duration::from_millis(1);
/// How often a worker's counters are shown, in nanoseconds.
const SHOW: u64 = 100_000_000;

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

/// The lane of one worker.
pub(super) struct Bursts {
    inbox: Receiver<Burst>,
    shown: Arc<ArcSwap<Counters>>,
    observer: Arc<Observer>,
    show_at: u64,
}

impl Bursts {
    pub(super) fn new(
        inbox: Receiver<Burst>,
        shown: Arc<ArcSwap<Counters>>,
        observer: Arc<Observer>,
    ) -> Bursts {
        Bursts { inbox, shown, observer, show_at: 0 }
    }

    fn show(&mut self, worker: &Worker, now: Instant) {
        if now.0 >= self.show_at {
            self.shown.store(Arc::new(worker.counters().clone()));
            self.show_at = now.0 + SHOW;
        }
    }
}

impl Lane for Bursts {
    fn turn(&mut self, worker: &mut Worker, now: Instant) -> Turn {
        self.show(worker, now);
        match self.inbox.recv_timeout(REST) {
            Ok(burst) => {
                if self.observer.is_on() {
                    judge_seen(worker, now, burst, &self.observer);
                } else {
                    judge(worker, now, burst);
                }
                self.show_at = 0;
                Turn::Busy
            }
            Err(RecvTimeoutError::Timeout) => Turn::Idle,
            // Nobody can send anything any more.
            Err(RecvTimeoutError::Disconnected) => Turn::Done,
        }
    }
}

fn judge(worker: &mut Worker, now: Instant, mut burst: Burst) {
    let (mut verdicts, mut emissions) = (Vec::new(), Vec::new());
    let mut arrivals: Vec<Arrival<'_>> = burst
        .packets
        .iter_mut()
        .map(|(interface, bytes)| Arrival { interface: *interface, bytes })
        .collect();
    worker.process(now, &mut arrivals, &mut verdicts, &mut emissions);
    let packets = burst.packets.into_iter().zip(verdicts);
    let judged = packets.map(|((_, bytes), verdict)| Judged { verdict, bytes }).collect();
    // Whoever asked may have gone.
    let _ = burst.judged.send(judged);
}

/// The same with every packet's hops shown to flow logs.
fn judge_seen(worker: &mut Worker, now: Instant, burst: Burst, observer: &Observer) {
    let judged = burst.packets.into_iter().map(|(from, mut bytes)| {
        let headers = decode(&bytes);
        let mut record = Record::default();
        let arrival = Arrival { interface: from, bytes: &mut bytes };
        let verdict = worker.trace(now, arrival, &mut record, &mut Vec::new());
        if let Ok(headers) = &headers {
            let seen = Seen { from, headers, hops: &record.hops, verdict };
            observer.saw(worker.snapshot(), &seen);
        }
        Judged { verdict, bytes }
    });
    let judged = judged.collect();
    let _ = burst.judged.send(judged);
}
