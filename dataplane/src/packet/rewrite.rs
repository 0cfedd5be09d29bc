//! Rewriting a decoded packet in place: addresses, ports, time to live, and the checksums that
//! cover them, incrementally.

use super::checksum::Delta;
use super::field;
use super::headers::{Headers, IcmpKind, Protocol, Transport, Tuple};

/// How a flow's packets change in one direction: the new tuple, and what that does to the
/// checksums. Computed once for the flow, the same for each of its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// Addresses and ports afterwards.
    pub to: Tuple,
    /// Change of the IPv4 header's checksum, the time to live's included.
    pub ip: Delta,
    /// Change of the TCP, UDP or ICMP checksum.
    pub transport: Delta,
    /// How much the time to live falls: 1 where a hop counts, 0 elsewhere.
    pub ttl: u8,
}

impl Rewrite {
    /// The rewrite that turns `from` into `to`.
    pub fn new(from: Tuple, to: Tuple, ttl: u8) -> Rewrite {
        let addresses = difference(from.src.to_bits().into(), to.src.to_bits().into())
            + difference(from.dst.to_bits().into(), to.dst.to_bits().into());
        let ports = difference(from.src_port.into(), to.src_port.into())
            + difference(from.dst_port.into(), to.dst_port.into());
        let transport = match from.protocol {
            // Their pseudo-header has the addresses (RFC 9293 §3.1, RFC 768).
            Protocol::TCP | Protocol::UDP => addresses + ports,
            // RFC 792: the message alone. The identifier stands in one of the two ports.
            Protocol::ICMP => ports,
            _ => 0,
        };
        // The time to live is the high byte of its word; its decrement is a word less 0x0100.
        let ip = addresses + difference(u64::from(ttl) << 8, 0);
        let [ip, transport] = [ip, transport].map(Delta::of);
        Rewrite { to, ip, transport, ttl }
    }
}

/// What the change of two words at once does to a sum of words (RFC 1624, equation 3), not folded.
fn difference(old: u64, new: u64) -> u64 {
    (!old & 0xffff_ffff) + new
}

/// Rewrites a packet whose headers are `headers`. A later fragment has no transport header, so that
/// only its addresses change.
#[inline]
pub fn rewrite(bytes: &mut [u8], headers: &Headers, change: &Rewrite) {
    rewrite_ip(bytes, change);
    let at = usize::from(headers.header_len);
    match headers.transport {
        Transport::Tcp(_) => {
            set_ports(&mut bytes[at..], change.to);
            patch(&mut bytes[at..], field::TCP_CHECKSUM, change.transport);
        }
        Transport::Udp => {
            set_ports(&mut bytes[at..], change.to);
            patch_udp(&mut bytes[at..], change.transport);
        }
        Transport::Icmp { about: IcmpKind::Query | IcmpKind::Answer, .. } => {
            // One of the two ports is the identifier, the other is zero.
            let identifier = change.to.src_port | change.to.dst_port;
            field::set_u16(&mut bytes[at..], field::ICMP_IDENT, identifier);
            patch(&mut bytes[at..], field::ICMP_CHECKSUM, change.transport);
        }
        Transport::Icmp { .. } | Transport::Opaque => {}
    }
}

/// Rewrites an ICMP error outside and inside (RFC 5508 §4.2): its own addresses become `outer`'s,
/// and the packet that it quotes is changed from `quoted` to `inner`.
///
/// The quoted packet's own checksums follow, as far as the quote has them, and the error's checksum
/// follows all of that.
pub fn rewrite_error(bytes: &mut [u8], headers: &Headers, outer: &Rewrite, inner: &Rewrite) {
    rewrite_ip(bytes, outer);
    let end = usize::from(headers.total_len);
    let message = &mut bytes[usize::from(headers.header_len)..end];
    let before = checksummed(message);
    let quote = &mut message[8..];
    rewrite_ip(quote, &Rewrite { ttl: 0, ..*inner });
    rewrite_quoted_transport(quote, inner);
    let after = checksummed(message);
    patch(message, field::ICMP_CHECKSUM, Delta::default().word(before, after));
}

/// The folded sum of an ICMP message but for its own checksum.
fn checksummed(message: &[u8]) -> u16 {
    let sum = super::checksum::sum(&message[..2]) + super::checksum::sum(&message[4..]);
    super::checksum::fold(sum)
}

fn rewrite_quoted_transport(quote: &mut [u8], inner: &Rewrite) {
    let header_len = usize::from(quote[0] & 0x0f) * 4;
    let protocol = Protocol(quote[field::PROTOCOL]);
    let body = &mut quote[header_len..];
    match protocol {
        Protocol::TCP => {
            set_ports(body, inner.to);
            if body.len() >= field::TCP_CHECKSUM + 2 {
                patch(body, field::TCP_CHECKSUM, inner.transport);
            }
        }
        Protocol::UDP => {
            set_ports(body, inner.to);
            patch_udp(body, inner.transport);
        }
        Protocol::ICMP => {
            field::set_u16(body, field::ICMP_IDENT, inner.to.src_port | inner.to.dst_port);
            patch(body, field::ICMP_CHECKSUM, inner.transport);
        }
        _ => {}
    }
}

#[inline]
fn rewrite_ip(bytes: &mut [u8], change: &Rewrite) {
    field::set_address(bytes, field::SRC, change.to.src);
    field::set_address(bytes, field::DST, change.to.dst);
    bytes[field::TTL] -= change.ttl;
    patch(bytes, field::CHECKSUM, change.ip);
}

#[inline]
fn set_ports(body: &mut [u8], to: Tuple) {
    field::set_u16(body, 0, to.src_port);
    field::set_u16(body, 2, to.dst_port);
}

#[inline]
fn patch(bytes: &mut [u8], at: usize, delta: Delta) {
    let checksum = delta.apply(field::u16(bytes, at));
    field::set_u16(bytes, at, checksum);
}

/// A UDP checksum of zero says that there is none, and stays; one that comes to zero is sent as all
/// ones (RFC 768).
#[inline]
fn patch_udp(body: &mut [u8], delta: Delta) {
    let old = field::u16(body, field::UDP_CHECKSUM);
    if old != 0 {
        let new = delta.apply(old);
        field::set_u16(body, field::UDP_CHECKSUM, if new == 0 { 0xffff } else { new });
    }
}
