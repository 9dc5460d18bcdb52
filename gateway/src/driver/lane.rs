//! One stream of a connection: its link, the beginning of a packet that has not arrived completely, and the bytes that
//! are being written.

use std::io::IoSlice;
use std::mem;
use std::task::{Context, Poll};

use smallvec::SmallVec;
use tidegate_broker::{ClientConnection, End, Turn};
use tidegate_limits::memory;
use tidegate_session::Batch;
use tidegate_transports::Link;

use crate::cores::Buffers;

/// One stream of a connection. The control lane is the stream on which CONNECT arrived; it carries everything that the
/// broker sends. Further lanes only deliver input: their packets act on the same session.
///
/// Invariant: an idle lane holds no buffer.
pub(super) struct Lane {
    pub(super) link: Link,
    /// Bytes that were read and not handled: the beginning of a packet whose rest has not arrived, or packets that
    /// exceeded the budget of a turn.
    partial: Vec<u8>,
    /// Whether `partial` may hold whole packets.
    has_more: bool,
    /// Bytes that were taken from the session's write buffer and are not yet written to the link.
    batch: Option<Box<Batch>>,
    /// Whether the link may hold bytes that it has not sent yet.
    flushing: bool,
}

/// The result of reading from a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// The stream is open, and nothing more has arrived, or nothing more may be handled now.
    Idle,
    /// The stream is open, and more may have arrived.
    More,
    /// The peer has finished the stream.
    Finished,
    /// The stream failed.
    Broken,
}

impl Input {
    /// Returns an error if the control lane has ended, because its connection then ends as well.
    pub(super) fn expect_open(self) -> Result<(), End> {
        match self {
            Self::Idle | Self::More => Ok(()),
            Self::Finished => Err(End::closed()),
            Self::Broken => Err(End::broken()),
        }
    }
}

impl Lane {
    /// Creates a lane. `partial` holds the bytes that have already arrived.
    pub(super) fn new(link: Link, partial: Vec<u8>) -> Self {
        Self { link, has_more: !partial.is_empty(), partial, batch: None, flushing: false }
    }

    /// Queues a ping of the transport, which the next flush sends.
    pub(super) fn ping(&mut self) -> Result<(), End> {
        self.link.ping().map_err(|_| End::broken())?;
        self.flushing = true;
        Ok(())
    }

    /// Reads and handles input.
    pub(super) fn read(
        &mut self,
        client: &mut ClientConnection,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<Input, End> {
        // Bytes that arrived after CONNECT are handled only when CONNACK was sent and the queue of answers is not full.
        if self.has_more && client.can_handle_input() {
            self.handle_input(client, turn, &[])?;
        }
        let mut buffer = buffers.borrow_read_buffer();
        let outcome = self.read_into(client, turn, context, &mut buffer);
        buffers.return_read_buffer(buffer);
        outcome
    }

    fn read_into(
        &mut self,
        client: &mut ClientConnection,
        turn: &mut Turn<'_>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Result<Input, End> {
        for _ in 0..READS_MAX {
            if self.has_more {
                if !client.can_handle_input() {
                    return Ok(Input::Idle);
                }
                context.waker().wake_by_ref();
                return Ok(Input::More);
            }
            if !client.wants_input(turn) {
                return Ok(Input::Idle);
            }
            match self.link.poll_read(context, buffer) {
                Poll::Pending => return Ok(Input::Idle),
                Poll::Ready(Ok(0)) => return Ok(Input::Finished),
                Poll::Ready(Err(_)) => return Ok(Input::Broken),
                Poll::Ready(Ok(len)) => {
                    // The read may have contained a ping of the WebSocket peer, whose answer is sent by the flush.
                    self.flushing |= self.link.heartbeat().is_some();
                    self.handle_input(client, turn, buffer.get(..len).unwrap_or_default())?;
                }
            }
        }
        context.waker().wake_by_ref();
        Ok(Input::More)
    }

    /// Handles the bytes kept from earlier reads, followed by `bytes`.
    fn handle_input(
        &mut self,
        client: &mut ClientConnection,
        turn: &mut Turn<'_>,
        bytes: &[u8],
    ) -> Result<(), End> {
        if self.partial.is_empty() {
            let received = client.receive(turn, bytes)?;
            self.has_more = received.has_more;
            return append(&mut self.partial, bytes.get(received.used..).unwrap_or_default());
        }
        let mut partial = mem::take(&mut self.partial);
        append(&mut partial, bytes)?;
        let received = client.receive(turn, &partial)?;
        self.has_more = received.has_more;
        if received.used < partial.len() {
            partial.drain(..received.used);
            partial.shrink_to(PARTIAL_CAPACITY_MAX);
            self.partial = partial;
        }
        Ok(())
    }

    /// Writes the waiting bytes of the session until the link accepts no more. If any core may write to the link, the
    /// flusher writes, and this function does nothing unless the socket is full.
    pub(super) fn write(
        &mut self,
        client: &ClientConnection,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        for _ in 0..BATCHES_MAX {
            if self.batch.is_none() {
                self.batch = client.take_output(turn, || buffers.take())?;
            }
            if self.batch.is_none() {
                return self.flush(context);
            }
            if self.write_batch(client, turn, buffers, context)?.is_pending() {
                return Ok(());
            }
        }
        context.waker().wake_by_ref();
        Ok(())
    }

    fn write_batch(
        &mut self,
        client: &ClientConnection,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<Poll<()>, End> {
        let Some(batch) = &mut self.batch else { return Ok(Poll::Ready(())) };
        while !batch.is_empty() {
            let mut slices: SmallVec<[IoSlice<'_>; 16]> = SmallVec::new();
            batch.slices(&mut slices);
            match self.link.poll_write(context, &slices) {
                Poll::Ready(Ok(0) | Err(_)) => return Err(End::broken()),
                Poll::Ready(Ok(written)) => {
                    drop(slices);
                    batch.advance(written);
                    client.signals().record_progress(turn.now);
                    self.flushing = true;
                }
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        if let Some(batch) = self.batch.take() {
            buffers.give_back(batch.recycle());
        }
        Ok(Poll::Ready(()))
    }

    fn flush(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        if !self.flushing {
            return Ok(());
        }
        match self.link.poll_flush(context) {
            Poll::Ready(Ok(())) => self.flushing = false,
            Poll::Ready(Err(_)) => return Err(End::broken()),
            Poll::Pending => {}
        }
        Ok(())
    }

    /// Returns the link, and the bytes that are not yet written to it.
    pub(super) fn into_parts(self) -> (Link, Option<Box<Batch>>) {
        (self.link, self.batch)
    }
}

/// Appends `bytes` to `partial`. Fails if there is not enough memory, because a packet may become large.
fn append(partial: &mut Vec<u8>, bytes: &[u8]) -> Result<(), End> {
    memory::reserve(partial, bytes.len()).map_err(|_| End::out_of_memory())?;
    partial.extend_from_slice(bytes);
    Ok(())
}

/// Capacity, in bytes, to which the buffer of an incomplete packet is shrunk, unless its content is longer. The rest of
/// a packet then usually needs no new allocation, and a large packet that has been handled leaves no large buffer.
const PARTIAL_CAPACITY_MAX: usize = 64 * 1024;
/// Maximum number of reads from one connection per turn. A client that sends without a pause gives way to the others.
const READS_MAX: usize = 2;
/// Maximum number of batches written to one connection per turn. A client that reads as fast as the broker writes would
/// otherwise delay all others.
const BATCHES_MAX: usize = 8;
