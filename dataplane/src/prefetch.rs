//! What the hardware can do for a lookup: fetch a line before it is needed, and compare eight tags
//! at once. Elsewhere than on x86-64 the first does nothing and the second is arithmetic.
#![allow(unsafe_code)]

/// How far a prefetch brings a line.
///
/// The first level takes about 22 lines at a time on Zen 4 and drops the rest in silence; the second
/// takes 64. Tables that fit the last-level cache gain by the first, larger ones need the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Into the first level: for bursts of 32, and tables of up to about 5 MiB.
    Near,
    /// Into the second level: for bursts of 64.
    Far,
}

/// The largest table whose lines are best fetched into the first level, in bytes.
const NEAR: usize = 8 << 20;

impl Hint {
    /// What suits a table of so many bytes.
    pub const fn for_table(bytes: usize) -> Hint {
        if bytes <= NEAR { Hint::Near } else { Hint::Far }
    }
}

/// Asks for the line of `item`.
#[inline(always)]
pub fn read<T, const FAR: bool>(item: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        let line = std::ptr::from_ref(item).cast::<i8>();
        if FAR {
            // SAFETY: a prefetch of any address is allowed and changes nothing but caches.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(line) }
        } else {
            // SAFETY: as above.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line) }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = item;
}

/// The place of the first of eight 16-bit tags, lowest bits first, that equals `tag`; 8 or more when
/// none does.
#[inline(always)]
pub fn first_tag(tags: [u64; 2], tag: u16) -> usize {
    matching_tags(tags, tag).trailing_zeros() as usize / 2
}

/// Which of eight 16-bit tags equal `tag`: two bits each.
#[inline(always)]
pub fn matching_tags([low, high]: [u64; 2], tag: u16) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{
            _mm_cmpeq_epi16, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi16,
        };
        // SAFETY: SSE2 belongs to every x86-64 processor.
        unsafe {
            let tags = _mm_set_epi64x(high as i64, low as i64);
            _mm_movemask_epi8(_mm_cmpeq_epi16(tags, _mm_set1_epi16(tag as i16))) as u32
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let of = |word: u64, at: u32| ((word >> (16 * at)) as u16 == tag) as u32 * 3;
        (0..4).fold(0, |mask, at| mask | of(low, at) << (2 * at) | of(high, at) << (8 + 2 * at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_apart() {
        let tags = [0x0004_0003_0002_0001, 0x0001_0007_0006_0005];
        assert_eq!(first_tag(tags, 1), 0);
        assert_eq!(first_tag(tags, 4), 3);
        assert_eq!(first_tag(tags, 7), 6);
        assert_eq!(matching_tags(tags, 1), 0b1100_0000_0000_0011);
        assert!(first_tag(tags, 9) >= 8);
    }
}
