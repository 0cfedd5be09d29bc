//! What a packet looks like when it arrives: where it came in, and its tuple.

use std::net::Ipv4Addr;

use crate::packet::{Plain, Protocol, Tuple, field};
use crate::snapshot::InterfaceId;

/// A tuple and the interface that it arrives at, in 16 bytes: overlapping addresses of two VPCs, or
/// of two tasks, stay apart.
///
/// Addresses and ports are kept as they stand in the packet, so that reading a key is three loads
/// and the reverse of one two rotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct FlowKey {
    /// Source and destination address, in network order.
    addresses: u64,
    /// Source and destination port, in network order.
    ports: u32,
    /// Interface in the high 24 bits, protocol in the low 8.
    place: u32,
}

impl FlowKey {
    /// What no packet looks like: a key of a session that is not in use.
    pub(crate) const NONE: FlowKey = FlowKey { addresses: 0, ports: 0, place: u32::MAX };

    /// The key of packets with this tuple that arrive at `interface`.
    #[inline]
    pub fn new(interface: InterfaceId, tuple: Tuple) -> FlowKey {
        let ([a, b, c, d], [e, f, g, h]) = (tuple.src.octets(), tuple.dst.octets());
        let ([i, j], [k, l]) = (tuple.src_port.to_be_bytes(), tuple.dst_port.to_be_bytes());
        FlowKey {
            addresses: u64::from_ne_bytes([a, b, c, d, e, f, g, h]),
            ports: u32::from_ne_bytes([i, j, k, l]),
            place: interface.0 << 8 | u32::from(tuple.protocol.0),
        }
    }

    /// The key of a whole TCP or UDP packet without IPv4 options.
    #[inline(always)]
    pub(crate) fn read(interface: InterfaceId, head: &Plain) -> FlowKey {
        let addresses = head[field::SRC..].first_chunk().expect("within the header");
        let ports = head[field::PLAIN_PORTS..].first_chunk().expect("within the header");
        FlowKey {
            addresses: u64::from_ne_bytes(*addresses),
            ports: u32::from_ne_bytes(*ports),
            place: interface.0 << 8 | u32::from(head[field::PROTOCOL]),
        }
    }

    /// Where such packets arrive, and so where their answers leave.
    #[inline]
    pub fn interface(&self) -> InterfaceId {
        InterfaceId(self.place >> 8)
    }

    /// The tuple of such packets.
    #[inline]
    pub fn tuple(&self) -> Tuple {
        let [a, b, c, d, e, f, g, h] = self.addresses.to_ne_bytes();
        let [i, j, k, l] = self.ports.to_ne_bytes();
        Tuple {
            src: Ipv4Addr::new(a, b, c, d),
            dst: Ipv4Addr::new(e, f, g, h),
            src_port: u16::from_be_bytes([i, j]),
            dst_port: u16::from_be_bytes([k, l]),
            protocol: Protocol(self.place as u8),
        }
    }

    /// The addresses and ports of an answer to such packets, as they stand in it.
    #[inline(always)]
    pub(crate) fn reversed_bytes(&self) -> ([u8; 8], [u8; 4]) {
        (self.addresses.rotate_left(32).to_ne_bytes(), self.ports.rotate_left(16).to_ne_bytes())
    }

    /// A 64-bit hash by two folded multiplications, keyed by `seed`. Linear hashes (CRC, Toeplitz)
    /// can be attacked with chosen tuples; this one cannot without the seed.
    #[inline]
    pub(crate) fn seeded(&self, seed: u64) -> u64 {
        let tail = u64::from(self.ports) << 32 | u64::from(self.place);
        let mixed = fold(self.addresses ^ seed, tail ^ 0x9e37_79b9_7f4a_7c15);
        fold(mixed ^ seed.rotate_left(32), 0xd6e8_feb8_6659_fd93)
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_gives_back_what_it_was_made_of(
            src: u32, dst: u32, src_port: u16, dst_port: u16, protocol: u8, at in 0u32..1 << 24,
        ) {
            let tuple = Tuple {
                src: src.into(), dst: dst.into(), src_port, dst_port, protocol: Protocol(protocol),
            };
            let key = FlowKey::new(InterfaceId(at), tuple);
            prop_assert_eq!(key.tuple(), tuple);
            prop_assert_eq!(key.interface(), InterfaceId(at));
        }
    }
}
