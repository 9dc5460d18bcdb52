//! A counting allocator: each thread's live bytes and their peak, for the smoke run and the tests of memory bounds.
//!
//! This is the only unsafe code of the package: an allocator cannot be written without it.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator with counts for each thread. Make it the global allocator of the binary; otherwise the counts stay 0.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    // Negative if a thread frees what other threads allocated.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Bytes that this thread has allocated and not freed.
#[must_use]
pub fn live() -> isize {
    LIVE.get()
}

/// The peak of the bytes that this thread allocates while it runs `work`, without those allocated before.
pub fn peak(work: impl FnOnce()) -> usize {
    let before = live();
    PEAK.set(before);
    work();
    usize::try_from(PEAK.get() - before).unwrap_or_default()
}

/// Resident memory of this process in bytes; 0 if it is unknown.
#[must_use]
pub fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn add(size: usize) {
    // A thread that ends may still allocate after its counts are destroyed.
    let _gone = LIVE.try_with(|live| live.set(live.get() + size.cast_signed()));
    let _gone = PEAK.try_with(|peak| peak.set(peak.get().max(live())));
}

fn subtract(size: usize) {
    let _gone = LIVE.try_with(|live| live.set(live.get() - size.cast_signed()));
}

// SAFETY: every call goes to the system's allocator unchanged; the counts touch no memory of callers.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller keeps to the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        subtract(layout.size());
        // SAFETY: `pointer` came from `System` by `alloc` or `realloc` of this type.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size);
        subtract(layout.size());
        // SAFETY: `pointer` came from `System` by `alloc` or `realloc` of this type.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
