//! What happens, told to whoever listens: changes, configurations, verdicts of live traffic, drops.
//!
//! Listeners share one ring of [`KEPT`] events. One that does not keep up loses the oldest, is told how
//! many, and keeps nobody waiting. What changes with every packet is looked at ten times a second
//! ([`watch()`]), and only while somebody listens.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use egret_dataplane::verdict::Drop;
use serde::Serialize;
use tokio::sync::{Notify, broadcast, watch};

use crate::api::{ElementName, Names, Verdict};
use crate::control_plane::ControlPlane;
use crate::engine::Progress;
use crate::engine::traffic::{Last, Way};

mod states;

use states::{Thing, changed, states};

/// Events that are kept for a listener who is behind.
pub const KEPT: usize = 1_024;
/// How often is looked what packets have changed.
const LOOK: Duration = Duration::from_millis(100);
/// Counters of drops that are told of at one look; what is beyond waits for the next.
const MOST_DROPS: usize = 50;

tokio::task_local! {
    static ACTION: String;
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// The first of every listener: what the workers run on.
    Status {
        /// The configuration's epoch.
        epoch: u32,
        /// The account's revision that they run on.
        revision: u64,
    },
    /// A change of the account was accepted.
    Accepted {
        /// The account's revision that has it.
        revision: u64,
        /// The action that made it; none where something happened by itself: an operation ended, a
        /// NAT gateway became available.
        action: Option<String>,
    },
    /// All workers run on another configuration.
    Adopted {
        /// Its epoch.
        epoch: u32,
        /// The account's revision that it was compiled from.
        revision: u64,
        /// How long it took to compile, in microseconds.
        compiled_in_us: u64,
        /// How long until all workers ran on it, in microseconds.
        adopted_in_us: u64,
    },
    /// The account's network does not compile: workers stay on the configuration before.
    NotCompiled {
        /// The account's revision.
        revision: u64,
        /// Why.
        problem: String,
    },
    /// AWS shows another state of a service, a gateway, an endpoint or a peering connection.
    State {
        /// What it is.
        kind: &'static str,
        /// Its id; of a service, its ARN.
        id: String,
        /// AWS's word for its state; none when it is shown no more.
        state: Option<String>,
    },
    /// What becomes of a run's packets is another thing than it was.
    Verdict {
        /// The run's number.
        traffic: u32,
        /// Who sends.
        from: String,
        /// Where to.
        to: String,
        /// What becomes of them now.
        verdict: Verdict,
        /// What became of them before; none where this is the first that is told.
        before: Option<&'static str>,
    },
    /// Packets were dropped since this was told last.
    Drops {
        /// Why.
        reason: &'static str,
        /// Where.
        element: ElementName,
        /// How many since then.
        packets: u64,
        /// How many in all.
        total: u64,
    },
    /// The listener did not keep up.
    Lagged {
        /// Events that it has lost.
        missed: u64,
    },
}

impl Event {
    /// Its type.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Status { .. } => "status",
            Event::Accepted { .. } => "accepted",
            Event::Adopted { .. } => "adopted",
            Event::NotCompiled { .. } => "not-compiled",
            Event::State { .. } => "state",
            Event::Verdict { .. } => "verdict",
            Event::Drops { .. } => "drops",
            Event::Lagged { .. } => "lagged",
        }
    }
}

/// An event with its number.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// Its number: it grows by one from event to event.
    pub number: u64,
    /// The event.
    pub event: Event,
}

/// Where events are told.
#[derive(Debug)]
pub struct Events {
    ring: broadcast::Sender<Arc<Numbered>>,
    next: AtomicU64,
    /// Somebody listens from now on.
    joined: Notify,
}

impl Default for Events {
    fn default() -> Self {
        let (ring, next) = (broadcast::Sender::new(KEPT), AtomicU64::new(1));
        Events { ring, next, joined: Notify::new() }
    }
}

impl Events {
    /// Tells of an event, if somebody listens. Never waits.
    pub fn tell(&self, event: Event) {
        if self.ring.receiver_count() > 0 {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let _ = self.ring.send(Arc::new(Numbered { number, event }));
        }
    }

    /// A change was accepted: by the action that runs, if one does.
    pub fn accepted(&self, revision: u64) {
        if self.is_heard() {
            let action = ACTION.try_with(Clone::clone).ok();
            self.tell(Event::Accepted { revision, action });
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Numbered>> {
        let listener = self.ring.subscribe();
        self.joined.notify_one();
        listener
    }

    fn is_heard(&self) -> bool {
        self.ring.receiver_count() > 0
    }
}

/// Runs an action: changes that it makes are told as its own.
pub async fn during<T>(action: String, run: impl Future<Output = T>) -> T {
    ACTION.scope(action, run).await
}

/// Tells of what the dataplane does, for ever.
pub async fn watch(plane: Arc<ControlPlane>) {
    let mut progress = plane.engine.progress();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seen = Seen::default();
    loop {
        tokio::select! {
            changed = progress.changed() => match changed {
                Ok(()) => tell_progress(&plane, &mut progress, &mut seen),
                Err(_) => return,
            },
            // What is told of first is what changes from then on.
            () = plane.events.joined.notified() => seen.look(&plane),
            _ = look.tick() => match plane.events.is_heard() {
                true => seen.look(&plane),
                false => seen.forget(),
            },
        }
    }
}

fn tell_progress(plane: &ControlPlane, progress: &mut watch::Receiver<Progress>, seen: &mut Seen) {
    let now = progress.borrow_and_update().clone();
    if let Some(problem) = now.problem {
        return plane.events.tell(Event::NotCompiled { revision: now.seen, problem });
    }
    if seen.epoch.replace(now.epoch) == Some(now.epoch) {
        return;
    }
    let running = plane.engine.running();
    plane.events.tell(Event::Adopted {
        epoch: running.compilation.snapshot.epoch.0,
        revision: running.revision,
        compiled_in_us: running.compiled_in.as_micros() as u64,
        adopted_in_us: running.adopted_in.as_micros() as u64,
    });
}

/// The last word on a packet of a run.
type LastWord = Option<(Drop, Way)>;

/// What was told already.
#[derive(Default)]
struct Seen {
    epoch: Option<u32>,
    /// Whether somebody has listened since the last look.
    looked: bool,
    /// The account's revision, and the states that it had.
    revision: u64,
    states: HashMap<Thing, String>,
    drops: HashMap<Drop, u64>,
    verdicts: HashMap<u32, LastWord>,
}

impl Seen {
    fn look(&mut self, plane: &ControlPlane) {
        self.look_at_states(plane);
        self.look_at_drops(plane);
        self.look_at_traffic(plane);
        self.looked = true;
    }

    /// Nobody listens: whoever does next begins anew.
    fn forget(&mut self) {
        self.looked = false;
        self.states.clear();
        self.drops.clear();
        self.verdicts.clear();
    }

    /// Only after a change of the account: it is as much work as there are services.
    fn look_at_states(&mut self, plane: &ControlPlane) {
        let known = self.looked.then_some(self.revision);
        let now = plane.read(|account| {
            (known != Some(account.revision)).then(|| (account.revision, states(account)))
        });
        let Some((revision, states)) = now else { return };
        self.revision = revision;
        let before = std::mem::replace(&mut self.states, states);
        if !self.looked {
            return;
        }
        for ((kind, id), state) in changed(&before, &self.states) {
            plane.events.tell(Event::State { kind, id, state });
        }
    }

    fn look_at_drops(&mut self, plane: &ControlPlane) {
        let counters = plane.engine.counters();
        let mut totals: HashMap<Drop, u64> = HashMap::new();
        for (drop, count) in counters.drops() {
            *totals.entry(drop).or_default() += count;
        }
        if !self.looked {
            self.drops = totals;
            return;
        }
        let before = |drop: &Drop| self.drops.get(drop).copied().unwrap_or_default();
        let moved = totals.into_iter().filter(|(drop, total)| *total > before(drop));
        let mut moved: Vec<(Drop, u64)> = moved.collect();
        if moved.is_empty() {
            return;
        }
        moved.sort_by_key(|(drop, total)| std::cmp::Reverse(total - before(drop)));
        moved.truncate(MOST_DROPS);
        let running = plane.engine.running();
        let names = Names::of(&running);
        for (drop, total) in moved {
            let packets = total - self.drops.insert(drop, total).unwrap_or_default();
            let (reason, element) = (drop.reason.name(), names.element(drop.element));
            plane.events.tell(Event::Drops { reason, element, packets, total });
        }
    }

    fn look_at_traffic(&mut self, plane: &ControlPlane) {
        let runs = plane.engine.traffic.runs();
        self.verdicts.retain(|id, _| runs.iter().any(|run| run.id == *id));
        for run in runs {
            let Some(last) = run.tally().last else { continue };
            let before = self.verdicts.insert(run.id, last.drop);
            if before == Some(last.drop) {
                continue;
            }
            let running = plane.engine.running();
            let outcome = |drop: LastWord| Last { drop, ..last }.outcome();
            plane.events.tell(Event::Verdict {
                traffic: run.id,
                from: run.plan.from.clone(),
                to: run.plan.to.clone(),
                verdict: Verdict::under(&plane.engine.traffic, &running, last),
                before: before.map(outcome),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_who_is_behind_loses_the_oldest_and_keeps_nobody_waiting() {
        let events = Events::default();
        let mut slow = events.listen();
        for revision in 0..KEPT as u64 + 10 {
            events.tell(Event::Accepted { revision, action: None });
        }
        let missed = match slow.recv().await {
            Err(broadcast::error::RecvError::Lagged(missed)) => missed,
            other => panic!("{other:?}"),
        };
        assert_eq!(missed, 10);
        assert_eq!(slow.recv().await.unwrap().number, 11);
    }

    #[tokio::test]
    async fn a_change_is_told_as_that_of_the_action_that_runs() {
        let events = Events::default();
        let mut heard = events.listen();
        during("CreateVpc".to_owned(), async { events.accepted(7) }).await;
        events.accepted(8);
        let mut action = || match &heard.try_recv().unwrap().event {
            Event::Accepted { action, .. } => action.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!([action(), action()], [Some("CreateVpc".to_owned()), None]);
    }

    #[test]
    fn events_say_their_type() {
        let lagged = Event::Lagged { missed: 3 };
        let json = serde_json::to_string(&lagged).unwrap();
        assert_eq!(json, r#"{"type":"lagged","missed":3}"#);
        let compiled = Event::NotCompiled { revision: 1, problem: String::new() };
        assert_eq!(serde_json::to_value(&compiled).unwrap()["type"], compiled.name());
    }
}
