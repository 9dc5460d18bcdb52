//! One batch of bytes on its way to a socket: slices for a vectored write, and how far the writing got.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use smallvec::SmallVec;

/// Most slices handed to one vectored write (IOV_MAX of Linux is 1024).
const SLICES_MAX: usize = 256;

/// Bytes taken out of [`super::WriteBuffer`], to be written in order.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) copied: Vec<u8>,
    /// How much of `copied` is written.
    start: usize,
    shared: VecDeque<Shared>,
    shared_len: usize,
    pub(super) generation: u32,
}

/// A payload by reference; it stands in front of `copied[at..]`.
#[derive(Debug)]
struct Shared {
    at: usize,
    bytes: Bytes,
}

impl Batch {
    pub(super) fn new(mut spare: Vec<u8>, generation: u32) -> Self {
        spare.clear();
        Self { copied: spare, start: 0, shared: VecDeque::new(), shared_len: 0, generation }
    }

    /// Marks the first `n` bytes as written; `n` above [`Batch::len`] means all.
    pub fn advance(&mut self, mut n: usize) {
        while n > 0 {
            let until = self.shared.front().map_or(self.copied.len(), |shared| shared.at);
            let step = n.min(until.saturating_sub(self.start));
            self.start += step;
            n -= step;
            if self.shared.is_empty() {
                return;
            }
            n -= self.advance_shared(n);
        }
    }

    /// The buffer, emptied, for the next `take`.
    #[must_use]
    pub fn recycle(self) -> Vec<u8> {
        let mut buffer = self.copied;
        buffer.clear();
        buffer
    }

    /// The unwritten bytes in order, for one vectored write; very many parts are cut at 256 slices, call again then.
    pub fn slices<'a>(&'a self, out: &mut SmallVec<[IoSlice<'a>; 16]>) {
        let mut from = self.start;
        for shared in &self.shared {
            if out.len() + 2 > SLICES_MAX {
                return;
            }
            push_slice(out, self.copied.get(from..shared.at));
            push_slice(out, Some(&shared.bytes));
            from = shared.at;
        }
        push_slice(out, self.copied.get(from..));
    }

    /// Appends the unwritten bytes to `out`.
    pub fn copy_to(&self, out: &mut Vec<u8>) {
        let mut from = self.start;
        for shared in &self.shared {
            out.extend_from_slice(self.copied.get(from..shared.at).unwrap_or_default());
            out.extend_from_slice(&shared.bytes);
            from = shared.at;
        }
        out.extend_from_slice(self.copied.get(from..).unwrap_or_default());
    }

    /// Unwritten bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.copied.len() - self.start + self.shared_len
    }

    /// True when all is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn push_shared(&mut self, bytes: Bytes) {
        self.shared_len += bytes.len();
        self.shared.push_back(Shared { at: self.copied.len(), bytes });
    }

    /// Puts `newer` behind the unwritten rest of this one.
    pub(super) fn append(&mut self, newer: Self) {
        self.compact();
        let base = self.copied.len();
        let skipped = newer.start;
        self.copied.extend_from_slice(newer.copied.get(skipped..).unwrap_or_default());
        self.shared_len += newer.shared_len;
        self.shared.extend(newer.shared.into_iter().map(|mut shared| {
            shared.at = base + shared.at.saturating_sub(skipped);
            shared
        }));
    }

    pub(super) fn capacity(&self) -> usize {
        self.copied.capacity() + self.shared.capacity() * size_of::<Shared>()
    }

    /// Writes off up to `n` bytes of the first shared part, which is next; says how many.
    fn advance_shared(&mut self, n: usize) -> usize {
        let Some(front) = self.shared.front_mut() else { return 0 };
        let step = n.min(front.bytes.len());
        front.bytes.advance(step);
        self.shared_len -= step;
        if front.bytes.is_empty() {
            self.shared.pop_front();
        }
        step
    }

    /// Moves the unwritten bytes to the front once they are the lesser half.
    fn compact(&mut self) {
        if self.start <= self.copied.len() / 2 {
            return;
        }
        let start = core::mem::take(&mut self.start);
        self.copied.drain(..start);
        for shared in &mut self.shared {
            shared.at -= start;
        }
    }
}

fn push_slice<'a>(out: &mut SmallVec<[IoSlice<'a>; 16]>, bytes: Option<&'a [u8]>) {
    if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
        out.push(IoSlice::new(bytes));
    }
}
