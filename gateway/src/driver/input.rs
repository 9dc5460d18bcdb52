//! The way in: one read call yields many packets; what is left of the last one waits with the connection.

use std::mem;
use std::task::{Context, Poll};
use std::time::Instant;

use tidegate_mqtt::frame::{self, Next};

use super::read_batch::ReadBatch;
use super::{Driver, End};
use crate::broker::{Broker, SessionStore};
use crate::cores::{Core, with_core};

impl Driver {
    pub(super) fn read(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        with_core(|core| {
            if !self.partial.is_empty() && !self.started && !self.acks.is_full() {
                self.started = true;
                self.take_in(core, &[])?;
            }
            let mut buffer = core.borrow_read_buffer();
            let outcome = self.read_into(core, context, &mut buffer);
            core.return_read_buffer(buffer);
            outcome
        })
    }

    fn read_into(
        &mut self,
        core: &mut Core,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Result<(), End> {
        for _ in 0..READS_MAX {
            if self.has_paused_reading() || self.is_under_backpressure(core) {
                return Ok(());
            }
            match self.link.poll_read(context, buffer) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(0) | Err(_)) => return Err(End::closed()),
                Poll::Ready(Ok(len)) => {
                    // A WebSocket may owe the answer to a ping.
                    self.flushing |= self.link.heartbeat().is_some();
                    self.take_in(core, buffer.get(..len).unwrap_or_default())?;
                }
            }
        }
        context.waker().wake_by_ref();
        Ok(())
    }

    /// A client that does not read its answers is not read either.
    fn has_paused_reading(&self) -> bool {
        if self.acks.is_full() {
            return true;
        }
        let Some(mut state) = self.handle.own(self.epoch) else { return false };
        let waiting = state.session.write_buffer().len();
        let high = self.broker.config().session.pending_bytes_high;
        let paused_above = waiting > high;
        if paused_above {
            self.signals.pause_reading(high);
        }
        paused_above
    }

    /// While the store is behind, nobody is read; the next commit wakes who had to wait.
    fn is_under_backpressure(&mut self, core: &mut Core) -> bool {
        let is_under_backpressure =
            |broker: &Broker| broker.store().is_some_and(SessionStore::is_under_backpressure);
        if !is_under_backpressure(&self.broker) {
            return false;
        }
        self.await_commit(core);
        // The commit may have come in between.
        is_under_backpressure(&self.broker)
    }

    fn take_in(&mut self, core: &mut Core, bytes: &[u8]) -> Result<(), End> {
        if self.partial.is_empty() {
            let used = self.consume(core, bytes)?;
            self.partial.extend_from_slice(bytes.get(used..).unwrap_or_default());
            return Ok(());
        }
        let mut partial = mem::take(&mut self.partial);
        partial.extend_from_slice(bytes);
        let used = self.consume(core, &partial)?;
        if used < partial.len() {
            partial.drain(..used);
            partial.shrink_to(TORN_CAPACITY_MAX);
            self.partial = partial;
        }
        Ok(())
    }

    /// Handles every whole packet in `bytes`; returns how many bytes those took.
    fn consume(&mut self, core: &mut Core, bytes: &[u8]) -> Result<usize, End> {
        let now = Instant::now();
        core.watch(self.broker.cores(), now);
        let mut read_batch = ReadBatch::new(bytes, now, mem::take(&mut core.read_batch));
        let mut rest = bytes;
        let outcome = loop {
            match frame::next(rest, self.connection.version(), self.connection.packet_size_max()) {
                Ok(Next::Incomplete { .. }) => break Ok(()),
                Err(error) => break Err(End::malformed(&error)),
                Ok(Next::Frame(packet)) => {
                    if let Err(end) = self.dispatch(core, &mut read_batch, &packet) {
                        break Err(end);
                    }
                    rest = rest.get(packet.wire.len()..).unwrap_or_default();
                }
            }
        };
        let applied = self.apply(core, &mut read_batch);
        core.read_batch = read_batch.recycle();
        applied.and(outcome)?;
        let used = bytes.len() - rest.len();
        if used > 0 {
            self.signals.record_activity(now);
        }
        Ok(used)
    }
}

/// What a connection that waits for the rest of a small packet may hold.
const TORN_CAPACITY_MAX: usize = 64 * 1024;
/// Reads of one connection before others get their turn.
const READS_MAX: usize = 2;
