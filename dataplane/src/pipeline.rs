//! A burst in, a verdict for each packet out: decode all, look up all, rewrite all. A packet whose
//! flow is known and in order is replayed here; every other takes the slow way (`miss.rs`),
//! in its turn, so that packets of one flow never overtake each other.

use crate::flow::{Dir, FlowKey, SessionId, State};
use crate::packet::rewrite::rewrite;
use crate::packet::{Fragment, Headers, decode};
use crate::time::{Instant, Tick};
use crate::trace::Off;
use crate::verdict::Verdict;
use crate::worker::{Arrival, Emission, Worker};

/// Packets that go through the three passes together.
pub const BURST: usize = 32;

/// A decoded packet and where its flow would be.
#[derive(Clone, Copy)]
struct Lookup {
    headers: Headers,
    key: FlowKey,
    hash: u64,
}

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
        for burst in arrivals.chunks_mut(BURST) {
            self.burst(now, burst, verdicts, emissions);
        }
    }

    fn burst(
        &mut self,
        now: Instant,
        burst: &mut [Arrival<'_>],
        verdicts: &mut Vec<Verdict>,
        emissions: &mut Vec<Emission>,
    ) {
        let mut lookups: [Option<Lookup>; BURST] = [None; BURST];
        for (lookup, arrival) in lookups.iter_mut().zip(burst.iter()) {
            *lookup = self.decode_for_hit(arrival);
        }
        let mut found: [Option<(SessionId, Dir)>; BURST] = [None; BURST];
        for (found, lookup) in found.iter_mut().zip(&lookups) {
            *found = lookup.and_then(|lookup| self.flows.find(&lookup.key, lookup.hash));
        }
        let tick = now.tick();
        for (at, arrival) in burst.iter_mut().enumerate() {
            self.counters.received += 1;
            let verdict = match (lookups[at], found[at]) {
                (Some(Lookup { headers, key, .. }), Some((id, dir)))
                    if self.is_hit(id, dir, &key, &headers, tick) =>
                {
                    self.replay(id, dir, arrival.bytes, &headers, tick)
                }
                _ => {
                    let arrival = Arrival { interface: arrival.interface, bytes: arrival.bytes };
                    self.slow(now, arrival, &mut Off, emissions)
                }
            };
            self.counters.count(verdict);
            verdicts.push(verdict);
        }
    }

    /// What a packet is looked up by, if it is of a kind that can be a hit.
    fn decode_for_hit(&self, arrival: &Arrival<'_>) -> Option<Lookup> {
        let headers = decode(arrival.bytes).ok()?;
        if headers.fragment != Fragment::Whole || headers.quoted().is_some() {
            return None;
        }
        let key = FlowKey::new(arrival.interface, headers.tuple());
        Some(Lookup { headers, key, hash: self.flows.hash(&key) })
    }

    /// Whether what was decided for the flow holds for this packet as it is.
    #[inline]
    pub(crate) fn is_hit(
        &self,
        id: SessionId,
        dir: Dir,
        key: &FlowKey,
        headers: &Headers,
        now: Tick,
    ) -> bool {
        let session = self.flows.session(id);
        let class = self.flows.class(session);
        let state = session.state();
        let idle = now.since(session.last);
        let reopens = state == State::Closed && headers.tcp().is_some_and(|flags| flags.opens());
        // A slow packet earlier in the burst may have ended the flow: the key says whether.
        session.keys[dir as usize] == *key
            && session.epoch == self.snapshot.epoch.0 as u16
            && !session.blocked(dir)
            && idle < class.hard[state as usize].min(class.soft[state as usize])
            && !self.is_special(id, dir, headers)
            && !reopens
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

    /// Does to a packet what was decided for its flow.
    #[inline]
    pub(crate) fn replay(
        &mut self,
        id: SessionId,
        dir: Dir,
        bytes: &mut [u8],
        headers: &Headers,
        now: Tick,
    ) -> Verdict {
        let ttl = self.flows.class(self.flows.session(id)).ttl[dir as usize];
        let session = self.flows.session_mut(id);
        rewrite(bytes, headers, &session.rewrite(dir, ttl));
        let at = dir as usize;
        session.packets[at] = session.packets[at].wrapping_add(1);
        session.bytes[at] = session.bytes[at].wrapping_add(u32::from(headers.total_len));
        session.last = now;
        let to = session.keys[dir.reverse() as usize].interface();
        let state = session.state();
        let next = state.after(dir, headers);
        if next != state {
            session.set_state(next);
            self.flows.rearm(id, now);
        }
        Verdict::Forward(to)
    }
}
