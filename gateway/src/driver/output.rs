//! The way out where only the driver may write, and where a full socket has to be waited for.

use std::io::IoSlice;
use std::task::{Context, Poll};
use std::time::Instant;

use smallvec::SmallVec;
use tidegate_session::Batch;

use super::{Driver, End};
use crate::broker::ConnectionHandle;
use crate::cores::with_core;

impl Driver {
    /// Writes what waits, as far as the link takes it. A link that any core may write is left to the flusher until its socket is full.
    pub(super) fn write(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        for _ in 0..BATCHES_MAX {
            if self.batch.is_none() {
                self.batch = self.take_batch()?;
            }
            if self.batch.is_none() {
                return self.flush(context);
            }
            if self.write_batch(context)?.is_pending() {
                return Ok(());
            }
        }
        context.waker().wake_by_ref();
        Ok(())
    }

    fn take_batch(&mut self) -> Result<Option<Box<Batch>>, End> {
        let mut state = self.handle.own(self.epoch).ok_or_else(End::taken_over)?;
        let state = &mut *state;
        if !state.connection.as_ref().is_some_and(is_ours_to_write) {
            return Ok(None);
        }
        with_core(|core| {
            let now = Instant::now();
            state.session.pump(now);
            self.broker.save_changes(core, &self.handle, state, now);
            core.counters.add_drops(&state.session.take_drops());
            self.signals.resume_reading(state.session.write_buffer().len());
            if state.session.write_buffer().is_empty() {
                state.connection.iter_mut().for_each(|connection| connection.blocked = false);
                return Ok(None);
            }
            Ok(Some(Box::new(state.session.write_buffer().take(core.pooled_buffer()))))
        })
    }

    fn write_batch(&mut self, context: &mut Context<'_>) -> Result<Poll<()>, End> {
        let Some(batch) = &mut self.batch else { return Ok(Poll::Ready(())) };
        while !batch.is_empty() {
            let mut slices: SmallVec<[IoSlice<'_>; 16]> = SmallVec::new();
            batch.slices(&mut slices);
            match self.link.poll_write(context, &slices) {
                Poll::Ready(Ok(0) | Err(_)) => return Err(End::closed()),
                Poll::Ready(Ok(written)) => {
                    drop(slices);
                    batch.advance(written);
                    self.signals.progress(Instant::now());
                    self.flushing = true;
                }
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        if let Some(batch) = self.batch.take() {
            with_core(|core| core.pool_buffer(batch.recycle()));
        }
        Ok(Poll::Ready(()))
    }

    fn flush(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        if !self.flushing {
            return Ok(());
        }
        match self.link.poll_flush(context) {
            Poll::Ready(Ok(())) => self.flushing = false,
            Poll::Ready(Err(_)) => return Err(End::closed()),
            Poll::Pending => {}
        }
        Ok(())
    }
}

fn is_ours_to_write(connection: &ConnectionHandle) -> bool {
    connection.writer.is_none() || connection.blocked
}

/// Batches written before other connections get their turn.
const BATCHES_MAX: usize = 8;
