//! Bytes to [`Headers`]: every check that a later access relies on, made once.

use std::net::Ipv4Addr;

use super::headers::{Fragment, Headers, IcmpKind, Protocol, TcpFlags, Transport, Tuple};
use super::{checksum, field};
use crate::verdict::DropReason::{self, *};

/// Reads and checks a packet's headers (RFC 791 §3.1; RFC 1122 §3.2.1 for what to refuse).
///
/// Checked: version, header length, total length against the bytes that are there, header checksum,
/// time to live, fragment fields, and that the TCP, UDP or ICMP header is complete, as is the
/// packet that an ICMP error quotes. Bytes beyond the total length are padding and are ignored.
///
/// # Errors
/// The reason to drop the packet for.
#[inline]
pub fn decode(bytes: &[u8]) -> Result<Headers, DropReason> {
    let ip = ip_header(bytes)?;
    checked_ip(bytes, &ip)?;
    let body = &bytes[usize::from(ip.header_len)..usize::from(ip.total_len)];
    match ip.fragment {
        Fragment::Later => Ok(ip),
        Fragment::Whole | Fragment::First => transport(ip, body),
    }
}

/// The fixed fields of the IPv4 header, its lengths checked against the bytes.
#[inline]
fn ip_header(bytes: &[u8]) -> Result<Headers, DropReason> {
    let version = bytes.first().ok_or(Truncated)? >> 4;
    match version {
        4 if bytes.len() < 20 => return Err(Truncated),
        4 => {}
        6 => return Err(Ipv6),
        _ => return Err(BadVersion),
    }
    let header_len = (bytes[0] & 0x0f) * 4;
    let total_len = field::u16(bytes, field::TOTAL_LEN);
    if header_len < 20 || usize::from(header_len) > bytes.len() {
        return Err(BadHeaderLength);
    }
    if total_len < u16::from(header_len) || usize::from(total_len) > bytes.len() {
        return Err(BadTotalLength);
    }
    let flags = field::u16(bytes, field::FRAGMENT);
    Ok(Headers {
        src: field::address(bytes, field::SRC),
        dst: field::address(bytes, field::DST),
        src_port: 0,
        dst_port: 0,
        protocol: Protocol(bytes[field::PROTOCOL]),
        ttl: bytes[field::TTL],
        ident: field::u16(bytes, field::IDENT),
        dont_fragment: flags & 0x4000 != 0,
        fragment: match (flags & 0x1fff, flags & 0x2000 != 0) {
            (0, false) => Fragment::Whole,
            (0, true) => Fragment::First,
            _ => Fragment::Later,
        },
        header_len,
        total_len,
        transport: Transport::Opaque,
    })
}

/// The checks that need the whole header.
#[inline]
fn checked_ip(bytes: &[u8], ip: &Headers) -> Result<(), DropReason> {
    if !checksum::verifies(&bytes[..usize::from(ip.header_len)]) {
        return Err(BadHeaderChecksum);
    }
    if ip.ttl == 0 {
        return Err(TtlExpired);
    }
    if ip.fragment != Fragment::Whole {
        let flags = field::u16(bytes, field::FRAGMENT);
        let offset = u32::from(flags & 0x1fff) * 8;
        let len = u32::from(ip.total_len) - u32::from(ip.header_len);
        let more = flags & 0x2000 != 0;
        // RFC 791: all but the last carry a multiple of 8 bytes, and the datagram ends below 64 KiB.
        if len == 0 || (more && len % 8 != 0) || offset + len > 65_535 {
            return Err(BadFragment);
        }
    }
    Ok(())
}

/// The transport header of a whole packet or a first fragment.
#[inline]
fn transport(ip: Headers, body: &[u8]) -> Result<Headers, DropReason> {
    match ip.protocol {
        Protocol::TCP => tcp(ip, body),
        Protocol::UDP => udp(ip, body),
        Protocol::ICMP => icmp(ip, body),
        _ => Ok(ip),
    }
}

/// RFC 9293 §3.1: 20 to 60 bytes.
#[inline]
fn tcp(ip: Headers, body: &[u8]) -> Result<Headers, DropReason> {
    if body.len() < 20 {
        return Err(BadTransportHeader);
    }
    let header_len = usize::from(body[12] >> 4) * 4;
    if header_len < 20 || header_len > body.len() {
        return Err(BadTransportHeader);
    }
    Ok(Headers { transport: Transport::Tcp(TcpFlags(body[13])), ..with_ports(ip, body) })
}

/// RFC 768: 8 bytes, and a length that the packet has (a first fragment has only its part of it).
#[inline]
fn udp(ip: Headers, body: &[u8]) -> Result<Headers, DropReason> {
    if body.len() < 8 {
        return Err(BadTransportHeader);
    }
    let len = usize::from(field::u16(body, 4));
    if len < 8 || (ip.fragment == Fragment::Whole && len > body.len()) {
        return Err(BadTransportHeader);
    }
    Ok(Headers { transport: Transport::Udp, ..with_ports(ip, body) })
}

#[inline]
fn with_ports(ip: Headers, body: &[u8]) -> Headers {
    Headers { src_port: field::u16(body, 0), dst_port: field::u16(body, 2), ..ip }
}

/// RFC 792; what counts as query, answer and error after RFC 5508 §1.
fn icmp(ip: Headers, body: &[u8]) -> Result<Headers, DropReason> {
    if body.len() < 8 {
        return Err(BadTransportHeader);
    }
    let (kind, code) = (body[0], body[1]);
    let identifier = field::u16(body, 4);
    let (about, src_port, dst_port) = match kind {
        8 | 13 | 15 | 17 => (IcmpKind::Query, identifier, 0),
        0 | 14 | 16 | 18 => (IcmpKind::Answer, 0, identifier),
        3 | 4 | 5 | 11 | 12 => (IcmpKind::Error { quoted: quoted(&body[8..])? }, 0, 0),
        _ => (IcmpKind::Other, 0, 0),
    };
    Ok(Headers { src_port, dst_port, transport: Transport::Icmp { kind, code, about }, ..ip })
}

/// The tuple of the packet that an ICMP error quotes: its IPv4 header and at least 8 bytes more
/// (RFC 792). Its lengths and time to live are as some router saw them, so only what is needed is
/// checked: version, header length, that it is not a later fragment, and no ICMP error itself.
fn quoted(quote: &[u8]) -> Result<Tuple, DropReason> {
    if quote.len() < 28 || quote[0] >> 4 != 4 {
        return Err(BadIcmpQuote);
    }
    let header_len = usize::from(quote[0] & 0x0f) * 4;
    if header_len < 20 || quote.len() < header_len + 8 {
        return Err(BadIcmpQuote);
    }
    if field::u16(quote, field::FRAGMENT) & 0x1fff != 0 {
        return Err(BadIcmpQuote);
    }
    let body = &quote[header_len..];
    let protocol = Protocol(quote[field::PROTOCOL]);
    let (src_port, dst_port) = match (protocol, body[0]) {
        (Protocol::TCP | Protocol::UDP, _) => (field::u16(body, 0), field::u16(body, 2)),
        (Protocol::ICMP, 8 | 13 | 15 | 17) => (field::u16(body, 4), 0),
        (Protocol::ICMP, 0 | 14 | 16 | 18) => (0, field::u16(body, 4)),
        (Protocol::ICMP, _) => return Err(BadIcmpQuote),
        _ => (0, 0),
    };
    let (src, dst): (Ipv4Addr, Ipv4Addr) =
        (field::address(quote, field::SRC), field::address(quote, field::DST));
    Ok(Tuple { src, dst, src_port, dst_port, protocol })
}
