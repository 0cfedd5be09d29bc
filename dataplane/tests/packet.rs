//! Decoding and rewriting, held against two independent readers of packets: pnet_packet, which also
//! builds them, and smoltcp.

use std::net::Ipv4Addr;

use egret_dataplane::packet::rewrite::{Rewrite, rewrite, rewrite_error};
use egret_dataplane::packet::{
    Fragment, Headers, IcmpKind, Protocol, TcpFlags, Transport, Tuple, answer, decode,
};
use egret_dataplane::verdict::DropReason;
use pnet_packet::icmp::{IcmpCode, IcmpType, MutableIcmpPacket};
use pnet_packet::ip::IpNextHeaderProtocol;
use pnet_packet::ipv4::{Ipv4Packet, MutableIpv4Packet};
use pnet_packet::tcp::{MutableTcpPacket, TcpPacket};
use pnet_packet::udp::{MutableUdpPacket, UdpPacket};
use pnet_packet::{MutablePacket, Packet};
use proptest::prelude::*;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire;

/// What a test packet is made of.
#[derive(Clone, Debug)]
struct Recipe {
    tuple: Tuple,
    ttl: u8,
    options: usize,
    tcp_options: usize,
    tcp_flags: u8,
    payload: Vec<u8>,
    udp_checksum: bool,
}

fn recipes(protocols: &'static [u8]) -> impl Strategy<Value = Recipe> {
    let tuple = (any::<[u32; 2]>(), any::<[u16; 2]>(), prop::sample::select(protocols)).prop_map(
        |([src, dst], [src_port, dst_port], protocol)| {
            let ports = matches!(protocol, 6 | 17);
            Tuple {
                src: src.into(),
                dst: dst.into(),
                src_port: if ports || protocol == 1 { src_port } else { 0 },
                dst_port: if ports { dst_port } else { 0 },
                protocol: Protocol(protocol),
            }
        },
    );
    let shape = (1u8.., 0usize..=10, 0usize..=10, any::<u8>(), any::<bool>());
    (tuple, shape, prop::collection::vec(any::<u8>(), 0..200)).prop_map(
        |(tuple, (ttl, options, tcp_options, tcp_flags, udp_checksum), payload)| Recipe {
            tuple,
            ttl,
            options,
            tcp_options,
            tcp_flags,
            payload,
            udp_checksum,
        },
    )
}

/// The packet of a recipe, built by pnet_packet with every checksum right.
fn build(recipe: &Recipe) -> Vec<u8> {
    let body = match recipe.tuple.protocol {
        Protocol::TCP => tcp(recipe),
        Protocol::UDP => udp(recipe),
        Protocol::ICMP => echo(recipe),
        _ => recipe.payload.clone(),
    };
    ip(recipe, &body)
}

fn ip(recipe: &Recipe, body: &[u8]) -> Vec<u8> {
    let header_len = 20 + recipe.options * 4;
    let mut bytes = vec![1; header_len]; // options: all "no operation"
    bytes.extend_from_slice(body);
    let total = bytes.len() as u16;
    let mut packet = MutableIpv4Packet::new(&mut bytes).unwrap();
    packet.set_version(4);
    packet.set_header_length((header_len / 4) as u8);
    packet.set_dscp(0);
    packet.set_ecn(0);
    packet.set_total_length(total);
    packet.set_identification(7);
    packet.set_flags(0b010);
    packet.set_fragment_offset(0);
    packet.set_ttl(recipe.ttl);
    packet.set_next_level_protocol(IpNextHeaderProtocol(recipe.tuple.protocol.0));
    packet.set_source(recipe.tuple.src);
    packet.set_destination(recipe.tuple.dst);
    let checksum = pnet_packet::ipv4::checksum(&packet.to_immutable());
    packet.set_checksum(checksum);
    bytes
}

fn tcp(recipe: &Recipe) -> Vec<u8> {
    let header_len = 20 + recipe.tcp_options * 4;
    let mut bytes = vec![1; header_len];
    bytes.extend_from_slice(&recipe.payload);
    let mut segment = MutableTcpPacket::new(&mut bytes).unwrap();
    segment.set_source(recipe.tuple.src_port);
    segment.set_destination(recipe.tuple.dst_port);
    segment.set_data_offset((header_len / 4) as u8);
    segment.set_reserved(0);
    segment.set_flags(recipe.tcp_flags);
    let Tuple { src, dst, .. } = recipe.tuple;
    let checksum = pnet_packet::tcp::ipv4_checksum(&segment.to_immutable(), &src, &dst);
    segment.set_checksum(checksum);
    bytes
}

fn udp(recipe: &Recipe) -> Vec<u8> {
    let mut bytes = vec![0; 8];
    bytes.extend_from_slice(&recipe.payload);
    let len = bytes.len() as u16;
    let mut datagram = MutableUdpPacket::new(&mut bytes).unwrap();
    datagram.set_source(recipe.tuple.src_port);
    datagram.set_destination(recipe.tuple.dst_port);
    datagram.set_length(len);
    if recipe.udp_checksum {
        let Tuple { src, dst, .. } = recipe.tuple;
        let checksum = pnet_packet::udp::ipv4_checksum(&datagram.to_immutable(), &src, &dst);
        datagram.set_checksum(if checksum == 0 { 0xffff } else { checksum });
    }
    bytes
}

fn echo(recipe: &Recipe) -> Vec<u8> {
    let mut bytes = vec![0; 8];
    bytes[4..6].copy_from_slice(&recipe.tuple.src_port.to_be_bytes());
    bytes.extend_from_slice(&recipe.payload);
    seal_icmp(&mut bytes, 8, 0);
    bytes
}

fn seal_icmp(bytes: &mut [u8], kind: u8, code: u8) {
    let mut message = MutableIcmpPacket::new(bytes).unwrap();
    message.set_icmp_type(IcmpType(kind));
    message.set_icmp_code(IcmpCode(code));
    let checksum = pnet_packet::icmp::checksum(&message.to_immutable());
    message.set_checksum(checksum);
}

/// Both readers find every checksum right; a UDP checksum of zero counts as none.
fn assert_sound(bytes: &[u8]) {
    let packet = wire::Ipv4Packet::new_checked(bytes).unwrap();
    assert!(packet.verify_checksum(), "IPv4 header");
    let (src, dst) = (packet.src_addr(), packet.dst_addr());
    let (src_ip, dst_ip) = (src.into(), dst.into());
    match packet.next_header() {
        wire::IpProtocol::Tcp => {
            let segment = wire::TcpPacket::new_checked(packet.payload()).unwrap();
            assert!(segment.verify_checksum(&src_ip, &dst_ip), "TCP");
            let segment = TcpPacket::new(packet.payload()).unwrap();
            assert_eq!(
                pnet_packet::tcp::ipv4_checksum(&segment, &src, &dst),
                segment.get_checksum()
            );
        }
        wire::IpProtocol::Udp => {
            let datagram = wire::UdpPacket::new_checked(packet.payload()).unwrap();
            assert!(datagram.verify_checksum(&src_ip, &dst_ip), "UDP");
        }
        wire::IpProtocol::Icmp => {
            let message = wire::Icmpv4Packet::new_checked(packet.payload()).unwrap();
            assert!(message.verify_checksum(), "ICMP");
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn decodes_what_two_other_readers_read(recipe in recipes(&[1, 6, 17, 47, 50])) {
        let bytes = build(&recipe);
        let headers = decode(&bytes).unwrap();
        prop_assert_eq!(headers.tuple(), recipe.tuple);
        let pnet = Ipv4Packet::new(&bytes).unwrap();
        prop_assert_eq!(headers.ttl, pnet.get_ttl());
        prop_assert_eq!(headers.total_len, pnet.get_total_length());
        prop_assert_eq!(headers.header_len, pnet.get_header_length() * 4);
        prop_assert!(headers.dont_fragment);
        prop_assert_eq!(headers.fragment, Fragment::Whole);
        let smol = wire::Ipv4Packet::new_checked(&bytes[..]).unwrap();
        prop_assert_eq!(headers.src, smol.src_addr());
        prop_assert_eq!(headers.dst, smol.dst_addr());
        match headers.transport {
            Transport::Tcp(flags) => {
                let segment = wire::TcpPacket::new_checked(smol.payload()).unwrap();
                prop_assert_eq!(flags.has(TcpFlags::SYN), segment.syn());
                prop_assert_eq!(flags.has(TcpFlags::ACK), segment.ack());
                prop_assert_eq!(flags.has(TcpFlags::FIN), segment.fin());
                prop_assert_eq!(flags.has(TcpFlags::RST), segment.rst());
            }
            Transport::Udp => {
                let datagram = UdpPacket::new(smol.payload()).unwrap();
                prop_assert_eq!(headers.src_port, datagram.get_source());
            }
            Transport::Icmp { kind, about, .. } => prop_assert_eq!((kind, about), (8, IcmpKind::Query)),
            Transport::Opaque => prop_assert!(matches!(recipe.tuple.protocol.0, 47 | 50)),
        }
    }

    /// Whatever the bytes: no panic, and what is accepted here is a packet to smoltcp, too.
    #[test]
    fn never_panics_and_accepts_no_more_than_others(
        mut bytes in prop::collection::vec(any::<u8>(), 0..120),
        plausible: bool,
        mend: bool,
    ) {
        if plausible && bytes.len() >= 20 {
            bytes[0] = 0x45;
            let len = (bytes.len() as u16).to_be_bytes();
            bytes[2..4].copy_from_slice(&len);
            bytes[9] = [1, 6, 17][usize::from(bytes[9]) % 3];
        }
        if mend && bytes.len() >= 20 {
            let mut packet = MutableIpv4Packet::new(&mut bytes).unwrap();
            if packet.get_header_length() == 5 {
                let checksum = pnet_packet::ipv4::checksum(&packet.to_immutable());
                packet.set_checksum(checksum);
            }
        }
        if let Ok(headers) = decode(&bytes) {
            let smol = wire::Ipv4Packet::new_checked(&bytes[..]).unwrap();
            prop_assert!(smol.verify_checksum());
            prop_assert_eq!(headers.src, smol.src_addr());
            prop_assert!(usize::from(headers.total_len) <= bytes.len());
            let _ = answer::reply(&bytes);
            let _ = answer::reset(&bytes, &headers);
        }
    }

    #[test]
    fn a_cut_packet_is_refused(recipe in recipes(&[1, 6, 17]), cut in any::<prop::sample::Index>()) {
        let bytes = build(&recipe);
        let cut = cut.index(bytes.len());
        prop_assert!(decode(&bytes[..cut]).is_err());
    }

    #[test]
    fn a_flipped_bit_in_the_header_is_noticed(recipe in recipes(&[1, 6, 17]), bit in 0usize..160) {
        let mut bytes = build(&recipe);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn a_rewritten_packet_is_sound(
        recipe in recipes(&[1, 6, 17, 47]),
        to in recipes(&[1]),
        ages: bool,
    ) {
        let mut bytes = build(&recipe);
        let headers = decode(&bytes).unwrap();
        let age = u8::from(ages && recipe.ttl > 1);
        let ports = matches!(recipe.tuple.protocol.0, 6 | 17);
        let to = Tuple {
            dst_port: if ports { to.tuple.dst_port } else { 0 },
            src_port: if recipe.tuple.src_port == 0 { 0 } else { to.tuple.src_port.max(1) },
            protocol: recipe.tuple.protocol,
            ..to.tuple
        };
        rewrite(&mut bytes, &headers, &Rewrite::new(recipe.tuple, to, age));
        assert_sound(&bytes);
        let after = decode(&bytes).unwrap();
        prop_assert_eq!(after.tuple(), to);
        prop_assert_eq!(after.ttl, recipe.ttl - age);
        let plain = build(&Recipe { tuple: to, ttl: recipe.ttl - age, ..recipe.clone() });
        if recipe.tuple.protocol != Protocol::UDP {
            prop_assert_eq!(&bytes, &plain, "an incremental checksum is the whole one");
        }
        let none = recipe.tuple.protocol == Protocol::UDP && !recipe.udp_checksum;
        if none {
            let at = usize::from(after.header_len) + 6;
            prop_assert_eq!(&bytes[at..at + 2], &[0, 0], "no checksum stays none");
        }
    }

    /// An ICMP error is rewritten outside and inside: the quoted packet is again the one that its
    /// sender sent, and all three checksums hold.
    #[test]
    fn a_rewritten_icmp_error_is_sound(
        sent in recipes(&[1, 6, 17]),
        nat in any::<(u32, u16)>(),
        router: u32,
        quote_all: bool,
    ) {
        let inside = build(&sent);
        let headers = decode(&inside).unwrap();
        let outside = Tuple { src: nat.0.into(), src_port: nat.1.max(1), ..sent.tuple };
        prop_assume!(sent.tuple.src_port != 0);
        let mut translated = inside.clone();
        rewrite(&mut translated, &headers, &Rewrite::new(sent.tuple, outside, 0));
        let quoted = if quote_all { translated.len() } else { usize::from(headers.header_len) + 8 };
        let mut message = vec![0, 0, 0, 0, 0, 0, 5, 220];
        message.extend_from_slice(&translated[..quoted]);
        seal_icmp(&mut message, 3, 4);
        let router = Ipv4Addr::from(router);
        let arriving = Tuple { src: router, dst: outside.src, src_port: 0, dst_port: 0, protocol: Protocol::ICMP };
        let mut error = ip(&Recipe { tuple: arriving, ..sent.clone() }, &message);

        let decoded = decode(&error).unwrap();
        prop_assert_eq!(decoded.quoted(), Some(outside));
        let leaving = Tuple { dst: sent.tuple.src, ..arriving };
        let outer = Rewrite::new(arriving, leaving, 0);
        let inner = Rewrite::new(outside, sent.tuple, 0);
        rewrite_error(&mut error, &decoded, &outer, &inner);
        assert_sound(&error);
        let after = decode(&error).unwrap();
        prop_assert_eq!(after.dst, sent.tuple.src);
        prop_assert_eq!(after.quoted(), Some(sent.tuple));
        let quote_at = usize::from(after.header_len) + 8;
        let quote = &error[quote_at..];
        if sent.tuple.protocol != Protocol::UDP {
            prop_assert_eq!(quote, &inside[..quoted], "the quote is what was sent");
        }
        if quote_all {
            assert_sound(quote);
        }
    }

    #[test]
    fn answers_are_sound_and_find_their_way(recipe in recipes(&[1, 6, 17])) {
        let bytes = build(&recipe);
        let headers = decode(&bytes).unwrap();
        if let Some(reply) = answer::reply(&bytes) {
            assert_sound(&reply);
            prop_assert_eq!(decode(&reply).unwrap().tuple(), recipe.tuple.reversed());
        }
        if let Some(reset) = answer::reset(&bytes, &headers) {
            assert_sound(&reset);
            let reset = decode(&reset).unwrap();
            prop_assert_eq!(reset.tuple(), recipe.tuple.reversed());
            prop_assert!(reset.tcp().unwrap().has(TcpFlags::RST));
        }
        let router = Ipv4Addr::new(10, 0, 0, 1);
        for error in [
            answer::too_big(&bytes, &headers, router, 1500),
            answer::time_exceeded(&bytes, &headers, router),
        ] {
            let full = headers.total_len >= u16::from(headers.header_len) + 8;
            if full {
                assert_sound(&error);
                prop_assert_eq!(decode(&error).unwrap().quoted(), Some(recipe.tuple));
            }
        }
    }

    #[test]
    fn an_opening_packet_is_sound(recipe in recipes(&[1, 6, 17, 47])) {
        let bytes = answer::opening(recipe.tuple, (8, 0));
        assert_sound(&bytes);
        prop_assert_eq!(decode(&bytes).unwrap().tuple(), recipe.tuple);
    }

    /// smoltcp's own reassembly order: pieces in order give back the packet.
    #[test]
    fn fragments_add_up(recipe in recipes(&[17]), mtu in 68u16..200) {
        let bytes = build(&Recipe { options: 0, ..recipe });
        let headers = decode(&bytes).unwrap();
        let pieces = answer::fragments(&bytes, &headers, mtu);
        let mut body = Vec::new();
        for (n, piece) in pieces.iter().enumerate() {
            prop_assert!(piece.len() <= usize::from(mtu));
            let packet = wire::Ipv4Packet::new_checked(&piece[..]).unwrap();
            prop_assert!(packet.verify_checksum());
            prop_assert_eq!(usize::from(packet.frag_offset()), body.len());
            prop_assert_eq!(packet.more_frags(), n + 1 < pieces.len());
            body.extend_from_slice(packet.payload());
            let decoded = decode(piece).unwrap();
            let expected = match n {
                0 if pieces.len() == 1 => Fragment::Whole,
                0 => Fragment::First,
                _ => Fragment::Later,
            };
            prop_assert_eq!(decoded.fragment, expected);
        }
        prop_assert_eq!(&body[..], &bytes[20..]);
    }
}

fn udp_packet() -> Vec<u8> {
    build(&Recipe {
        tuple: Tuple {
            src: Ipv4Addr::new(10, 0, 0, 4),
            dst: Ipv4Addr::new(203, 0, 113, 10),
            src_port: 40_000,
            dst_port: 53,
            protocol: Protocol::UDP,
        },
        ttl: 64,
        options: 0,
        tcp_options: 0,
        tcp_flags: 2,
        payload: vec![0; 24],
        udp_checksum: true,
    })
}

/// Sets 16-bit words of the IPv4 header and mends its checksum.
fn with(words: &[(usize, u16)]) -> Result<Headers, DropReason> {
    let mut bytes = udp_packet();
    for (at, value) in words {
        bytes[*at..*at + 2].copy_from_slice(&value.to_be_bytes());
    }
    bytes[10..12].fill(0);
    let header_len = usize::from(bytes[0] & 15) * 4;
    let sum = egret_dataplane::packet::checksum::of(&bytes[..header_len.min(bytes.len())]);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
    decode(&bytes)
}

#[test]
fn each_defect_has_its_own_reason() {
    assert!(with(&[]).is_ok());
    assert_eq!(decode(&[]), Err(DropReason::Truncated));
    assert_eq!(decode(&[0x45; 12]), Err(DropReason::Truncated));
    assert_eq!(with(&[(0, 0x6500)]), Err(DropReason::Ipv6));
    assert_eq!(with(&[(0, 0x5500)]), Err(DropReason::BadVersion));
    assert_eq!(with(&[(0, 0x4400)]), Err(DropReason::BadHeaderLength));
    assert_eq!(with(&[(0, 0x4f00)]), Err(DropReason::BadHeaderLength));
    assert_eq!(with(&[(2, 19)]), Err(DropReason::BadTotalLength));
    assert_eq!(with(&[(2, 53)]), Err(DropReason::BadTotalLength));
    assert_eq!(with(&[(8, 17)]), Err(DropReason::TtlExpired));
    // More fragments, and a length that is no multiple of 8; an end beyond 64 KiB; nothing in it.
    assert_eq!(with(&[(2, 45), (6, 0x2001)]), Err(DropReason::BadFragment));
    assert_eq!(with(&[(6, 0x1fff)]), Err(DropReason::BadFragment));
    assert_eq!(with(&[(2, 20), (6, 0x0001)]), Err(DropReason::BadFragment));
    // A UDP length beyond the packet, and one below its own header.
    assert_eq!(with(&[(24, 33)]), Err(DropReason::BadTransportHeader));
    assert_eq!(with(&[(24, 7)]), Err(DropReason::BadTransportHeader));
    let mut bytes = udp_packet();
    bytes[10] ^= 1;
    assert_eq!(decode(&bytes), Err(DropReason::BadHeaderChecksum));
}

#[test]
fn a_packet_in_a_longer_buffer_is_whole() {
    let mut bytes = udp_packet();
    bytes.extend_from_slice(&[0xee; 30]);
    assert_eq!(decode(&bytes).unwrap().total_len, 52);
}

#[test]
fn capabilities_of_the_reader_are_on() {
    // `verify_checksum` of smoltcp is real only while its capabilities say so.
    assert!(ChecksumCapabilities::default().tcp.rx());
    let mut bytes = udp_packet();
    let mut packet = MutableIpv4Packet::new(&mut bytes).unwrap();
    packet.payload_mut()[8] ^= 1;
    let _ = packet.payload();
    let smol = wire::Ipv4Packet::new_checked(&bytes[..]).unwrap();
    let datagram = wire::UdpPacket::new_checked(smol.payload()).unwrap();
    assert!(!datagram.verify_checksum(&smol.src_addr().into(), &smol.dst_addr().into()));
}
