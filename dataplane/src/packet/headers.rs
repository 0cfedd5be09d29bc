//! What a packet says, as the elements of the path read it.

use std::fmt;
use std::net::Ipv4Addr;

/// An IP protocol number (IANA, "Assigned Internet Protocol Numbers").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// 1, RFC 792.
    pub const ICMP: Protocol = Protocol(1);
    /// 6, RFC 9293.
    pub const TCP: Protocol = Protocol(6);
    /// 17, RFC 768.
    pub const UDP: Protocol = Protocol(17);
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Protocol::ICMP => f.pad("icmp"),
            Protocol::TCP => f.pad("tcp"),
            Protocol::UDP => f.pad("udp"),
            Protocol(number) => f.pad(&format!("protocol {number}")),
        }
    }
}

/// Addresses, protocol and ports: what a flow is known by.
///
/// An ICMP query counts as one from port *identifier* to port 0, its answer as one from port 0 to
/// port *identifier*, so that reversing a tuple means the same for every protocol. What has no
/// ports has zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tuple {
    /// Source address.
    pub src: Ipv4Addr,
    /// Destination address.
    pub dst: Ipv4Addr,
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Protocol.
    pub protocol: Protocol,
}

impl Tuple {
    /// The tuple of an answer.
    pub const fn reversed(self) -> Tuple {
        Tuple {
            src: self.dst,
            dst: self.src,
            src_port: self.dst_port,
            dst_port: self.src_port,
            protocol: self.protocol,
        }
    }
}

impl fmt::Display for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.protocol {
            Protocol::TCP | Protocol::UDP => {
                write!(f, "{}:{} → {}:{}", self.src, self.src_port, self.dst, self.dst_port)
            }
            _ => write!(f, "{} → {}", self.src, self.dst),
        }
    }
}

/// The headers of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers {
    /// Source address.
    pub src: Ipv4Addr,
    /// Destination address.
    pub dst: Ipv4Addr,
    /// Source port, as [`Tuple`] has it.
    pub src_port: u16,
    /// Destination port, as [`Tuple`] has it.
    pub dst_port: u16,
    /// IP protocol.
    pub protocol: Protocol,
    /// Time to live.
    pub ttl: u8,
    /// Identification, which fragments of one datagram share.
    pub ident: u16,
    /// Whether the packet must not be fragmented.
    pub dont_fragment: bool,
    /// Whether it is a fragment.
    pub fragment: Fragment,
    /// Bytes of the IPv4 header with its options: 20 to 60.
    pub header_len: u8,
    /// Bytes of the whole packet. The buffer may be longer; what is beyond is padding.
    pub total_len: u16,
    /// What follows the IPv4 header.
    pub transport: Transport,
}

impl Headers {
    /// What the packet's flow is known by. For an ICMP error that is the error itself; the flow
    /// that it is about is in [`Transport::Icmp`].
    pub fn tuple(&self) -> Tuple {
        Tuple {
            src: self.src,
            dst: self.dst,
            src_port: self.src_port,
            dst_port: self.dst_port,
            protocol: self.protocol,
        }
    }

    /// The same packet with other addresses and ports.
    pub fn with(mut self, tuple: Tuple) -> Headers {
        self.src = tuple.src;
        self.dst = tuple.dst;
        self.src_port = tuple.src_port;
        self.dst_port = tuple.dst_port;
        self
    }

    /// ICMP type and code.
    pub fn icmp(&self) -> Option<(u8, u8)> {
        match self.transport {
            Transport::Icmp { kind, code, .. } => Some((kind, code)),
            _ => None,
        }
    }

    /// TCP flags.
    pub fn tcp(&self) -> Option<TcpFlags> {
        match self.transport {
            Transport::Tcp(flags) => Some(flags),
            _ => None,
        }
    }

    /// The packet that an ICMP error is about.
    pub fn quoted(&self) -> Option<Tuple> {
        match self.transport {
            Transport::Icmp { about: IcmpKind::Error { quoted }, .. } => Some(quoted),
            _ => None,
        }
    }

    /// The smallest answer to this packet: what the elements would see of it on its way back.
    /// TCP answers with SYN and ACK, or ACK alone, an ICMP query with its reply.
    pub fn answer(&self) -> Headers {
        let transport = match self.transport {
            Transport::Tcp(flags) => {
                let syn = if flags.has(TcpFlags::SYN) { TcpFlags::SYN } else { TcpFlags(0) };
                Transport::Tcp(TcpFlags(syn.0 | TcpFlags::ACK.0))
            }
            Transport::Icmp { kind, code, about: IcmpKind::Query } => {
                Transport::Icmp { kind: answer_of(kind), code, about: IcmpKind::Answer }
            }
            Transport::Icmp { kind, code, about: IcmpKind::Answer } => {
                Transport::Icmp { kind: query_of(kind), code, about: IcmpKind::Query }
            }
            other => other,
        };
        let reversed = self.with(self.tuple().reversed());
        Headers {
            transport,
            fragment: Fragment::Whole,
            total_len: u16::from(self.header_len),
            ttl: 64,
            ..reversed
        }
    }
}

const fn answer_of(query: u8) -> u8 {
    if query == 8 { 0 } else { query + 1 }
}

const fn query_of(answer: u8) -> u8 {
    if answer == 0 { 8 } else { answer - 1 }
}

/// What follows the IPv4 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A TCP segment.
    Tcp(TcpFlags),
    /// A UDP datagram.
    Udp,
    /// An ICMP message.
    Icmp {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
        /// What sort of message.
        about: IcmpKind,
    },
    /// Another protocol, or a fragment that is not the first: no header that we read.
    Opaque,
}

/// What sort of ICMP message (RFC 792; RFC 5508 §1 for the split).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpKind {
    /// Asks, with an identifier: types 8, 13, 15, 17.
    Query,
    /// Answers, with an identifier: types 0, 14, 16, 18.
    Answer,
    /// Reports on a packet, which it quotes: types 3, 4, 5, 11, 12.
    Error {
        /// That packet's tuple.
        quoted: Tuple,
    },
    /// Any other type.
    Other,
}

/// Whether a packet is a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// It is whole.
    Whole,
    /// The first fragment: it has the transport header.
    First,
    /// One of the others.
    Later,
}

/// TCP flags (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: TcpFlags = TcpFlags(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: TcpFlags = TcpFlags(0x02);
    /// Reset the connection.
    pub const RST: TcpFlags = TcpFlags(0x04);
    /// The acknowledgement field counts.
    pub const ACK: TcpFlags = TcpFlags(0x10);

    /// Whether this flag is set.
    pub const fn has(self, flag: TcpFlags) -> bool {
        self.0 & flag.0 != 0
    }

    /// Whether the segment opens a connection: SYN without ACK or RST.
    pub const fn opens(self) -> bool {
        self.0 & (Self::SYN.0 | Self::ACK.0 | Self::RST.0) == Self::SYN.0
    }
}
