//! The bytes that wait to be written to the socket of one connection. The buffer itself does not write to the socket.

use bytes::Bytes;
use tidegate_limits::{OutOfMemory, memory};

mod batch;

pub use batch::Batch;

/// The bytes that wait to be written to the socket. Small packets are copied into one buffer; large payloads are
/// inserted by reference.
///
/// The writing thread takes all bytes at once ([`WriteBuffer::take`]), writes them without holding the session's lock,
/// and returns the unwritten rest ([`WriteBuffer::put_back`]). If the connection has ended in the meantime, that rest
/// is dropped.
#[derive(Debug, Default)]
pub struct WriteBuffer {
    batch: Batch,
    /// Number of bytes of the connection that were taken, without those that were returned.
    taken: u64,
}

impl WriteBuffer {
    /// Appends a copy of `bytes`; `false`, and nothing is appended, if there is not enough memory.
    #[inline]
    #[must_use]
    pub fn put(&mut self, bytes: &[u8]) -> bool {
        let copied = &mut self.batch.copied;
        if copied.capacity() - copied.len() < bytes.len() {
            return put_and_grow(copied, bytes);
        }
        copied.extend_from_slice(bytes);
        true
    }

    /// Makes room for `additional` bytes to be copied; `false` if there is not enough memory.
    #[inline]
    #[must_use]
    pub fn reserve(&mut self, additional: usize) -> bool {
        let copied = &mut self.batch.copied;
        copied.capacity() - copied.len() >= additional || grow(copied, additional)
    }

    /// Appends `bytes` by reference.
    pub fn put_shared(&mut self, bytes: Bytes) {
        self.batch.push_shared(bytes);
    }

    /// Takes all waiting bytes. `pooled` becomes the buffer for the next bytes: its capacity is used, its content is
    /// dropped.
    #[must_use = "the batch holds the bytes to be written"]
    pub fn take(&mut self, pooled: Vec<u8>) -> Batch {
        let next = Batch::new(pooled, self.batch.generation);
        self.taken += self.batch.size();
        core::mem::replace(&mut self.batch, next)
    }

    /// Returns the unwritten rest of a batch to the buffer, in front of the bytes added in the meantime. A batch of a
    /// connection that has ended is dropped.
    ///
    /// # Errors
    /// When there is not enough memory. The bytes added in the meantime are lost, so the connection has to end.
    pub fn put_back(&mut self, mut batch: Batch) -> Result<(), OutOfMemory> {
        if batch.generation != self.batch.generation || batch.is_empty() {
            return Ok(());
        }
        self.taken -= batch.size();
        let newer = core::mem::take(&mut self.batch);
        let appended = batch.append(newer);
        self.batch = batch;
        appended
    }

    /// Begins a new connection: drops all bytes, including batches that were taken and are returned later.
    pub(crate) fn clear(&mut self) {
        self.batch = Batch::new(Vec::new(), self.batch.generation.wrapping_add(1));
        self.taken = 0;
    }

    /// Ends the connection. The bytes in the buffer can still be taken; batches that were taken before and are returned
    /// later are dropped.
    pub(crate) fn seal(&mut self) {
        self.batch.generation = self.batch.generation.wrapping_add(1);
    }

    /// Removes and returns the buffer if it is empty, so that an idle connection occupies no memory for it.
    #[must_use = "the buffer can be reused"]
    pub fn release(&mut self) -> Option<Vec<u8>> {
        let is_unused = self.batch.copied.capacity() > 0 && self.is_empty();
        is_unused.then(|| self.take(Vec::new()).recycle())
    }

    /// Returns the number of bytes that wait to be written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// Returns the number of bytes of this connection so far, written or waiting.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.taken + self.batch.size()
    }

    /// Returns whether bytes of this connection were taken before.
    #[must_use]
    pub fn has_been_taken(&self) -> bool {
        self.taken > 0
    }

    /// Returns whether no bytes wait to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of bytes allocated by this buffer, without shared payloads, which belong to their messages.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.batch.capacity()
    }

    /// Returns the buffer into which the next packet is encoded.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.batch.copied
    }
}

#[cold]
#[inline(never)]
fn put_and_grow(copied: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let has_room = grow(copied, bytes.len());
    if has_room {
        copied.extend_from_slice(bytes);
    }
    has_room
}

/// Makes room for `additional` bytes; `false` if there is not enough memory. A small buffer grows without a check.
#[cold]
#[inline(never)]
fn grow(copied: &mut Vec<u8>, additional: usize) -> bool {
    if copied.len() + additional > SMALL_MAX {
        return memory::reserve(copied, additional).is_ok();
    }
    copied.reserve(additional);
    true
}

/// Up to this length, growing the buffer (to twice its capacity) is no large allocation.
const SMALL_MAX: usize = memory::LARGE_ALLOCATION_MIN / 4;

#[cfg(test)]
mod tests;
