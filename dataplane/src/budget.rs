//! How many connections each shared ENI carries, over all workers: the one number that they must
//! share for its limit to be exact. It is touched when a flow is set up and when it ends.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::snapshot::EniId;

/// ENIs whose counters are made together, and how often that may happen: 16 million ENIs.
const CHUNK: usize = 4_096;
const CHUNKS: usize = 4_096;

/// Counters, made when they are first needed and never moved.
#[derive(Debug)]
pub(crate) struct Budget {
    chunks: Box<[OnceLock<Box<[AtomicU32; CHUNK]>>]>,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect() }
    }
}

impl Budget {
    fn counter(&self, eni: EniId) -> &AtomicU32 {
        let at = eni.0 as usize;
        let chunk = self.chunks[at / CHUNK % CHUNKS]
            .get_or_init(|| Box::new([const { AtomicU32::new(0) }; CHUNK]));
        &chunk[at % CHUNK]
    }

    /// Connections of an ENI.
    pub(crate) fn used(&self, eni: EniId) -> u32 {
        // No other memory depends on the number.
        self.counter(eni).load(Ordering::Relaxed)
    }

    /// One more connection, if the ENI has fewer than `limit`.
    pub(crate) fn take(&self, eni: EniId, limit: u32) -> bool {
        let counter = self.counter(eni);
        let more = |used| (used < limit).then_some(used + 1);
        counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// One connection less.
    pub(crate) fn give_back(&self, eni: EniId) {
        self.counter(eni).fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_together_take_exactly_the_limit() {
        let budget = Budget::default();
        let taken: usize = std::thread::scope(|scope| {
            let take = || (0..9_000).filter(|_| budget.take(EniId(70_000), 10_000)).count();
            let threads = [(); 4].map(|()| scope.spawn(take));
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(taken, 10_000);
        budget.give_back(EniId(70_000));
        assert_eq!((budget.used(EniId(70_000)), budget.used(EniId(70_001))), (9_999, 0));
    }
}
