//! The IPv4 header drawn as offsets (RFC 791 §3.1), and big-endian access to fields.

use std::net::Ipv4Addr;

pub(crate) const TOTAL_LEN: usize = 2;
pub(crate) const IDENT: usize = 4;
pub(crate) const FRAGMENT: usize = 6;
pub(crate) const TTL: usize = 8;
pub(crate) const PROTOCOL: usize = 9;
pub(crate) const CHECKSUM: usize = 10;
pub(crate) const SRC: usize = 12;
pub(crate) const DST: usize = 16;

/// Offset of the ports of TCP and UDP in a packet without IPv4 options.
pub(crate) const PLAIN_PORTS: usize = 20;

/// Offset of the checksum within the TCP header (RFC 9293 §3.1).
pub(crate) const TCP_CHECKSUM: usize = 16;
/// Offset of the checksum within the UDP header (RFC 768).
pub(crate) const UDP_CHECKSUM: usize = 6;
/// Offset of the checksum within an ICMP message (RFC 792).
pub(crate) const ICMP_CHECKSUM: usize = 2;
/// Offset of the identifier within an ICMP query or its answer.
pub(crate) const ICMP_IDENT: usize = 4;

#[inline(always)]
pub(super) fn u16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

#[inline(always)]
pub(super) fn set_u16(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
}

#[inline(always)]
pub(super) fn address(bytes: &[u8], at: usize) -> Ipv4Addr {
    Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3])
}

#[inline(always)]
pub(super) fn set_address(bytes: &mut [u8], at: usize, address: Ipv4Addr) {
    bytes[at..at + 4].copy_from_slice(&address.octets());
}
