//! A connection comes: it gets its session, whoever had that is fenced off, and CONNACK is sent or held back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::{ConnAck, Packet, ReasonCode};
use tidegate_persistence::Commit;
use tidegate_session::{Agreed, Connection, Session};
use tidegate_transports::DirectWriter;

use super::lifecycle::{Aftermath, schedule, take_pending, unsubscribe_all};
use super::line::Line;
use super::seat::{Seat, SessionKey, State};
use super::{Broker, Keeper};
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
    /// The commit of all that the session was before: what the connection is told waits for it at least.
    pub before: Commit,
    /// The CONNACK, where it has to wait for a commit; [`Broker::welcome`] sends it.
    pub opening: Option<(Commit, ConnAck)>,
}

/// What a link can do beyond carrying bytes.
pub struct LinkFacts {
    /// Lets any core write.
    pub writer: Option<DirectWriter>,
    /// How often the transport wants a sign of life from us.
    pub heartbeat: Option<Duration>,
}

impl Broker {
    /// Gives the session to a new connection; whoever had it is fenced off before this returns `[MQTT5-3.1.4-3]`.
    pub fn attach(&self, core: &mut Core, agreed: &Agreed, facts: LinkFacts, now: Instant) -> Attachment {
        let _whole = self.keeper().map(Keeper::span);
        core.take_owed();
        let realm = self.realm();
        let key = self.key(agreed);
        let bell = Arc::new(Bell::new(now));
        let make = || {
            let config = Arc::clone(&self.config().session);
            Arc::new(Seat::new(self.next_session_id(), key.clone(), Arc::clone(realm), config))
        };
        let (seat, epoch, aftermath, held_back) = self.registry().enter(&key, make, |seat| {
            let mut state = seat.lock();
            let fetches = self.comes_to_fetch(&state, agreed);
            let was_kept = state.session.is_followed();
            let last_words = take_pending(&mut state);
            let attached = state.session.attach(agreed, now);
            unsubscribe_all(realm, seat, &attached.removed);
            if !attached.session_present {
                state.replays = None;
            }
            let line = line(core, attached.epoch, &bell, agreed, facts, now);
            take_over(core, &mut state, line, last_words);
            seat.set_online(true);
            let connack = agreed.connack(attached.session_present, &self.config().session);
            let waits = state.session.has_changes() && !fetches;
            let held_back = hold_back(&mut state.session, &bell, connack, waits, now);
            if self.is_stopping() {
                bell.ring(Signal::Shutdown);
            }
            // Under this lock: whoever has it next would take the changes along, and CONNACK not know their commit.
            self.follow(core, seat, &mut state, now);
            if !was_kept || !attached.session_present {
                state.born = core.owed();
            }
            core.counters.add_drops(&state.session.take_drops());
            schedule(core, seat, &mut state, now);
            let aftermath = Aftermath { will: attached.will, orphans: attached.orphans, ended: false };
            (Arc::clone(seat), attached.epoch, aftermath, held_back)
        });
        core.counters.connections_accepted.add(1);
        core.mark_dirty(&seat);
        self.settle(core, &seat, aftermath, now);
        let owed = core.take_owed();
        let connection = Connection::new(agreed, Arc::clone(&self.config().session));
        let opening = held_back.map(|connack| (owed, connack));
        Attachment { seat, bell, epoch, connection, before: owed, opening }
    }

    /// Why such a connection cannot be let in at present: the store has no room for a new session, or none to note that one is
    /// gone; or it failed.
    #[must_use]
    pub fn objection(&self, agreed: &Agreed) -> Option<ReasonCode> {
        let keeper = self.keeper().filter(|keeper| keeper.is_refusing())?;
        let is_kept =
            self.registry().get(&self.key(agreed)).is_some_and(|seat| seat.lock().session.is_followed());
        let is_to_keep = agreed.session_expiry > 0;
        if !is_kept && !is_to_keep {
            return None;
        }
        if keeper.has_failed() {
            return Some(ReasonCode::ServerUnavailable);
        }
        let goes_on = is_kept && is_to_keep && !agreed.clean_start;
        (!goes_on).then_some(ReasonCode::QuotaExceeded)
    }

    /// Whether a client may be let in while the store has no room: CONNACK would wait for room, and room may only come by what
    /// this client takes. It must say nothing then that is not kept already: the session is, with this expiry, and there is and
    /// was no will; and nothing may be sent again that rests on what is not kept, as at QoS 2.
    fn comes_to_fetch(&self, state: &State, agreed: &Agreed) -> bool {
        let is_full = self.keeper().is_some_and(|keeper| keeper.is_refusing() && !keeper.has_failed());
        if !is_full || agreed.clean_start || !state.session.is_followed() {
            return false;
        }
        let former = state.session.standing();
        let is_same = former.session_expiry == agreed.session_expiry;
        let no_will = former.will.is_none() && agreed.will.is_none();
        is_same && no_will && self.is_committed(state.born) && !state.session.has_exactly_once()
    }

    fn key(&self, agreed: &Agreed) -> SessionKey {
        let tenant = Arc::clone(self.realm().tenant());
        SessionKey { tenant, client_id: Arc::clone(&agreed.client_id) }
    }

    /// Sends a CONNACK that had to wait; from then on messages flow.
    pub fn welcome(
        &self,
        core: &mut Core,
        seat: &Arc<Seat>,
        state: &mut State,
        connack: ConnAck,
        now: Instant,
    ) {
        if let Some(line) = &state.line {
            welcome(&mut state.session, &line.bell, connack, now);
        }
        self.follow(core, seat, state, now);
        core.counters.add_drops(&state.session.take_drops());
    }
}

/// What CONNACK says of a session that is kept has to be kept first: gives it back when it `waits` for that.
fn hold_back(
    session: &mut Session,
    bell: &Bell,
    connack: ConnAck,
    waits: bool,
    now: Instant,
) -> Option<ConnAck> {
    if waits {
        return Some(connack);
    }
    welcome(session, bell, connack, now);
    None
}

/// CONNACK, and then what waits for the client.
fn welcome(session: &mut Session, bell: &Bell, connack: ConnAck, now: Instant) {
    if !session.send(&Packet::ConnAck(Box::new(connack))) {
        // The client takes no packet of that size, so there is no way to begin [MQTT5-3.1.2-24].
        bell.ring(Signal::Broken);
    }
    session.resume(now);
}

/// Puts a new line in place of a former one, whose connection hears of it.
fn take_over(core: &Core, state: &mut State, line: Line, last_words: Vec<u8>) {
    let Some(former) = state.line.replace(line) else { return };
    core.counters.takeovers.add(1);
    former.bell.leave_last_words(last_words);
    former.bell.ring(Signal::TakenOver);
}

/// The way to a new connection.
fn line(core: &Core, epoch: u64, bell: &Arc<Bell>, agreed: &Agreed, facts: LinkFacts, now: Instant) -> Line {
    Line {
        epoch,
        core: core.id,
        bell: Arc::clone(bell),
        writer: facts.writer,
        writing: false,
        blocked: false,
        silence_max: agreed.silence_max(),
        heartbeat: facts.heartbeat.map(|every| (every, now + every)),
    }
}
