//! The verb `timeout`: handles silence of a client, the transport's keep alive, delayed wills, and session expiry.

use std::sync::Arc;

use crate::broker::Broker;
use crate::connection_handle::ConnectionHandle;
use crate::receipt::Receipt;
use crate::signals::Signal;
use crate::timer_queue::Timer;
use crate::turn::Turn;

use super::SideEffects;
use super::subscriptions::forget_subscriptions;

impl Broker {
    /// Handles everything that is due for the session of a timer. Does nothing if the session no longer exists, or if
    /// the timer is no longer the session's current timer.
    pub fn timeout(&self, turn: &mut Turn<'_>, timer: Timer) -> Receipt<()> {
        let Some(handle) = self.sessions.registry.find(timer.session) else { return Receipt::immediate(()) };
        turn.count_for(handle.tenant());
        // The atomic scope is opened only if a will or an expiry may be due. Most timers only check the keep alive.
        let may_end = self.durability.store().is_some() && handle.lock().session.poll_timeout().is_some();
        let _atomic = if may_end { self.durability.atomic_scope() } else { None };
        let mut guard = self.guard(&handle);
        if guard.scheduled != Some(timer.at) {
            return Receipt::new((), guard.finish(turn));
        }
        guard.scheduled = None;
        if let Some(connection) = &mut guard.connection {
            check_activity(turn, connection);
            // Frees the write buffer if it is empty. Otherwise, an idle session would keep the memory of its last
            // burst.
            drop(guard.session.write_buffer().release());
        }
        let mut effects = SideEffects::default();
        if guard.session.poll_timeout().is_some_and(|due| due <= turn.now) {
            let due = guard.session.handle_timeout(turn.now);
            let will = due.will.map(|will| (will, Arc::clone(&guard.context)));
            effects =
                SideEffects { will, unacknowledged: due.unacknowledged, session_ended: due.session_ended };
        }
        if effects.session_ended {
            forget_subscriptions(self.tenant_of(&handle), &handle, &mut guard);
        } else {
            self.schedule(turn, &handle, &mut guard);
        }
        let commit = self.finish_change(turn, guard, effects.session_ended);
        Receipt::new((), commit.max(self.apply_side_effects(turn, &handle, effects)))
    }

    /// Schedules the delayed wills and the expiry of restored sessions.
    pub fn schedule_restored(&self, turn: &mut Turn<'_>) {
        self.sessions.registry.for_each(|handle: &Arc<_>| {
            self.schedule(turn, handle, &mut handle.lock());
        });
    }
}

fn check_activity(turn: &mut Turn<'_>, connection: &mut ConnectionHandle) {
    let now = turn.now;
    let is_silent = |silence| connection.signals.last_activity() + silence <= now;
    if connection.silence_max.is_some_and(is_silent) {
        turn.effects.notify(&connection.signals, Signal::Silent);
        connection.silence_max = None;
    }
    if let Some((interval, due)) = &mut connection.heartbeat
        && *due <= now
    {
        *due = now + *interval;
        turn.effects.notify(&connection.signals, Signal::Heartbeat);
    }
}
