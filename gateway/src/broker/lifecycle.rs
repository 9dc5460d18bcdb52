//! Connections go, sessions stay: detach, what falls due meanwhile, and what follows from it.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::Will;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_session::{Cause, Orphan};

use super::line::Line;
use super::seat::{Seat, State};
use super::{Broker, Keeper, Realm};
use crate::cores::Core;
use crate::driver::Signal;

/// What a change of a session's life leaves to be done without its lock.
#[derive(Default)]
pub(super) struct Aftermath {
    pub(super) will: Option<Will>,
    pub(super) orphans: Vec<Orphan>,
    pub(super) ended: bool,
}

impl Broker {
    /// Takes the session from a connection that ended. What it had still to write goes to `rest`.
    pub fn detach(
        &self,
        core: &mut Core,
        seat: &Arc<Seat>,
        epoch: u64,
        cause: Cause,
        rest: &mut Vec<u8>,
        now: Instant,
    ) {
        let _whole = self.keeper().map(Keeper::span);
        let mut state = seat.lock();
        let Some(detached) = state.session.detach(epoch, cause, now) else { return };
        state.line = None;
        rest.append(&mut take_pending(&mut state));
        seat.set_online(false);
        core.counters.add_drops(&state.session.take_drops());
        let aftermath = Aftermath { will: detached.will, orphans: detached.orphans, ended: detached.ended };
        if aftermath.ended {
            forget_subscriptions(seat, &mut state);
        } else {
            schedule(core, seat, &mut state, now);
        }
        drop(state);
        // Will, orphans and what becomes of the session are kept together.
        self.settle(core, seat, aftermath, now);
        self.catch_up(core, seat, now);
    }

    /// Looks at a seat whose time has come: silence, heartbeat, delayed will, session expiry.
    pub fn look(&self, core: &mut Core, seat: &Arc<Seat>, at: Instant, now: Instant) {
        // Most looks are for silence only.
        let may_end = self.keeper().filter(|_| seat.lock().session.poll_timeout().is_some());
        let _whole = may_end.map(Keeper::span);
        let mut state = seat.lock();
        if state.scheduled != Some(at) {
            return;
        }
        state.scheduled = None;
        if let Some(line) = &mut state.line {
            check_line(line, now);
        }
        let mut aftermath = Aftermath::default();
        if state.session.poll_timeout().is_some_and(|due| due <= now) {
            let due = state.session.handle_timeout(now);
            aftermath = Aftermath { will: due.will, orphans: due.orphans, ended: due.ended };
            core.counters.add_drops(&state.session.take_drops());
        }
        if aftermath.ended {
            forget_subscriptions(seat, &mut state);
        } else {
            schedule(core, seat, &mut state, now);
        }
        drop(state);
        self.settle(core, seat, aftermath, now);
        self.catch_up(core, seat, now);
    }

    /// Puts on the agenda what a restored session waits for.
    pub fn resume(&self, core: &mut Core, seat: &Arc<Seat>, now: Instant) {
        let mut state = seat.lock();
        schedule(core, seat, &mut state, now);
    }

    /// Asks every connection to end, and those to come.
    pub fn shut_down(&self) {
        self.stop();
        self.registry().for_each(|seat| {
            if let Some(line) = &seat.lock().line {
                line.bell.ring(Signal::Shutdown);
            }
        });
    }

    pub(super) fn settle(&self, core: &mut Core, seat: &Arc<Seat>, aftermath: Aftermath, now: Instant) {
        if aftermath.ended {
            self.registry().remove_if(seat, |seat| seat.lock().line.is_none());
        }
        if let Some(will) = aftermath.will {
            self.publish_will(core, seat, &will, now);
        }
        for orphan in aftermath.orphans {
            self.redispatch(core, seat, &orphan, now);
        }
    }

    /// Gives a message that a member of a shared subscription left unacknowledged to another `[MQTT5-4.8.2]`.
    fn redispatch(&self, core: &mut Core, seat: &Arc<Seat>, orphan: &Orphan, now: Instant) {
        let group = SubscriptionFilter::parse(&orphan.share)
            .ok()
            .and_then(|filter| seat.realm().router.group(&filter));
        match group {
            Some(group) => {
                let _ = self.hand_to_group(core, &group, &orphan.message, Some(seat.id()), now);
            }
            None => core.counters.dropped_no_member.add(1),
        }
    }
}

/// The bytes that wait for the present connection.
pub(super) fn take_pending(state: &mut State) -> Vec<u8> {
    let mut bytes = Vec::new();
    state.session.pending().take(Vec::new()).copy_to(&mut bytes);
    bytes
}

fn check_line(line: &mut Line, now: Instant) {
    if line.silence_max.is_some_and(|silence| line.bell.heard() + silence <= now) {
        line.bell.ring(Signal::Silent);
        line.silence_max = None;
    }
    if let Some((every, due)) = &mut line.heartbeat
        && *due <= now
    {
        *due = now + *every;
        line.bell.ring(Signal::Heartbeat);
    }
}

pub(super) fn schedule(core: &mut Core, seat: &Seat, state: &mut State, now: Instant) {
    let line = state.line.as_ref();
    let silence = line.and_then(|line| line.silence_max.map(|silence| line.bell.heard() + silence));
    let heartbeat = line.and_then(|line| line.heartbeat.map(|(_, due)| due));
    let next = [silence, heartbeat, state.session.poll_timeout()].into_iter().flatten().min();
    if let Some(due) = next {
        core.agenda.schedule(seat, state, due, now);
    }
}

fn forget_subscriptions(seat: &Arc<Seat>, state: &mut State) {
    state.replays = None;
    let filters: Vec<_> = state.session.subscriptions().map(|(filter, _)| filter).collect();
    unsubscribe_all(seat.realm(), seat, &filters);
}

pub(super) fn unsubscribe_all(realm: &Realm, seat: &Arc<Seat>, filters: &[SubscriptionFilter]) {
    for filter in filters {
        realm.router.unsubscribe(filter, seat.id());
    }
}
