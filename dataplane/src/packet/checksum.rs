//! The internet checksum (RFC 1071), whole and incremental (RFC 1624).

/// The checksum of `bytes`, as it stands in a header whose checksum field counts as zero.
pub fn of(bytes: &[u8]) -> u16 {
    !fold(sum(bytes))
}

/// Whether `bytes`, checksum field included, add up (RFC 1071 §1).
pub fn verifies(bytes: &[u8]) -> bool {
    fold(sum(bytes)) == 0xffff
}

/// The one's complement sum of big-endian words, not yet folded.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<2>();
    let tail = rest.first().map_or(0, |&byte| u64::from(byte) << 8);
    words.iter().map(|&word| u64::from(u16::from_be_bytes(word))).sum::<u64>() + tail
}

/// Folds a one's complement sum into 16 bits.
pub(super) const fn fold(mut sum: u64) -> u16 {
    sum = (sum & 0xffff_ffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum as u16
}

/// What a change of header fields does to a checksum: Σ(~m + m') of RFC 1624, equation 3. Changes
/// add up, and one delta serves every packet of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta(pub u16);

impl Delta {
    /// A change as a sum of words that is not folded yet.
    pub(super) const fn of(sum: u64) -> Delta {
        Delta(fold(sum))
    }

    /// The change of one 16-bit word.
    #[must_use]
    pub const fn word(self, old: u16, new: u16) -> Delta {
        Delta(fold(self.0 as u64 + !old as u64 + new as u64))
    }

    /// The change of two words at once, an address for instance.
    #[must_use]
    pub const fn double(self, old: u32, new: u32) -> Delta {
        self.word((old >> 16) as u16, (new >> 16) as u16).word(old as u16, new as u16)
    }

    /// The checksum after the change: HC' = ~(~HC + ~m + m').
    #[must_use]
    #[inline(always)]
    pub const fn apply(self, checksum: u16) -> u16 {
        // The sum of two words needs one fold.
        let sum = !checksum as u32 + self.0 as u32;
        !((sum & 0xffff) + (sum >> 16)) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rfc_1071_example() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(fold(sum(&bytes)), 0xddf2);
        assert_eq!(of(&bytes), !0xddf2);
    }

    #[test]
    fn rfc_1624_example() {
        // §4: HC = 0xDD2F, m = 0x5555, m' = 0x3285 gives 0x0000, where RFC 1141 gave 0xFFFF.
        assert_eq!(Delta::default().word(0x5555, 0x3285).apply(0xdd2f), 0x0000);
    }

    proptest! {
        /// Incremental is whole: change any words of a header, and both ways give one checksum.
        #[test]
        fn incremental_equals_recomputed(
            mut words in prop::collection::vec(any::<u16>(), 10),
            changes in prop::collection::vec((0usize..9, any::<u16>()), 0..6),
        ) {
            words[0] |= 0x4500; // a real header is never all zeros
            words[9] = 0;
            let bytes = |words: &[u16]| words.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<_>>();
            words[9] = of(&bytes(&words));
            let mut delta = Delta::default();
            for (at, new) in changes {
                let new = if at == 0 { new | 0x4500 } else { new };
                delta = delta.word(words[at], new);
                words[at] = new;
            }
            words[9] = delta.apply(words[9]);
            prop_assert!(verifies(&bytes(&words)));
        }
    }
}
