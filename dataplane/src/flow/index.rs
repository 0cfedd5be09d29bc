//! From a key's hash to a session: buckets of one cache line with eight tagged references each.
//!
//! A key goes into its first bucket, or where that is full into a second one, or where both are
//! full into a short overflow list. Each bucket counts the keys that wanted it and live elsewhere,
//! so that a search may stop at the first bucket when nobody overflowed. At the load for which the
//! table is sized (0.5) fewer than one key in a hundred does.

use super::key::FlowKey;
use super::session::{Dir, SessionId};

/// Entries in one bucket.
const WAYS: usize = 8;

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Bucket {
    /// 16 bits of the hash, never zero in a used entry.
    tags: [u16; WAYS],
    /// Session and direction.
    refs: [u32; WAYS],
    /// Keys that wanted this bucket first and live elsewhere.
    overflowed: u32,
}

const EMPTY: Bucket = Bucket { tags: [0; WAYS], refs: [0; WAYS], overflowed: 0 };

#[derive(Debug)]
pub(super) struct Index {
    buckets: Vec<Bucket>,
    /// Keys for which both buckets were full: rare, and few.
    spilled: Vec<(u64, u32)>,
    capacity: usize,
    seed: u64,
}

impl Index {
    /// Room for two keys of each of `capacity` flows, at half load.
    pub(super) fn new(capacity: usize, seed: u64) -> Index {
        let buckets = (capacity * 4).div_ceil(WAYS).max(1);
        Index { buckets: vec![EMPTY; buckets], spilled: Vec::new(), capacity, seed }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    #[inline]
    pub(super) fn hash(&self, key: &FlowKey) -> u64 {
        key.hash(self.seed)
    }

    /// The entry under `hash` that `is_it` accepts.
    #[inline]
    pub(super) fn find(
        &self,
        hash: u64,
        is_it: impl Fn(SessionId, Dir) -> bool,
    ) -> Option<(SessionId, Dir)> {
        let accept = |reference: u32| {
            let (id, dir) = unpack(reference);
            is_it(id, dir).then_some((id, dir))
        };
        let first = &self.buckets[self.first(hash)];
        let found = first.matching(tag(hash)).find_map(accept);
        if found.is_some() || first.overflowed == 0 {
            return found;
        }
        let second = &self.buckets[self.second(hash)];
        let spilled = self.spilled.iter().filter(|(h, _)| *h == hash).map(|(_, r)| *r);
        second.matching(tag(hash)).chain(spilled).find_map(accept)
    }

    pub(super) fn insert(&mut self, hash: u64, id: SessionId, dir: Dir) {
        let reference = pack(id, dir);
        let (first, second) = (self.first(hash), self.second(hash));
        if self.buckets[first].put(tag(hash), reference) {
            return;
        }
        self.buckets[first].overflowed += 1;
        if !self.buckets[second].put(tag(hash), reference) {
            self.spilled.push((hash, reference));
        }
    }

    pub(super) fn remove(&mut self, hash: u64, id: SessionId, dir: Dir) {
        let reference = pack(id, dir);
        let (first, second) = (self.first(hash), self.second(hash));
        if self.buckets[first].take(tag(hash), reference) {
            return;
        }
        self.buckets[first].overflowed -= 1;
        if !self.buckets[second].take(tag(hash), reference) {
            self.spilled.retain(|entry| *entry != (hash, reference));
        }
    }

    /// The top bits choose the bucket by multiplication, so that any number of buckets will do.
    #[inline]
    fn first(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.buckets.len() as u128) >> 64) as usize
    }

    /// Another bucket, from other bits.
    #[inline]
    fn second(&self, hash: u64) -> usize {
        self.first(hash.rotate_left(32) ^ 0x5555_5555_5555_5555)
    }
}

impl Bucket {
    #[inline]
    fn matching(&self, tag: u16) -> impl Iterator<Item = u32> {
        self.tags.iter().zip(&self.refs).filter(move |(t, _)| **t == tag).map(|(_, r)| *r)
    }

    fn put(&mut self, tag: u16, reference: u32) -> bool {
        let free = self.tags.iter().position(|t| *t == 0);
        if let Some(way) = free {
            self.tags[way] = tag;
            self.refs[way] = reference;
        }
        free.is_some()
    }

    fn take(&mut self, tag: u16, reference: u32) -> bool {
        let way = (0..WAYS).find(|&way| self.tags[way] == tag && self.refs[way] == reference);
        if let Some(way) = way {
            self.tags[way] = 0;
        }
        way.is_some()
    }
}

/// The low bits tell the entries of a bucket apart; zero means empty.
#[inline]
fn tag(hash: u64) -> u16 {
    (hash as u16).max(1)
}

#[inline]
fn pack(id: SessionId, dir: Dir) -> u32 {
    (id.index() as u32) << 1 | dir as u32
}

#[inline]
fn unpack(reference: u32) -> (SessionId, Dir) {
    let dir = if reference & 1 == 0 { Dir::Forward } else { Dir::Return };
    (SessionId::new((reference >> 1) as usize), dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        /// Against a map: a table far too small for its keys, so that both overflows happen.
        #[test]
        fn holds_what_a_map_holds(steps in prop::collection::vec((any::<bool>(), 0u32..200), 1..600)) {
            let mut index = Index::new(8, 0);
            let mut map = HashMap::new();
            let hash_of = |n: u32| u64::from(n % 23).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            for (add, n) in steps {
                let (hash, id) = (hash_of(n), SessionId::new(n as usize));
                if add && !map.contains_key(&n) {
                    index.insert(hash, id, Dir::Return);
                    map.insert(n, hash);
                } else if !add && map.remove(&n).is_some() {
                    index.remove(hash, id, Dir::Return);
                }
                for n in 0..200 {
                    let found = index.find(hash_of(n), |id, _| id.index() == n as usize);
                    prop_assert_eq!(found.is_some(), map.contains_key(&n));
                }
            }
        }
    }
}
