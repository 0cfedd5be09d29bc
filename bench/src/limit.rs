//! The limit: the bare hit path and nothing else, over the same packets and flows.
//!
//! Parse, hash, tagged bucket, session, full key, epoch, rewrite by deltas, counters, a queue for the
//! next hop. No checksum is verified, no connection tracked, no timer kept, no drop named, nothing
//! can be added or removed: what the dataplane takes beyond this is the price of being one.

use egret_dataplane::memory::Lines;
use egret_dataplane::prefetch::{self, Hint};
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::worker::Arrival;

use crate::traffic::{BURST, Flow, Image, packet};

/// A flow: both directions' keys, of which each is the reverse of what the other is rewritten to.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Session {
    keys: [Key; 2],
    deltas: [[u16; 2]; 2],
    bytes: [u32; 2],
    packets: [u32; 2],
    epoch: u16,
    last: u16,
    next_hop: [u8; 2],
    rest: [u8; 2],
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
struct Key {
    addresses: u64,
    ports: u32,
    protocol: u32,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Bucket {
    tags: [u64; 2],
    refs: [u32; 8],
    rest: [u32; 4],
}

/// The table and its counters.
#[derive(Debug)]
pub struct Limit {
    buckets: Lines<Bucket>,
    sessions: Lines<Session>,
    seed: u64,
    epoch: u16,
    /// Packets that were not found, or not what the path takes: none, or the measure is void.
    pub missed: u64,
    queued: [u64; 8],
}

const NEXT_HOPS: usize = 8;

impl Limit {
    /// A table of these flows, at half load.
    pub fn new(flows: &[Flow], seed: u64) -> Limit {
        let buckets = (flows.len() * 2 * 2).div_ceil(8);
        let empty = Bucket { tags: [0; 2], refs: [0; 8], rest: [0; 4] };
        let mut limit = Limit {
            buckets: Lines::new(empty, buckets),
            sessions: Lines::new(Session::of(&flows[0], 0), flows.len()),
            seed,
            epoch: 1,
            missed: 0,
            queued: [0; 8],
        };
        for (at, flow) in flows.iter().enumerate() {
            let session = Session::of(flow, at);
            limit.sessions[at] = session;
            for dir in 0..2 {
                limit.insert(session.keys[dir].hash(seed), (at as u32) << 1 | dir as u32);
            }
        }
        limit
    }

    fn insert(&mut self, hash: u64, reference: u32) {
        let mut at = self.bucket(hash);
        loop {
            let bucket = &mut self.buckets[at];
            if let Some(way) = (0..8).find(|way| bucket.tag(*way) == 0) {
                bucket.set(way, tag(hash), reference);
                return;
            }
            at = if at + 1 == self.buckets.len() { 0 } else { at + 1 };
        }
    }

    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.buckets.len() as u128) >> 64) as usize
    }

    /// Takes a burst in three passes, with the prefetch that suits the table's size.
    #[inline]
    pub fn process(&mut self, hint: Hint, now: u16, arrivals: &mut [Arrival<'_>; BURST]) {
        match hint {
            Hint::Near => {
                let (first, second) = arrivals.split_at_mut(BURST / 2);
                self.passes::<{ BURST / 2 }, false>(now, first.try_into().expect("half a burst"));
                self.passes::<{ BURST / 2 }, false>(now, second.try_into().expect("half a burst"));
            }
            Hint::Far => self.passes::<BURST, true>(now, arrivals),
        }
    }

    #[inline]
    fn passes<const N: usize, const FAR: bool>(
        &mut self,
        now: u16,
        arrivals: &mut [Arrival<'_>; N],
    ) {
        let mut keys = [Key { addresses: 0, ports: 0, protocol: 0 }; N];
        let mut hashes = [0; N];
        let mut lens = [0; N];
        for (at, arrival) in arrivals.iter().enumerate() {
            let head: &[u8; 40] = arrival.bytes.first_chunk().expect("40 bytes");
            let len = u16::from_be_bytes([head[2], head[3]]);
            let fragment =
                u16::from_ne_bytes([head[6], head[7]]) & u16::from_ne_bytes([0x3f, 0xff]);
            let known = (head[9] == 17) | (head[9] == 6);
            let fine = (head[0] == 0x45) & (fragment == 0) & (head[8] > 1) & known;
            self.missed += u64::from(!(fine & (usize::from(len) <= arrival.bytes.len())));
            keys[at] = Key::read(head);
            hashes[at] = keys[at].hash(self.seed);
            lens[at] = len;
            prefetch::read::<_, FAR>(&self.buckets[self.bucket(hashes[at])]);
        }
        let mut found = [0; N];
        for at in 0..N {
            found[at] = self.buckets[self.bucket(hashes[at])].matching(tag(hashes[at]));
            prefetch::read::<_, FAR>(&self.sessions[(found[at] >> 1) as usize]);
        }
        let mut queues = [[0_u32; BURST]; NEXT_HOPS];
        let mut queued = [0_usize; NEXT_HOPS];
        for (at, arrival) in arrivals.iter_mut().enumerate() {
            let mut reference = found[at];
            let session = &self.sessions[(reference >> 1) as usize];
            if session.keys[(reference & 1) as usize] != keys[at] || session.epoch != self.epoch {
                match self.search(&keys[at], hashes[at]) {
                    Some(other) => reference = other,
                    None => {
                        self.missed += 1;
                        continue;
                    }
                }
            }
            let dir = (reference & 1) as usize;
            let session = &mut self.sessions[(reference >> 1) as usize];
            session.last = now;
            session.packets[dir] = session.packets[dir].wrapping_add(1);
            session.bytes[dir] = session.bytes[dir].wrapping_add(u32::from(lens[at]));
            let head = arrival.bytes.first_chunk_mut().expect("40 bytes");
            rewrite(head, &session.keys[1 - dir], session.deltas[dir]);
            let hop = usize::from(session.next_hop[dir]) % NEXT_HOPS;
            queues[hop][queued[hop] % BURST] = at as u32;
            queued[hop] += 1;
        }
        for (total, queued) in self.queued.iter_mut().zip(queued) {
            *total += queued as u64;
        }
        std::hint::black_box(&queues);
    }

    /// A key whose tag is not the only one of its bucket, or whose bucket was full.
    #[cold]
    fn search(&self, key: &Key, hash: u64) -> Option<u32> {
        let mut at = self.bucket(hash);
        loop {
            let bucket = &self.buckets[at];
            for way in 0..8 {
                if bucket.tag(way) == 0 {
                    return None;
                }
                let reference = bucket.refs[way];
                let session = &self.sessions[(reference >> 1) as usize];
                if session.keys[(reference & 1) as usize] == *key {
                    return Some(reference);
                }
            }
            at = if at + 1 == self.buckets.len() { 0 } else { at + 1 };
        }
    }
}

impl Bucket {
    fn tag(&self, way: usize) -> u16 {
        (self.tags[way / 4] >> (way % 4 * 16)) as u16
    }

    fn set(&mut self, way: usize, tag: u16, reference: u32) {
        self.tags[way / 4] |= u64::from(tag) << (way % 4 * 16);
        self.refs[way] = reference;
    }

    /// The reference under the first entry with this tag; any when there is none.
    #[inline]
    fn matching(&self, tag: u16) -> u32 {
        self.refs[prefetch::first_tag(self.tags, tag) & 7]
    }
}

#[inline]
fn tag(hash: u64) -> u16 {
    (hash as u16).max(1)
}

impl Key {
    #[inline]
    fn read(head: &[u8; 40]) -> Key {
        let addresses = u64::from_ne_bytes(*head[12..].first_chunk().expect("8 bytes"));
        let ports = u32::from_ne_bytes(*head[20..].first_chunk().expect("4 bytes"));
        Key { addresses, ports, protocol: u32::from(head[9]) }
    }

    #[inline]
    fn hash(&self, seed: u64) -> u64 {
        let low = self.addresses ^ seed;
        let high = (u64::from(self.protocol) << 32 | u64::from(self.ports)) ^ 0x9e37_79b9_7f4a_7c15;
        let product = u128::from(low) * u128::from(high);
        let mixed = (product >> 64) as u64 ^ product as u64;
        mixed.wrapping_mul(0xd6e8_feb8_6659_fd93)
    }
}

impl Session {
    fn of(flow: &Flow, at: usize) -> Session {
        let image = |dir: usize| {
            let (interface, tuple) = flow.ends[dir];
            packet(Image::new(interface, tuple, 64))
        };
        let (forward, back) = (image(0), image(1));
        let key = |bytes: &[u8]| Key::read(bytes.first_chunk().expect("40 bytes"));
        let keys = [key(&forward), key(&back)];
        let hop = |interface: InterfaceId| (interface.0 % NEXT_HOPS as u32) as u8;
        Session {
            keys,
            deltas: [deltas(&keys[0], &keys[1]), deltas(&keys[1], &keys[0])],
            bytes: [0; 2],
            packets: [0; 2],
            epoch: 1,
            last: 0,
            next_hop: [hop(flow.ends[1].0), hop(flow.ends[0].0)],
            rest: [at as u8; 2],
        }
    }
}

/// What the rewrite does to both checksums, in the machine's byte order: the time to live falls by 1.
fn deltas(from: &Key, other: &Key) -> [u16; 2] {
    let words = |key: u64| (0..4).map(move |at| (key >> (16 * at)) & 0xffff);
    let to = (other.addresses.rotate_left(32), other.ports.rotate_left(16));
    let addresses: u64 = words(!from.addresses).chain(words(to.0)).sum();
    let ports: u64 = words(u64::from(!from.ports)).chain(words(u64::from(to.1))).sum();
    let ttl = u64::from(u16::from_ne_bytes([0xfe, 0xff]));
    [fold(addresses + ttl), fold(addresses + ports)]
}

#[inline]
fn fold(sum: u64) -> u16 {
    let sum = (sum & 0xffff) + (sum >> 16);
    ((sum & 0xffff) + (sum >> 16)) as u16
}

#[inline]
fn rewrite(head: &mut [u8; 40], other: &Key, deltas: [u16; 2]) {
    let patched = |old: u16, delta: u16| !fold(u64::from(!old) + u64::from(delta));
    let word = |head: &[u8; 40], at: usize| u16::from_ne_bytes([head[at], head[at + 1]]);
    let at = if head[9] == 6 { 36 } else { 26 };
    let (ip, transport) = (word(head, 10), word(head, at));
    head[12..20].copy_from_slice(&other.addresses.rotate_left(32).to_ne_bytes());
    head[20..24].copy_from_slice(&other.ports.rotate_left(16).to_ne_bytes());
    head[8] -= 1;
    head[10..12].copy_from_slice(&patched(ip, deltas[0]).to_ne_bytes());
    let transport = if transport == 0 { 0 } else { patched(transport, deltas[1]) };
    head[at..at + 2].copy_from_slice(&transport.to_ne_bytes());
}
