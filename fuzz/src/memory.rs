//! An allocator that counts the allocated bytes of each thread and their peak, for the smoke run and the tests of
//! memory bounds.
//!
//! This module contains the only unsafe code of the package, because an allocator cannot be written without unsafe
//! code.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator with counters for each thread. The counters stay 0 unless this type is the global allocator
/// of the binary.
#[derive(Debug)]
pub struct CountingAllocator;

thread_local! {
    // Negative if a thread frees memory that other threads have allocated.
    static LIVE_BYTES: Cell<isize> = const { Cell::new(0) };
    static PEAK_BYTES: Cell<isize> = const { Cell::new(0) };
}

/// Returns the number of bytes that this thread has allocated and not freed.
#[must_use]
pub fn live_bytes() -> isize {
    LIVE_BYTES.get()
}

/// Runs `work` and returns the peak number of bytes that this thread allocates meanwhile, without the bytes that were
/// allocated before.
pub fn peak_bytes(work: impl FnOnce()) -> usize {
    let before = live_bytes();
    PEAK_BYTES.set(before);
    work();
    usize::try_from(PEAK_BYTES.get() - before).unwrap_or_default()
}

/// Returns the resident memory of this process in bytes, or 0 if it is unknown.
#[must_use]
pub fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn count_allocation(size: usize) {
    // Errors are ignored: a thread that ends may still allocate memory after its counters are destroyed.
    let _destroyed = LIVE_BYTES.try_with(|live| live.set(live.get() + size.cast_signed()));
    let _destroyed = PEAK_BYTES.try_with(|peak| peak.set(peak.get().max(live_bytes())));
}

fn count_deallocation(size: usize) {
    let _destroyed = LIVE_BYTES.try_with(|live| live.set(live.get() - size.cast_signed()));
}

// SAFETY: every call goes to the system's allocator unchanged; the counts touch no memory of callers.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_allocation(layout.size());
        // SAFETY: the caller fulfils the contract of `alloc`, which is the same for `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count_deallocation(layout.size());
        // SAFETY: `pointer` came from `System` by `alloc` or `realloc` of this type.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_allocation(size);
        count_deallocation(layout.size());
        // SAFETY: `pointer` came from `System` by `alloc` or `realloc` of this type.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
