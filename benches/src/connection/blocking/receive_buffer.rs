//! Received bytes of a connection that are not handled yet, and free space for the next read.

use crate::connection::READ_LEN;
use crate::error::LoadError;
use crate::wire::scan::{self, RawPacket};

/// Size of a read, in bytes, until a read has filled the free space. The size is large enough for coalesced datagrams.
const FIRST_READ_LEN: usize = 64 * 1024;

/// Received bytes. The bytes between `consumed` and `filled` are not handled yet; the bytes after `filled` are free
/// space.
#[derive(Debug)]
pub(super) struct ReceiveBuffer {
    bytes: Vec<u8>,
    consumed: usize,
    filled: usize,
    read_len: usize,
}

impl ReceiveBuffer {
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new(), consumed: 0, filled: 0, read_len: FIRST_READ_LEN }
    }

    /// Returns whether the buffer holds a whole packet.
    pub(super) fn has_packet(&self) -> Result<bool, LoadError> {
        let rest = self.bytes.get(self.consumed..self.filled).unwrap_or_default();
        Ok(scan::next(rest)?.is_some())
    }

    /// Returns the next packet and consumes it. Returns `None` if the packet is incomplete.
    pub(super) fn next(&mut self) -> Result<Option<RawPacket<'_>>, LoadError> {
        let rest = self.bytes.get(self.consumed..self.filled).unwrap_or_default();
        let Some((packet, after)) = scan::next(rest)? else { return Ok(None) };
        self.consumed = self.filled - after.len();
        Ok(Some(packet))
    }

    /// Returns the free space, into which the caller reads next.
    pub(super) fn free_space(&mut self) -> &mut [u8] {
        if self.consumed > 0 {
            self.bytes.copy_within(self.consumed..self.filled, 0);
            self.filled -= self.consumed;
            self.consumed = 0;
        }
        if self.bytes.len() < self.filled + self.read_len {
            self.bytes.resize(self.filled + self.read_len, 0);
        }
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    /// Records that `count` bytes were read into the free space. After a `full` read, the next free space is larger.
    pub(super) const fn add(&mut self, count: usize, full: bool) {
        self.filled += count;
        if full {
            self.read_len = READ_LEN;
        }
    }

    /// Discards all bytes that are not handled yet.
    pub(super) const fn discard_all(&mut self) {
        self.consumed = self.filled;
    }

    /// Returns whether all received bytes have been handled.
    pub(super) const fn is_drained(&self) -> bool {
        self.consumed == self.filled
    }

    /// Frees the memory of the buffer if all received bytes have been handled.
    pub(super) fn free_memory(&mut self) {
        if self.is_drained() {
            self.bytes = Vec::new();
            (self.consumed, self.filled) = (0, 0);
        }
    }

    /// Returns the bytes that are not handled yet.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.bytes.get(self.consumed..self.filled).unwrap_or_default().to_vec()
    }
}
