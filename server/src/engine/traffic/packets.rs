//! The packets of live traffic. Each says after its headers whose it is, so that it is known wherever
//! it comes out.

use std::net::Ipv4Addr;

use egret_dataplane::packet::{Headers, IcmpKind, Protocol, TcpFlags, Transport, Tuple};
use pnet_packet::icmp::MutableIcmpPacket;
use pnet_packet::ip::IpNextHeaderProtocol;
use pnet_packet::ipv4::MutableIpv4Packet;
use pnet_packet::tcp::MutableTcpPacket;
use pnet_packet::udp::MutableUdpPacket;
use pnet_packet::{MutablePacket, ipv4, tcp, udp};

/// What a packet's payload begins with.
const MAGIC: [u8; 4] = *b"EGRT";
/// The magic, the run and the direction.
const MARK: usize = 12;
/// The smallest packet: headers of IPv4 and TCP, and the mark.
pub const SMALLEST: u16 = 20 + 20 + MARK as u16;

/// Whose packet it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Mark {
    /// The run.
    pub(in crate::engine) run: u32,
    /// Whether it answers another one.
    pub(in crate::engine) answer: bool,
}

impl Mark {
    /// As one number, zero for nobody's.
    pub(in crate::engine) fn code(mark: Option<Mark>) -> u64 {
        mark.map_or(0, |mark| u64::from(mark.run) << 2 | u64::from(mark.answer) << 1 | 1)
    }

    /// The way back.
    pub(in crate::engine) fn of_code(code: u64) -> Option<Mark> {
        (code & 1 == 1).then_some(Mark { run: (code >> 2) as u32, answer: code & 2 != 0 })
    }

    /// What a packet says.
    pub(in crate::engine) fn of(bytes: &[u8], headers: &Headers) -> Option<Mark> {
        let body = bytes.get(usize::from(headers.header_len)..)?;
        let header = match headers.transport {
            Transport::Tcp(_) => usize::from(*body.get(12)? >> 4) * 4,
            _ => 8,
        };
        let mark: &[u8; MARK] = body.get(header..header + MARK)?.try_into().ok()?;
        let run = u32::from_be_bytes([mark[4], mark[5], mark[6], mark[7]]);
        (mark[..4] == MAGIC).then_some(Mark { run, answer: mark[8] == 1 })
    }

    fn write(self, payload: &mut [u8]) {
        payload[..4].copy_from_slice(&MAGIC);
        payload[4..8].copy_from_slice(&self.run.to_be_bytes());
        payload[8] = u8::from(self.answer);
    }
}

/// What a packet says to the protocol above IP.
#[derive(Clone, Copy, Debug)]
pub(super) enum Says {
    /// A TCP segment with these flags, sequence number and acknowledgement.
    Tcp(TcpFlags, u32, u32),
    /// A datagram.
    Udp,
    /// An ICMP message of this type, with this sequence number.
    Icmp(u8, u16),
}

/// SYN and ACK together.
const SYN_ACK: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0);
/// The ICMP type of an echo request.
const ECHO: u8 = 8;

impl Says {
    /// What the next packet of a client says: TCP asks for a connection until it has one.
    pub(super) fn request(protocol: Protocol, connected: bool, number: u32) -> Says {
        match protocol {
            Protocol::TCP if connected => Says::Tcp(TcpFlags::ACK, number.wrapping_add(1), 1),
            Protocol::TCP => Says::Tcp(TcpFlags::SYN, number, 0),
            Protocol::UDP => Says::Udp,
            _ => Says::Icmp(ECHO, number as u16),
        }
    }

    /// What is said where nobody listens.
    fn refusal(to: &Headers, body: &[u8]) -> Option<Says> {
        let flags = to.tcp().filter(|flags| !flags.has(TcpFlags::RST))?;
        Some(if flags.has(TcpFlags::ACK) {
            Says::Tcp(TcpFlags::RST, word(body, 8), 0)
        } else {
            let flags = TcpFlags(TcpFlags::RST.0 | TcpFlags::ACK.0);
            Says::Tcp(flags, 0, word(body, 4).wrapping_add(1))
        })
    }

    /// What a willing destination says to it; `None` where it says nothing.
    fn answer(to: &Headers, body: &[u8]) -> Option<Says> {
        match to.transport {
            Transport::Tcp(flags) if flags.opens() => {
                Some(Says::Tcp(SYN_ACK, 0, word(body, 4).wrapping_add(1)))
            }
            Transport::Tcp(flags) if flags.has(TcpFlags::RST) => None,
            Transport::Tcp(_) => Some(Says::Tcp(TcpFlags::ACK, word(body, 8), word(body, 4))),
            Transport::Udp => Some(Says::Udp),
            Transport::Icmp { about: IcmpKind::Query, .. } => {
                Some(Says::Icmp(0, (word(body, 4) & 0xffff) as u16))
            }
            _ => None,
        }
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    word.map_or(0, u32::from_be_bytes)
}

/// What a destination says to a packet that arrived: a willing one an answer as large as that, one
/// where nobody listens a RST to TCP, and nothing else.
pub(super) fn answer(run: u32, deaf: bool, arrived: &[u8], headers: &Headers) -> Option<Vec<u8>> {
    let body = arrived.get(usize::from(headers.header_len)..)?;
    let says = if deaf { Says::refusal(headers, body) } else { Says::answer(headers, body) }?;
    let tuple = headers.tuple().reversed();
    // An echo reply has the identifier of its request, whichever way it goes.
    Some(build(Mark { run, answer: true }, tuple, says, headers.total_len))
}

/// A packet of that size.
pub(super) fn build(mark: Mark, tuple: Tuple, says: Says, size: u16) -> Vec<u8> {
    let size = usize::from(size.max(SMALLEST));
    let mut bytes = vec![0; size];
    let mut packet = MutableIpv4Packet::new(&mut bytes).expect("as large as its header");
    packet.set_version(4);
    packet.set_header_length(5);
    packet.set_total_length(size as u16);
    packet.set_flags(ipv4::Ipv4Flags::DontFragment);
    packet.set_ttl(64);
    packet.set_next_level_protocol(IpNextHeaderProtocol(tuple.protocol.0));
    packet.set_source(tuple.src);
    packet.set_destination(tuple.dst);
    let checksum = ipv4::checksum(&packet.to_immutable());
    packet.set_checksum(checksum);
    let body = packet.payload_mut();
    match says {
        Says::Tcp(flags, number, taken) => segment(body, mark, tuple, (flags, number, taken)),
        Says::Udp => datagram(body, mark, tuple),
        Says::Icmp(kind, number) => {
            message(body, mark, tuple.src_port | tuple.dst_port, kind, number)
        }
    }
    bytes
}

fn segment(body: &mut [u8], mark: Mark, tuple: Tuple, says: (TcpFlags, u32, u32)) {
    mark.write(&mut body[20..]);
    let mut segment = MutableTcpPacket::new(body).expect("as large as its header");
    let (TcpFlags(flags), number, taken) = says;
    segment.set_source(tuple.src_port);
    segment.set_destination(tuple.dst_port);
    segment.set_sequence(number);
    segment.set_acknowledgement(taken);
    segment.set_data_offset(5);
    segment.set_flags(flags);
    segment.set_window(u16::MAX);
    let (src, dst): (Ipv4Addr, Ipv4Addr) = (tuple.src, tuple.dst);
    let checksum = tcp::ipv4_checksum(&segment.to_immutable(), &src, &dst);
    segment.set_checksum(checksum);
}

fn datagram(body: &mut [u8], mark: Mark, tuple: Tuple) {
    mark.write(&mut body[8..]);
    let length = body.len() as u16;
    let mut datagram = MutableUdpPacket::new(body).expect("as large as its header");
    datagram.set_source(tuple.src_port);
    datagram.set_destination(tuple.dst_port);
    datagram.set_length(length);
    let checksum = udp::ipv4_checksum(&datagram.to_immutable(), &tuple.src, &tuple.dst);
    datagram.set_checksum(checksum);
}

fn message(body: &mut [u8], mark: Mark, identifier: u16, kind: u8, number: u16) {
    mark.write(&mut body[8..]);
    body[0] = kind;
    body[4..6].copy_from_slice(&identifier.to_be_bytes());
    body[6..8].copy_from_slice(&number.to_be_bytes());
    let mut message = MutableIcmpPacket::new(body).expect("as large as its header");
    let checksum = pnet_packet::icmp::checksum(&message.to_immutable());
    message.set_checksum(checksum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use egret_dataplane::packet::{checksum, decode};

    fn tuple(protocol: Protocol) -> Tuple {
        let ports = if protocol == Protocol::ICMP { (7, 0) } else { (40_000, 443) };
        let (src, dst) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(203, 0, 113, 9));
        Tuple { src, dst, src_port: ports.0, dst_port: ports.1, protocol }
    }

    #[test]
    fn packets_are_whole_and_say_whose_they_are_whichever_way_they_go() {
        for protocol in [Protocol::TCP, Protocol::UDP, Protocol::ICMP] {
            for (connected, size) in [(false, 52), (true, 52), (true, 1_400)] {
                let mark = Mark { run: 77, answer: false };
                let says = Says::request(protocol, connected, 5);
                let bytes = build(mark, tuple(protocol), says, size);
                let headers = decode(&bytes).expect("a whole packet");
                assert_eq!(headers.tuple(), tuple(protocol));
                assert_eq!(bytes.len(), usize::from(size));
                assert!(checksum::verifies(&bytes[..20]));
                assert_eq!(Mark::of(&bytes, &headers), Some(mark));
                let back = answer(77, false, &bytes, &headers).expect("an answer");
                let answered = decode(&back).expect("a whole packet");
                assert_eq!(answered.tuple(), headers.answer().tuple());
                assert_eq!(Mark::of(&back, &answered), Some(Mark { run: 77, answer: true }));
            }
        }
    }

    #[test]
    fn a_connection_is_asked_for_and_accepted() {
        let mark = Mark { run: 1, answer: false };
        let says = Says::request(Protocol::TCP, false, 9);
        let bytes = build(mark, tuple(Protocol::TCP), says, SMALLEST);
        let headers = decode(&bytes).unwrap();
        assert!(headers.tcp().is_some_and(TcpFlags::opens));
        let back = answer(1, false, &bytes, &headers).unwrap();
        assert_eq!(decode(&back).unwrap().tcp(), Some(SYN_ACK));
        assert_eq!(word(&back[20..], 8), 10, "the SYN is acknowledged");
        let back = answer(1, true, &bytes, &headers).unwrap();
        assert!(decode(&back).unwrap().tcp().is_some_and(|flags| flags.has(TcpFlags::RST)));
        let headers = decode(&back).unwrap();
        assert_eq!(answer(1, true, &back, &headers), None, "nobody answers a RST");
    }

    #[test]
    fn a_mark_and_its_code_are_the_same() {
        for mark in
            [None, Some(Mark { run: 0, answer: false }), Some(Mark { run: 9, answer: true })]
        {
            assert_eq!(Mark::of_code(Mark::code(mark)), mark);
        }
    }
}
