//! Connections go, sessions stay: detach, what falls due meanwhile, and what follows from it.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::Will;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_session::{Cause, Unacknowledged};

use super::connection_handle::ConnectionHandle;
use super::session_handle::{SessionHandle, State};
use super::{Broker, SessionStore, Tenant};
use crate::cores::Core;
use crate::driver::Signal;

/// What a change of a session's life leaves to be done without its lock.
#[derive(Default)]
pub(super) struct SideEffects {
    pub(super) will: Option<Will>,
    pub(super) unacknowledged: Vec<Unacknowledged>,
    pub(super) ended: bool,
}

impl Broker {
    /// Takes the session from a connection that ended. What it had still to write goes to `rest`.
    pub fn detach(
        &self,
        core: &mut Core,
        handle: &Arc<SessionHandle>,
        epoch: u64,
        cause: Cause,
        rest: &mut Vec<u8>,
        now: Instant,
    ) {
        let _whole = self.store().map(SessionStore::atomic_scope);
        let mut state = handle.lock();
        let Some(detached) = state.session.detach(epoch, cause, now) else { return };
        state.connection = None;
        rest.append(&mut take_pending(&mut state));
        handle.set_online(false);
        core.counters.add_drops(&state.session.take_drops());
        let side_effects = SideEffects {
            will: detached.will,
            unacknowledged: detached.unacknowledged,
            ended: detached.ended,
        };
        if side_effects.ended {
            forget_subscriptions(handle, &mut state);
        } else {
            schedule(core, handle, &mut state, now);
        }
        drop(state);
        // Will, orphans and what becomes of the session are kept together.
        self.apply_side_effects(core, handle, side_effects, now);
        self.lock_and_save_changes(core, handle, now);
    }

    /// Looks at a seat whose time has come: silence, heartbeat, delayed will, session expiry.
    pub fn handle_timeout(&self, core: &mut Core, handle: &Arc<SessionHandle>, at: Instant, now: Instant) {
        // Most looks are for silence only.
        let may_end = self.store().filter(|_| handle.lock().session.poll_timeout().is_some());
        let _whole = may_end.map(SessionStore::atomic_scope);
        let mut state = handle.lock();
        if state.scheduled != Some(at) {
            return;
        }
        state.scheduled = None;
        if let Some(connection) = &mut state.connection {
            check_line(connection, now);
        }
        let mut side_effects = SideEffects::default();
        if state.session.poll_timeout().is_some_and(|due| due <= now) {
            let due = state.session.handle_timeout(now);
            side_effects =
                SideEffects { will: due.will, unacknowledged: due.unacknowledged, ended: due.ended };
            core.counters.add_drops(&state.session.take_drops());
        }
        if side_effects.ended {
            forget_subscriptions(handle, &mut state);
        } else {
            schedule(core, handle, &mut state, now);
        }
        drop(state);
        self.apply_side_effects(core, handle, side_effects, now);
        self.lock_and_save_changes(core, handle, now);
    }

    /// Puts on the agenda what a restored session waits for.
    pub fn resume(&self, core: &mut Core, handle: &Arc<SessionHandle>, now: Instant) {
        let mut state = handle.lock();
        schedule(core, handle, &mut state, now);
    }

    /// Asks every connection to end, and those to come.
    pub fn shut_down(&self) {
        self.stop();
        self.registry().for_each(|handle| {
            if let Some(connection) = &handle.lock().connection {
                connection.signals.notify(Signal::Shutdown);
            }
        });
    }

    pub(super) fn apply_side_effects(
        &self,
        core: &mut Core,
        handle: &Arc<SessionHandle>,
        side_effects: SideEffects,
        now: Instant,
    ) {
        if side_effects.ended {
            self.registry().remove_if(handle, |handle| handle.lock().connection.is_none());
        }
        if let Some(will) = side_effects.will {
            self.publish_will(core, handle, &will, now);
        }
        for unacknowledged in side_effects.unacknowledged {
            self.redispatch(core, handle, &unacknowledged, now);
        }
    }

    /// Gives a message that a member of a shared subscription left unacknowledged to another `[MQTT5-4.8.2]`.
    fn redispatch(
        &self,
        core: &mut Core,
        handle: &Arc<SessionHandle>,
        unacknowledged: &Unacknowledged,
        now: Instant,
    ) {
        let group = SubscriptionFilter::parse(&unacknowledged.share)
            .ok()
            .and_then(|filter| handle.tenant().router.group(&filter));
        match group {
            Some(group) => {
                let _ = self.deliver_to_group(core, &group, &unacknowledged.message, Some(handle.id()), now);
            }
            None => core.counters.dropped_no_member.add(1),
        }
    }
}

/// The bytes that wait for the present connection.
pub(super) fn take_pending(state: &mut State) -> Vec<u8> {
    let mut bytes = Vec::new();
    state.session.write_buffer().take(Vec::new()).copy_to(&mut bytes);
    bytes
}

fn check_line(connection: &mut ConnectionHandle, now: Instant) {
    if connection.silence_max.is_some_and(|silence| connection.signals.last_activity() + silence <= now) {
        connection.signals.notify(Signal::Silent);
        connection.silence_max = None;
    }
    if let Some((every, due)) = &mut connection.heartbeat
        && *due <= now
    {
        *due = now + *every;
        connection.signals.notify(Signal::Heartbeat);
    }
}

pub(super) fn schedule(core: &mut Core, handle: &SessionHandle, state: &mut State, now: Instant) {
    let connection = state.connection.as_ref();
    let silence = connection.and_then(|connection| {
        connection.silence_max.map(|silence| connection.signals.last_activity() + silence)
    });
    let heartbeat = connection.and_then(|connection| connection.heartbeat.map(|(_, due)| due));
    let next = [silence, heartbeat, state.session.poll_timeout()].into_iter().flatten().min();
    if let Some(due) = next {
        core.timers.schedule(handle, state, due, now);
    }
}

fn forget_subscriptions(handle: &Arc<SessionHandle>, state: &mut State) {
    state.replays = None;
    let filters: Vec<_> = state.session.subscriptions().map(|(filter, _)| filter).collect();
    unsubscribe_all(handle.tenant(), handle, &filters);
}

pub(super) fn unsubscribe_all(tenant: &Tenant, handle: &Arc<SessionHandle>, filters: &[SubscriptionFilter]) {
    for filter in filters {
        tenant.router.unsubscribe(filter, handle.id());
    }
}
