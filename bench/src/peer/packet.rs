//! The frames to send: one IPv4/UDP packet in an Ethernet frame, with what differs between flows
//! computed beforehand, so that the sender's own work stays a copy of 16 bytes a packet.

use std::net::Ipv4Addr;

/// Packets that one `sendmmsg` hands over, and between two looks at the clock.
pub(super) const BURST: usize = 64;

/// A hardware address.
pub(super) type Mac = [u8; 6];
/// The sending end of each veth pair.
pub(super) const NEAR: Mac = [2, 0, 0, 0, 0, 1];
/// The receiving end of each veth pair; namespaces keep the equal ones apart.
pub(super) const FAR: Mac = [2, 0, 0, 0, 0, 2];

const ETHERNET: usize = 14;
const IPV4: usize = 20;
const UDP: usize = 8;
const HEADERS: usize = ETHERNET + IPV4 + UDP;

const IP_CHECKSUM: usize = ETHERNET + 10;
const SOURCE: usize = ETHERNET + 12;
const PORTS: usize = ETHERNET + IPV4;
const UDP_CHECKSUM: usize = ETHERNET + IPV4 + 6;

/// One UDP flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// Where it comes from.
    pub source: Ipv4Addr,
    /// Where it goes.
    pub destination: Ipv4Addr,
    /// The port that it comes from.
    pub source_port: u16,
    /// The port that it goes to.
    pub destination_port: u16,
}

impl Flow {
    /// So many distinct flows: from 256 tasks in 10.0.0.0/24 to 251 hosts of 198.18.0.0/15, the
    /// addresses that RFC 2544 sets apart for benchmarks. At most 256 × 60,000 are distinct.
    pub fn many(count: usize) -> Vec<Flow> {
        (0..count as u32).map(Flow::nth).collect()
    }

    fn nth(n: u32) -> Flow {
        Flow {
            source: Ipv4Addr::from_bits(0x0a00_0000 | (n % 256)),
            destination: Ipv4Addr::from_bits(0xc612_0000 | (1 + n % 251)),
            source_port: (1024 + n / 256 % 60_000) as u16,
            destination_port: 443,
        }
    }
}

/// What differs between the frames of two flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    addresses: [u8; 8],
    ports: [u8; 4],
    ip_checksum: [u8; 2],
    udp_checksum: [u8; 2],
}

impl Stamp {
    /// The stamps of the flows, in an order that the seed decides.
    pub(super) fn shuffled(flows: &[Flow], size: u16, seed: u64) -> Vec<Stamp> {
        let mut stamps: Vec<_> = flows.iter().map(|flow| Stamp::new(flow, size)).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut stamps);
        stamps
    }

    fn new(flow: &Flow, size: u16) -> Stamp {
        let mut frame = blank(size);
        let mut stamp = Stamp {
            addresses: (u64::from(flow.source.to_bits()) << 32
                | u64::from(flow.destination.to_bits()))
            .to_be_bytes(),
            ports: (u32::from(flow.source_port) << 16 | u32::from(flow.destination_port))
                .to_be_bytes(),
            ip_checksum: [0; 2],
            udp_checksum: [0; 2],
        };
        stamp.press(&mut frame);
        stamp.ip_checksum = checksum(&frame[ETHERNET..ETHERNET + IPV4], 0).to_be_bytes();
        // The pseudo-header (RFC 768): addresses, protocol, length. A sum of zero is sent as ones,
        // because zero says that there is none.
        let pseudo = sum(&stamp.addresses) + 17 + u32::from(size) - IPV4 as u32;
        let udp = checksum(&frame[PORTS..], pseudo);
        stamp.udp_checksum = if udp == 0 { u16::MAX } else { udp }.to_be_bytes();
        stamp
    }

    /// The flow that it stands for.
    pub(super) fn flow(&self) -> Flow {
        let mut frame = blank(super::SMALLEST);
        self.press(&mut frame);
        flow_of(&frame).expect("a UDP frame")
    }

    /// Makes the frame one of this stamp's flow.
    #[inline]
    pub(super) fn press(&self, frame: &mut [u8]) {
        frame[IP_CHECKSUM..SOURCE].copy_from_slice(&self.ip_checksum);
        frame[SOURCE..PORTS].copy_from_slice(&self.addresses);
        frame[PORTS..PORTS + 4].copy_from_slice(&self.ports);
        frame[UDP_CHECKSUM..HEADERS].copy_from_slice(&self.udp_checksum);
    }
}

/// A frame with everything but what a [`Stamp`] holds: from [`NEAR`] to [`FAR`], don't fragment, and
/// a payload of zeros.
pub(super) fn blank(size: u16) -> Vec<u8> {
    let mut frame = vec![0; ETHERNET + usize::from(size)];
    frame[0..6].copy_from_slice(&FAR);
    frame[6..12].copy_from_slice(&NEAR);
    frame[12..14].copy_from_slice(&[0x08, 0x00]);
    let ip = &mut frame[ETHERNET..];
    ip[0] = 0x45;
    ip[2..4].copy_from_slice(&size.to_be_bytes());
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = 17;
    ip[IPV4 + 4..IPV4 + 6].copy_from_slice(&(size - IPV4 as u16).to_be_bytes());
    frame
}

/// The flow of a UDP frame; `None` for any other frame.
pub(super) fn flow_of(frame: &[u8]) -> Option<Flow> {
    let headers = frame.get(..HEADERS)?;
    if headers[12..15] != [0x08, 0x00, 0x45] || headers[ETHERNET + 9] != 17 {
        return None;
    }
    let address = |at: usize| Ipv4Addr::from(<[u8; 4]>::try_from(&headers[at..at + 4]).unwrap());
    let port = |at: usize| u16::from_be_bytes([headers[at], headers[at + 1]]);
    Some(Flow {
        source: address(SOURCE),
        destination: address(SOURCE + 4),
        source_port: port(PORTS),
        destination_port: port(PORTS + 2),
    })
}

/// The internet checksum (RFC 1071) of the bytes and of a sum that is added to theirs.
fn checksum(bytes: &[u8], more: u32) -> u16 {
    let mut folded = sum(bytes) + more;
    while folded > 0xffff {
        folded = (folded & 0xffff) + (folded >> 16);
    }
    !(folded as u16)
}

fn sum(bytes: &[u8]) -> u32 {
    bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)))
        .sum()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use pnet_packet::{Packet as _, ethernet::EthernetPacket, ipv4, udp};

    use super::*;

    fn frame(flow: &Flow, size: u16) -> Vec<u8> {
        let mut frame = blank(size);
        Stamp::new(flow, size).press(&mut frame);
        frame
    }

    #[test]
    fn an_independent_reader_agrees_with_every_field() {
        for (n, size) in [(0, 64), (1, 65), (70_000, 1499), (300, 1500)] {
            let flow = Flow::nth(n);
            let frame = frame(&flow, size);
            let ethernet = EthernetPacket::new(&frame).unwrap();
            let ip = ipv4::Ipv4Packet::new(ethernet.payload()).unwrap();
            let udp = udp::UdpPacket::new(ip.payload()).unwrap();
            assert_eq!(ip.get_total_length(), size);
            assert_eq!(ip.get_checksum(), ipv4::checksum(&ip));
            assert_eq!((ip.get_source(), ip.get_destination()), (flow.source, flow.destination));
            assert_eq!(udp.get_length(), size - 20);
            assert_eq!(udp.get_source(), flow.source_port);
            assert_eq!(udp.get_destination(), flow.destination_port);
            assert_eq!(
                udp.get_checksum(),
                udp::ipv4_checksum(&udp, &flow.source, &flow.destination)
            );
        }
    }

    #[test]
    fn a_sum_of_zero_is_sent_as_ones() {
        let zero = (0..=u16::MAX)
            .map(|source_port| Flow { source_port, ..Flow::nth(0) })
            .find(|flow| Stamp::new(flow, 64).udp_checksum == [0xff; 2]);
        assert!(zero.is_some());
    }

    #[test]
    fn the_flows_are_distinct() {
        let flows = Flow::many(1 << 20);
        assert_eq!(flows.iter().collect::<HashSet<_>>().len(), flows.len());
    }

    #[test]
    fn a_seed_decides_the_order_and_loses_no_flow() {
        let flows = Flow::many(1000);
        let read = |seed| -> Vec<Flow> {
            let mut frame = blank(64);
            Stamp::shuffled(&flows, 64, seed)
                .iter()
                .map(|stamp| {
                    stamp.press(&mut frame);
                    flow_of(&frame).unwrap()
                })
                .collect()
        };
        assert_eq!(read(7), read(7));
        assert_ne!(read(7), read(8));
        assert_eq!(read(7).into_iter().collect::<HashSet<_>>(), flows.iter().copied().collect());
    }

    #[test]
    fn what_is_no_udp_frame_has_no_flow() {
        assert_eq!(flow_of(&[]), None);
        assert_eq!(flow_of(&[0; 60]), None);
        let mut tcp = frame(&Flow::nth(3), 64);
        tcp[ETHERNET + 9] = 6;
        assert_eq!(flow_of(&tcp), None);
    }
}
