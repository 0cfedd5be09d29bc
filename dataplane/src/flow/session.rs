//! One flow: a hot line that every packet touches, and a cold side that slow paths read.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;

use super::key::FlowKey;
use super::tracking::State;
use crate::packet::PlainRewrite;
use crate::packet::checksum::Delta;
use crate::packet::rewrite::Rewrite;
use crate::snapshot::{EniId, NatId};
use crate::time::Tick;

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
    #[inline(always)]
    pub(super) const fn new(index: usize) -> SessionId {
        // The index keeps a direction in the lowest bit of 32.
        debug_assert!(index < 1 << 31);
        SessionId(index as u32)
    }

    /// Its place in the table.
    #[inline]
    pub fn index(self) -> usize {
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
pub struct ClassId(pub(crate) u8);

pub(crate) const BLOCKED: u8 = 1 << 4;
const TRACKED: u8 = 1 << 6;

impl Session {
    /// A session that is not in use.
    pub(super) const NONE: Session = Session {
        keys: [FlowKey::NONE; 2],
        deltas: [[Delta(0); 2]; 2],
        bytes: [0; 2],
        packets: [0; 2],
        last: Tick(0),
        epoch: 0,
        status: 0,
        class: ClassId(0),
    };

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

    /// The same for a packet of the common kind.
    #[inline(always)]
    pub(crate) fn rewrite_plain(&self, dir: Dir, ttl: u8) -> PlainRewrite {
        let (addresses, ports) = self.keys[dir.reverse() as usize].reversed_bytes();
        let [ip, transport] = self.deltas[dir as usize];
        PlainRewrite { addresses, ports, ip, transport, ttl }
    }

    /// Tracking state, and what else a hit asks: see the field.
    #[inline(always)]
    pub(crate) fn status(&self) -> u8 {
        self.status
    }

    /// Counts a packet of that direction; whether one of the counters went round.
    #[inline(always)]
    pub(crate) fn count(&mut self, dir: Dir, bytes: u16) -> bool {
        let at = dir as usize;
        let (packets, round) = self.packets[at].overflowing_add(1);
        let (bytes, again) = self.bytes[at].overflowing_add(u32::from(bytes));
        self.packets[at] = packets;
        self.bytes[at] = bytes;
        round | again
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

    /// Whether packets of that direction are dropped; the table knows why.
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
    /// The largest TCP segment that may be announced in each direction.
    pub mss: [u16; 2],
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

impl Class {
    /// The idle time from which a packet takes the slow way, by state.
    fn idle(&self, state: usize) -> u32 {
        if self.slow { 0 } else { self.hard[state].min(self.soft[state]) }
    }
}

/// What a packet must be for its flow's plan to hold for it as it is: the part of a [`Class`] that
/// every hit reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// At most so many bytes, in each direction.
    pub(crate) mtu: [u16; 2],
    /// A time to live above this, which is also by how much it falls.
    pub(crate) ttl: [u8; 2],
    /// Sooner after the last packet than this, by the low 4 bits of the status.
    pub(crate) idle: [u32; 16],
}

impl Bounds {
    /// No packet.
    pub(super) const NOTHING: Bounds = Bounds { mtu: [0; 2], ttl: [u8::MAX; 2], idle: [0; 16] };

    pub(super) fn of(class: &Class) -> Bounds {
        let mut idle = [0; 16];
        for (state, idle) in idle.iter_mut().enumerate().take(State::COUNT) {
            *idle = class.idle(state);
        }
        Bounds { mtu: class.mtu, ttl: class.ttl, idle }
    }
}

/// What the hot path never reads of a flow. It is packed: there is one for each flow.
#[derive(Clone, Copy, Debug)]
pub struct Cold {
    /// Who made each source translation on the way, in order.
    by: [Option<TranslatorCode>; 3],
    /// What the source became by each.
    address: [Ipv4Addr; 3],
    /// Neighbours in the timing wheel's list, and the list's number plus one (zero: in none).
    pub(super) links: [u32; 2],
    pub(super) slot: u16,
    /// ICMP type and code of the packet that opened the flow; zeros for other protocols.
    pub icmp: (u8, u8),
    port: [u16; 3],
    /// How often the counters of packets and of bytes went round, for each direction.
    rounds: [[u16; 2]; 2],
    /// The ENIs at each end.
    enis: [u32; 2],
    /// Neighbours in the line of those that give way.
    pub(super) line: [u32; 2],
}

/// No ENI.
const NO_ENI: u32 = u32::MAX;

impl Default for Cold {
    fn default() -> Self {
        Cold {
            by: [None; 3],
            address: [Ipv4Addr::UNSPECIFIED; 3],
            links: [0; 2],
            slot: 0,
            icmp: (0, 0),
            port: [0; 3],
            rounds: [[0; 2]; 2],
            enis: [NO_ENI; 2],
            line: [0; 2],
        }
    }
}

impl Cold {
    /// What a flow's way left behind: its source translations in order, the ENIs whose security
    /// groups judged it at each end, and the ICMP type and code of its first packet.
    pub fn new(
        translations: [Option<Translation>; 3],
        enis: [Option<EniId>; 2],
        icmp: Option<(u8, u8)>,
    ) -> Cold {
        let mut cold = Cold { icmp: icmp.unwrap_or((0, 0)), ..Cold::default() };
        for (at, made) in translations.iter().enumerate() {
            if let Some(made) = made {
                cold.by[at] = NonZeroU32::new(made.by.code()).map(TranslatorCode);
                cold.address[at] = made.address;
                cold.port[at] = made.port;
            }
        }
        cold.enis = enis.map(|eni| eni.map_or(NO_ENI, |eni| eni.0));
        cold
    }

    /// Source translations on the way, in order.
    pub fn translations(&self) -> [Option<Translation>; 3] {
        std::array::from_fn(|at| {
            let by = self.by[at]?.translator();
            Some(Translation { by, address: self.address[at], port: self.port[at] })
        })
    }

    /// The ENIs whose security groups judged the flow, at each end.
    pub fn enis(&self) -> [Option<EniId>; 2] {
        self.enis.map(|eni| (eni != NO_ENI).then_some(EniId(eni)))
    }

    pub(super) fn linked(&self) -> bool {
        self.slot != 0
    }

    /// A counter of the session's went round after a packet of `bytes`; both are as they are now.
    pub(super) fn went_round(&mut self, dir: Dir, packets: u32, bytes: u32, len: u16) {
        let [round, rounds] = &mut self.rounds[dir as usize];
        *round += u16::from(packets == 0);
        *rounds += u16::from(bytes < u32::from(len));
    }

    /// Packets and bytes that the session's counters have lost in that direction.
    pub(super) fn beyond(&self, dir: Dir) -> [u64; 2] {
        self.rounds[dir as usize].map(|rounds| u64::from(rounds) << 32)
    }
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

/// [`Translator::code`], which is never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TranslatorCode(NonZeroU32);

impl Translator {
    /// Its kind in the low two bits, from 1 on, and its id above them.
    #[inline]
    pub(crate) fn code(self) -> u32 {
        match self {
            Translator::Hyperplane(eni) => eni.0 << 2 | 1,
            Translator::Nat(nat) => nat.0 << 2 | 2,
            Translator::Provider => 3,
        }
    }
}

impl TranslatorCode {
    fn translator(self) -> Translator {
        let code = self.0.get();
        match code & 0b11 {
            1 => Translator::Hyperplane(EniId(code >> 2)),
            2 => Translator::Nat(NatId(code >> 2)),
            _ => Translator::Provider,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_one_line_hot_and_at_most_192_bytes_in_all() {
        assert_eq!(size_of::<Session>(), 64);
        // Two keys in a bucket of 64 bytes for 8, at half load; and its place in the free list.
        let index = 2 * 64 / 8 * 2;
        let flow = size_of::<Session>() + index + size_of::<Cold>() + size_of::<SessionId>();
        assert!(flow <= 192, "{flow}, of which cold {}", size_of::<Cold>());
    }

    #[test]
    fn translations_come_back_as_they_went_in() {
        let made = |by, port| Translation { by, address: Ipv4Addr::new(10, 0, 0, 1), port };
        let translations = [
            Some(made(Translator::Hyperplane(EniId(0)), 1)),
            Some(made(Translator::Nat(NatId(77_777)), 65_535)),
            Some(made(Translator::Provider, 9)),
        ];
        for count in 0..=3 {
            let mut some = translations;
            some[count..].fill(None);
            let cold = Cold::new(some, [None, Some(EniId(3))], Some((8, 0)));
            assert_eq!(cold.translations(), some);
            assert_eq!(cold.enis(), [None, Some(EniId(3))]);
            assert_eq!(cold.icmp, (8, 0));
        }
    }
}
