//! The flow cache: what was decided for the first packet of a flow, replayed for the others.
//!
//! A flow has one [`Session`] for both directions and all translations on its way, found by what a
//! packet of either direction looks like when it arrives ([`FlowKey`]). Capacity is fixed; a full
//! table refuses a new flow in O(1). Every flow is on the timing wheel once, and is looked at
//! again when the shortest of its timers could have run out; packets never touch the wheel, they
//! only stamp the session.

mod index;
mod key;
mod session;
pub mod tracking;
mod wheel;

pub use key::FlowKey;
pub use session::{Class, ClassId, Cold, Dir, Session, SessionId, Translation, Translator};
pub use tracking::State;

use crate::time::{Instant, Tick};
use index::Index;
use wheel::Wheel;

/// The flows of one worker.
#[derive(Debug)]
pub struct Flows {
    sessions: Vec<Session>,
    cold: Vec<Cold>,
    free: Vec<SessionId>,
    index: Index,
    wheel: Wheel,
    classes: Vec<Class>,
}

impl Flows {
    /// An empty table for up to `capacity` flows. `seed` keeps an attacker from choosing tuples
    /// that share a bucket.
    pub fn new(capacity: usize, seed: u64) -> Flows {
        Flows {
            sessions: Vec::new(),
            cold: Vec::new(),
            free: Vec::new(),
            index: Index::new(capacity, seed),
            wheel: Wheel::default(),
            classes: Vec::new(),
        }
    }

    /// How many flows live, those not counted whose time is up but that nobody looked at.
    pub fn len(&self) -> usize {
        self.sessions.len() - self.free.len()
    }

    /// Whether there is no flow.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no further flow fits.
    pub fn is_full(&self) -> bool {
        self.len() >= self.index.capacity()
    }

    /// The hash of a key, for [`find`](Self::find).
    #[inline]
    pub fn hash(&self, key: &FlowKey) -> u64 {
        self.index.hash(key)
    }

    /// The flow of a packet that arrives as `key`, and the packet's direction in it.
    #[inline]
    pub fn find(&self, key: &FlowKey, hash: u64) -> Option<(SessionId, Dir)> {
        self.index.find(hash, |id, dir| self.sessions[id.index()].keys[dir as usize] == *key)
    }

    /// The session of that id.
    #[inline]
    pub fn session(&self, id: SessionId) -> &Session {
        &self.sessions[id.index()]
    }

    /// The session of that id, to change it.
    #[inline]
    pub fn session_mut(&mut self, id: SessionId) -> &mut Session {
        &mut self.sessions[id.index()]
    }

    /// What only slow paths read of that flow.
    pub fn cold(&self, id: SessionId) -> &Cold {
        &self.cold[id.index()]
    }

    /// The same, to change it.
    pub fn cold_mut(&mut self, id: SessionId) -> &mut Cold {
        &mut self.cold[id.index()]
    }

    /// What sessions of this kind have in common.
    #[inline]
    pub fn class(&self, session: &Session) -> &Class {
        &self.classes[session.class.0 as usize]
    }

    /// The number of this class, known from now on. There are few: one for each combination of
    /// MTU, timers and gateways on a way; the 256th and later share one whose packets all take the
    /// slow way.
    pub fn classify(&mut self, class: Class) -> ClassId {
        let known = self.classes.iter().position(|c| *c == class);
        let number = known.unwrap_or_else(|| {
            let class =
                if self.classes.len() < 255 { class } else { Class { slow: true, ..class } };
            if self.classes.len() < 256 {
                self.classes.push(class);
            }
            self.classes.len() - 1
        });
        ClassId(number as u8)
    }

    /// Adds a flow; `None` when the table is full or already has one of its two keys.
    pub fn insert(&mut self, session: Session, cold: Cold, now: Instant) -> Option<SessionId> {
        let hashes = session.keys.map(|key| self.hash(&key));
        let taken = |dir: usize| self.find(&session.keys[dir], hashes[dir]).is_some();
        if self.is_full() || taken(0) || taken(1) {
            return None;
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.sessions.push(session);
            self.cold.push(cold);
            SessionId::new(self.sessions.len() - 1)
        });
        self.sessions[id.index()] = session;
        self.cold[id.index()] = cold;
        self.index.insert(hashes[0], id, Dir::Forward);
        self.index.insert(hashes[1], id, Dir::Return);
        self.arm(id, now.tick());
        Some(id)
    }

    /// Ends a flow and gives back what it held.
    pub fn remove(&mut self, id: SessionId) -> (Session, Cold) {
        let session = self.sessions[id.index()];
        for dir in [Dir::Forward, Dir::Return] {
            let hash = self.hash(&session.keys[dir as usize]);
            self.index.remove(hash, id, dir);
        }
        self.wheel.unlink(&mut self.cold, id);
        self.sessions[id.index()].keys = [FlowKey::NONE; 2];
        self.free.push(id);
        (session, self.cold[id.index()])
    }

    /// Looks at the flow's timers anew: after a change that makes them shorter.
    pub fn rearm(&mut self, id: SessionId, now: Tick) {
        self.wheel.unlink(&mut self.cold, id);
        self.arm(id, now);
    }

    fn arm(&mut self, id: SessionId, now: Tick) {
        let session = &self.sessions[id.index()];
        let left = self.class(session).hard[session.state() as usize]
            .saturating_sub(now.since(session.last));
        self.wheel.link(&mut self.cold, id, now, left);
    }

    /// The next flow whose time is up at `now`, if the wheel has reached one; call until `None`, or
    /// as often as a burst can afford. The flow is still there: [`remove`](Self::remove) it.
    pub fn expired(&mut self, now: Instant) -> Option<SessionId> {
        let tick = now.tick();
        loop {
            let id = self.wheel.due(&mut self.cold, now)?;
            self.arm(id, tick);
            if self.idle_too_long(id, tick) {
                return Some(id);
            }
        }
    }

    /// Whether the security groups have forgotten a flow whose translations may live on.
    #[inline]
    pub fn untracked_by_now(&self, id: SessionId, now: Tick) -> bool {
        let session = self.session(id);
        now.since(session.last) >= self.class(session).soft[session.state() as usize]
    }

    /// Whether a flow's time is up, whatever the wheel has seen of it.
    #[inline]
    pub fn idle_too_long(&self, id: SessionId, now: Tick) -> bool {
        let session = self.session(id);
        now.since(session.last) >= self.class(session).hard[session.state() as usize]
    }

    /// Every live flow.
    pub fn iter(&self) -> impl Iterator<Item = SessionId> {
        (0..self.sessions.len()).map(SessionId::new).filter(|id| self.cold[id.index()].linked())
    }
}
