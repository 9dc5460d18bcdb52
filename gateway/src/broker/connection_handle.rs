//! The write side of a connection, as cores that have something for it see it; and how it changes cores.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_transports::DirectWriter;

use super::Broker;
use super::lifecycle::schedule;
use super::session_handle::SessionHandle;
use crate::cores::{Core, CoreId};
use crate::driver::Signals;

/// The write side of the connection that a session has now.
pub struct ConnectionHandle {
    /// The session's epoch that this connection opened.
    pub epoch: u64,
    /// The core that polls the connection.
    pub core: CoreId,
    /// Signals to the connection's driver.
    pub signals: Arc<Signals>,
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
    pub fn take_writer(&self, handle: &SessionHandle, epoch: u64) -> bool {
        let Some(mut state) = handle.own(epoch) else { return false };
        let Some(connection) = state.connection.as_mut().filter(|connection| !connection.writing) else {
            return false;
        };
        connection.writer = None;
        true
    }

    /// The connection is this core's from now on: what is due for it, and what waits for it.
    pub fn move_to_core(
        &self,
        core: &mut Core,
        handle: &Arc<SessionHandle>,
        epoch: u64,
        writer: Option<DirectWriter>,
        now: Instant,
    ) {
        let Some(mut state) = handle.own(epoch) else { return };
        let Some(connection) = &mut state.connection else { return };
        connection.core = core.id;
        connection.writer = writer;
        let is_direct = connection.writer.is_some();
        core.counters.connections_moved.add(1);
        // The entry on the agenda of the core before finds another time noted, and goes.
        state.scheduled = None;
        schedule(core, handle, &mut state, now);
        // Who found no writer rang the bell, and left it at that.
        let waits = is_direct && !state.session.write_buffer().is_empty();
        drop(state);
        if waits {
            core.mark_dirty(handle);
        }
    }
}
