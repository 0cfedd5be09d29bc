//! Source ports: who owns which, per destination.
//!
//! A translator may use one port towards many destinations at once, as AWS's NAT gateway does (RFC
//! 7857 §5 allows it where destination address or port differ); towards one destination, protocol
//! and own address each port is used once. Looking for a port changes nothing: a walk looks, and
//! only when it has reached its end is the port taken.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::net::Ipv4Addr;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::budget::Budget;
use crate::flow::Translator;
use crate::packet::Protocol;
use crate::snapshot::EniId;
use crate::steer::Share;

/// The first port that is given out (VPC guide, nat-gateway-basics: 1024-65535).
pub const FIRST_PORT: u16 = 1024;
/// How many there are.
pub const PORTS: u32 = 65_536 - FIRST_PORT as u32;

/// A translator's own address, and the destination that its ports lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Towards {
    /// Who translates.
    pub by: Translator,
    /// With which of its addresses.
    pub address: Ipv4Addr,
    /// TCP, UDP or ICMP (whose identifiers are ports here).
    pub protocol: Protocol,
    /// Destination address.
    pub remote: Ipv4Addr,
    /// Destination port.
    pub remote_port: u16,
}

impl Hash for Towards {
    /// Two words, where deriving it would give eight.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let addresses = u64::from(self.address.to_bits()) << 32 | u64::from(self.remote.to_bits());
        let rest = u64::from(self.by.code()) << 24
            | u64::from(self.remote_port) << 8
            | u64::from(self.protocol.0);
        state.write_u64(addresses);
        state.write_u64(rest);
    }
}

/// The ports of all translators that belong to one worker.
#[derive(Debug)]
pub struct Ports {
    share: Share,
    taken: HashMap<Towards, PortSet, RandomState>,
    len: usize,
    /// How many of them belong to each NAT gateway.
    nat: Vec<u32>,
    budget: Arc<Budget>,
}

impl Default for Ports {
    /// All ports are one worker's.
    fn default() -> Self {
        Ports::new(Share::WHOLE, Arc::default())
    }
}

impl Ports {
    /// No port is in use, and those of `share` may be. All workers have one `budget`.
    pub(crate) fn new(share: Share, budget: Arc<Budget>) -> Ports {
        Ports { share, taken: HashMap::default(), len: 0, nat: Vec::new(), budget }
    }

    /// The port that a new connection would get, near the one that `wish` points at. `None` when
    /// this worker's share of `limit` connections, or all its ports, lead there already.
    pub fn free(&self, towards: &Towards, wish: u16, limit: u32) -> Option<u16> {
        let most = self.share.of(limit.min(PORTS));
        let set = self.taken.get(towards);
        if set.map_or(0, PortSet::len) >= most {
            return None;
        }
        let span = Span { ports: self.share.of(PORTS) };
        let index = match set {
            None => u32::from(wish) % span.ports,
            Some(set) => set.first_free(span, wish),
        };
        Some(self.share.port(index))
    }

    /// Connections of a shared ENI towards all destinations, over all workers.
    pub fn carried(&self, eni: EniId) -> u32 {
        self.budget.used(eni)
    }

    /// Connections of a translator towards all destinations: a shared ENI's over all workers, a NAT
    /// gateway's of this one. The provider's are not counted.
    pub fn connections(&self, by: Translator) -> u32 {
        match by {
            Translator::Hyperplane(eni) => self.carried(eni),
            Translator::Nat(nat) => self.nat.get(nat.0 as usize).copied().unwrap_or_default(),
            Translator::Provider => 0,
        }
    }

    /// Counts one more connection of a translator; false when it is a shared ENI that has `limit`.
    pub(crate) fn begin(&self, by: Translator, limit: u32) -> bool {
        match by {
            Translator::Hyperplane(eni) => self.budget.take(eni, limit),
            Translator::Nat(_) | Translator::Provider => true,
        }
    }

    /// Counts one connection of a translator less.
    pub(crate) fn end(&self, by: Translator) {
        if let Translator::Hyperplane(eni) = by {
            self.budget.give_back(eni);
        }
    }

    /// How many connections lead there.
    pub fn towards(&self, towards: &Towards) -> u32 {
        self.taken.get(towards).map_or(0, PortSet::len)
    }

    /// How many ports are in use, over all translators.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no port is in use.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a port that [`free`](Self::free) gave.
    pub fn take(&mut self, towards: Towards, port: u16) {
        let span = Span { ports: self.share.of(PORTS) };
        let set = self.taken.entry(towards).or_default();
        let fresh = set.insert(span, self.share.index(port));
        debug_assert!(fresh, "{port} was taken towards {towards:?}");
        self.len += 1;
        if let Translator::Nat(nat) = towards.by {
            let at = nat.0 as usize;
            if at >= self.nat.len() {
                self.nat.resize(at + 1, 0);
            }
            self.nat[at] += 1;
        }
    }

    /// Gives a port back.
    pub fn release(&mut self, towards: Towards, port: u16) {
        let Some(set) = self.taken.get_mut(&towards) else {
            return;
        };
        let gone = set.remove(self.share.index(port));
        self.len -= usize::from(gone);
        if let Translator::Nat(nat) = towards.by {
            self.nat[nat.0 as usize] -= u32::from(gone);
        }
        if set.len() == 0 {
            self.taken.remove(&towards);
        }
    }
}

/// The indices that a set of ports may have: those below `ports`.
#[derive(Clone, Copy)]
struct Span {
    ports: u32,
}

impl Span {
    /// An index in a block, where the wish points at.
    fn in_block(self, number: u32, wish: u16) -> u32 {
        let ports = (self.ports - number * BLOCK).min(BLOCK);
        number * BLOCK + u32::from(wish) % ports
    }

    /// An index in the first block, from where the wish points at, that is not `begun`.
    fn other_block(self, wish: u16, begun: impl Fn(u32) -> bool) -> u32 {
        let count = self.ports.div_ceil(BLOCK);
        let from = u32::from(wish) % count;
        let number = (from..count).chain(0..from).find(|number| !begun(*number));
        self.in_block(number.expect("a set that is not full has a free port"), wish)
    }
}

/// Ports in a block: a cache line of bits.
const BLOCK: u32 = 512;
/// A set of more ports than this keeps bits.
const FEW: usize = 6;

/// The ports in use towards one destination, by their index in the share.
///
/// Almost all destinations have a handful of connections, and a few have tens of thousands. So a set
/// is a list at first, then a block of bits, then several, of which the next is begun only when all
/// others are full: 64 bytes for 512 ports, and finding a free one takes the same few steps whether
/// one port is in use or all but one are.
#[derive(Debug)]
enum PortSet {
    Few { len: u8, ports: [u16; FEW] },
    One { len: u16, block: Box<Block> },
    Many(Box<Blocks>),
}

impl Default for PortSet {
    fn default() -> Self {
        PortSet::Few { len: 0, ports: [0; FEW] }
    }
}

impl PortSet {
    fn len(&self) -> u32 {
        match self {
            PortSet::Few { len, .. } => u32::from(*len),
            PortSet::One { len, .. } => u32::from(*len),
            PortSet::Many(blocks) => blocks.len,
        }
    }

    /// A port that is not in the set, which is not full.
    fn first_free(&self, span: Span, wish: u16) -> u32 {
        match self {
            PortSet::Few { len, ports } => {
                let ports = &ports[..usize::from(*len)];
                let mut index = match ports.first() {
                    None => u32::from(wish) % span.ports,
                    // In one block with the others, so that one line will hold them all.
                    Some(first) => span.in_block(u32::from(*first) / BLOCK, wish),
                };
                while ports.contains(&(index as u16)) {
                    index = if index + 1 == span.ports { 0 } else { index + 1 };
                }
                index
            }
            PortSet::One { block, .. } if !block.is_full() => block.first_free(wish),
            PortSet::One { block, .. } => {
                span.other_block(wish, |number| number == u32::from(block.number))
            }
            PortSet::Many(blocks) => blocks.first_free(span, wish),
        }
    }

    fn insert(&mut self, span: Span, index: u32) -> bool {
        match self {
            PortSet::Few { len, ports } => {
                let used = usize::from(*len);
                if ports[..used].contains(&(index as u16)) {
                    return false;
                }
                if used < FEW {
                    ports[used] = index as u16;
                    *len += 1;
                    return true;
                }
                *self = PortSet::with_bits(span, *ports);
                self.insert(span, index)
            }
            PortSet::One { len, block } if index / BLOCK == u32::from(block.number) => {
                let fresh = block.set(index % BLOCK, true);
                *len += u16::from(fresh);
                fresh
            }
            PortSet::One { len, block } => {
                let mut blocks = Box::<Blocks>::default();
                blocks.add(**block);
                blocks.len = u32::from(*len);
                let fresh = blocks.insert(span, index);
                *self = PortSet::Many(blocks);
                fresh
            }
            PortSet::Many(blocks) => blocks.insert(span, index),
        }
    }

    /// A list in bits: almost always all in one block.
    fn with_bits(span: Span, ports: [u16; FEW]) -> PortSet {
        let number = u32::from(ports[0]) / BLOCK;
        let mut set = PortSet::One { len: 0, block: Box::new(Block::new(span, number)) };
        for index in ports {
            set.insert(span, u32::from(index));
        }
        set
    }

    fn remove(&mut self, index: u32) -> bool {
        match self {
            PortSet::Few { len, ports } => {
                let used = usize::from(*len);
                let at = ports[..used].iter().position(|port| u32::from(*port) == index);
                if let Some(at) = at {
                    ports[at] = ports[used - 1];
                    *len -= 1;
                }
                at.is_some()
            }
            PortSet::One { len, block } => {
                let there =
                    index / BLOCK == u32::from(block.number) && block.set(index % BLOCK, false);
                *len -= u16::from(there);
                there
            }
            PortSet::Many(blocks) => blocks.remove(index),
        }
    }
}

/// Blocks of bits, begun one after the other as they are needed.
#[derive(Debug, Default)]
struct Blocks {
    len: u32,
    /// Which of the blocks below are full, by their place there.
    full: u128,
    /// The number of each block that was begun, and where it is: 0 for those that were not.
    places: Vec<u8>,
    blocks: Vec<Block>,
}

impl Blocks {
    /// In the lowest block with room, or in one that was not begun.
    fn first_free(&self, span: Span, wish: u16) -> u32 {
        let place = (!self.full).trailing_zeros() as usize;
        match self.blocks.get(place) {
            Some(block) => block.first_free(wish),
            None => span.other_block(wish, |number| self.place(number).is_some()),
        }
    }

    fn place(&self, number: u32) -> Option<usize> {
        let place = *self.places.get(number as usize)?;
        usize::from(place).checked_sub(1)
    }

    fn insert(&mut self, span: Span, index: u32) -> bool {
        let number = index / BLOCK;
        let place = self.place(number).unwrap_or_else(|| self.add(Block::new(span, number)));
        let block = &mut self.blocks[place];
        let fresh = block.set(index % BLOCK, true);
        self.len += u32::from(fresh);
        if block.is_full() {
            self.full |= 1 << place;
        }
        fresh
    }

    fn remove(&mut self, index: u32) -> bool {
        let Some(place) = self.place(index / BLOCK) else { return false };
        let there = self.blocks[place].set(index % BLOCK, false);
        self.len -= u32::from(there);
        if there {
            self.full &= !(1 << place);
        }
        there
    }

    fn add(&mut self, block: Block) -> usize {
        let number = usize::from(block.number);
        self.full |= u128::from(block.is_full()) << self.blocks.len();
        self.blocks.push(block);
        if self.places.len() <= number {
            self.places.resize(number + 1, 0);
        }
        self.places[number] = self.blocks.len() as u8;
        self.blocks.len() - 1
    }
}

/// A bit for each of 512 ports: set where it is taken.
#[derive(Clone, Copy, Debug)]
struct Block {
    bits: [u64; 8],
    number: u8,
}

impl Block {
    /// An empty one; what lies beyond the last port counts as taken for good.
    fn new(span: Span, number: u32) -> Block {
        let mut block = Block { bits: [0; 8], number: number as u8 };
        for index in span.ports.saturating_sub(number * BLOCK)..BLOCK {
            block.set(index, true);
        }
        block
    }

    fn is_full(&self) -> bool {
        self.bits.iter().fold(u64::MAX, |all, word| all & word) == u64::MAX
    }

    /// The first free port from where the wish points at, round the end, of a block that is not
    /// full.
    fn first_free(&self, wish: u16) -> u32 {
        let start = u32::from(wish) % BLOCK;
        let (word, bit) = ((start / 64) as usize, start % 64);
        let here = !self.bits[word] & u64::MAX << bit;
        let index = if here != 0 {
            word as u32 * 64 + here.trailing_zeros()
        } else {
            let next = (1..=8).map(|step| (word + step) % 8);
            let word = next.into_iter().find(|word| self.bits[*word] != u64::MAX);
            let word = word.expect("a block that is not full has a free port");
            word as u32 * 64 + self.bits[word].trailing_ones()
        };
        u32::from(self.number) * BLOCK + index
    }

    /// Sets or clears a bit; whether that changed it.
    fn set(&mut self, index: u32, on: bool) -> bool {
        let bit = 1 << (index % 64);
        let word = &mut self.bits[(index / 64) as usize];
        let changed = (*word & bit != 0) != on;
        *word = if on { *word | bit } else { *word & !bit };
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steer::{Steering, WorkerId};
    use proptest::prelude::*;
    use std::collections::{BTreeSet, HashSet};

    fn towards(remote_port: u16) -> Towards {
        Towards {
            by: Translator::Provider,
            address: Ipv4Addr::new(192, 0, 2, 1),
            protocol: Protocol::TCP,
            remote: Ipv4Addr::new(203, 0, 113, 10),
            remote_port,
        }
    }

    #[test]
    fn exactly_the_limit_towards_one_destination_and_as_many_towards_the_next() {
        // aws-facts §14, case 4.
        let mut ports = Ports::default();
        for n in 0..55_000u32 {
            let port = ports.free(&towards(443), (n * 7) as u16, 55_000).unwrap();
            ports.take(towards(443), port);
        }
        assert_eq!(ports.free(&towards(443), 0, 55_000), None);
        assert!(ports.free(&towards(80), 0, 55_000).is_some());
        ports.release(towards(443), FIRST_PORT);
        assert_eq!(ports.len(), 54_999);
        assert!(ports.free(&towards(443), 0, 55_000).is_some());
    }

    #[test]
    fn the_very_last_port_is_found() {
        let mut ports = Ports::default();
        for port in FIRST_PORT..=u16::MAX {
            if port != 40_000 {
                ports.take(towards(443), port);
            }
        }
        assert_eq!(ports.free(&towards(443), 50_000, PORTS), Some(40_000));
        ports.take(towards(443), 40_000);
        assert_eq!(ports.free(&towards(443), 50_000, PORTS), None);
    }

    /// 55,000 connections exactly, however many workers share them.
    #[test]
    fn shares_of_a_limit_add_up_to_it() {
        for workers in [1, 2, 3, 8] {
            let steering = Steering::new(workers, 0);
            let mut all = HashSet::new();
            for worker in 0..workers as u16 {
                let mut ports = Ports::new(steering.share(WorkerId(worker)), Arc::default());
                while let Some(port) = ports.free(&towards(443), all.len() as u16, 55_000) {
                    ports.take(towards(443), port);
                    assert!(all.insert(port), "{port} was given out twice");
                }
            }
            assert_eq!(all.len(), 55_000, "{workers} workers");
        }
    }

    #[test]
    fn a_set_takes_little_memory_however_few_or_many_ports_it_has() {
        assert_eq!(size_of::<PortSet>(), 16);
        let mut ports = Ports::default();
        for n in 0..600_u16 {
            let port = ports.free(&towards(443), n.wrapping_mul(40_503), PORTS).unwrap();
            ports.take(towards(443), port);
        }
        let PortSet::Many(blocks) = &ports.taken[&towards(443)] else { panic!("600 are many") };
        assert!(blocks.blocks.len() <= 2, "{} blocks", blocks.blocks.len());
    }

    proptest! {
        #[test]
        fn a_set_of_ports_is_a_set(
            steps in prop::collection::vec((0u8..3, 0u32..1300, any::<u16>()), 1..600),
            ports in prop::sample::select(vec![700u32, 1024, 1300]),
        ) {
            let span = Span { ports };
            let mut set = PortSet::default();
            let mut oracle = BTreeSet::new();
            for (step, index, wish) in steps {
                let index = index % ports;
                match step {
                    0 => prop_assert_eq!(set.insert(span, index), oracle.insert(index)),
                    1 => prop_assert_eq!(set.remove(index), oracle.remove(&index)),
                    _ if oracle.len() < ports as usize => {
                        let free = set.first_free(span, wish);
                        prop_assert!(free < ports && oracle.insert(free));
                        prop_assert!(set.insert(span, free));
                    }
                    _ => {}
                }
                prop_assert_eq!(set.len() as usize, oracle.len());
            }
        }
    }
}
