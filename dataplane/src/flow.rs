//! The flow cache: what was decided for the first packet of a flow, replayed for the others.
//!
//! A flow has one [`Session`] for both directions and all translations on its way, found by what a
//! packet of either direction looks like when it arrives ([`FlowKey`]). Capacity is fixed; a full
//! table refuses a new flow in O(1). Every flow is on the timing wheel once, and is looked at
//! again when the shortest of its timers could have run out; packets never touch the wheel, they
//! only stamp the session.

mod index;
mod key;
mod line;
mod session;
pub mod tracking;
mod wheel;

use std::collections::HashMap;

pub use key::FlowKey;
pub(crate) use session::{BLOCKED, Bounds};
pub use session::{Class, ClassId, Cold, Dir, Session, SessionId, Translation, Translator};
pub(crate) use tracking::Next;
pub use tracking::{Event, State};

use crate::memory::Lines;
use crate::prefetch::{self, Hint};
use crate::snapshot::{EniOwner, Interface, Snapshot};
use crate::time::{Instant, Tick};
use crate::verdict::{Drop, Element};
use index::Index;
pub(crate) use index::Reference;
use line::Line;
use wheel::Wheel;

/// Classes that can be told apart.
const CLASSES: usize = 256;

/// Bytes of a flow that every packet of it may touch: its session, and its share of the buckets.
const HOT_BYTES: usize = size_of::<Session>() + 32;

/// The flows of one worker.
#[derive(Debug)]
pub struct Flows {
    sessions: Lines<Session>,
    cold: Lines<Cold>,
    /// Sessions that were used so far, and those of them that are free again.
    used: usize,
    free: Vec<SessionId>,
    index: Index,
    wheel: Wheel,
    /// Flows that give way when there is no room.
    weak: Line,
    classes: Vec<Class>,
    /// The part of each class that a hit reads.
    bounds: Box<[Bounds; CLASSES]>,
    /// Why directions are blocked: for the few flows of which one is.
    blocked: HashMap<SessionId, [Option<Drop>; 2]>,
}

impl Flows {
    /// An empty table for up to `capacity` flows. `seed` keeps an attacker from choosing tuples
    /// that share a bucket.
    pub fn new(capacity: usize, seed: u64) -> Flows {
        Flows {
            sessions: Lines::new(Session::NONE, capacity),
            cold: Lines::new(Cold::default(), capacity),
            used: 0,
            free: Vec::with_capacity(capacity),
            index: Index::new(capacity, seed),
            wheel: Wheel::default(),
            weak: Line::default(),
            classes: Vec::new(),
            bounds: Box::new([Bounds::NOTHING; CLASSES]),
            blocked: HashMap::new(),
        }
    }

    /// How far ahead the lines of a table of this size are fetched.
    pub(crate) fn hint(&self) -> Hint {
        Hint::for_table(self.index.capacity() * HOT_BYTES)
    }

    /// How many flows live, those not counted whose time is up but that nobody looked at.
    pub fn len(&self) -> usize {
        self.used - self.free.len()
    }

    /// Whether there is no flow.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no further flow fits.
    pub fn is_full(&self) -> bool {
        self.len() >= self.index.capacity()
    }

    /// How many flows fit.
    pub fn capacity(&self) -> usize {
        self.index.capacity()
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

    /// Asks for the line where a key of that hash is looked for.
    #[inline(always)]
    pub(crate) fn prefetch<const FAR: bool>(&self, hash: u64) {
        self.index.prefetch::<FAR>(hash);
    }

    /// Where the flow of a key with that hash most likely is, its line asked for. The key says
    /// whether it is.
    #[inline(always)]
    pub(crate) fn candidate<const FAR: bool>(&self, hash: u64) -> Reference {
        let reference = self.index.candidate(hash);
        if let Some(session) = self.sessions.get(reference.id().index()) {
            prefetch::read::<_, FAR>(session);
        }
        reference
    }

    /// The session that a reference names, if it names one.
    #[inline(always)]
    pub(crate) fn candidate_mut(
        &mut self,
        reference: Reference,
    ) -> Option<(&mut Session, &[Bounds; CLASSES])> {
        let session = self.sessions.get_mut(reference.id().index())?;
        Some((session, &self.bounds))
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

    /// Packets and bytes that passed in that direction.
    pub fn passed(&self, id: SessionId, dir: Dir) -> [u64; 2] {
        let session = self.session(id);
        let [packets, bytes] = self.cold(id).beyond(dir);
        let at = dir as usize;
        [packets + u64::from(session.packets[at]), bytes + u64::from(session.bytes[at])]
    }

    /// A counter of a session went round with a packet of `len` bytes.
    #[cold]
    pub(crate) fn went_round(&mut self, id: SessionId, dir: Dir, len: u16) {
        let Session { packets, bytes, .. } = *self.session(id);
        let at = dir as usize;
        self.cold[id.index()].went_round(dir, packets[at], bytes[at], len);
    }

    /// Why packets of that direction are dropped, where they are.
    pub(crate) fn blocked(&self, id: SessionId, dir: Dir) -> Option<Drop> {
        self.blocked.get(&id)?[dir as usize]
    }

    /// Says which directions' packets are dropped, and why.
    pub(crate) fn block(&mut self, id: SessionId, why: [Option<Drop>; 2]) {
        for dir in [Dir::Forward, Dir::Return] {
            self.session_mut(id).set_blocked(dir, why[dir as usize].is_some());
        }
        if why == [None; 2] {
            self.blocked.remove(&id);
        } else {
            self.blocked.insert(id, why);
        }
    }

    /// What sessions of this kind have in common.
    #[inline]
    pub fn class(&self, session: &Session) -> &Class {
        &self.classes[session.class.0 as usize]
    }

    /// By how much the time to live of a class's packets falls, in each direction.
    pub(crate) fn ttl(&self, class: ClassId) -> [u8; 2] {
        self.classes[usize::from(class.0)].ttl
    }

    /// The number of this class, known from now on. There are few: one for each combination of
    /// MTU, timers and gateways on a way; the 256th and later share one whose packets all take the
    /// slow way.
    pub fn classify(&mut self, class: Class) -> ClassId {
        let known = self.classes.iter().position(|c| *c == class);
        let number = known.unwrap_or_else(|| {
            let class = if self.classes.len() < CLASSES - 1 {
                class
            } else {
                Class { slow: true, ..class }
            };
            if self.classes.len() < CLASSES {
                self.bounds[self.classes.len()] = Bounds::of(&class);
                self.classes.push(class);
            }
            self.classes.len() - 1
        });
        ClassId(number as u8)
    }

    /// Asks for the lines that the next flow will be written to.
    #[inline]
    pub(crate) fn prefetch_free(&self) {
        self.prefetch_flow(self.free.last().copied().unwrap_or(SessionId::new(self.used)));
    }

    /// Asks for all that is kept of a flow.
    #[inline]
    fn prefetch_flow(&self, id: SessionId) {
        if let (Some(session), Some(cold)) =
            (self.sessions.get(id.index()), self.cold.get(id.index()))
        {
            prefetch::read::<_, false>(session);
            prefetch::read::<_, false>(cold);
            prefetch::read::<_, false>(&cold.line);
        }
    }

    /// Adds a flow; `None` when the table is full or already has one of its two keys.
    pub fn insert(&mut self, session: Session, cold: Cold, now: Instant) -> Option<SessionId> {
        let hashes = session.keys.map(|key| self.hash(&key));
        let taken = |dir: usize| self.find(&session.keys[dir], hashes[dir]).is_some();
        if self.is_full() || taken(0) || taken(1) {
            return None;
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.used += 1;
            SessionId::new(self.used - 1)
        });
        self.sessions[id.index()] = session;
        self.cold[id.index()] = cold;
        self.index.insert(hashes[0], id, Dir::Forward);
        self.index.insert(hashes[1], id, Dir::Return);
        self.arm(id, now.tick());
        if session.state().gives_way() {
            self.weak.join(&mut self.cold, id);
        }
        Some(id)
    }

    /// Ends a flow and gives back what it held.
    pub fn remove(&mut self, id: SessionId) -> (Session, Cold) {
        let session = self.sessions[id.index()];
        let hashes = session.keys.map(|key| self.hash(&key));
        hashes.iter().for_each(|hash| self.index.prefetch::<false>(*hash));
        self.wheel.unlink(&mut self.cold, id);
        if session.state().gives_way() {
            self.weak.leave(&mut self.cold, id);
        }
        self.index.remove(hashes[0], id, Dir::Forward);
        self.index.remove(hashes[1], id, Dir::Return);
        self.blocked.remove(&id);
        self.sessions[id.index()].keys = [FlowKey::NONE; 2];
        self.free.push(id);
        (session, self.cold[id.index()])
    }

    /// Who must go first when there is no room for a new flow: the longest in line of those that
    /// are half open or closing. An established flow never goes for another.
    pub(crate) fn gives_way(&self) -> Option<SessionId> {
        self.weak.first()
    }

    /// Says where a connection stands, from which its timers follow.
    pub(crate) fn set_state(&mut self, id: SessionId, state: State, now: Tick) {
        let before = self.session(id).state();
        self.session_mut(id).set_state(state);
        match (before.gives_way(), state.gives_way()) {
            (false, true) => self.weak.join(&mut self.cold, id),
            (true, false) => self.weak.leave(&mut self.cold, id),
            _ => {}
        }
        self.rearm(id, now);
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

    /// The next flow whose time is up at `now`, after a look at no more than `looks` flows, which
    /// count down. The flow is still there: [`remove`](Self::remove) it.
    #[inline]
    pub fn expired(&mut self, now: Instant, looks: &mut usize) -> Option<SessionId> {
        let tick = now.tick();
        while *looks > 0 {
            let (id, next) = self.wheel.due(&mut self.cold, now)?;
            if let Some(next) = next {
                self.prefetch_flow(next);
            }
            *looks -= 1;
            self.arm(id, tick);
            if self.idle_too_long(id, tick) {
                return Some(id);
            }
        }
        None
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

    /// The NAT gateways and interface endpoints that keep a flow: they forget it when its time is up.
    pub fn gateways(&self, id: SessionId, snapshot: &Snapshot) -> impl Iterator<Item = Element> {
        let translations = self.cold(id).translations();
        let gateways = translations.map(|made| match made?.by {
            Translator::Nat(nat) => Some(Element::NatGateway(nat)),
            _ => None,
        });
        let to = self.session(id).keys[1].interface();
        let endpoint = match snapshot.interfaces.get(to.0 as usize) {
            Some(Interface::Eni(eni)) => match snapshot[*eni].owner {
                EniOwner::Endpoint(endpoint, _) => Some(Element::VpcEndpoint(endpoint)),
                _ => None,
            },
            _ => None,
        };
        gateways.into_iter().flatten().chain(endpoint)
    }

    /// Live flows among `looks` places from `from` on, for whoever looks at a large table in pieces:
    /// flows keep their places for as long as they live.
    pub fn among(&self, from: usize, looks: usize) -> impl Iterator<Item = SessionId> {
        let (from, to) = (from.min(self.used), from.saturating_add(looks).min(self.used));
        (from..to).map(SessionId::new).filter(|id| self.cold[id.index()].linked())
    }

    /// How many places of the table were ever in use.
    pub fn places(&self) -> usize {
        self.used
    }

    /// Every live flow.
    pub fn iter(&self) -> impl Iterator<Item = SessionId> {
        self.among(0, self.used)
    }
}
