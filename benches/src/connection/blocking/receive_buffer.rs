//! Received bytes of a connection that are not handled yet, and free space for more.

use crate::connection::READ_LEN;
use crate::error::LoadError;
use crate::wire::scan::{self, RawPacket};

/// Size of a read, in bytes, until one read was full. Large enough for coalesced datagrams.
const FIRST_READ_LEN: usize = 64 * 1024;

/// Received bytes. Those between `consumed` and `filled` are not handled yet; behind `filled` is free space.
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

    /// True when the buffer holds a whole packet.
    pub(super) fn has_packet(&self) -> Result<bool, LoadError> {
        let rest = self.bytes.get(self.consumed..self.filled).unwrap_or_default();
        Ok(scan::next(rest)?.is_some())
    }

    /// Consumes the next packet, if it is whole.
    pub(super) fn next(&mut self) -> Result<Option<RawPacket<'_>>, LoadError> {
        let rest = self.bytes.get(self.consumed..self.filled).unwrap_or_default();
        let Some((packet, after)) = scan::next(rest)? else { return Ok(None) };
        self.consumed = self.filled - after.len();
        Ok(Some(packet))
    }

    /// The free space, into which the next read goes.
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

    /// Notes that `count` bytes were read into the free space. After a `full` read, the next free space is larger.
    pub(super) const fn add(&mut self, count: usize, full: bool) {
        self.filled += count;
        if full {
            self.read_len = READ_LEN;
        }
    }

    /// Discards everything that is not handled yet.
    pub(super) const fn discard(&mut self) {
        self.consumed = self.filled;
    }

    /// True when everything has been handled.
    pub(super) const fn is_drained(&self) -> bool {
        self.consumed == self.filled
    }

    /// Frees the memory if everything has been handled.
    pub(super) fn free_memory(&mut self) {
        if self.is_drained() {
            self.bytes = Vec::new();
            (self.consumed, self.filled) = (0, 0);
        }
    }

    /// The bytes that are not handled yet.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.bytes.get(self.consumed..self.filled).unwrap_or_default().to_vec()
    }
}
