//! A burst in, a verdict for each packet out, in three passes: read all and ask for their buckets,
//! look up all and ask for their sessions, rewrite all. So a burst waits for memory twice, not each
//! of its packets.
//!
//! A packet whose flow is known and in order is replayed here; every other takes the slow way
//! (`miss.rs`), in its turn, so that packets of one flow never overtake each other.

use crate::flow::{BLOCKED, Dir, Event, FlowKey, Next, Reference, SessionId, State};
use crate::packet::rewrite::rewrite;
use crate::packet::{Fragment, Headers, mss, plain, rewrite_plain};
use crate::prefetch::Hint;
use crate::snapshot::InterfaceId;
use crate::time::{Instant, Tick};
use crate::trace::{Off, Trace};
use crate::verdict::Verdict;
use crate::worker::{Arrival, Emission, Worker};

/// Packets that go through the three passes together when the flow table is in DRAM: as many lines
/// as the second-level cache takes prefetches for.
pub const BURST: usize = 64;
/// The same for a table that fits the caches: more lines at once would be lost on the first level.
const NEAR_BURST: usize = 32;

/// What the first pass finds out about a packet.
#[derive(Clone, Copy)]
struct Lookup {
    key: FlowKey,
    hash: u64,
    total_len: u16,
    ttl: u8,
    event: Event,
    /// Whether the packet is of the common kind. No other can be a hit.
    plain: bool,
}

const UNREAD: Lookup = Lookup {
    key: FlowKey::NONE,
    hash: 0,
    total_len: 0,
    ttl: 0,
    event: Event::Datagram,
    plain: false,
};

impl Worker {
    /// Judges packets in order: one verdict each is added to `verdicts`, and to `emissions` what
    /// leaves besides. Time must not run backwards from call to call.
    pub fn process(
        &mut self,
        now: Instant,
        arrivals: &mut [Arrival<'_>],
        verdicts: &mut Vec<Verdict>,
        emissions: &mut Vec<Emission>,
    ) {
        self.process_shown(now, arrivals, verdicts, emissions, &mut Off);
    }

    /// The same with the hops of those packets shown to `trace` that took the slow way. A hit goes
    /// where the packets of its flow went before: [`show`](Self::show) has its hops.
    pub fn process_shown(
        &mut self,
        now: Instant,
        arrivals: &mut [Arrival<'_>],
        verdicts: &mut Vec<Verdict>,
        emissions: &mut Vec<Emission>,
        trace: &mut impl Trace,
    ) {
        verdicts.reserve(arrivals.len());
        match self.flows.hint() {
            Hint::Near => {
                for burst in arrivals.chunks_mut(NEAR_BURST) {
                    self.burst::<NEAR_BURST, false>(now, burst, verdicts, emissions, trace);
                }
            }
            Hint::Far => {
                for burst in arrivals.chunks_mut(BURST) {
                    self.burst::<BURST, true>(now, burst, verdicts, emissions, trace);
                }
            }
        }
    }

    fn burst<const N: usize, const FAR: bool>(
        &mut self,
        now: Instant,
        burst: &mut [Arrival<'_>],
        verdicts: &mut Vec<Verdict>,
        emissions: &mut Vec<Emission>,
        trace: &mut impl Trace,
    ) {
        let mut lookups = [UNREAD; N];
        for (lookup, arrival) in lookups.iter_mut().zip(burst.iter()) {
            *lookup = self.read::<FAR>(arrival);
        }
        let mut found = [Reference::NONE; N];
        for (found, lookup) in found.iter_mut().zip(&lookups).take(burst.len()) {
            if lookup.plain {
                *found = self.flows.candidate::<FAR>(lookup.hash);
            }
        }
        let (tick, epoch) = (now.tick(), self.snapshot.epoch.0 as u16);
        self.counters.received += burst.len() as u64;
        let mut hits = 0;
        for (arrival, (lookup, found)) in burst.iter_mut().zip(lookups.iter().zip(found)) {
            let hit = self.hit(found, lookup, arrival.bytes, tick, epoch);
            if let Some(to) = hit.or_else(|| self.other_hit(found, lookup, arrival, tick, epoch)) {
                hits += 1;
                verdicts.push(Verdict::Forward(to));
            } else {
                verdicts.push(self.miss(now, arrival, emissions, trace));
            }
        }
        self.counters.hits += hits;
        self.counters.forwarded += hits;
    }

    /// The first pass over a packet.
    #[inline(always)]
    fn read<const FAR: bool>(&self, arrival: &Arrival<'_>) -> Lookup {
        let Some((head, facts)) = plain(arrival.bytes) else { return UNREAD };
        let key = FlowKey::read(arrival.interface, head);
        let hash = self.flows.hash(&key);
        self.flows.prefetch::<FAR>(hash);
        Lookup {
            key,
            hash,
            total_len: facts.total_len,
            ttl: facts.ttl,
            event: facts.event,
            plain: true,
        }
    }

    /// The third pass: the packet rewritten, and where it leaves, if what was decided for its flow
    /// holds for it as it is. An earlier packet of the burst may have ended the flow: the key says whether.
    #[inline(always)]
    fn hit(
        &mut self,
        found: Reference,
        lookup: &Lookup,
        bytes: &mut [u8],
        now: Tick,
        epoch: u16,
    ) -> Option<InterfaceId> {
        let (session, bounds) = self.flows.candidate_mut(found)?;
        let (id, dir) = (found.id(), found.dir());
        let (status, at) = (session.status(), dir as usize);
        let bounds = &bounds[usize::from(session.class.0)];
        let next = Next::after(status, dir, lookup.event);
        let holds = (session.keys[at] == lookup.key)
            & (session.epoch == epoch)
            & (status & BLOCKED << at == 0)
            & (lookup.total_len <= bounds.mtu[at])
            & (lookup.ttl > bounds.ttl[at])
            & (now.since(session.last) < bounds.idle[usize::from(status & 0x0f)])
            & (next != Next::SLOW);
        if !holds {
            return None;
        }
        rewrite_plain(bytes.first_chunk_mut()?, &session.rewrite_plain(dir, bounds.ttl[at]));
        session.last = now;
        let to = session.keys[dir.reverse() as usize].interface();
        if session.count(dir, lookup.total_len) {
            self.flows.went_round(id, dir, lookup.total_len);
        }
        if next.bits() != status & 0x0f {
            self.flows.set_state(id, State::from_bits(next.bits()), now);
        }
        Some(to)
    }

    /// The third pass once more, for the few packets whose tag another key of the bucket has, too.
    #[cold]
    #[inline(never)]
    fn other_hit(
        &mut self,
        found: Reference,
        lookup: &Lookup,
        arrival: &mut Arrival<'_>,
        now: Tick,
        epoch: u16,
    ) -> Option<InterfaceId> {
        if found == Reference::NONE {
            return None;
        }
        let (id, dir) = self.flows.find(&lookup.key, lookup.hash)?;
        let other = Reference::new(id, dir);
        if other == found { None } else { self.hit(other, lookup, arrival.bytes, now, epoch) }
    }

    /// A packet that is no hit.
    #[cold]
    #[inline(never)]
    fn miss(
        &mut self,
        now: Instant,
        arrival: &mut Arrival<'_>,
        emissions: &mut Vec<Emission>,
        trace: &mut impl Trace,
    ) -> Verdict {
        let arrival = Arrival { interface: arrival.interface, bytes: arrival.bytes };
        let verdict = self.slow(now, arrival, trace, emissions);
        self.counters.misses += 1;
        self.counters.count(verdict);
        verdict
    }

    /// Whether a packet needs more than its flow's plan: it is a fragment, or too big, or at the
    /// end of its life, or its flow's packets are counted one by one.
    pub(crate) fn is_special(&self, id: SessionId, dir: Dir, headers: &Headers) -> bool {
        let class = self.flows.class(self.flows.session(id));
        headers.fragment != Fragment::Whole
            || headers.total_len > class.mtu[dir as usize]
            || headers.ttl <= class.ttl[dir as usize]
            || class.slow
    }

    /// Does to a packet of any kind what was decided for its flow.
    pub(crate) fn replay(
        &mut self,
        id: SessionId,
        dir: Dir,
        bytes: &mut [u8],
        headers: &Headers,
        now: Tick,
    ) -> Verdict {
        let class = self.flows.class(self.flows.session(id));
        let (ttl, most) = (class.ttl[dir as usize], class.mss[dir as usize]);
        if Event::of(headers).announces_size() {
            mss::clamp(bytes, headers, most);
        }
        let session = self.flows.session_mut(id);
        rewrite(bytes, headers, &session.rewrite(dir, ttl));
        session.last = now;
        let to = session.keys[dir.reverse() as usize].interface();
        let state = session.state();
        if session.count(dir, headers.total_len) {
            self.flows.went_round(id, dir, headers.total_len);
        }
        let next = state.after(dir, Event::of(headers));
        if next != state {
            self.flows.set_state(id, next, now);
        }
        Verdict::Forward(to)
    }
}
