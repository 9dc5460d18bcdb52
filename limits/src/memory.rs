//! Large allocations whose size a peer decides. They may fail, and they leave room for all the small ones, whose failure
//! would end the process.

use std::hint::black_box;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// There is not enough memory for what a peer asks for. Its connection has to end; others go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not enough memory")]
pub struct OutOfMemory;

/// Makes room for `additional` bytes in `buffer`, which grows by doubling. An allocation below [`LARGE`] cannot fail
/// here.
///
/// # Errors
/// When the memory is not available, or less than [`HEADROOM`] would be left. The buffer is unchanged.
#[inline]
pub fn reserve(buffer: &mut Vec<u8>, additional: usize) -> Result<(), OutOfMemory> {
    if buffer.capacity() - buffer.len() >= additional { Ok(()) } else { grow(buffer, additional) }
}

/// Checks that `bytes` are available and [`HEADROOM`] is left. Does nothing below [`LARGE`]. Nothing is reserved:
/// another thread may take the memory. After [`look`] has found enough, the next 8 MiB are granted without another look,
/// whichever thread asks.
///
/// # Errors
/// When that is not so.
pub fn check(bytes: usize) -> Result<(), OutOfMemory> {
    let is_granted = |left: usize| left.checked_sub(bytes);
    if bytes < LARGE || UNCHECKED.fetch_update(Relaxed, Relaxed, is_granted).is_ok() {
        return Ok(());
    }
    let found = look(bytes);
    UNCHECKED.store(if found.is_ok() { UNCHECKED_MAX } else { 0 }, Relaxed);
    found
}

/// Like [`check`], but always looks.
///
/// # Errors
/// When the memory is not available, or less than [`HEADROOM`] would be left.
pub fn look(bytes: usize) -> Result<(), OutOfMemory> {
    let mut probe = Vec::<u8>::new();
    let available = probe.try_reserve_exact(bytes.saturating_add(HEADROOM));
    // Otherwise the compiler may remove the allocation.
    black_box(&mut probe);
    available.map_err(|_| OutOfMemory)
}

/// Bytes that are still granted without a look.
static UNCHECKED: AtomicUsize = AtomicUsize::new(0);

#[cold]
fn grow(buffer: &mut Vec<u8>, additional: usize) -> Result<(), OutOfMemory> {
    let capacity = buffer.len().saturating_add(additional).max(buffer.capacity().saturating_mul(2));
    check(capacity)?;
    buffer.try_reserve_exact(capacity.saturating_sub(buffer.len())).map_err(|_| OutOfMemory)
}

/// Allocations of this many bytes and more may fail.
pub const LARGE: usize = 64 * 1024;
/// What a message takes, at most, as a multiple of its size: the message, three copies while it is written to the store, and
/// the store's memory map.
pub const COPIES: usize = 5;
/// At most this many bytes are allocated for each byte of a packet that is parsed into its parts: a SUBSCRIBE of filters of
/// one byte, which takes four bytes for each, is the worst.
pub const PARSED_SIZE: usize = 40;
/// Bytes that a large allocation leaves for others. More than 32 MiB: for less, glibc would keep the pages of freed
/// buffers (it adapts `M_MMAP_THRESHOLD`).
pub const HEADROOM: usize = 32 * 1024 * 1024;
/// A look takes two system calls, which would be seen in the cost of a publish of 64 KiB.
const UNCHECKED_MAX: usize = HEADROOM / 4;

#[cfg(test)]
mod tests;
