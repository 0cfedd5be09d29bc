//! The common packet: whole, without IPv4 options, TCP or UDP. The hit path reads and rewrites it
//! with few instructions and no branch on what it holds; every other packet goes by
//! [`decode`](super::decode()).

use super::checksum::Delta;
use super::field;
use super::headers::TcpFlags;
use crate::flow::Event;

/// The part of such a packet that the hit path reads or writes. A UDP packet shorter than this goes
/// the other way.
pub(crate) type Plain = [u8; 40];

/// Offset of a TCP segment's data offset, and of its flags.
const DATA_OFFSET: usize = 32;
const FLAGS: usize = 33;
const UDP_LEN: usize = 24;
/// Protocol numbers of the two.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// What the hit path asks of such a packet, besides its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Bytes of the whole packet.
    pub(crate) total_len: u16,
    /// Time to live.
    pub(crate) ttl: u8,
    /// What it says to connection tracking.
    pub(crate) event: Event,
}

/// The packet's fixed part and what is in it, if it is of the common kind and right: whatever
/// [`decode`](super::decode()) checks was checked.
#[inline(always)]
pub(crate) fn plain(bytes: &[u8]) -> Option<(&Plain, Facts)> {
    let head: &Plain = bytes.first_chunk()?;
    let total_len = field::u16(head, field::TOTAL_LEN);
    let tcp = head[field::PROTOCOL] == TCP;
    let udp = head[field::PROTOCOL] == UDP;
    // What is behind the IPv4 header, and how much of it the transport header says there is.
    let body = total_len.wrapping_sub(20);
    let tcp_header = u16::from(head[DATA_OFFSET] >> 4) * 4;
    let udp_len = field::u16(head, UDP_LEN);
    let (least, said) = if tcp { (20, tcp_header) } else { (8, udp_len) };
    let fine = (head[0] == 0x45)
        & (usize::from(total_len) <= bytes.len())
        & (total_len >= 40)
        & (field::u16(head, field::FRAGMENT) & 0x3fff == 0)
        & (head[field::TTL] != 0)
        & (tcp | udp)
        & (said >= least)
        & (said <= body)
        & header_verifies(head);
    let event = if tcp { Event::of_flags(TcpFlags(head[FLAGS])) } else { Event::Datagram };
    fine.then_some((head, Facts { total_len, ttl: head[field::TTL], event }))
}

/// Whether the 20 bytes of the IPv4 header add up (RFC 1071 §2: words of any size, in any byte
/// order). A sum folds to 0xffff where it is a multiple of that, and this header is not all zeros.
#[inline(always)]
fn header_verifies(head: &Plain) -> bool {
    let word = |at: usize| u64::from_ne_bytes(*head[at..].first_chunk().expect("within 20 bytes"));
    let last = u32::from_ne_bytes(*head[16..].first_chunk().expect("within 20 bytes"));
    let (sum, carry) = word(0).overflowing_add(word(8));
    let (sum, again) = sum.overflowing_add(u64::from(last) + u64::from(carry));
    sum.wrapping_add(u64::from(again)) % 0xffff == 0
}

/// What becomes of the packet: addresses and ports as they stand in it, both checksums' changes, and
/// by how much the time to live falls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainRewrite {
    pub(crate) addresses: [u8; 8],
    pub(crate) ports: [u8; 4],
    pub(crate) ip: Delta,
    pub(crate) transport: Delta,
    pub(crate) ttl: u8,
}

/// Rewrites a packet that [`plain`] let pass.
#[inline(always)]
pub(crate) fn rewrite_plain(head: &mut Plain, change: &PlainRewrite) {
    let udp = head[field::PROTOCOL] == UDP;
    let at = field::PLAIN_PORTS + if udp { field::UDP_CHECKSUM } else { field::TCP_CHECKSUM };
    let old = field::u16(head, at);
    let new = change.transport.apply(old);
    // RFC 768: zero says that there is no checksum, and a checksum of zero is sent as all ones.
    let new = if udp & (old == 0) { 0 } else { new };
    let new = if udp & (old != 0) & (new == 0) { 0xffff } else { new };
    field::set_u16(head, at, new);
    let ip = change.ip.apply(field::u16(head, field::CHECKSUM));
    field::set_u16(head, field::CHECKSUM, ip);
    head[field::SRC..field::PLAIN_PORTS].copy_from_slice(&change.addresses);
    head[field::PLAIN_PORTS..UDP_LEN].copy_from_slice(&change.ports);
    head[field::TTL] = head[field::TTL].wrapping_sub(change.ttl);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::rewrite::{Rewrite, rewrite};
    use crate::packet::{Fragment, Headers, Transport, Tuple, checksum, decode};
    use proptest::prelude::*;

    /// A packet that is mostly right: header and transport header as said, checksum made right.
    fn packet() -> impl Strategy<Value = Vec<u8>> {
        let head = (prop_oneof![Just(6u8), Just(17), any::<u8>()], any::<[u8; 8]>(), any::<u8>());
        let rest = (any::<[u8; 20]>(), 0usize..60, prop_oneof![9 => Just(0u16), 1 => any::<u16>()]);
        let lie = prop_oneof![6 => Just(None), 1 => (0usize..40, any::<u8>()).prop_map(Some)];
        (head, rest, lie).prop_map(|((protocol, addresses, ttl), (body, pad, fragment), lie)| {
            let mut bytes = vec![0x45, 0, 0, 0, 0, 9];
            bytes.extend(fragment.to_be_bytes());
            bytes.extend([ttl, protocol, 0, 0]);
            bytes.extend(addresses);
            bytes.extend(body);
            bytes.resize(40 + pad, 7);
            bytes[DATA_OFFSET] = 0x50 | bytes[DATA_OFFSET] & 0x2f;
            let total_len = bytes.len() as u16;
            bytes[2..4].copy_from_slice(&total_len.to_be_bytes());
            if protocol == UDP {
                bytes[UDP_LEN..26].copy_from_slice(&(total_len - 20).to_be_bytes());
            }
            let sum = checksum::of(&bytes[..20]);
            bytes[10..12].copy_from_slice(&sum.to_be_bytes());
            if let Some((at, value)) = lie {
                bytes[at] = value;
            }
            bytes
        })
    }

    fn is_common(headers: &Headers) -> bool {
        matches!(headers.transport, Transport::Tcp(_) | Transport::Udp)
            && headers.fragment == Fragment::Whole
            && headers.header_len == 20
            && headers.total_len >= 40
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// The two readers agree on what is right and on all that both say.
        #[test]
        fn plain_reads_what_decode_reads(bytes in packet()) {
            let decoded = decode(&bytes).ok().filter(is_common);
            let plain = plain(&bytes).map(|(_, facts)| facts);
            let expected = decoded.map(|headers| Facts {
                total_len: headers.total_len,
                ttl: headers.ttl,
                event: Event::of(&headers),
            });
            prop_assert_eq!(plain, expected);
        }

        /// The two rewriters leave the same bytes.
        #[test]
        fn plain_rewrites_as_rewrite_does(
            bytes in packet(), src: u32, dst: u32, src_port: u16, dst_port: u16, ttl in 0u8..2,
        ) {
            let Some(headers) = decode(&bytes).ok().filter(is_common) else { return Ok(()) };
            let to = Tuple { src: src.into(), dst: dst.into(), src_port, dst_port, ..headers.tuple() };
            let change = Rewrite::new(headers.tuple(), to, ttl);
            let mut general = bytes.clone();
            rewrite(&mut general, &headers, &change);
            let mut quick = bytes;
            let mut addresses = [0; 8];
            addresses[..4].copy_from_slice(&to.src.octets());
            addresses[4..].copy_from_slice(&to.dst.octets());
            let [[a, b], [c, d]] = [to.src_port.to_be_bytes(), to.dst_port.to_be_bytes()];
            let ports = [a, b, c, d];
            let (ip, transport) = (change.ip, change.transport);
            let change = PlainRewrite { addresses, ports, ip, transport, ttl };
            rewrite_plain(quick.first_chunk_mut().unwrap(), &change);
            prop_assert_eq!(general, quick);
        }
    }
}
