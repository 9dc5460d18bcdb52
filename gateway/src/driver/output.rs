//! Writes to the link, if only the core that polls the connection may write to it, or if the socket is full and this
//! core has to wait for room.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use smallvec::SmallVec;
use tidegate_broker::{DirectWrite, End, Turn};
use tidegate_transports::DirectWriter;

use super::Driver;
use crate::cores::Buffers;

/// Lets any core write to a plain socket.
#[derive(Debug)]
pub(super) struct LinkWriter(pub(super) DirectWriter);

impl DirectWrite for LinkWriter {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write(slices)
    }
}

impl Driver {
    /// Writes the waiting bytes until the link accepts no more. If any core may write to the link, does nothing unless
    /// the socket is full: otherwise the flusher writes.
    pub(super) fn write(
        &mut self,
        turn: &mut Turn<'_>,
        buffers: &mut Buffers,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        for _ in 0..BATCHES_MAX {
            if self.batch.is_none() {
                self.batch = self.client.take_output(turn, || buffers.take())?;
            }
            if self.batch.is_none() {
                return self.flush(context);
            }
            if self.write_batch(turn, buffers, context)?.is_pending() {
                return Ok(());
            }
        }
        context.waker().wake_by_ref();
        Ok(())
    }

    fn write_batch(
        &mut self,
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
                    self.client.signals().record_progress(turn.now);
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
}

/// Maximum number of batches written to one connection per turn. A client that reads as fast as the broker writes would
/// otherwise delay all others.
const BATCHES_MAX: usize = 8;
