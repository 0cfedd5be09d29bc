//! Packets for tests, built by pnet_packet and read by smoltcp: two readers of the formats that
//! share nothing with the dataplane.

use std::net::Ipv4Addr;

use pnet_packet::ip::IpNextHeaderProtocol;
use pnet_packet::ipv4::MutableIpv4Packet;
use pnet_packet::tcp::{MutableTcpPacket, TcpOption};
use pnet_packet::udp::MutableUdpPacket;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire;

/// TCP flags as they stand in the header (RFC 9293 §3.1).
pub mod flags {
    /// FIN.
    pub const FIN: u8 = 1;
    /// SYN.
    pub const SYN: u8 = 2;
    /// RST.
    pub const RST: u8 = 4;
    /// ACK.
    pub const ACK: u8 = 16;
}

/// A packet to be: everything but its source address, which is its sender's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Destination address.
    pub dst: Ipv4Addr,
    /// IP protocol number.
    pub protocol: u8,
    /// Source port, or ICMP identifier.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// TCP flags.
    pub flags: u8,
    /// The largest segment that a TCP segment announces to take.
    pub mss: Option<u16>,
    /// ICMP type and code.
    pub icmp: (u8, u8),
    /// Bytes after the transport header.
    pub payload: Vec<u8>,
    /// Time to live.
    pub ttl: u8,
    /// Don't fragment.
    pub dont_fragment: bool,
    /// IP identification.
    pub ident: u16,
    /// More fragments, and the offset in units of 8 bytes. A later fragment is payload only.
    pub fragment: (bool, u16),
}

/// A TCP segment with these flags to `address:port`.
///
/// # Panics
/// When `to` is not that.
pub fn tcp(to: &str, flags: u8) -> Packet {
    Packet { protocol: 6, flags, ..datagram(to) }
}

/// A SYN to `address:port`.
pub fn syn(to: &str) -> Packet {
    tcp(to, flags::SYN)
}

/// A UDP datagram of 12 bytes to `address:port`.
///
/// # Panics
/// When `to` is not that.
pub fn udp(to: &str) -> Packet {
    Packet { protocol: 17, ..datagram(to) }
}

/// An ICMP echo request.
///
/// # Panics
/// When `to` is no address.
pub fn echo(to: &str) -> Packet {
    Packet { protocol: 1, icmp: (8, 0), ..datagram(&format!("{to}:0")) }
}

/// A packet of another protocol.
///
/// # Panics
/// When `to` is no address.
pub fn raw(to: &str, protocol: u8) -> Packet {
    Packet { protocol, ..datagram(&format!("{to}:0")) }
}

fn datagram(to: &str) -> Packet {
    let (address, port) = to.split_once(':').expect("address:port");
    Packet {
        dst: address.parse().expect("an address"),
        protocol: 17,
        src_port: 40_000,
        dst_port: port.parse().expect("a port"),
        flags: 0,
        mss: None,
        icmp: (0, 0),
        payload: (0..12).collect(),
        ttl: 64,
        dont_fragment: true,
        ident: 1,
        fragment: (false, 0),
    }
}

impl Packet {
    /// From another port.
    #[must_use]
    /// The same, announcing that segments may be so large.
    pub fn mss(self, mss: u16) -> Packet {
        Packet { mss: Some(mss), ..self }
    }

    /// From another port.
    pub fn port(self, src_port: u16) -> Packet {
        Packet { src_port, ..self }
    }

    /// So large that the whole packet has `total` bytes.
    ///
    /// # Panics
    /// When its headers are larger.
    #[must_use]
    pub fn size(mut self, total: usize) -> Packet {
        let headers = 20 + self.transport_len();
        self.payload = vec![0x5a; total.checked_sub(headers).expect("room for the headers")];
        self
    }

    /// May be fragmented on the way.
    #[must_use]
    pub fn may_fragment(self) -> Packet {
        Packet { dont_fragment: false, ..self }
    }

    /// With this time to live.
    #[must_use]
    pub fn ttl(self, ttl: u8) -> Packet {
        Packet { ttl, ..self }
    }

    /// The first fragment of a datagram.
    #[must_use]
    pub fn first_fragment(self) -> Packet {
        let len = (20 + self.transport_len() + self.payload.len()).next_multiple_of(8) + 4;
        Packet { fragment: (true, 0), ..self }.may_fragment().size(len)
    }

    /// A later fragment, the last one, of 16 bytes.
    #[must_use]
    pub fn later_fragment(self) -> Packet {
        Packet { fragment: (false, 5), payload: vec![7; 16], ..self }.may_fragment()
    }

    fn transport_len(&self) -> usize {
        match (self.fragment.1, self.protocol) {
            (1.., _) => 0,
            (0, 6) if self.mss.is_some() => 24,
            (0, 6) => 20,
            (0, 1 | 17) => 8,
            _ => 0,
        }
    }

    /// The bytes, sent from `src`, with every checksum right.
    ///
    /// # Panics
    /// Never, for a packet of at most 65,535 bytes.
    pub fn bytes(&self, src: Ipv4Addr) -> Vec<u8> {
        let body = self.body(src);
        let mut bytes = vec![0; 20];
        bytes.extend_from_slice(&body);
        let total = u16::try_from(bytes.len()).expect("at most 65,535 bytes");
        let mut packet = MutableIpv4Packet::new(&mut bytes).expect("20 bytes");
        packet.set_version(4);
        packet.set_header_length(5);
        packet.set_total_length(total);
        packet.set_identification(self.ident);
        packet.set_flags(u8::from(self.dont_fragment) << 1 | u8::from(self.fragment.0));
        packet.set_fragment_offset(self.fragment.1);
        packet.set_ttl(self.ttl);
        packet.set_next_level_protocol(IpNextHeaderProtocol(self.protocol));
        packet.set_source(src);
        packet.set_destination(self.dst);
        let checksum = pnet_packet::ipv4::checksum(&packet.to_immutable());
        packet.set_checksum(checksum);
        bytes
    }

    fn body(&self, src: Ipv4Addr) -> Vec<u8> {
        let mut body = vec![0; self.transport_len()];
        body.extend_from_slice(&self.payload);
        if self.transport_len() == 0 {
            return body;
        }
        match self.protocol {
            6 => {
                let mut segment = MutableTcpPacket::new(&mut body).expect("20 bytes");
                segment.set_source(self.src_port);
                segment.set_destination(self.dst_port);
                segment.set_sequence(1_000);
                segment.set_acknowledgement(if self.flags & flags::ACK != 0 { 2_000 } else { 0 });
                segment.set_data_offset(5 + u8::from(self.mss.is_some()));
                if let Some(mss) = self.mss {
                    segment.set_options(&[TcpOption::mss(mss)]);
                }
                segment.set_flags(self.flags);
                let sum = pnet_packet::tcp::ipv4_checksum(&segment.to_immutable(), &src, &self.dst);
                segment.set_checksum(sum);
            }
            17 => {
                let len = body.len() as u16;
                let mut datagram = MutableUdpPacket::new(&mut body).expect("8 bytes");
                datagram.set_source(self.src_port);
                datagram.set_destination(self.dst_port);
                datagram.set_length(len);
                if self.fragment == (false, 0) {
                    let sum =
                        pnet_packet::udp::ipv4_checksum(&datagram.to_immutable(), &src, &self.dst);
                    datagram.set_checksum(sum);
                }
            }
            _ => {
                body[0] = self.icmp.0;
                body[1] = self.icmp.1;
                body[4..6].copy_from_slice(&self.src_port.to_be_bytes());
                let sum = pnet_packet::util::checksum(&body, 1);
                body[2..4].copy_from_slice(&sum.to_be_bytes());
            }
        }
        body
    }
}

/// What an independent reader finds in a packet. Every checksum was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Source address.
    pub src: Ipv4Addr,
    /// Destination address.
    pub dst: Ipv4Addr,
    /// IP protocol number.
    pub protocol: u8,
    /// Source port, or identifier of an ICMP query or answer.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// TCP flags.
    pub flags: u8,
    /// The largest segment that a TCP segment announces to take.
    pub mss: Option<u16>,
    /// ICMP type and code.
    pub icmp: (u8, u8),
    /// Time to live.
    pub ttl: u8,
    /// Total length.
    pub len: usize,
    /// What an ICMP error says the MTU is, and the packet that it quotes.
    pub quoted: Option<(u16, Box<Quoted>)>,
}

/// The addresses and ports that an ICMP error quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Source address.
    pub src: Ipv4Addr,
    /// Destination address.
    pub dst: Ipv4Addr,
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
}

/// Reads a packet with smoltcp.
///
/// # Panics
/// When smoltcp finds anything wrong with it, a checksum for instance.
pub fn read(bytes: &[u8]) -> Seen {
    let packet = wire::Ipv4Packet::new_checked(bytes).expect("an IPv4 packet");
    assert!(packet.verify_checksum(), "the IPv4 checksum of {bytes:02x?}");
    let mut seen = Seen {
        src: packet.src_addr(),
        dst: packet.dst_addr(),
        protocol: packet.next_header().into(),
        src_port: 0,
        dst_port: 0,
        flags: 0,
        mss: None,
        icmp: (0, 0),
        ttl: packet.hop_limit(),
        len: usize::from(packet.total_len()),
        quoted: None,
    };
    if packet.frag_offset() == 0 {
        read_transport(&packet, &mut seen);
    }
    seen
}

fn read_transport(packet: &wire::Ipv4Packet<&[u8]>, seen: &mut Seen) {
    let (src, dst) = (packet.src_addr().into(), packet.dst_addr().into());
    let payload = packet.payload();
    let whole = !packet.more_frags();
    match packet.next_header() {
        wire::IpProtocol::Tcp => {
            let segment = wire::TcpPacket::new_checked(payload).expect("a TCP segment");
            assert!(!whole || segment.verify_checksum(&src, &dst), "the TCP checksum");
            (seen.src_port, seen.dst_port) = (segment.src_port(), segment.dst_port());
            seen.flags = payload[13];
            let read = wire::TcpRepr::parse(&segment, &src, &dst, &ChecksumCapabilities::ignored());
            seen.mss = read.ok().and_then(|read| read.max_seg_size);
        }
        wire::IpProtocol::Udp => {
            (seen.src_port, seen.dst_port) = (be16(payload, 0), be16(payload, 2));
            if whole {
                let datagram = wire::UdpPacket::new_checked(payload).expect("a UDP datagram");
                assert!(datagram.verify_checksum(&src, &dst), "the UDP checksum");
            }
        }
        wire::IpProtocol::Icmp => {
            let message = wire::Icmpv4Packet::new_checked(payload).expect("an ICMP message");
            assert!(!whole || message.verify_checksum(), "the ICMP checksum");
            seen.icmp = (payload[0], payload[1]);
            seen.src_port = be16(payload, 4);
            if matches!(payload[0], 3 | 11) {
                let quote = wire::Ipv4Packet::new_unchecked(&payload[8..]);
                let body = &payload[8 + usize::from(quote.header_len())..];
                let (src, dst) = (quote.src_addr(), quote.dst_addr());
                let (src_port, dst_port) = (be16(body, 0), be16(body, 2));
                let quoted = Quoted { src, dst, src_port, dst_port };
                seen.quoted = Some((be16(payload, 6), Box::new(quoted)));
            }
        }
        _ => {}
    }
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}
