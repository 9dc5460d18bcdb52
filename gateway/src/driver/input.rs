//! Reads from the link. One read may contain many packets. The connection keeps the beginning of an incomplete packet
//! until the rest arrives.

use std::mem;
use std::task::{Context, Poll};

use tidegate_broker::{End, Turn};
use tidegate_limits::memory;

use super::Driver;
use crate::cores::Buffers;

impl Driver {
    pub(super) fn read(
        &mut self,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        // Bytes that arrived after CONNECT are handled only after CONNACK was sent.
        if self.has_more && self.client.is_open() {
            self.handle_input(turn, &[])?;
        }
        let mut buffer = buffers.borrow_read_buffer();
        let outcome = self.read_into(turn, context, &mut buffer);
        buffers.return_read_buffer(buffer);
        outcome
    }

    fn read_into(
        &mut self,
        turn: &mut Turn<'_>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Result<(), End> {
        for _ in 0..READS_MAX {
            if self.has_more {
                if self.client.is_open() {
                    context.waker().wake_by_ref();
                }
                return Ok(());
            }
            if !self.client.wants_input(turn) {
                return Ok(());
            }
            match self.link.poll_read(context, buffer) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(0)) => return Err(End::closed()),
                Poll::Ready(Err(_)) => return Err(End::broken()),
                Poll::Ready(Ok(len)) => {
                    // The read may have contained a ping of the WebSocket peer, whose answer is sent by the flush.
                    self.flushing |= self.link.heartbeat().is_some();
                    self.handle_input(turn, buffer.get(..len).unwrap_or_default())?;
                }
            }
        }
        context.waker().wake_by_ref();
        Ok(())
    }

    /// Handles the bytes kept from earlier reads, followed by `bytes`.
    fn handle_input(&mut self, turn: &mut Turn<'_>, bytes: &[u8]) -> Result<(), End> {
        if self.partial.is_empty() {
            let received = self.client.receive(turn, bytes)?;
            self.has_more = received.has_more;
            return append(&mut self.partial, bytes.get(received.used..).unwrap_or_default());
        }
        let mut partial = mem::take(&mut self.partial);
        append(&mut partial, bytes)?;
        let received = self.client.receive(turn, &partial)?;
        self.has_more = received.has_more;
        if received.used < partial.len() {
            partial.drain(..received.used);
            partial.shrink_to(PARTIAL_CAPACITY_MAX);
            self.partial = partial;
        }
        Ok(())
    }
}

/// Appends to the bytes of a packet that may become large.
fn append(partial: &mut Vec<u8>, bytes: &[u8]) -> Result<(), End> {
    memory::reserve(partial, bytes.len()).map_err(|_| End::out_of_memory())?;
    partial.extend_from_slice(bytes);
    Ok(())
}

/// Maximum capacity, in bytes, that the buffer of an incomplete packet keeps beyond its content. The rest of a packet
/// then needs no new allocation, and a large packet that has been handled leaves no large buffer.
const PARTIAL_CAPACITY_MAX: usize = 64 * 1024;
/// Maximum number of reads from one connection per turn. A client that sends without a pause gives way to the others.
const READS_MAX: usize = 2;
