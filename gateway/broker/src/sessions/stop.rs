//! Stops the broker in explicit steps: asks every connection to end, then, when the caller has waited for them, closes
//! the store.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tidegate_persistence::CloseError;

use crate::broker::Broker;
use crate::signals::Signal;
use crate::turn::Turn;

use super::Sessions;

/// The result of stopping the broker.
#[derive(Debug)]
pub struct StopReport {
    /// Number of connections that had not ended.
    pub connections: usize,
    /// The result of closing the store: `Ok` if everything that was appended is committed.
    pub store: Result<(), CloseError>,
}

impl Sessions {
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

impl Broker {
    /// Takes the first step of stopping: asks every connection to end, including those that attach later.
    pub fn begin_stop(&self, turn: &mut Turn<'_>) {
        self.sessions.stopping.store(true, Ordering::SeqCst);
        self.sessions.registry.for_each(|handle: &Arc<_>| {
            if let Some(connection) = &handle.lock().connection {
                turn.effects.notify(&connection.signals, Signal::Shutdown);
            }
        });
    }

    /// Takes the last step of stopping, after all cores have ended: commits all appended operations and closes the
    /// store.
    pub fn finish_stop(&self) -> StopReport {
        let mut connections = 0;
        self.sessions.registry.for_each(|handle| connections += usize::from(handle.is_online()));
        StopReport { connections, store: self.durability.close() }
    }
}
