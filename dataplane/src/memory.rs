//! Memory for tables of many cache lines: aligned to huge pages and backed by them where the system
//! gives them, and touched before use, so that no packet waits for a page.
//!
//! 4 KiB pages cost 10 to 50 % on a table of a million flows, for want of TLB entries. Elsewhere than
//! on Linux, and for small tables, this is plain memory.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// x86-64's and aarch64's larger page.
const HUGE_PAGE: usize = 2 << 20;

/// A fixed number of items in one piece of memory. It dereferences to a slice.
pub struct Lines<T: Copy> {
    items: NonNull<T>,
    len: usize,
}

// SAFETY: the items are owned by this value alone, as a `Box<[T]>` owns its own.
unsafe impl<T: Copy + Send> Send for Lines<T> {}
// SAFETY: as above; a shared reference gives shared references to the items only.
unsafe impl<T: Copy + Sync> Sync for Lines<T> {}

impl<T: Copy> Lines<T> {
    /// `len` copies of `item`.
    ///
    /// # Panics
    /// When their size overflows. Memory that cannot be had aborts, as everywhere in Rust.
    pub fn new(item: T, len: usize) -> Lines<T> {
        let layout = layout::<T>(len);
        if layout.size() == 0 {
            return Lines { items: NonNull::dangling(), len };
        }
        // SAFETY: the layout's size is not zero.
        let memory = unsafe { alloc(layout) };
        let Some(items) = NonNull::new(memory.cast::<T>()) else { handle_alloc_error(layout) };
        advise(memory, layout.size());
        for at in 0..len {
            // SAFETY: `at` is below `len`, for which the memory was laid out.
            unsafe { items.add(at).write(item) };
        }
        Lines { items, len }
    }
}

impl<T: Copy> Deref for Lines<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: `len` items were written in `new`, and live as long as `self`.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr(), self.len) }
    }
}

impl<T: Copy> DerefMut for Lines<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and `self` is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.items.as_ptr(), self.len) }
    }
}

impl<T: Copy> Drop for Lines<T> {
    fn drop(&mut self) {
        let layout = layout::<T>(self.len);
        if layout.size() != 0 {
            // SAFETY: `new` allocated with the layout of the same `len`.
            unsafe { dealloc(self.items.as_ptr().cast(), layout) };
        }
    }
}

impl<T: Copy> fmt::Debug for Lines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines", self.len)
    }
}

/// Whole huge pages for what is larger than one.
fn layout<T>(len: usize) -> Layout {
    let layout = Layout::array::<T>(len).expect("a table that fits the address space");
    if layout.size() < HUGE_PAGE {
        return layout;
    }
    let size = layout.size().next_multiple_of(HUGE_PAGE);
    Layout::from_size_align(size, HUGE_PAGE).expect("a table that fits the address space")
}

/// Asks for huge pages. Nothing depends on the answer.
#[cfg(target_os = "linux")]
fn advise(memory: *mut u8, size: usize) {
    if size >= HUGE_PAGE {
        // SAFETY: the range is one that was just allocated, and this advice keeps its contents.
        unsafe { libc::madvise(memory.cast(), size, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn advise(_: *mut u8, _: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_what_was_put_there() {
        for len in [0, 1, 1_000, 300_000] {
            let mut lines = Lines::new([7_u64; 8], len);
            assert_eq!(lines.len(), len);
            assert!(lines.iter().all(|line| *line == [7; 8]));
            if let Some(last) = lines.last_mut() {
                last[7] = 9;
                assert_eq!(lines[len - 1], [7, 7, 7, 7, 7, 7, 7, 9]);
            }
        }
    }

    #[test]
    fn large_tables_are_aligned_to_huge_pages() {
        let lines = Lines::new(0_u64, HUGE_PAGE);
        assert_eq!(lines.as_ptr().addr() % HUGE_PAGE, 0);
    }
}
