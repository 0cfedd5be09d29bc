//! One flow: a hot line that every packet touches, and a cold side that slow paths read.

use std::net::Ipv4Addr;

use super::key::FlowKey;
use super::tracking::State;
use crate::packet::checksum::Delta;
use crate::packet::rewrite::Rewrite;
use crate::snapshot::{EniId, NatId};
use crate::time::Tick;
use crate::verdict::Drop;

/// A direction within a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dir {
    /// As the packet that opened the flow.
    Forward = 0,
    /// As its answers.
    Return = 1,
}

impl Dir {
    /// The other direction.
    #[inline]
    pub const fn reverse(self) -> Dir {
        match self {
            Dir::Forward => Dir::Return,
            Dir::Return => Dir::Forward,
        }
    }
}

/// Names a session within its worker's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(u32);

impl SessionId {
    pub(super) fn new(index: usize) -> SessionId {
        // The index keeps a direction in the lowest bit of 32.
        debug_assert!(index < 1 << 31);
        SessionId(index as u32)
    }

    #[inline]
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A flow, in one cache line.
///
/// There is no separate list of what to rewrite: a packet of one direction leaves as the reverse of
/// what a packet of the other direction looks like when it arrives.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Session {
    /// What a packet of each direction looks like when it arrives.
    pub keys: [FlowKey; 2],
    /// What the rewrite does to the IPv4 and the transport checksum, for each direction.
    pub(super) deltas: [[Delta; 2]; 2],
    /// Bytes forwarded in each direction, modulo 2^32.
    pub bytes: [u32; 2],
    /// Packets forwarded in each direction, modulo 2^32.
    pub packets: [u32; 2],
    /// When the last packet was forwarded.
    pub last: Tick,
    /// The configuration that the flow was judged under, its low 16 bits.
    pub epoch: u16,
    /// Tracking state in the low 4 bits; then whether each direction is blocked; then whether the
    /// security groups at each end track the flow.
    status: u8,
    /// What it has in common with others.
    pub class: ClassId,
}

/// Names a [`Class`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassId(pub(super) u8);

const BLOCKED: u8 = 1 << 4;
const TRACKED: u8 = 1 << 6;

impl Session {
    /// A session whose packets arrive as `keys`.
    pub fn new(keys: [FlowKey; 2], state: State, class: ClassId, ttl: [u8; 2]) -> Session {
        Session {
            keys,
            deltas: deltas(&keys, ttl),
            bytes: [0; 2],
            packets: [0; 2],
            last: Tick(0),
            epoch: 0,
            status: state as u8,
            class,
        }
    }

    /// Gives the flow another plan between the same keys.
    pub fn replan(&mut self, class: ClassId, ttl: [u8; 2]) {
        self.class = class;
        self.deltas = deltas(&self.keys, ttl);
    }

    /// How a packet of that direction is rewritten.
    #[inline]
    pub fn rewrite(&self, dir: Dir, ttl: u8) -> Rewrite {
        let [ip, transport] = self.deltas[dir as usize];
        Rewrite { to: self.keys[dir.reverse() as usize].tuple().reversed(), ip, transport, ttl }
    }

    /// Where the connection stands.
    #[inline]
    pub fn state(&self) -> State {
        State::from_bits(self.status & 0x0f)
    }

    /// Says where the connection stands.
    #[inline]
    pub fn set_state(&mut self, state: State) {
        self.status = self.status & 0xf0 | state as u8;
    }

    /// Whether packets of that direction are dropped; [`Cold::blocked`] says why.
    #[inline]
    pub fn blocked(&self, dir: Dir) -> bool {
        self.status & BLOCKED << dir as u8 != 0
    }

    /// Says whether packets of that direction are dropped.
    pub fn set_blocked(&mut self, dir: Dir, blocked: bool) {
        self.set(BLOCKED << dir as u8, blocked);
    }

    /// Whether the security groups of the ENI at the end from which `dir` starts track the flow.
    pub fn tracked(&self, dir: Dir) -> bool {
        self.status & TRACKED << dir as u8 != 0
    }

    /// Says whether they do.
    pub fn set_tracked(&mut self, dir: Dir, tracked: bool) {
        self.set(TRACKED << dir as u8, tracked);
    }

    fn set(&mut self, bit: u8, on: bool) {
        self.status = if on { self.status | bit } else { self.status & !bit };
    }
}

/// What the rewrite of each direction does to the two checksums.
fn deltas(keys: &[FlowKey; 2], ttl: [u8; 2]) -> [[Delta; 2]; 2] {
    [Dir::Forward, Dir::Return].map(|dir| {
        let (from, to) = (keys[dir as usize], keys[dir.reverse() as usize]);
        let change = Rewrite::new(from.tuple(), to.tuple().reversed(), ttl[dir as usize]);
        [change.ip, change.transport]
    })
}

/// What many sessions have in common: limits and timers of their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// The largest packet that passes in each direction without more ado, in bytes.
    pub mtu: [u16; 2],
    /// How much the time to live falls in each direction.
    pub ttl: [u8; 2],
    /// Idle milliseconds after which the flow is gone, by [`State`].
    pub hard: [u32; State::COUNT],
    /// Idle milliseconds after which security groups have forgotten it, by [`State`]; its
    /// translations may live on.
    pub soft: [u32; State::COUNT],
    /// Whether every packet takes the slow way (its rate is limited, for instance).
    pub slow: bool,
}

/// What the hot path never reads of a flow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cold {
    /// Source translations on the way, in order.
    pub translations: [Option<Translation>; 3],
    /// Why a direction is blocked.
    pub blocked: [Option<Drop>; 2],
    /// The ENIs whose security groups judged the flow, at each end.
    pub enis: [Option<EniId>; 2],
    /// ICMP type and code of the packet that opened the flow; zeros for other protocols.
    pub icmp: (u8, u8),
    /// Neighbours in the timing wheel's list, and the list's number plus one (zero: in none).
    pub(crate) links: [u32; 2],
    pub(crate) slot: u16,
}

/// A source translation: who made it, and what the source became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Translation {
    /// Who translated.
    pub by: Translator,
    /// Source address afterwards.
    pub address: Ipv4Addr,
    /// Source port afterwards.
    pub port: u16,
}

/// Who translates sources, and owns the ports for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Translator {
    /// A shared Hyperplane ENI.
    Hyperplane(EniId),
    /// A NAT gateway.
    Nat(NatId),
    /// The provider's own way out (egress DEFAULT).
    Provider,
}

impl Cold {
    pub(super) fn linked(&self) -> bool {
        self.slot != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_one_line_hot_and_at_most_192_bytes_in_all() {
        assert_eq!(size_of::<Session>(), 64);
        // Two keys in a bucket of 64 bytes for 8, at half load.
        let index = 2 * 64 / 8 * 2;
        assert!(
            size_of::<Session>() + index + size_of::<Cold>() <= 192 + 8,
            "{}",
            size_of::<Cold>()
        );
    }
}
