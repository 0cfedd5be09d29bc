//! From a key's hash to a session: buckets of one cache line with eight tagged references each.
//!
//! A key goes into its first bucket, or where that is full into a second one, or where both are
//! full into a short overflow list. Each bucket counts the keys that wanted it and live elsewhere,
//! so that a search may stop at the first bucket when nobody overflowed. At the load for which the
//! table is sized (0.5) fewer than one key in a hundred does.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::key::FlowKey;
use super::session::{Dir, SessionId};
use crate::memory::Lines;
use crate::prefetch;

/// Entries in one bucket.
const WAYS: usize = 8;

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Bucket {
    /// 16 bits of the hash for each entry, four to a word, never zero in a used one.
    tags: [u64; 2],
    /// Session and direction.
    refs: [Reference; WAYS],
    /// Keys that wanted this bucket first and live elsewhere.
    overflowed: u32,
    /// Keys for which this one was full, too.
    spilled: u32,
}

const EMPTY: Bucket =
    Bucket { tags: [0; 2], refs: [Reference::NONE; WAYS], overflowed: 0, spilled: 0 };

/// A session and a direction in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reference(u32);

impl Reference {
    /// No session: the last one that could be named.
    pub(crate) const NONE: Reference = Reference(u32::MAX);

    pub(crate) fn new(id: SessionId, dir: Dir) -> Reference {
        Reference((id.index() as u32) << 1 | dir as u32)
    }

    #[inline(always)]
    pub(crate) fn id(self) -> SessionId {
        SessionId::new((self.0 >> 1) as usize)
    }

    #[inline(always)]
    pub(crate) fn dir(self) -> Dir {
        if self.0 & 1 == 0 { Dir::Forward } else { Dir::Return }
    }
}

#[derive(Debug)]
pub(super) struct Index {
    buckets: Lines<Bucket>,
    /// Keys for which both buckets were full, by their hash: three in ten thousand.
    spilled: HashMap<u64, Vec<Reference>, RandomState>,
    capacity: usize,
    seed: u64,
}

impl Index {
    /// Room for two keys of each of `capacity` flows, at half load.
    pub(super) fn new(capacity: usize, seed: u64) -> Index {
        let buckets = (capacity * 4).div_ceil(WAYS).max(1);
        Index { buckets: Lines::new(EMPTY, buckets), spilled: HashMap::default(), capacity, seed }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    #[inline(always)]
    pub(super) fn hash(&self, key: &FlowKey) -> u64 {
        key.seeded(self.seed)
    }

    /// Asks for the line in which a key of that hash is looked for first.
    #[inline(always)]
    pub(super) fn prefetch<const FAR: bool>(&self, hash: u64) {
        prefetch::read::<_, FAR>(&self.buckets[self.first(hash)]);
    }

    /// The first entry of that hash, which is the right one unless two keys share a tag.
    #[inline(always)]
    pub(super) fn candidate(&self, hash: u64) -> Reference {
        let bucket = &self.buckets[self.first(hash)];
        let matching = bucket.matching(tag(hash));
        if matching == 0 {
            return self.overflowed_candidate(bucket, hash);
        }
        bucket.refs[matching.trailing_zeros() as usize / 2 % WAYS]
    }

    #[cold]
    fn overflowed_candidate(&self, first: &Bucket, hash: u64) -> Reference {
        if first.overflowed == 0 {
            return Reference::NONE;
        }
        let second = &self.buckets[self.second(hash)];
        let matching = second.entries(tag(hash)).next();
        let spilled = || self.spilled_under(second, hash).next();
        matching.or_else(spilled).unwrap_or(Reference::NONE)
    }

    /// The keys of that hash for which `second` was full, too.
    fn spilled_under(&self, second: &Bucket, hash: u64) -> impl Iterator<Item = Reference> {
        let spilled = if second.spilled == 0 { None } else { self.spilled.get(&hash) };
        spilled.into_iter().flatten().copied()
    }

    /// The entry under `hash` that `is_it` accepts.
    #[inline]
    pub(super) fn find(
        &self,
        hash: u64,
        is_it: impl Fn(SessionId, Dir) -> bool,
    ) -> Option<(SessionId, Dir)> {
        let accept = |reference: Reference| {
            let (id, dir) = (reference.id(), reference.dir());
            is_it(id, dir).then_some((id, dir))
        };
        let first = &self.buckets[self.first(hash)];
        let found = first.entries(tag(hash)).find_map(accept);
        if found.is_some() || first.overflowed == 0 {
            return found;
        }
        let second = &self.buckets[self.second(hash)];
        let found = second.entries(tag(hash)).find_map(accept);
        found.or_else(|| self.spilled_under(second, hash).find_map(accept))
    }

    pub(super) fn insert(&mut self, hash: u64, id: SessionId, dir: Dir) {
        let reference = Reference::new(id, dir);
        let (first, second) = (self.first(hash), self.second(hash));
        if self.buckets[first].put(tag(hash), reference) {
            return;
        }
        self.buckets[first].overflowed += 1;
        if !self.buckets[second].put(tag(hash), reference) {
            self.buckets[second].spilled += 1;
            self.spilled.entry(hash).or_default().push(reference);
        }
    }

    pub(super) fn remove(&mut self, hash: u64, id: SessionId, dir: Dir) {
        let reference = Reference::new(id, dir);
        let (first, second) = (self.first(hash), self.second(hash));
        if self.buckets[first].take(tag(hash), reference) {
            return;
        }
        self.buckets[first].overflowed -= 1;
        if !self.buckets[second].take(tag(hash), reference) {
            self.buckets[second].spilled -= 1;
            if let Some(references) = self.spilled.get_mut(&hash) {
                references.retain(|other| *other != reference);
                if references.is_empty() {
                    self.spilled.remove(&hash);
                }
            }
        }
    }

    /// The top bits choose the bucket by multiplication, so that any number of buckets will do.
    #[inline(always)]
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
    /// Which entries have this tag: two bits each.
    #[inline(always)]
    fn matching(&self, tag: u16) -> u32 {
        prefetch::matching_tags(self.tags, tag)
    }

    /// The entries with this tag.
    #[inline]
    fn entries(&self, tag: u16) -> impl Iterator<Item = Reference> {
        let mut matching = self.matching(tag);
        std::iter::from_fn(move || {
            let way = (matching != 0).then(|| matching.trailing_zeros() / 2)?;
            matching &= !(0b11 << (2 * way));
            Some(self.refs[way as usize])
        })
    }

    fn put(&mut self, tag: u16, reference: Reference) -> bool {
        let free = self.matching(0);
        if free != 0 {
            self.set(free.trailing_zeros() as usize / 2, tag);
            self.refs[free.trailing_zeros() as usize / 2] = reference;
        }
        free != 0
    }

    fn take(&mut self, tag: u16, reference: Reference) -> bool {
        let mut matching = self.matching(tag);
        while matching != 0 {
            let way = matching.trailing_zeros() as usize / 2;
            if self.refs[way] == reference {
                self.set(way, 0);
                return true;
            }
            matching &= !(0b11 << (2 * way));
        }
        false
    }

    fn set(&mut self, way: usize, tag: u16) {
        let shift = way % 4 * 16;
        let word = &mut self.tags[way / 4];
        *word = *word & !(0xffff << shift) | u64::from(tag) << shift;
    }
}

/// The low bits tell the entries of a bucket apart; zero means empty.
#[inline(always)]
fn tag(hash: u64) -> u16 {
    (hash as u16).max(1)
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
