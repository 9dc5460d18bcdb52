//! The way in: one read call yields many packets; what is left of the last one waits with the connection.

use std::mem;
use std::task::{Context, Poll};
use std::time::Instant;

use tidegate_mqtt::frame::{self, Next};

use super::intake::Intake;
use super::{Driver, End};
use crate::broker::{Broker, Keeper};
use crate::cores::{Core, with_core};

impl Driver {
    pub(super) fn read(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        with_core(|core| {
            if !self.torn.is_empty() && !self.started && !self.held.is_full() {
                self.started = true;
                self.take_in(core, &[])?;
            }
            let mut buffer = core.lend_read_buffer();
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
            if self.is_choked() || self.is_pressed(core) {
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
    fn is_choked(&self) -> bool {
        if self.held.is_full() {
            return true;
        }
        let Some(mut state) = self.seat.own(self.epoch) else { return false };
        let waiting = state.session.pending().len();
        let high = self.broker.config().session.pending_bytes_high;
        let choked = waiting > high;
        if choked {
            self.bell.choke(high);
        }
        choked
    }

    /// While the store is behind, nobody is read; the next commit wakes who had to wait.
    fn is_pressed(&mut self, core: &mut Core) -> bool {
        let is_pressed = |broker: &Broker| broker.keeper().is_some_and(Keeper::is_pressed);
        if !is_pressed(&self.broker) {
            return false;
        }
        self.await_commit(core);
        // The commit may have come in between.
        is_pressed(&self.broker)
    }

    fn take_in(&mut self, core: &mut Core, bytes: &[u8]) -> Result<(), End> {
        if self.torn.is_empty() {
            let used = self.consume(core, bytes)?;
            self.torn.extend_from_slice(bytes.get(used..).unwrap_or_default());
            return Ok(());
        }
        let mut torn = mem::take(&mut self.torn);
        torn.extend_from_slice(bytes);
        let used = self.consume(core, &torn)?;
        if used < torn.len() {
            torn.drain(..used);
            torn.shrink_to(TORN_CAPACITY_MAX);
            self.torn = torn;
        }
        Ok(())
    }

    /// Handles every whole packet in `bytes`; returns how many bytes those took.
    fn consume(&mut self, core: &mut Core, bytes: &[u8]) -> Result<usize, End> {
        let now = Instant::now();
        core.watch(self.broker.cores(), now);
        let mut intake = Intake::new(bytes, now, mem::take(&mut core.intake));
        let mut rest = bytes;
        let outcome = loop {
            match frame::next(rest, self.connection.version(), self.connection.packet_size_max()) {
                Ok(Next::Incomplete { .. }) => break Ok(()),
                Err(error) => break Err(End::malformed(&error)),
                Ok(Next::Frame(packet)) => {
                    if let Err(end) = self.dispatch(core, &mut intake, &packet) {
                        break Err(end);
                    }
                    rest = rest.get(packet.wire.len()..).unwrap_or_default();
                }
            }
        };
        let settled = self.settle(core, &mut intake);
        core.intake = intake.recycle();
        settled.and(outcome)?;
        let used = bytes.len() - rest.len();
        if used > 0 {
            self.bell.hear(now);
        }
        Ok(used)
    }
}

/// What a connection that waits for the rest of a small packet may hold.
const TORN_CAPACITY_MAX: usize = 64 * 1024;
/// Reads of one connection before others get their turn.
const READS_MAX: usize = 2;
