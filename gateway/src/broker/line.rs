//! The write side of a connection, as cores that have something for it see it; and how it changes cores.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_transports::DirectWriter;

use super::Broker;
use super::lifecycle::schedule;
use super::seat::Seat;
use crate::cores::{Core, CoreId};
use crate::driver::Bell;

/// The write side of the connection that a session has now.
pub struct Line {
    /// The session's epoch that this connection opened.
    pub epoch: u64,
    /// The core that polls the connection.
    pub core: CoreId,
    /// Signals to the connection's driver.
    pub bell: Arc<Bell>,
    /// Lets any core write; `None` where only the driver may.
    ///
    /// Invariant: nobody has a copy but who set `writing`.
    pub writer: Option<DirectWriter>,
    /// A core is writing a batch at this moment.
    pub writing: bool,
    /// The socket is full: the driver waits for it, others leave it alone.
    pub blocked: bool,
    /// Silence longer than this ends the connection.
    pub silence_max: Option<Duration>,
    /// The interval of transport heartbeats, and when the next is due.
    pub heartbeat: Option<(Duration, Instant)>,
}

impl Broker {
    /// Takes the writer away, so that no core but that of the driver has to do with the socket; `false` while one is writing, or
    /// when the session is another connection's.
    #[must_use]
    pub fn close_line(&self, seat: &Seat, epoch: u64) -> bool {
        let Some(mut state) = seat.own(epoch) else { return false };
        let Some(line) = state.line.as_mut().filter(|line| !line.writing) else { return false };
        line.writer = None;
        true
    }

    /// The connection is this core's from now on: what is due for it, and what waits for it.
    pub fn open_line(
        &self,
        core: &mut Core,
        seat: &Arc<Seat>,
        epoch: u64,
        writer: Option<DirectWriter>,
        now: Instant,
    ) {
        let Some(mut state) = seat.own(epoch) else { return };
        let Some(line) = &mut state.line else { return };
        line.core = core.id;
        line.writer = writer;
        let is_direct = line.writer.is_some();
        core.counters.connections_moved.add(1);
        // The entry on the agenda of the core before finds another time noted, and goes.
        state.scheduled = None;
        schedule(core, seat, &mut state, now);
        // Who found no writer rang the bell, and left it at that.
        let waits = is_direct && !state.session.pending().is_empty();
        drop(state);
        if waits {
            core.mark_dirty(seat);
        }
    }
}
