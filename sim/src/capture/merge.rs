//! Blocks that wait for their turn, so that a file is in the order of time.
//!
//! Packets come in the order in which they enter the cloud, and each hop sees them so much later. The
//! hops that are equally late make a lane, which is in order by itself; lanes are merged.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{self, Write};

/// The bytes of a chunk of a lane, more or less.
const CHUNK: usize = 1 << 18;

/// Blocks that wait.
#[derive(Default)]
pub(super) struct Merge {
    lanes: Vec<Lane>,
    by_delay: HashMap<u64, usize>,
    /// Those of no lane.
    others: BTreeMap<Turn, Vec<u8>>,
    /// How many blocks came so far.
    blocks: u64,
    /// Chunks to be used again.
    spare: Vec<Vec<u8>>,
}

/// When a block is written: by time, and of the same time in the order in which they came.
type Turn = (u64, u64);

/// Blocks in order.
#[derive(Default)]
struct Lane {
    turns: VecDeque<(Turn, usize)>,
    /// Their bytes; those before `head` of the first chunk are written.
    chunks: VecDeque<Vec<u8>>,
    head: usize,
}

impl Merge {
    /// Adds a block of a hop that sees packets so much later. Those of one `delay` come in order.
    pub(super) fn add(&mut self, at: u64, delay: u64, append: impl FnOnce(&mut Vec<u8>)) {
        let next = self.lanes.len();
        let lane = *self.by_delay.entry(delay).or_insert(next);
        if lane == next {
            self.lanes.push(Lane::default());
        }
        let Lane { turns, chunks, .. } = &mut self.lanes[lane];
        if chunks.back().is_none_or(|chunk| chunk.len() >= CHUNK) {
            chunks.push_back(self.spare.pop().unwrap_or_default());
        }
        let chunk = chunks.back_mut().expect("a chunk");
        let start = chunk.len();
        append(chunk);
        self.blocks += 1;
        turns.push_back(((at, self.blocks), chunk.len() - start));
    }

    /// Adds a block at any time that is not written yet.
    pub(super) fn add_other(&mut self, at: u64, append: impl FnOnce(&mut Vec<u8>)) {
        self.blocks += 1;
        append(self.others.entry((at, self.blocks)).or_default());
    }

    /// Writes everything that is due by `now`.
    ///
    /// # Errors
    /// What goes wrong in writing.
    pub(super) fn write(&mut self, now: u64, out: &mut impl Write) -> io::Result<()> {
        loop {
            let turn = |lane: &Lane| lane.turns.front().map(|(turn, _)| *turn);
            let turns = self.lanes.iter().enumerate().filter_map(|(at, l)| Some((turn(l)?, at)));
            let (mut first, mut second) = (None, (now, u64::MAX));
            for (turn, lane) in turns {
                match first {
                    Some((least, _)) if turn > least => second = second.min(turn),
                    Some((least, _)) => {
                        second = second.min(least);
                        first = Some((turn, lane));
                    }
                    None => first = Some((turn, lane)),
                }
            }
            let other = self.others.first_entry();
            let least = first.map_or((u64::MAX, u64::MAX), |(turn, _)| turn);
            match other {
                Some(other) if *other.key() < least && other.key().0 <= now => {
                    out.write_all(&other.remove())?;
                    continue;
                }
                Some(other) => second = second.min(*other.key()),
                None => {}
            }
            match first {
                Some((turn, lane)) if turn.0 <= now => {
                    self.lanes[lane].write(second, out, &mut self.spare)?;
                }
                _ => return Ok(()),
            }
        }
    }
}

impl Lane {
    /// Writes what comes before the `end`.
    fn write(
        &mut self,
        end: Turn,
        out: &mut impl Write,
        spare: &mut Vec<Vec<u8>>,
    ) -> io::Result<()> {
        while let Some((_, len)) = self.turns.front().filter(|(turn, _)| *turn <= end).copied() {
            self.turns.pop_front();
            let Some(chunk) = self.chunks.front_mut() else { return Ok(()) };
            out.write_all(&chunk[self.head..self.head + len])?;
            self.head += len;
            if self.head == chunk.len() && chunk.len() >= CHUNK {
                let mut chunk = self.chunks.pop_front().unwrap_or_default();
                chunk.clear();
                spare.push(chunk);
                self.head = 0;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against sorting everything: random times, delays and moments of writing.
    #[test]
    fn blocks_come_out_in_order() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let (mut merge, mut wanted, mut out) = (Merge::default(), Vec::new(), Vec::new());
            let mut now = 0;
            for number in 0..rng.u64(..300) {
                now += rng.u64(..3);
                let delay = rng.u64(..4) * 5;
                let at = now + delay;
                let mut block = [at.to_le_bytes(), number.to_le_bytes()].concat();
                block.resize(16 + rng.usize(..50_000), 0);
                match rng.u8(..5) {
                    0 => merge.add_other(at, |bytes| bytes.extend(&block)),
                    _ => merge.add(at, delay, |bytes| bytes.extend(&block)),
                }
                wanted.push((at, number, block));
                if rng.u8(..) < 40 {
                    // What comes later may be of the same time.
                    merge.write(now.saturating_sub(1), &mut out).expect("a vector");
                }
            }
            merge.write(u64::MAX, &mut out).expect("a vector");
            wanted.sort();
            let wanted: Vec<u8> = wanted.into_iter().flat_map(|(.., block)| block).collect();
            assert!(out == wanted);
        }
    }
}
