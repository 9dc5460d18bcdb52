//! Schedules the next timer of a session.

use crate::broker::Broker;
use crate::session_handle::{SessionHandle, State};
use crate::timer_queue::{Timer, TimerGrid};
use crate::turn::Turn;

impl Broker {
    /// Schedules the session's next timer, as the function [`schedule`] does.
    pub(crate) fn schedule(&self, turn: &mut Turn<'_>, handle: &SessionHandle, state: &mut State) {
        schedule(&self.sessions.timers, turn, handle, state);
    }
}

/// Schedules a timer for the earliest deadline of the session: keep alive, heartbeat, will or session expiry. Does
/// nothing if the session already has an earlier timer.
pub(super) fn schedule(grid: &TimerGrid, turn: &mut Turn<'_>, handle: &SessionHandle, state: &mut State) {
    let connection = state.connection.as_ref();
    let silence = connection.and_then(|connection| {
        connection.silence_max.map(|silence| connection.signals.last_activity() + silence)
    });
    let heartbeat = connection.and_then(|connection| connection.heartbeat.map(|(_, due)| due));
    let next = [silence, heartbeat, state.session.poll_timeout()].into_iter().flatten().min();
    let Some(due) = next else { return };
    let at = grid.time(due, turn.now);
    if state.scheduled.is_some_and(|scheduled| scheduled <= at) {
        return;
    }
    state.scheduled = Some(at);
    turn.effects.schedule(Timer { at, session: handle.id() });
}
