//! Packets of a capture, to be sent again by somebody else.

use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use egret_dataplane::packet::rewrite::{Rewrite, rewrite};
use egret_dataplane::packet::{Fragment, Protocol, decode};
use egret_dataplane::time::Duration;
use pcap_parser::data::{PacketData, get_packetdata};
use pcap_parser::pcapng::Block;
use pcap_parser::{Linktype, PcapBlockOwned, PcapError, create_reader};
use smoltcp::wire::{Icmpv4Packet, Ipv4Packet, TcpPacket, UdpPacket};
use thiserror::Error;

/// IPv4 packets with the time of each, counted from the first one.
pub type Recording = Arc<[(Duration, Box<[u8]>)]>;

/// Why a capture cannot be replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is neither pcap nor pcapng, or broken.
    #[error("this is no pcap or pcapng file that can be read ({0})")]
    Broken(String),
    /// Nothing in it can be sent.
    #[error("there is no IPv4 packet in it")]
    Empty,
}

/// The bytes of a file that are looked at together: no packet is larger.
const BUFFER: usize = 1 << 20;

/// Reads the packets that the first packet's sender has sent; those that came back are left out.
///
/// # Errors
/// When the file cannot be read, or has no IPv4 packet.
pub fn read(path: &Path) -> Result<Recording, ReplayError> {
    let broken = |error: &dyn std::fmt::Display| ReplayError::Broken(error.to_string());
    let mut reader = create_reader(BUFFER, File::open(path)?).map_err(|error| broken(&error))?;
    let mut recording = Reader::default();
    loop {
        match reader.next() {
            Ok((len, block)) => {
                recording.block(&block);
                reader.consume(len);
            }
            Err(PcapError::Eof) => break,
            Err(PcapError::Incomplete(_)) => {
                reader.refill().map_err(|error| broken(&format!("{error:?}")))?;
            }
            Err(error) => return Err(broken(&format!("{error:?}"))),
        }
    }
    if recording.packets.is_empty() { Err(ReplayError::Empty) } else { Ok(recording.finish()) }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    /// Of the present section: the link type, ticks a second and offset of each interface.
    interfaces: Vec<(Linktype, u64, i64)>,
    packets: Vec<(u64, Box<[u8]>)>,
    sender: Option<Ipv4Addr>,
}

impl Reader {
    fn block(&mut self, block: &PcapBlockOwned<'_>) {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let ticks =
                    if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                self.interfaces = vec![(header.network, ticks, 0)];
            }
            PcapBlockOwned::Legacy(packet) => {
                let ticks = self.interfaces.first().map_or(1_000_000, |(_, ticks, _)| *ticks);
                let at = u64::from(packet.ts_sec) * 1_000_000_000
                    + u64::from(packet.ts_usec) * (1_000_000_000 / ticks);
                self.packet(0, Some(at), packet.data, packet.caplen as usize);
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => self.interfaces.clear(),
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                let ticks = interface.ts_resolution().unwrap_or(1_000_000);
                self.interfaces.push((interface.linktype, ticks, interface.ts_offset()));
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let number = packet.if_id as usize;
                let Some((_, ticks, offset)) = self.interfaces.get(number) else { return };
                let stamp = (u128::from(packet.ts_high) << 32) | u128::from(packet.ts_low);
                let at = stamp * 1_000_000_000 / u128::from((*ticks).max(1));
                let at = (at as u64).saturating_add_signed(offset.saturating_mul(1_000_000_000));
                self.packet(number, Some(at), packet.data, packet.caplen as usize);
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                self.packet(0, None, packet.data, packet.data.len());
            }
            PcapBlockOwned::NG(_) => {}
        }
    }

    fn packet(&mut self, interface: usize, at: Option<u64>, data: &[u8], len: usize) {
        let Some((link, ..)) = self.interfaces.get(interface) else { return };
        let Some(packet) = ipv4(data, *link, len.min(data.len())) else { return };
        let source = Ipv4Addr::from(*packet[12..].first_chunk::<4>().expect("a header"));
        if *self.sender.get_or_insert(source) == source {
            let at = at.or(self.packets.last().map(|(at, _)| *at)).unwrap_or_default();
            self.packets.push((at, packet.into()));
        }
    }

    /// By time, from the first one on.
    fn finish(mut self) -> Recording {
        self.packets.sort_by_key(|(at, _)| *at);
        let first = self.packets.first().map_or(0, |(at, _)| *at);
        let packets = self.packets.into_iter();
        packets.map(|(at, bytes)| (Duration(at - first), bytes)).collect()
    }
}

/// The IPv4 packet in a frame, if there is a whole header of one.
fn ipv4(data: &[u8], link: Linktype, len: usize) -> Option<&[u8]> {
    let packet = match get_packetdata(data, link, len)? {
        PacketData::L2(frame) => {
            let mut rest = frame.get(12..)?;
            // VLAN tags (IEEE 802.1Q, 802.1ad).
            while let [0x81, 0x00, _, _, inner @ ..] | [0x88, 0xa8, _, _, inner @ ..] = rest {
                rest = inner;
            }
            rest.strip_prefix(&[0x08, 0x00])?
        }
        PacketData::L3(_, packet) => packet,
        _ => return None,
    };
    (packet.len() >= 20 && packet[0] >> 4 == 4).then_some(packet)
}

/// A packet as somebody else sends it: from their address, perhaps to another one and another port,
/// with checksums that are right (captures of a sender often have none yet). What is no packet that
/// can be read stays as it is.
pub(crate) fn readdress(
    packet: &[u8],
    src: Ipv4Addr,
    dst: Option<Ipv4Addr>,
    port: Option<u16>,
) -> Vec<u8> {
    let mut bytes = packet.to_vec();
    // The sum is made anew below; a wrong one is no reason to leave the packet alone.
    if let Ok(mut ip) = Ipv4Packet::new_checked(&mut bytes) {
        ip.fill_checksum();
    }
    let Ok(headers) = decode(&bytes) else { return packet.to_vec() };
    let from = headers.tuple();
    let mut to = from;
    (to.src, to.dst) = (src, dst.unwrap_or(from.dst));
    if let (Some(port), Protocol::TCP | Protocol::UDP) = (port, from.protocol) {
        to.dst_port = port;
    }
    rewrite(&mut bytes, &headers, &Rewrite::new(from, to, 0));
    if headers.fragment == Fragment::Whole {
        let mut ip = Ipv4Packet::new_unchecked(&mut bytes);
        let (src, dst) = (to.src.into(), to.dst.into());
        let payload = ip.payload_mut();
        match from.protocol {
            Protocol::TCP => TcpPacket::new_unchecked(payload).fill_checksum(&src, &dst),
            Protocol::UDP => UdpPacket::new_unchecked(payload).fill_checksum(&src, &dst),
            Protocol::ICMP => Icmpv4Packet::new_unchecked(payload).fill_checksum(),
            _ => {}
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const SRC: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const DST: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);

    fn datagram(src: Ipv4Addr, dst: Ipv4Addr, number: u8) -> Vec<u8> {
        let protocol = Protocol::UDP;
        let tuple =
            egret_dataplane::packet::Tuple { src, dst, src_port: 7, dst_port: 53, protocol };
        crate::datagram::udp(tuple, 64, 1, &[number; 5])
    }

    /// A pcap file of microseconds and Ethernet frames, with packets of both directions.
    #[test]
    fn a_pcap_file_of_ethernet_frames_is_read() {
        let mut file = Vec::new();
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
            file.extend(word.to_le_bytes());
        }
        let there = [datagram(SRC, DST, 1), datagram(DST, SRC, 2), datagram(SRC, DST, 3)];
        for (number, packet) in there.iter().enumerate() {
            let mut frame = vec![0; 12];
            frame.extend([8, 0]);
            frame.extend(packet);
            let len = frame.len() as u32;
            for word in [100 + number as u32, 500, len, len] {
                file.extend(word.to_le_bytes());
            }
            file.extend(frame);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.pcap");
        std::fs::write(&path, &file).expect("a file");
        let recording = read(&path).expect("a recording");
        let [(first, one), (second, three)] = &recording[..] else { panic!("{recording:?}") };
        assert_eq!((*first, *second), (Duration::ZERO, Duration::from_secs(2)));
        assert_eq!((&one[..], &three[..]), (&there[0][..], &there[2][..]));

        std::fs::write(&path, &file[..file.len() - 3]).expect("a file");
        assert!(matches!(read(&path), Err(ReplayError::Broken(_))));
        std::fs::write(&path, "no capture at all, only text").expect("a file");
        assert!(matches!(read(&path), Err(ReplayError::Broken(_))));
        std::fs::write(&path, &file[..24]).expect("a file");
        assert!(matches!(read(&path), Err(ReplayError::Empty)));
    }

    #[test]
    fn another_sender_makes_the_sums_right() {
        let mut packet = datagram(SRC, DST, 1);
        // As a sender's capture with checksum offload has them.
        packet[10..12].copy_from_slice(&[0, 0]);
        packet[26..28].copy_from_slice(&[0xab, 0xcd]);
        let (src, dst) = (Ipv4Addr::new(10, 9, 9, 9), Ipv4Addr::new(198, 51, 100, 1));
        let sent = readdress(&packet, src, Some(dst), Some(99));
        let ip = Ipv4Packet::new_checked(&sent[..]).expect("a packet");
        assert!(ip.verify_checksum());
        assert_eq!((ip.src_addr(), ip.dst_addr()), (src, dst));
        let udp = UdpPacket::new_checked(ip.payload()).expect("a datagram");
        assert!(udp.verify_checksum(&src.into(), &dst.into()));
        assert_eq!((udp.src_port(), udp.dst_port()), (7, 99));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(0u8.., 20..90)) {
            let mut bytes = bytes;
            readdress(&bytes, SRC, Some(DST), Some(1));
            bytes[0] = 0x45;
            bytes[6] = 0;
            bytes[7] = 0;
            let len = bytes.len() as u16;
            bytes[2..4].copy_from_slice(&len.to_be_bytes());
            for protocol in [1, 6, 17, 50] {
                bytes[9] = protocol;
                readdress(&bytes, SRC, Some(DST), Some(1));
            }
        }
    }
}
