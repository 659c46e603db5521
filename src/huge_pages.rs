//! Large blocks of memory on huge pages (Linux).
//!
//! A sort scatters to thousands of places at once, more than the processor keeps addresses of
//! 4 KiB pages for, and touching fresh memory page by page costs about as much as filling it. Where
//! the system grants 2 MiB pages on request (`transparent_hugepage` is `madvise` or `always`), both
//! costs vanish; where it doesn't, the request changes nothing. Elsewhere this file does nothing.

use std::alloc::{GlobalAlloc, Layout, System};

/// Smaller blocks are the business of the system allocator.
const LARGE: usize = HUGE;
const HUGE: usize = 2 << 20;

/// The system allocator, with large blocks aligned to huge pages and marked for them.
pub struct HugePages;

/// The layout that `layout` is allocated with: a function of it alone, so that freeing agrees.
fn aligned(layout: Layout) -> Layout {
    if layout.size() < LARGE || !cfg!(target_os = "linux") {
        return layout;
    }
    layout.align_to(HUGE).unwrap_or(layout)
}

// SAFETY: every block comes from the system allocator and goes back to it with the layout it was
// allocated with, `aligned(layout)`.
unsafe impl GlobalAlloc for HugePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract, and `aligned` keeps the size.
        let block = unsafe { System.alloc(aligned(layout)) };
        if layout.size() >= LARGE && !block.is_null() {
            ask(block, layout.size());
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block was allocated with this layout, by `alloc` or `realloc`.
        unsafe { System.dealloc(block, aligned(layout)) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.size() < LARGE && size < LARGE {
            // SAFETY: the caller's contract; neither layout is changed by `aligned`.
            return unsafe { System.realloc(block, layout, size) };
        }
        // SAFETY: the caller promises that the size is valid for the alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the size isn't 0, by the caller's contract.
        let moved = unsafe { self.alloc(new) };
        if !moved.is_null() {
            // SAFETY: both blocks have at least that many bytes, and they don't overlap.
            unsafe { std::ptr::copy_nonoverlapping(block, moved, layout.size().min(size)) };
            // SAFETY: the old block isn't used any more.
            unsafe { self.dealloc(block, layout) };
        }
        moved
    }
}

/// Asks for huge pages under an array that is about to be filled; for arrays of JavaScript.
pub fn ask_for<T>(array: &mut [T]) {
    let size = size_of_val(array);
    if size >= LARGE {
        ask(array.as_mut_ptr().cast(), size);
    }
}

#[cfg(target_os = "linux")]
fn ask(block: *mut u8, size: usize) {
    let skipped = block.align_offset(4096);
    let whole = size.saturating_sub(skipped) / 4096 * 4096;
    // SAFETY: the range lies within memory that we own or were lent; the advice changes the size of
    // its pages and nothing that a program can see. A refusal is as good as no request.
    unsafe { libc::madvise(block.wrapping_add(skipped).cast(), whole, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask(_block: *mut u8, _size: usize) {}
