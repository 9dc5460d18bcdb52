//! The end of a broker, in explicit steps: ask every connection to end, wait for them (the caller does that), close the store.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tidegate_persistence::CloseError;

use crate::broker::Broker;
use crate::signals::Signal;
use crate::turn::Turn;

use super::Sessions;

/// What the last step found.
#[derive(Debug)]
pub struct StopReport {
    /// Connections that had not ended.
    pub connections: usize,
    /// Whether everything that was appended to the store is committed.
    pub store: Result<(), CloseError>,
}

impl Sessions {
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

impl Broker {
    /// First step: asks every connection to end, and those that are still to come.
    pub fn begin_stop(&self, turn: &mut Turn<'_>) {
        self.sessions.stopping.store(true, Ordering::SeqCst);
        self.sessions.registry.for_each(|handle: &Arc<_>| {
            if let Some(connection) = &handle.lock().connection {
                turn.effects.notify(&connection.signals, Signal::Shutdown);
            }
        });
    }

    /// Last step, when no core runs any more: commits what was appended and closes the store.
    pub fn finish_stop(&self) -> StopReport {
        let mut connections = 0;
        self.sessions.registry.for_each(|handle| connections += usize::from(handle.is_online()));
        StopReport { connections, store: self.durability.close() }
    }
}
