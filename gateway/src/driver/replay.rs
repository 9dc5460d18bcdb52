//! Retained messages for a new subscription, at the pace of the client's socket and acknowledgements: never cut, never piled up.

use std::task::Context;
use std::time::Instant;

use tidegate_session::Session;

use super::{Driver, End};
use crate::cores::with_core;

impl Driver {
    /// Sends the next retained messages if the client keeps up.
    pub(super) fn replay(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        if !self.replaying {
            return Ok(());
        }
        let low = self.broker.config().session.pending_bytes_high / 2;
        let mut state = self.handle.own(self.epoch).ok_or_else(End::taken_over)?;
        let state = &mut *state;
        let Some(mut replays) = state.replays.take() else {
            self.replaying = false;
            return Ok(());
        };
        with_core(|core| {
            let room = |session: &mut Session| has_room(session, low);
            let now = Instant::now();
            replays.advance(&self.broker, &self.handle, &mut state.session, core, now, room);
            self.broker.save_changes(core, &self.handle, state, now);
            core.counters.add_drops(&state.session.take_drops());
            core.mark_dirty(&self.handle);
        });
        if replays.is_empty() {
            self.replaying = false;
            return Ok(());
        }
        state.replays = Some(replays);
        if has_room(&mut state.session, low) {
            context.waker().wake_by_ref();
        } else if state.session.write_buffer().len() > low {
            // Acknowledgements wake the driver as anything does that is read; a drained socket does by the choke.
            self.signals.pause_reading(low);
        }
        Ok(())
    }
}

/// Whether the client keeps up, so that the next message is sent at once whatever its QoS.
fn has_room(session: &mut Session, low: usize) -> bool {
    session.write_buffer().len() <= low && session.queued() == 0 && session.has_room()
}
