//! Packets without a connection: UDP datagrams, ICMP echo, and what hosts answer them with.

use std::net::Ipv4Addr;

use egret_dataplane::packet::Tuple;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv4DstUnreachable, Icmpv4Message, Icmpv4Packet, Icmpv4Repr, IpAddress, IpProtocol,
    Ipv4Packet, Ipv4Repr, UdpPacket, UdpRepr,
};

/// What ends have between them and the internet at most: the time to live that Linux sets.
pub(crate) const TTL: u8 = 64;

/// A UDP datagram. It may be cut on its way, as Linux lets datagrams that a socket sends.
pub(crate) fn udp(tuple: Tuple, ttl: u8, ident: u16, payload: &[u8]) -> Vec<u8> {
    let repr = UdpRepr { src_port: tuple.src_port, dst_port: tuple.dst_port };
    let mut packet = ip(tuple, IpProtocol::Udp, ttl, 8 + payload.len());
    {
        let mut ip = Ipv4Packet::new_unchecked(&mut packet);
        ip.set_dont_frag(false);
        ip.set_ident(ident);
        ip.fill_checksum();
        let mut udp = UdpPacket::new_unchecked(ip.payload_mut());
        let (src, dst) = (IpAddress::Ipv4(tuple.src), IpAddress::Ipv4(tuple.dst));
        let write = |to: &mut [u8]| to.copy_from_slice(payload);
        let checksums = ChecksumCapabilities::default();
        repr.emit(&mut udp, &src, &dst, payload.len(), write, &checksums);
    }
    packet
}

/// An ICMP echo request; the tuple's source port is its identifier.
pub(crate) fn echo_request(tuple: Tuple, ttl: u8, number: u16, payload: &[u8]) -> Vec<u8> {
    let repr = Icmpv4Repr::EchoRequest { ident: tuple.src_port, seq_no: number, data: payload };
    icmp(tuple, ttl, &repr)
}

/// The answer to an echo request, if the packet is one.
pub(crate) fn echo_reply(packet: &[u8]) -> Option<Vec<u8>> {
    let ip = Ipv4Packet::new_checked(packet).ok()?;
    let message = Icmpv4Packet::new_checked(ip.payload()).ok()?;
    let checksums = ChecksumCapabilities::default();
    match Icmpv4Repr::parse(&message, &checksums).ok()? {
        Icmpv4Repr::EchoRequest { ident, seq_no, data } => {
            let repr = Icmpv4Repr::EchoReply { ident, seq_no, data };
            Some(icmp(tuple(ip.dst_addr(), ip.src_addr()), TTL, &repr))
        }
        _ => None,
    }
}

/// "Port unreachable" for a datagram (RFC 792; RFC 1122 §4.1.3.1).
pub(crate) fn port_unreachable(packet: &[u8]) -> Option<Vec<u8>> {
    let ip = Ipv4Packet::new_checked(packet).ok()?;
    let header = Ipv4Repr::parse(&ip, &ChecksumCapabilities::ignored()).ok()?;
    // As much of the datagram as fits into 576 bytes (RFC 1812 §4.3.2.3).
    let data = &ip.payload()[..ip.payload().len().min(576 - 48)];
    let reason = Icmpv4DstUnreachable::PortUnreachable;
    let repr = Icmpv4Repr::DstUnreachable { reason, header, data };
    Some(icmp(tuple(ip.dst_addr(), ip.src_addr()), TTL, &repr))
}

/// The sequence number of an echo reply.
pub(crate) fn echo_number(packet: &[u8]) -> Option<u16> {
    let ip = Ipv4Packet::new_checked(packet).ok()?;
    let message = Icmpv4Packet::new_checked(ip.payload()).ok()?;
    (message.msg_type() == Icmpv4Message::EchoReply).then(|| message.echo_seq_no())
}

/// A UDP datagram's payload.
pub(crate) fn payload(packet: &[u8]) -> Option<&[u8]> {
    let ip = Ipv4Packet::new_checked(packet).ok()?;
    let udp = UdpPacket::new_checked(ip.payload()).ok()?;
    Some(udp.payload())
}

/// The next hop's MTU in an ICMP 3/4 (RFC 1191 §4).
pub(crate) fn next_mtu(packet: &[u8]) -> Option<u16> {
    let header = usize::from(*packet.first()? & 0x0f) * 4;
    let message = packet.get(header..header + 8)?;
    (message[..2] == [3, 4]).then(|| u16::from_be_bytes([message[6], message[7]]))
}

fn tuple(src: Ipv4Addr, dst: Ipv4Addr) -> Tuple {
    let protocol = egret_dataplane::packet::Protocol::ICMP;
    Tuple { src, dst, src_port: 0, dst_port: 0, protocol }
}

fn icmp(tuple: Tuple, ttl: u8, repr: &Icmpv4Repr<'_>) -> Vec<u8> {
    let mut packet = ip(tuple, IpProtocol::Icmp, ttl, repr.buffer_len());
    let mut ip = Ipv4Packet::new_unchecked(&mut packet);
    let mut message = Icmpv4Packet::new_unchecked(ip.payload_mut());
    repr.emit(&mut message, &ChecksumCapabilities::default());
    packet
}

/// An IPv4 header, and room for the rest.
fn ip(tuple: Tuple, next_header: IpProtocol, hop_limit: u8, payload_len: usize) -> Vec<u8> {
    let repr =
        Ipv4Repr { src_addr: tuple.src, dst_addr: tuple.dst, next_header, payload_len, hop_limit };
    let mut packet = vec![0; repr.buffer_len() + payload_len];
    let mut ip = Ipv4Packet::new_unchecked(&mut packet);
    repr.emit(&mut ip, &ChecksumCapabilities::default());
    packet
}

/// Fragments that came for one end, until their datagram is whole. Bounded: the oldest datagram gives
/// way, and so do those of 30 s ago (RFC 1122 §3.3.2 asks for 60 to 120; Linux has 30).
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    datagrams: std::collections::VecDeque<Datagram>,
}

#[derive(Debug)]
struct Datagram {
    key: (Ipv4Addr, Ipv4Addr, u16, u8),
    since: egret_dataplane::time::Instant,
    /// The first fragment's header.
    header: Option<Vec<u8>>,
    bytes: Vec<u8>,
    /// Spans that came, in eighths.
    spans: Vec<(usize, usize)>,
    len: Option<usize>,
}

const DATAGRAMS: usize = 256;
const LIFETIME: egret_dataplane::time::Duration = egret_dataplane::time::Duration::from_secs(30);

impl Reassembly {
    /// Takes a fragment in; the datagram, if that makes it whole.
    pub(crate) fn add(
        &mut self,
        now: egret_dataplane::time::Instant,
        fragment: &[u8],
    ) -> Option<Vec<u8>> {
        let ip = Ipv4Packet::new_checked(fragment).ok()?;
        let key = (ip.src_addr(), ip.dst_addr(), ip.ident(), ip.next_header().into());
        self.datagrams.retain(|datagram| now.since(datagram.since) < LIFETIME);
        let at = self.datagrams.iter().position(|datagram| datagram.key == key);
        let at = at.unwrap_or_else(|| {
            if self.datagrams.len() >= DATAGRAMS {
                self.datagrams.pop_front();
            }
            let (header, bytes, spans) = (None, Vec::new(), Vec::new());
            self.datagrams.push_back(Datagram { key, since: now, header, bytes, spans, len: None });
            self.datagrams.len() - 1
        });
        let datagram = &mut self.datagrams[at];
        datagram.add(&ip, fragment);
        if !datagram.is_whole() {
            return None;
        }
        self.datagrams.remove(at).and_then(Datagram::packet)
    }
}

impl Datagram {
    fn add(&mut self, ip: &Ipv4Packet<&[u8]>, fragment: &[u8]) {
        let (from, payload) = (usize::from(ip.frag_offset()), ip.payload());
        let to = from + payload.len();
        if from == 0 {
            self.header = Some(fragment[..usize::from(ip.header_len())].to_vec());
        }
        if !ip.more_frags() {
            self.len = Some(to);
        }
        if self.bytes.len() < to {
            self.bytes.resize(to, 0);
        }
        self.bytes[from..to].copy_from_slice(payload);
        self.spans.push((from, to));
        self.spans.sort_unstable();
    }

    fn is_whole(&self) -> bool {
        let end = self
            .spans
            .iter()
            .fold(0, |end, (from, to)| if *from <= end { end.max(*to) } else { end });
        self.header.is_some() && self.len == Some(end)
    }

    fn packet(self) -> Option<Vec<u8>> {
        let mut packet = self.header?;
        packet.extend_from_slice(&self.bytes);
        let len = u16::try_from(packet.len()).ok()?;
        let mut ip = Ipv4Packet::new_unchecked(&mut packet);
        ip.set_more_frags(false);
        ip.set_frag_offset(0);
        ip.set_total_len(len);
        ip.fill_checksum();
        Some(packet)
    }
}
