//! Boxes of packets that one sender may send.

use std::net::Ipv4Addr;

use egret_dataplane::judgement::Choice;
use egret_dataplane::packet::{Headers, Protocol, Tuple, answer, decode};
use egret_dataplane::ports::FIRST_PORT;

/// Numbers from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span<T> {
    /// The lowest.
    pub first: T,
    /// The highest.
    pub last: T,
}

impl<T: Copy + Ord> Span<T> {
    /// From one to the other.
    ///
    /// # Panics
    /// When nothing is between them.
    pub fn new(first: T, last: T) -> Span<T> {
        assert!(first <= last, "a span has a number at least");
        Span { first, last }
    }

    /// One number.
    pub fn one(number: T) -> Span<T> {
        Span { first: number, last: number }
    }

    /// Whether a number is in it.
    pub fn contains(&self, number: T) -> bool {
        self.first <= number && number <= self.last
    }

    /// What both have.
    pub fn both(&self, other: &Span<T>) -> Option<Span<T>> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (first <= last).then_some(Span { first, last })
    }
}

/// Adds numbers that come after those that are there.
pub fn join<T: Next>(spans: &mut Vec<Span<T>>, more: Span<T>) {
    match spans.last_mut() {
        Some(last) if last.last.next() == Some(more.first) => last.last = more.last,
        _ => spans.push(more),
    }
}

/// Numbers that have neighbours.
pub trait Next: Copy + Ord {
    /// The number after this one, if there is one.
    fn next(self) -> Option<Self>;
    /// The number before this one, which is not the first.
    fn before(self) -> Self;
}

macro_rules! next {
    ($($number:ty)*) => {$(
        impl Next for $number {
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn before(self) -> Self {
                self - 1
            }
        }
    )*};
}

next!(u16 u32);

/// All ports.
pub const PORTS: Span<u16> = Span { first: 0, last: u16::MAX };
/// The source ports that translators give, and that senders of their own choose from.
pub const SOURCE_PORTS: Span<u16> = Span { first: FIRST_PORT, last: u16::MAX };
/// All addresses.
pub const ADDRESSES: Span<u32> = Span { first: 0, last: u32::MAX };

/// A box of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// Destination addresses.
    pub dst: Span<u32>,
    /// The protocol.
    pub protocol: Protocol,
    /// Destination ports; of ICMP type and code, as `type << 8 | code`; 0 of what has neither.
    pub port: Span<u16>,
    /// Source ports as the last translator gives them, and as the sender chooses them where nobody
    /// translates.
    pub source_port: Span<u16>,
}

impl Region {
    /// Every packet of a protocol to these addresses that opens a flow. ICMP errors, which are about
    /// another packet, open none.
    pub fn all(dst: Span<u32>, protocol: Protocol) -> Vec<Region> {
        let of = |port: &_| Region { dst, protocol, port: *port, source_port: SOURCE_PORTS };
        every_port(protocol).iter().map(of).collect()
    }

    /// Its lowest packet, from that address.
    pub fn first(&self, src: Ipv4Addr) -> Packet {
        Packet {
            src,
            dst: Ipv4Addr::from_bits(self.dst.first),
            protocol: self.protocol,
            port: self.port.first,
            source_port: self.source_port.first,
        }
    }

    /// Whether it has a packet.
    pub fn contains(&self, packet: &Packet) -> bool {
        self.protocol == packet.protocol
            && self.dst.contains(packet.dst.to_bits())
            && self.port.contains(packet.port)
            && self.source_port.contains(packet.source_port)
    }

    /// What it has in common with a box that has the same lowest packet.
    pub(crate) fn lower(&self, other: &Region) -> Region {
        fn lower<T: Ord + Copy>(one: Span<T>, other: Span<T>) -> Span<T> {
            Span { first: one.first, last: one.last.min(other.last) }
        }
        Region {
            dst: lower(self.dst, other.dst),
            port: lower(self.port, other.port),
            source_port: lower(self.source_port, other.source_port),
            ..*self
        }
    }

    /// What is left of it without `hold`, a box with the same lowest packet, as boxes.
    pub(crate) fn without(&self, hold: &Region) -> impl Iterator<Item = Region> {
        let beyond = |last: bool, region: Region| (!last).then_some(region);
        let dst = beyond(hold.dst.last == self.dst.last, {
            let dst = Span { first: hold.dst.last.wrapping_add(1), last: self.dst.last };
            Region { dst, ..*self }
        });
        let port = beyond(hold.port.last == self.port.last, {
            let port = Span { first: hold.port.last.wrapping_add(1), last: self.port.last };
            Region { dst: hold.dst, port, ..*self }
        });
        let source_port = beyond(hold.source_port.last == self.source_port.last, {
            let first = hold.source_port.last.wrapping_add(1);
            Region { source_port: Span { first, last: self.source_port.last }, ..*hold }
        });
        [dst, port, source_port].into_iter().flatten()
    }
}

/// Every port of a protocol, as [`Region::port`] has it, of packets that open a flow.
pub fn every_port(protocol: Protocol) -> &'static [Span<u16>] {
    match protocol {
        Protocol::TCP | Protocol::UDP => &[PORTS],
        Protocol::ICMP => &ASKING,
        _ => &[NO_PORT],
    }
}

const NO_PORT: Span<u16> = Span { first: 0, last: 0 };
/// ICMP but for types 3, 4, 5, 11 and 12, which report on a packet (RFC 792).
const ASKING: [Span<u16>; 3] = [
    Span { first: 0, last: 0x02ff },
    Span { first: 0x0600, last: 0x0aff },
    Span { first: 0x0d00, last: 0xffff },
];

/// Whether a protocol has ports that rules can name.
pub fn has_ports(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::TCP | Protocol::UDP)
}

/// One packet that would open a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its source, as sent.
    pub src: Ipv4Addr,
    /// Its destination.
    pub dst: Ipv4Addr,
    /// Its protocol.
    pub protocol: Protocol,
    /// As [`Region::port`] has it.
    pub port: u16,
    /// As [`Region::source_port`] has it.
    pub source_port: u16,
}

impl Packet {
    /// Its addresses and ports, as sent.
    pub fn tuple(&self) -> Tuple {
        let ports = has_ports(self.protocol);
        Tuple {
            src: self.src,
            dst: self.dst,
            src_port: match self.protocol {
                _ if ports => self.source_port,
                Protocol::ICMP => 1,
                _ => 0,
            },
            dst_port: if ports { self.port } else { 0 },
            protocol: self.protocol,
        }
    }

    /// ICMP type and code.
    pub fn icmp(&self) -> (u8, u8) {
        let [kind, code] = self.port.to_be_bytes();
        (kind, code)
    }

    /// Its headers; `None` for an ICMP message about a packet, which opens nothing.
    pub fn headers(&self) -> Option<Headers> {
        decode(&answer::opening(self.tuple(), self.icmp())).ok()
    }

    /// The choice by which translators give it its source port.
    pub fn choice(&self, eni: u16, address: u16) -> Choice {
        Choice { eni, address, port: self.source_port.max(FIRST_PORT) }
    }
}

/// The fewest blocks that have exactly these addresses: each the first one's address, and the bits of
/// the prefix.
pub fn blocks(spans: &[Span<u32>]) -> Vec<(Ipv4Addr, u8)> {
    let mut blocks = Vec::new();
    for span in spans {
        let (mut first, end) = (u64::from(span.first), u64::from(span.last) + 1);
        while first < end {
            // As large as the address is even and the rest is long.
            let even = if first == 0 { 32 } else { first.trailing_zeros().min(32) };
            let size = even.min((end - first).ilog2());
            blocks.push((Ipv4Addr::from_bits(first as u32), (32 - size) as u8));
            first += 1 << size;
        }
    }
    blocks
}

/// Those addresses that are not among the others; both in order.
pub fn without(spans: &[Span<u32>], others: &[Span<u32>]) -> Vec<Span<u32>> {
    let mut left = Vec::new();
    for span in spans {
        let mut first = Some(span.first);
        for other in others.iter().filter(|other| span.both(other).is_some()) {
            if let Some(from) = first.filter(|from| other.first > *from) {
                left.push(Span::new(from, other.first - 1));
            }
            first = other.last.checked_add(1);
        }
        if let Some(from) = first.filter(|from| *from <= span.last) {
            left.push(Span::new(from, span.last));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_the_fewest_blocks() {
        let of = |first: [u8; 4], last: [u8; 4]| {
            let [first, last] = [first, last].map(|a| Ipv4Addr::from(a).to_bits());
            let blocks = blocks(&[Span::new(first, last)]);
            blocks.iter().map(|(a, len)| format!("{a}/{len}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of([0, 0, 0, 0], [255, 255, 255, 255]), "0.0.0.0/0");
        assert_eq!(of([10, 0, 0, 0], [10, 0, 255, 255]), "10.0.0.0/16");
        assert_eq!(of([10, 0, 0, 1], [10, 0, 0, 4]), "10.0.0.1/32 10.0.0.2/31 10.0.0.4/32");
        assert_eq!(of([255, 255, 255, 255], [255, 255, 255, 255]), "255.255.255.255/32");
    }

    #[test]
    fn a_region_without_a_part_is_the_rest() {
        let region = Region::all(Span::new(10, 20), Protocol::TCP)[0];
        let hold = Region { dst: Span::new(10, 12), port: Span::new(0, 80), ..region };
        let hold = Region { source_port: Span::new(1_024, 2_000), ..hold };
        let rest: Vec<Region> = region.without(&hold).collect();
        let size = |region: &Region| {
            let count = |first: u64, last: u64| last - first + 1;
            count(region.dst.first.into(), region.dst.last.into())
                * count(region.port.first.into(), region.port.last.into())
                * count(region.source_port.first.into(), region.source_port.last.into())
        };
        assert_eq!(rest.len(), 3);
        assert_eq!(rest.iter().map(size).sum::<u64>() + size(&hold), size(&region));
    }
}
