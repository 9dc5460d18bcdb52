//! Connections come and go, sessions stay: attach, detach, what falls due in between, and what follows from it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Packet, Will};
use tidegate_session::{Agreed, Cause, Connection, Orphan};
use tidegate_transports::DirectWriter;

use super::seat::{Line, Seat, SessionKey, State};
use super::{Broker, Realm};
use crate::cores::Core;
use crate::driver::{Bell, Signal};

/// A connection's hold on its session.
pub struct Attachment {
    /// The session's seat.
    pub seat: Arc<Seat>,
    /// The connection's bell.
    pub bell: Arc<Bell>,
    /// The session's epoch that the connection opened.
    pub epoch: u64,
    /// The inbound state of the connection.
    pub connection: Connection,
}

/// What a link can do beyond carrying bytes.
pub struct LinkFacts {
    /// Lets any core write.
    pub writer: Option<DirectWriter>,
    /// How often the transport wants a sign of life from us.
    pub heartbeat: Option<Duration>,
}

/// What a change of a session's life leaves to be done without its lock.
#[derive(Default)]
struct Aftermath {
    will: Option<Will>,
    orphans: Vec<Orphan>,
    ended: bool,
}

impl Broker {
    /// Gives the session to a new connection; whoever had it is fenced off before this returns `[MQTT5-3.1.4-3]`.
    pub fn attach(&self, core: &mut Core, agreed: &Agreed, facts: LinkFacts, now: Instant) -> Attachment {
        let realm = self.realm();
        let key = SessionKey { tenant: Arc::clone(realm.tenant()), client_id: Arc::clone(&agreed.client_id) };
        let bell = Arc::new(Bell::new(now));
        let make = || {
            let config = Arc::clone(&self.config().session);
            Arc::new(Seat::new(self.next_session_id(), key.clone(), Arc::clone(realm), config))
        };
        let (seat, epoch, aftermath) = self.registry().enter(&key, make, |seat| {
            let mut state = seat.lock();
            let last_words = take_pending(&mut state);
            let attached = state.session.attach(agreed, now);
            unsubscribe_all(realm, seat, &attached.removed);
            if !attached.session_present {
                state.replays = None;
            }
            let heartbeat = facts.heartbeat.map(|every| (every, now + every));
            let line = Line {
                epoch: attached.epoch,
                core: core.id,
                bell: Arc::clone(&bell),
                writer: facts.writer,
                writing: false,
                blocked: false,
                silence_max: agreed.silence_max(),
                heartbeat,
            };
            take_over(core, &mut state, line, last_words);
            seat.set_online(true);
            let connack = agreed.connack(attached.session_present, &self.config().session);
            if !state.session.send(&Packet::ConnAck(Box::new(connack))) {
                // The client takes no packet of that size, so there is no way to begin [MQTT5-3.1.2-24].
                bell.ring(Signal::Broken);
            }
            if self.is_stopping() {
                bell.ring(Signal::Shutdown);
            }
            state.session.resume(now);
            core.counters.add_drops(&state.session.take_drops());
            schedule(core, seat, &mut state, now);
            let aftermath = Aftermath { will: attached.will, orphans: attached.orphans, ended: false };
            (Arc::clone(seat), attached.epoch, aftermath)
        });
        core.counters.connections_accepted.add(1);
        core.mark_dirty(&seat);
        self.settle(core, &seat, aftermath, now);
        let connection = Connection::new(agreed, Arc::clone(&self.config().session));
        Attachment { seat, bell, epoch, connection }
    }

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
        self.settle(core, seat, aftermath, now);
    }

    /// Looks at a seat whose time has come: silence, heartbeat, delayed will, session expiry.
    pub fn look(&self, core: &mut Core, seat: &Arc<Seat>, at: Instant, now: Instant) {
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

    fn settle(&self, core: &mut Core, seat: &Arc<Seat>, aftermath: Aftermath, now: Instant) {
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

/// Puts a new line in place of a former one, whose connection hears of it.
fn take_over(core: &Core, state: &mut State, line: Line, last_words: Vec<u8>) {
    let Some(former) = state.line.replace(line) else { return };
    core.counters.takeovers.add(1);
    former.bell.leave_last_words(last_words);
    former.bell.ring(Signal::TakenOver);
}

/// The bytes that wait for the present connection.
fn take_pending(state: &mut State) -> Vec<u8> {
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

fn schedule(core: &mut Core, seat: &Seat, state: &mut State, now: Instant) {
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
    let filters: Vec<_> = state.session.subscriptions().map(|(filter, _)| filter.clone()).collect();
    unsubscribe_all(seat.realm(), seat, &filters);
}

fn unsubscribe_all(realm: &Realm, seat: &Arc<Seat>, filters: &[SubscriptionFilter]) {
    for filter in filters {
        realm.router.unsubscribe(filter, seat.id());
    }
}
