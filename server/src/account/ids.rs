//! Ids as AWS makes them up: a prefix and 17 hex digits, the first of which is 0.
//!
//! An id follows from the account's seed, the number of the change that makes it and how many that
//! change made before it: the same requests in the same order make the same ids, and two changes
//! never make the same.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// Makes ids for one change.
#[derive(Debug)]
pub struct Ids {
    seed: u64,
    revision: u64,
    made: u64,
}

impl Ids {
    /// Ids of the change that leads to this revision.
    pub fn new(seed: u64, revision: u64) -> Ids {
        Ids { seed, revision, made: 0 }
    }

    /// Such as `vpc-0a1b2c3d4e5f60718`.
    pub fn next(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{:016x}", self.word())
    }

    /// 32 hex digits, as App Runner has them.
    pub fn hex32(&mut self) -> String {
        format!("{:016x}{:016x}", self.word(), self.word())
    }

    /// 8-4-4-4-12, as App Runner's operations have them.
    pub fn uuid(&mut self) -> String {
        let hex = self.hex32();
        let part = |from: usize, to: usize| &hex[from..to];
        let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
        parts.join("-")
    }

    fn word(&mut self) -> u64 {
        let mut hasher = FixedState::with_seed(self.seed).build_hasher();
        hasher.write_u64(self.revision);
        hasher.write_u64(self.made);
        self.made += 1;
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_themselves_for_a_seed_and_never_within_one() {
        let ids = |seed, revision| {
            let mut ids = Ids::new(seed, revision);
            [ids.next("vpc"), ids.next("vpc"), ids.uuid(), ids.hex32()]
        };
        assert_eq!(ids(1, 7), ids(1, 7));
        let mut all: Vec<String> = [ids(1, 7), ids(1, 8), ids(2, 7)].concat();
        assert_eq!(all[0].len(), "vpc-".len() + 17);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 12);
    }
}
