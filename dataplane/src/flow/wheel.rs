//! A hierarchical timing wheel (Varghese and Lauck, 1987): four levels of 256 slots over
//! milliseconds. Linking and unlinking are O(1), and a jump over hours of idle time costs a look at
//! the levels' occupancy maps, not a step a millisecond.

use super::session::{Cold, SessionId};
use crate::time::Instant;
use crate::time::Tick;

const BITS: u32 = 8;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 4;
const NONE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Wheel {
    /// Milliseconds up to which every due slot was emptied.
    now: u64,
    /// First session of each slot's list.
    heads: Vec<u32>,
    /// Which slots of each level have one.
    occupied: [[u64; SLOTS / 64]; LEVELS],
    /// Nothing is due before this many milliseconds.
    quiet_until: u64,
}

impl Default for Wheel {
    fn default() -> Self {
        Wheel {
            now: 0,
            heads: vec![NONE; LEVELS * SLOTS],
            occupied: [[0; SLOTS / 64]; LEVELS],
            quiet_until: u64::MAX,
        }
    }
}

impl Wheel {
    /// Puts a session into the slot that comes up `left` milliseconds after `now`.
    pub(super) fn link(&mut self, cold: &mut [Cold], id: SessionId, now: Tick, left: u32) {
        // The wheel may lag behind, never lead: count from its own time.
        let lag = now.since(Tick(self.now as u32));
        let at = self.now + u64::from(lag) + u64::from(left.max(1));
        let (slot, comes_up) = self.slot(at);
        self.quiet_until = self.quiet_until.min(comes_up);
        self.push(cold, id, slot);
    }

    pub(super) fn unlink(&mut self, cold: &mut [Cold], id: SessionId) {
        let Cold { links: [previous, next], slot, .. } = cold[id.index()];
        if slot == 0 {
            return;
        }
        match previous {
            NONE => self.set_head(usize::from(slot) - 1, next),
            previous => cold[previous as usize].links[1] = next,
        }
        if next != NONE {
            cold[next as usize].links[0] = previous;
        }
        cold[id.index()].slot = 0;
    }

    /// The next session whose slot has come up at `now`, taken out of the wheel, and the one that
    /// comes after it, if that is known. A slot of a higher
    /// level comes up when its span begins: most of its sessions are not due yet, and whoever asks
    /// links them again, closer by. So each call is O(1), and no slot is ever emptied in one go.
    #[inline]
    pub(super) fn due(
        &mut self,
        cold: &mut [Cold],
        now: Instant,
    ) -> Option<(SessionId, Option<SessionId>)> {
        let target = now.0 / 1_000_000;
        if target < self.quiet_until {
            self.now = self.now.max(target);
            return None;
        }
        self.next_due(cold, target)
    }

    fn next_due(
        &mut self,
        cold: &mut [Cold],
        target: u64,
    ) -> Option<(SessionId, Option<SessionId>)> {
        let next = (0..LEVELS).filter_map(|level| Some((self.next_at(level)?, level))).min();
        match next {
            Some((at, level)) if at <= target => {
                self.now = self.now.max(at);
                let slot = level * SLOTS + ((at >> (BITS * level as u32)) as usize % SLOTS);
                let id = SessionId::new(self.heads[slot] as usize);
                self.unlink(cold, id);
                let after = self.heads[slot];
                Some((id, (after != NONE).then(|| SessionId::new(after as usize))))
            }
            _ => {
                self.now = self.now.max(target);
                self.quiet_until = next.map_or(u64::MAX, |(at, _)| at);
                None
            }
        }
    }

    /// When the next occupied slot of a level comes up.
    fn next_at(&self, level: usize) -> Option<u64> {
        let shift = BITS * level as u32;
        let here = self.now >> shift;
        let ahead = first_from(&self.occupied[level], here as usize % SLOTS)? as u64;
        Some(((here + ahead) << shift).max(self.now))
    }

    fn push(&mut self, cold: &mut [Cold], id: SessionId, slot: usize) {
        let head = self.heads[slot];
        if head != NONE {
            cold[head as usize].links[0] = id.index() as u32;
        }
        let entry = &mut cold[id.index()];
        entry.links = [NONE, head];
        entry.slot = slot as u16 + 1;
        self.set_head(slot, id.index() as u32);
    }

    fn set_head(&mut self, slot: usize, head: u32) {
        self.heads[slot] = head;
        let word = &mut self.occupied[slot / SLOTS][slot % SLOTS / 64];
        let bit = 1 << (slot % 64);
        *word = if head == NONE { *word & !bit } else { *word | bit };
    }

    /// The slot for a time, and when that slot comes up: the lowest level whose turn reaches it.
    fn slot(&self, at: u64) -> (usize, u64) {
        let distance = at - self.now;
        let level = (0..LEVELS - 1)
            .find(|level| distance < 1 << (BITS * (*level as u32 + 1)))
            .unwrap_or(LEVELS - 1);
        let shift = BITS * level as u32;
        let furthest = self.now + (((SLOTS as u64) - 1) << shift);
        let turn = at.min(furthest) >> shift;
        (level * SLOTS + (turn as usize % SLOTS), turn << shift)
    }
}

/// How far ahead of slot `from` the first occupied slot is, round the end.
fn first_from(occupied: &[u64; SLOTS / 64], from: usize) -> Option<usize> {
    let (word, bit) = (from / 64, from % 64);
    let ahead = occupied[word] >> bit;
    if ahead != 0 {
        return Some(ahead.trailing_zeros() as usize);
    }
    // The other words, and at last the part of this one that lies behind.
    (1..=SLOTS / 64).find_map(|step| {
        let bits = occupied[(word + step) % (SLOTS / 64)];
        (bits != 0).then(|| step * 64 - bit + bits.trailing_zeros() as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;
    use proptest::prelude::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    proptest! {
        /// Nobody fires late; who fires early does so because a coarse slot came up, and is linked
        /// again by the caller.
        #[test]
        fn everybody_comes_up_in_time(spans in prop::collection::vec(1u32..500_000_000, 1..40)) {
            let mut wheel = Wheel::default();
            let mut cold = vec![Cold::default(); spans.len()];
            for (n, span) in spans.iter().enumerate() {
                wheel.link(&mut cold, SessionId::new(n), Tick(0), *span);
            }
            let mut ends = spans.clone();
            ends.sort_unstable();
            for now in ends {
                while let Some((id, _)) = wheel.due(&mut cold, at(u64::from(now))) {
                    let end = spans[id.index()];
                    if end > now {
                        wheel.link(&mut cold, id, Tick(now), end - now);
                    }
                }
                for (n, entry) in cold.iter().enumerate() {
                    prop_assert_eq!(entry.linked(), spans[n] > now, "{} at {}", spans[n], now);
                }
            }
        }

        /// Unlinked sessions never fire, and the others still do.
        #[test]
        fn unlinking_takes_one_out(spans in prop::collection::vec((1u32..100_000, any::<bool>()), 1..60)) {
            let mut wheel = Wheel::default();
            let mut cold = vec![Cold::default(); spans.len()];
            for (n, (span, _)) in spans.iter().enumerate() {
                wheel.link(&mut cold, SessionId::new(n), Tick(0), *span);
            }
            for (n, _) in spans.iter().enumerate().filter(|(_, (_, out))| *out) {
                wheel.unlink(&mut cold, SessionId::new(n));
            }
            let mut fired = 0;
            while let Some((id, _)) = wheel.due(&mut cold, at(200_000)) {
                prop_assert!(!spans[id.index()].1);
                fired += 1;
            }
            prop_assert_eq!(fired, spans.iter().filter(|(_, out)| !out).count());
        }
    }
}
