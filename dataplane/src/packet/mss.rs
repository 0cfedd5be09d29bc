//! The maximum segment size that a TCP segment with SYN announces (RFC 9293 §3.2, option 2), and
//! gateways that lower it to what they can carry.

use super::checksum::Delta;
use super::field;
use super::headers::Headers;

/// IPv4 and TCP headers without options: what a segment is smaller than its packet (RFC 9293 §3.7.1).
pub(crate) const HEADERS: u16 = 40;

const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const MAXIMUM_SEGMENT_SIZE: u8 = 2;
/// Offset of the options in a TCP header.
const OPTIONS: usize = 20;

/// Lowers the size that a TCP segment announces to `most`; what announces none, or no more, stays as
/// it is. Options that contradict themselves are left alone from there on.
pub(crate) fn clamp(bytes: &mut [u8], headers: &Headers, most: u16) {
    let Some(segment) = bytes.get_mut(usize::from(headers.header_len)..) else { return };
    let Some(at) = announced(segment) else { return };
    let said = field::u16(segment, at);
    if said <= most {
        return;
    }
    // The value may lie across two of the words that are summed.
    let (start, end) = (at & !1, (at + 3) & !1);
    let word = |segment: &[u8], at: usize| match segment.get(at + 1) {
        Some(_) => field::u16(segment, at),
        None => u16::from(segment[at]) << 8,
    };
    let sum = |segment: &[u8]| [word(segment, start), word(segment, (end - 2).max(start))];
    let before = sum(segment);
    field::set_u16(segment, at, most);
    let after = sum(segment);
    let mut delta = Delta::default().word(before[0], after[0]);
    if end - start == 4 {
        delta = delta.word(before[1], after[1]);
    }
    let checksum = delta.apply(field::u16(segment, field::TCP_CHECKSUM));
    field::set_u16(segment, field::TCP_CHECKSUM, checksum);
}

/// Where in a TCP segment the size stands that it announces.
fn announced(segment: &[u8]) -> Option<usize> {
    let end = usize::from(segment.get(12)? >> 4) * 4;
    let header = segment.get(..end)?;
    let mut at = OPTIONS;
    loop {
        match (*header.get(at)?, header.get(at + 1)) {
            (END, _) => return None,
            (NO_OPERATION, _) => at += 1,
            (MAXIMUM_SEGMENT_SIZE, Some(4)) if at + 4 <= end => return Some(at + 2),
            (_, Some(len @ 2..)) => at += usize::from(*len),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{checksum, decode};
    use proptest::prelude::*;

    /// A SYN with these options, both sums right.
    fn syn(options: &[u8]) -> Vec<u8> {
        let padded = options.len().next_multiple_of(4);
        let mut bytes = vec![0x45, 0, 0, (40 + padded) as u8, 0, 1, 0x40, 0, 64, 6, 0, 0];
        bytes.extend([10, 0, 1, 4, 203, 0, 113, 10]);
        let sum = checksum::of(&bytes[..20]);
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        bytes.extend([0x80, 0, 1, 0xbb, 0, 0, 0, 9, 0, 0, 0, 0, ((5 + padded / 4) << 4) as u8, 2]);
        bytes.extend([0x20, 0, 0, 0, 0, 0]);
        bytes.extend(options);
        bytes.resize(40 + padded, 0);
        let sum = tcp_sum(&bytes);
        bytes[36..38].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    /// The checksum as RFC 9293 §3.1 has it, from the beginning.
    fn tcp_sum(bytes: &[u8]) -> u16 {
        let len = (bytes.len() - 20) as u16;
        let mut all = bytes[12..20].to_vec();
        all.extend([0, 6]);
        all.extend(len.to_be_bytes());
        all.extend(&bytes[20..]);
        all[12 + 16..12 + 18].fill(0);
        checksum::of(&all)
    }

    fn clamped(mut bytes: Vec<u8>, most: u16) -> Vec<u8> {
        let headers = decode(&bytes).expect("a packet");
        clamp(&mut bytes, &headers, most);
        bytes
    }

    #[test]
    fn the_size_is_lowered_wherever_it_stands() {
        let rows: [(&[u8], &[u8]); 8] = [
            (&[2, 4, 0x23, 0x01], &[2, 4, 0x21, 0x0c]),
            (&[1, 2, 4, 0x23, 0x01], &[1, 2, 4, 0x21, 0x0c]),
            (&[4, 2, 3, 3, 7, 2, 4, 0x23, 0x01], &[4, 2, 3, 3, 7, 2, 4, 0x21, 0x0c]),
            // No more than what passes, none, and none before the end of the list.
            (&[2, 4, 0x21, 0x0c], &[2, 4, 0x21, 0x0c]),
            (&[1, 1, 4, 2], &[1, 1, 4, 2]),
            (&[0, 2, 4, 0x23, 0x01], &[0, 2, 4, 0x23, 0x01]),
            // Lengths that are none.
            (&[3, 0, 2, 4, 0x23, 0x01], &[3, 0, 2, 4, 0x23, 0x01]),
            (&[1, 1, 2, 4], &[1, 1, 2, 4]),
        ];
        for (options, wanted) in rows {
            assert_eq!(clamped(syn(options), 8_460), syn(wanted), "{options:?}");
        }
    }

    proptest! {
        /// Whatever the options are, the sum is as right as it was, and nothing else changes.
        #[test]
        fn the_sum_stays_right(options in prop::collection::vec(
            prop_oneof![3 => 0u8..5, 1 => any::<u8>()], 0..40), most: u16,
        ) {
            let before = syn(&options);
            let after = clamped(before.clone(), most);
            prop_assert_eq!(field::u16(&after, 36), tcp_sum(&after));
            let changed = before.iter().zip(&after).filter(|(a, b)| a != b).count();
            prop_assert!(changed <= 4);
            prop_assert_eq!(clamped(after.clone(), most), after);
        }
    }
}
