//! Packets that are made here: resets, ICMP errors, fragments, the smallest packet that opens a flow,
//! and the smallest answer that a willing destination gives.

use std::net::Ipv4Addr;

use super::headers::{Headers, IcmpKind, Protocol, TcpFlags, Transport, Tuple};
use super::{checksum, decode, field};

/// The time to live of packets that start here (RFC 1700, "IP time to live parameter").
const TTL: u8 = 64;

/// The reset that answers a TCP segment, in the name of its destination (RFC 9293 §3.5.2): with the
/// sequence number that the segment acknowledges or, where it acknowledges nothing, with zero and
/// an acknowledgement of all that the segment took. `None` for a reset, which nobody answers, and
/// for what is not TCP.
pub fn reset(bytes: &[u8], headers: &Headers) -> Option<Vec<u8>> {
    let flags = headers.tcp().filter(|flags| !flags.has(TcpFlags::RST))?;
    let segment = &bytes[usize::from(headers.header_len)..usize::from(headers.total_len)];
    let mut header = [0; 20];
    if flags.has(TcpFlags::ACK) {
        header[4..8].copy_from_slice(&segment[8..12]);
        header[13] = TcpFlags::RST.0;
    } else {
        let taken = tcp_length(segment, flags).wrapping_add(sequence(segment));
        header[8..12].copy_from_slice(&taken.to_be_bytes());
        header[13] = TcpFlags::RST.0 | TcpFlags::ACK.0;
    }
    Some(tcp_packet(headers, header))
}

/// The smallest answer of a willing destination to a delivered packet: SYN and ACK to a SYN, a
/// reset to any other segment, the same datagram to UDP, the reply to an ICMP query. `None` for
/// what nobody answers.
pub fn reply(bytes: &[u8]) -> Option<Vec<u8>> {
    let headers = decode(bytes).ok()?;
    let body = &bytes[usize::from(headers.header_len)..usize::from(headers.total_len)];
    match headers.transport {
        Transport::Tcp(flags) if flags.opens() => {
            let mut header = [0; 20];
            header[8..12].copy_from_slice(&sequence(body).wrapping_add(1).to_be_bytes());
            header[13] = TcpFlags::SYN.0 | TcpFlags::ACK.0;
            header[14..16].copy_from_slice(&0xffff_u16.to_be_bytes());
            Some(tcp_packet(&headers, header))
        }
        Transport::Tcp(_) => reset(bytes, &headers),
        Transport::Udp => Some(udp_packet(&headers, &body[8..])),
        Transport::Icmp { about: IcmpKind::Query, .. } => {
            let mut message = body.to_vec();
            let answer = headers.answer();
            message[0] = answer.icmp().map_or(0, |(kind, _)| kind);
            Some(icmp_packet(headers.dst, headers.src, message))
        }
        Transport::Icmp { .. } => None,
        Transport::Opaque => Some(ip_packet(headers.dst, headers.src, headers.protocol, body)),
    }
}

/// The smallest packet that opens a flow with this tuple: a TCP SYN, a UDP datagram without data, an
/// ICMP message of this type and code, or 8 bytes of any other protocol. It must not be fragmented.
pub fn opening(tuple: Tuple, icmp: (u8, u8)) -> Vec<u8> {
    let mut body = match tuple.protocol {
        Protocol::TCP => vec![0; 20],
        _ => vec![0; 8],
    };
    match tuple.protocol {
        Protocol::TCP => {
            field::set_u16(&mut body, 0, tuple.src_port);
            field::set_u16(&mut body, 2, tuple.dst_port);
            (body[12], body[13]) = (5 << 4, TcpFlags::SYN.0);
            field::set_u16(&mut body, 14, 0xffff);
        }
        Protocol::UDP => {
            field::set_u16(&mut body, 0, tuple.src_port);
            field::set_u16(&mut body, 2, tuple.dst_port);
            field::set_u16(&mut body, 4, 8);
        }
        Protocol::ICMP => {
            (body[0], body[1]) = icmp;
            field::set_u16(&mut body, field::ICMP_IDENT, tuple.src_port | tuple.dst_port);
            let sum = checksum::of(&body);
            field::set_u16(&mut body, field::ICMP_CHECKSUM, sum);
        }
        _ => {}
    }
    let mut packet = ip_packet(tuple.src, tuple.dst, tuple.protocol, &body);
    field::set_u16(&mut packet, field::FRAGMENT, 0x4000);
    seal_ip(&mut packet, 20);
    match tuple.protocol {
        Protocol::TCP => seal_transport(&mut packet, field::TCP_CHECKSUM),
        Protocol::UDP => seal_transport(&mut packet, field::UDP_CHECKSUM),
        _ => {}
    }
    packet
}

/// ICMP 3/4, "fragmentation needed" (RFC 1191 §4), from a router to the sender of `bytes`.
pub fn too_big(bytes: &[u8], headers: &Headers, router: Ipv4Addr, mtu: u16) -> Vec<u8> {
    let [high, low] = mtu.to_be_bytes();
    error(bytes, headers, router, [3, 4, 0, 0, 0, 0, high, low])
}

/// ICMP 11/0, "time to live exceeded in transit" (RFC 792), from a router to the sender.
pub fn time_exceeded(bytes: &[u8], headers: &Headers, router: Ipv4Addr) -> Vec<u8> {
    error(bytes, headers, router, [11, 0, 0, 0, 0, 0, 0, 0])
}

/// An ICMP error that quotes the packet's IP header and the 8 bytes after it (RFC 792).
fn error(bytes: &[u8], headers: &Headers, router: Ipv4Addr, header: [u8; 8]) -> Vec<u8> {
    let quoted = (usize::from(headers.header_len) + 8).min(usize::from(headers.total_len));
    let mut message = header.to_vec();
    message.extend_from_slice(&bytes[..quoted]);
    icmp_packet(router, headers.src, message)
}

/// The fragments of a packet for a link of this MTU (RFC 791 §3.2). Options are repeated in the
/// first fragment only: those that must be copied are not carried by the path's gateways.
pub fn fragments(bytes: &[u8], headers: &Headers, mtu: u16) -> Vec<Vec<u8>> {
    let header = &bytes[..usize::from(headers.header_len)];
    let body = &bytes[usize::from(headers.header_len)..usize::from(headers.total_len)];
    let flags = field::u16(bytes, field::FRAGMENT);
    let room = (usize::from(mtu) - header.len()) / 8 * 8;
    let last = body.len().div_ceil(room) - 1;
    let pieces = body.chunks(room).enumerate();
    pieces
        .map(|(number, piece)| {
            let offset = (flags & 0x1fff) + (number * room / 8) as u16;
            let more = if number < last { 0x2000 } else { flags & 0x2000 };
            let mut packet = [header, piece].concat();
            let len = packet.len() as u16;
            field::set_u16(&mut packet, field::TOTAL_LEN, len);
            field::set_u16(&mut packet, field::FRAGMENT, offset | more);
            seal_ip(&mut packet, header.len());
            packet
        })
        .collect()
}

fn sequence(segment: &[u8]) -> u32 {
    u32::from_be_bytes([segment[4], segment[5], segment[6], segment[7]])
}

/// How much of the sequence space a segment takes: its data, and one each for SYN and FIN.
fn tcp_length(segment: &[u8], flags: TcpFlags) -> u32 {
    let data = segment.len() - usize::from(segment[12] >> 4) * 4;
    data as u32 + u32::from(flags.has(TcpFlags::SYN)) + u32::from(flags.has(TcpFlags::FIN))
}

/// A segment that answers `to`, given its header without ports, offset and checksum.
fn tcp_packet(to: &Headers, mut header: [u8; 20]) -> Vec<u8> {
    field::set_u16(&mut header, 0, to.dst_port);
    field::set_u16(&mut header, 2, to.src_port);
    header[12] = 5 << 4;
    let mut packet = ip_packet(to.dst, to.src, Protocol::TCP, &header);
    seal_transport(&mut packet, field::TCP_CHECKSUM);
    packet
}

fn udp_packet(to: &Headers, payload: &[u8]) -> Vec<u8> {
    let mut datagram = vec![0; 8];
    datagram.extend_from_slice(payload);
    let len = datagram.len() as u16;
    field::set_u16(&mut datagram, 0, to.dst_port);
    field::set_u16(&mut datagram, 2, to.src_port);
    field::set_u16(&mut datagram, 4, len);
    let mut packet = ip_packet(to.dst, to.src, Protocol::UDP, &datagram);
    seal_transport(&mut packet, field::UDP_CHECKSUM);
    packet
}

fn icmp_packet(src: Ipv4Addr, dst: Ipv4Addr, mut message: Vec<u8>) -> Vec<u8> {
    field::set_u16(&mut message, field::ICMP_CHECKSUM, 0);
    let sum = checksum::of(&message);
    field::set_u16(&mut message, field::ICMP_CHECKSUM, sum);
    ip_packet(src, dst, Protocol::ICMP, &message)
}

fn ip_packet(src: Ipv4Addr, dst: Ipv4Addr, protocol: Protocol, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 20];
    packet.extend_from_slice(body);
    let len = packet.len() as u16;
    packet[0] = 0x45;
    field::set_u16(&mut packet, field::TOTAL_LEN, len);
    packet[field::TTL] = TTL;
    packet[field::PROTOCOL] = protocol.0;
    field::set_address(&mut packet, field::SRC, src);
    field::set_address(&mut packet, field::DST, dst);
    seal_ip(&mut packet, 20);
    packet
}

fn seal_ip(packet: &mut [u8], header_len: usize) {
    field::set_u16(packet, field::CHECKSUM, 0);
    let sum = checksum::of(&packet[..header_len]);
    field::set_u16(packet, field::CHECKSUM, sum);
}

/// Sets the checksum over the pseudo-header and body of a packet with a 20-byte header.
fn seal_transport(packet: &mut [u8], at: usize) {
    let pseudo = checksum::sum(&packet[field::SRC..field::DST + 4])
        + u64::from(packet[field::PROTOCOL])
        + (packet.len() - 20) as u64;
    let sum = !checksum::fold(pseudo + checksum::sum(&packet[20..]));
    let sum = if at == field::UDP_CHECKSUM && sum == 0 { 0xffff } else { sum };
    field::set_u16(&mut packet[20..], at, sum);
}
