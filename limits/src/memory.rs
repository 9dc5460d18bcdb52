//! Large allocations whose size a peer decides. These allocations may fail, and they leave memory for small
//! allocations, whose failure would end the process.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// There is not enough memory for the data of a peer. The connection of this peer has to end, other connections
/// continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not enough memory")]
pub struct OutOfMemory;

/// Makes room for `additional` bytes in `buffer`, which grows by doubling. An allocation of less than
/// [`LARGE_ALLOCATION_MIN`] bytes need not leave [`HEADROOM`].
///
/// # Errors
/// When the memory is not available, or less than [`HEADROOM`] would be left. The buffer is unchanged.
#[inline]
pub fn reserve(buffer: &mut Vec<u8>, additional: usize) -> Result<(), OutOfMemory> {
    if buffer.capacity() - buffer.len() >= additional { Ok(()) } else { grow(buffer, additional) }
}

/// Checks that `bytes` can be allocated and [`HEADROOM`] is left. Does nothing below [`LARGE_ALLOCATION_MIN`]. The
/// memory is not reserved, so another thread may allocate it. Whenever this function has made a successful probe
/// allocation, the next 8 MiB are granted to all threads without one.
///
/// # Errors
/// When the memory is not available, or less than [`HEADROOM`] would be left.
pub fn check(bytes: usize) -> Result<(), OutOfMemory> {
    if is_granted(bytes)? {
        return Ok(());
    }
    let result = probe(bytes);
    GRANTED_BYTES_LEFT.store(if result.is_ok() { BYTES_PER_PROBE } else { 0 }, Relaxed);
    result
}

/// Like [`check`], for data that the broker has accepted and now has to store: the allocation has to leave only
/// [`ACCEPTED_HEADROOM`] instead of [`HEADROOM`].
///
/// # Errors
/// When the memory is not available, or less than [`ACCEPTED_HEADROOM`] would be left.
pub fn check_accepted(bytes: usize) -> Result<(), OutOfMemory> {
    if is_granted(bytes)? { Ok(()) } else { probe_accepted(bytes) }
}

/// Like [`check`], but always tries an allocation of this size and frees it.
///
/// # Errors
/// When the memory is not available, or less than [`HEADROOM`] would be left.
pub fn probe(bytes: usize) -> Result<(), OutOfMemory> {
    try_allocation(bytes, HEADROOM)
}

/// Like [`check_accepted`], but always tries an allocation of this size and frees it.
///
/// # Errors
/// When the memory is not available, or less than [`ACCEPTED_HEADROOM`] would be left.
pub fn probe_accepted(bytes: usize) -> Result<(), OutOfMemory> {
    try_allocation(bytes, ACCEPTED_HEADROOM)
}

fn try_allocation(bytes: usize, headroom: usize) -> Result<(), OutOfMemory> {
    refuse_in_test(bytes)?;
    let mut trial = Vec::<u8>::new();
    let available = trial.try_reserve_exact(bytes.saturating_add(headroom));
    // Without `black_box`, the compiler may remove the allocation.
    black_box(&mut trial);
    available.map_err(|_| OutOfMemory)
}

/// Simulates a lack of memory in tests: until the returned value is dropped, the functions of this module refuse more
/// than `bytes` bytes on this thread. As always, [`reserve`], [`check`] and [`check_accepted`] do not refuse less than
/// [`LARGE_ALLOCATION_MIN`].
#[doc(hidden)]
#[must_use = "the simulation ends when this value is dropped"]
pub fn simulate_limit(bytes: usize) -> SimulatedLimit {
    SIMULATED_LIMIT.set(bytes);
    SimulatedLimit(())
}

/// A simulated lack of memory, which ends when this value is dropped.
#[doc(hidden)]
#[derive(Debug)]
pub struct SimulatedLimit(());

impl Drop for SimulatedLimit {
    fn drop(&mut self) {
        SIMULATED_LIMIT.set(usize::MAX);
    }
}

fn refuse_in_test(bytes: usize) -> Result<(), OutOfMemory> {
    if bytes > SIMULATED_LIMIT.get() { Err(OutOfMemory) } else { Ok(()) }
}

/// Whether `bytes` need no probe allocation: they are few, or an earlier probe has granted them.
fn is_granted(bytes: usize) -> Result<bool, OutOfMemory> {
    if bytes < LARGE_ALLOCATION_MIN {
        return Ok(true);
    }
    refuse_in_test(bytes)?;
    Ok(GRANTED_BYTES_LEFT.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes)).is_ok())
}

thread_local! {
    /// The limit of [`simulate_limit`].
    static SIMULATED_LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Number of bytes that [`check`] still grants without a probe allocation.
static GRANTED_BYTES_LEFT: AtomicUsize = AtomicUsize::new(0);

#[cold]
fn grow(buffer: &mut Vec<u8>, additional: usize) -> Result<(), OutOfMemory> {
    let capacity = buffer.len().saturating_add(additional).max(buffer.capacity().saturating_mul(2));
    check(capacity)?;
    buffer.try_reserve_exact(capacity.saturating_sub(buffer.len())).map_err(|_| OutOfMemory)
}

/// Allocations of this many bytes and more may fail. Smaller allocations are too frequent for a check of each, and
/// small enough to be covered by the headroom.
pub const LARGE_ALLOCATION_MIN: usize = 64 * 1024;
/// The most memory that a message needs, as a multiple of its size: the message, three copies while it is written to
/// the store, and the store's memory map.
pub const MESSAGE_MEMORY_FACTOR: usize = 5;
/// The most memory in bytes that is allocated per byte of a packet when the packet is parsed. The worst case is a
/// SUBSCRIBE with filters of one byte, each of which has four bytes in the packet.
pub const PARSED_BYTES_PER_BYTE: usize = 40;
/// Number of bytes that a large allocation for a peer leaves: [`ACCEPTED_HEADROOM`], and as much again so that the
/// store can commit what it has accepted.
pub const HEADROOM: usize = 2 * ACCEPTED_HEADROOM;
/// Number of bytes that a large allocation for accepted data leaves for others. A probe allocation is larger than
/// 32 MiB: after freeing a smaller block, glibc would raise `M_MMAP_THRESHOLD` and keep the pages of freed buffers.
pub const ACCEPTED_HEADROOM: usize = 32 * 1024 * 1024;
/// Number of bytes granted after a successful probe allocation. A probe takes two system calls, which would noticeably
/// slow down publishes of 64 KiB.
const BYTES_PER_PROBE: usize = ACCEPTED_HEADROOM / 4;

#[cfg(test)]
mod tests;
