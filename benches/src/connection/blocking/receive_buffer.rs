//! What came on a connection and was not handled yet, and room for more.

use crate::connection::READ_LEN;
use crate::error::LoadError;
use crate::wire::scan::{self, RawPacket};

/// What a read asks for, before one has been full: enough for coalesced datagrams.
const FIRST_READ_LEN: usize = 64 * 1024;

/// Received bytes: those between `consumed` and `filled` wait, the rest is room.
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

    /// True when a whole frame waits.
    pub(super) fn has_packet(&self) -> Result<bool, LoadError> {
        let rest = self.bytes.get(self.consumed..self.filled).unwrap_or_default();
        Ok(scan::next(rest)?.is_some())
    }

    /// Takes the next frame off, if it is whole.
    pub(super) fn next(&mut self) -> Result<Option<RawPacket<'_>>, LoadError> {
        let rest = self.bytes.get(self.consumed..self.filled).unwrap_or_default();
        let Some((packet, after)) = scan::next(rest)? else { return Ok(None) };
        self.consumed = self.filled - after.len();
        Ok(Some(packet))
    }

    /// Where to read to.
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

    /// So many bytes were read to the room; a `full` read makes the next room larger.
    pub(super) const fn add(&mut self, count: usize, full: bool) {
        self.filled += count;
        if full {
            self.read_len = READ_LEN;
        }
    }

    /// Nothing of what came matters.
    pub(super) const fn discard(&mut self) {
        self.consumed = self.filled;
    }

    /// True when everything has been handled.
    pub(super) const fn is_drained(&self) -> bool {
        self.consumed == self.filled
    }

    /// Gives memory back when nothing waits.
    pub(super) fn free_memory(&mut self) {
        if self.is_drained() {
            self.bytes = Vec::new();
            (self.consumed, self.filled) = (0, 0);
        }
    }

    /// What waits.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.bytes.get(self.consumed..self.filled).unwrap_or_default().to_vec()
    }
}
