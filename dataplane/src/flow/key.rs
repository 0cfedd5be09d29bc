//! What a packet looks like when it arrives: where it came in, and its tuple.

use std::net::Ipv4Addr;

use crate::packet::{Protocol, Tuple};
use crate::snapshot::InterfaceId;

/// A tuple and the interface that it arrives at, in 16 bytes: overlapping addresses of two VPCs, or
/// of two tasks, stay apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct FlowKey {
    /// Source address in the high half, destination in the low.
    addresses: u64,
    /// Source port in the high half, destination in the low.
    ports: u32,
    /// Interface in the high 24 bits, protocol in the low 8.
    place: u32,
}

impl FlowKey {
    /// What no packet looks like: a key of a session that is not in use.
    pub(super) const NONE: FlowKey = FlowKey { addresses: 0, ports: 0, place: u32::MAX };

    /// The key of packets with this tuple that arrive at `interface`.
    #[inline]
    pub fn new(interface: InterfaceId, tuple: Tuple) -> FlowKey {
        FlowKey {
            addresses: u64::from(tuple.src.to_bits()) << 32 | u64::from(tuple.dst.to_bits()),
            ports: u32::from(tuple.src_port) << 16 | u32::from(tuple.dst_port),
            place: interface.0 << 8 | u32::from(tuple.protocol.0),
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
        Tuple {
            src: Ipv4Addr::from_bits((self.addresses >> 32) as u32),
            dst: Ipv4Addr::from_bits(self.addresses as u32),
            src_port: (self.ports >> 16) as u16,
            dst_port: self.ports as u16,
            protocol: Protocol(self.place as u8),
        }
    }

    /// A 64-bit hash by two folded multiplications, keyed by `seed`. Linear hashes (CRC, Toeplitz)
    /// can be attacked with chosen tuples; this one cannot without the seed.
    #[inline]
    pub(super) fn hash(&self, seed: u64) -> u64 {
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
