//! One batch of bytes taken from the write buffer: slices for a vectored write, and how many bytes are already written.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use smallvec::SmallVec;
use tidegate_limits::{OutOfMemory, memory};

/// Maximum number of slices for one vectored write. (Linux allows 1,024: IOV_MAX.) The rest follows with the next
/// write.
const SLICES_MAX: usize = 256;

/// Bytes taken from a [`super::WriteBuffer`], to be written in order.
#[derive(Debug, Default)]
pub struct Batch {
    /// The bytes of the batch, without the shared payloads, which are inserted at their positions.
    pub(super) copied: Vec<u8>,
    /// Number of bytes of `copied` that are already written.
    start: usize,
    shared: VecDeque<SharedPayload>,
    /// Number of unwritten bytes in `shared`.
    shared_len: usize,
    /// Rises when a connection begins or ends, so that the batches of an earlier connection are recognised.
    pub(super) generation: u32,
}

/// A payload that is held by reference. It is written before `copied[position..]`.
#[derive(Debug)]
struct SharedPayload {
    position: usize,
    bytes: Bytes,
}

impl Batch {
    pub(super) fn new(mut pooled: Vec<u8>, generation: u32) -> Self {
        pooled.clear();
        Self { copied: pooled, start: 0, shared: VecDeque::new(), shared_len: 0, generation }
    }

    /// Returns the number of bytes that the batch still holds: those to be written, and copied ones that are written
    /// already. Cheaper than [`Batch::len`].
    #[inline]
    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.copied.len() + self.shared_len).unwrap_or(u64::MAX)
    }

    /// Marks the first `count` unwritten bytes as written; all unwritten bytes if `count` exceeds [`Batch::len`].
    pub fn advance(&mut self, mut count: usize) {
        while count > 0 {
            let until = self.shared.front().map_or(self.copied.len(), |shared| shared.position);
            let step = count.min(until.saturating_sub(self.start));
            self.start += step;
            count -= step;
            if self.shared.is_empty() {
                return;
            }
            count -= self.advance_shared(count);
        }
    }

    /// Returns the buffer, emptied, for the next [`super::WriteBuffer::take`].
    #[must_use]
    pub fn recycle(self) -> Vec<u8> {
        let mut buffer = self.copied;
        buffer.clear();
        buffer
    }

    /// Appends slices of the unwritten bytes to `out`, in order, for one vectored write. At most 256 slices are
    /// appended; if there are more slices, call this function again after writing the first 256.
    pub fn slices<'a>(&'a self, out: &mut SmallVec<[IoSlice<'a>; 16]>) {
        let mut from = self.start;
        for shared in &self.shared {
            if out.len() + 2 > SLICES_MAX {
                return;
            }
            push_slice(out, self.copied.get(from..shared.position));
            push_slice(out, Some(&shared.bytes));
            from = shared.position;
        }
        push_slice(out, self.copied.get(from..));
    }

    /// Appends the unwritten bytes to `out`, shared payloads included.
    ///
    /// # Errors
    /// When there is not enough memory; nothing was appended.
    pub fn try_copy_to(&self, out: &mut Vec<u8>) -> Result<(), OutOfMemory> {
        memory::reserve(out, self.len())?;
        self.copy_to(out);
        Ok(())
    }

    /// Appends the unwritten bytes to `out`.
    pub fn copy_to(&self, out: &mut Vec<u8>) {
        let mut from = self.start;
        for shared in &self.shared {
            out.extend_from_slice(self.copied.get(from..shared.position).unwrap_or_default());
            out.extend_from_slice(&shared.bytes);
            from = shared.position;
        }
        out.extend_from_slice(self.copied.get(from..).unwrap_or_default());
    }

    /// Returns the number of unwritten bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.copied.len() - self.start + self.shared_len
    }

    /// Returns whether all bytes are written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn push_shared(&mut self, bytes: Bytes) {
        self.shared_len += bytes.len();
        self.shared.push_back(SharedPayload { position: self.copied.len(), bytes });
    }

    /// Appends `newer` to the unwritten bytes of this batch.
    ///
    /// # Errors
    /// When there is not enough memory. This batch is then unchanged.
    pub(super) fn append(&mut self, newer: Self) -> Result<(), OutOfMemory> {
        self.compact();
        memory::reserve(&mut self.copied, newer.copied.len().saturating_sub(newer.start))?;
        let base = self.copied.len();
        let skipped = newer.start;
        self.copied.extend_from_slice(newer.copied.get(skipped..).unwrap_or_default());
        self.shared_len += newer.shared_len;
        self.shared.extend(newer.shared.into_iter().map(|mut shared| {
            shared.position = base + shared.position.saturating_sub(skipped);
            shared
        }));
        Ok(())
    }

    pub(super) fn capacity(&self) -> usize {
        self.copied.capacity() + self.shared.capacity() * size_of::<SharedPayload>()
    }

    /// Marks up to `count` bytes of the first shared payload as written; this payload must be the next to be written.
    /// Returns the number of bytes marked.
    fn advance_shared(&mut self, count: usize) -> usize {
        let Some(front) = self.shared.front_mut() else { return 0 };
        let step = count.min(front.bytes.len());
        front.bytes.advance(step);
        self.shared_len -= step;
        if front.bytes.is_empty() {
            self.shared.pop_front();
        }
        step
    }

    /// Moves the unwritten bytes to the front of the buffer if they are less than half of the buffer.
    fn compact(&mut self) {
        if self.start <= self.copied.len() / 2 {
            return;
        }
        let start = core::mem::take(&mut self.start);
        self.copied.drain(..start);
        for shared in &mut self.shared {
            shared.position -= start;
        }
    }
}

fn push_slice<'a>(out: &mut SmallVec<[IoSlice<'a>; 16]>, bytes: Option<&'a [u8]>) {
    if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
        out.push(IoSlice::new(bytes));
    }
}
