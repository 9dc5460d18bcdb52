//! A connection comes: it gets its session, whoever had that is fenced off, and CONNACK is sent or held back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::{ConnAck, Packet, ReasonCode};
use tidegate_persistence::Commit;
use tidegate_session::{Connection, Negotiated, Session};
use tidegate_transports::DirectWriter;

use super::connection_handle::ConnectionHandle;
use super::lifecycle::{SideEffects, schedule, take_pending, unsubscribe_all};
use super::session_handle::{SessionHandle, SessionKey, State};
use super::{Broker, SessionStore};
use crate::cores::Core;
use crate::driver::{Signal, Signals};

/// A connection's hold on its session.
pub struct Attachment {
    /// The session's seat.
    pub handle: Arc<SessionHandle>,
    /// The connection's bell.
    pub signals: Arc<Signals>,
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
    pub fn attach(
        &self,
        core: &mut Core,
        negotiated: &Negotiated,
        facts: LinkFacts,
        now: Instant,
    ) -> Attachment {
        let _whole = self.store().map(SessionStore::atomic_scope);
        core.take_owed();
        let tenant = self.tenant();
        let key = self.key(negotiated);
        let signals = Arc::new(Signals::new(now));
        let make = || {
            let config = Arc::clone(&self.config().session);
            Arc::new(SessionHandle::new(self.next_session_id(), key.clone(), Arc::clone(tenant), config))
        };
        let (handle, epoch, side_effects, held_back) = self.registry().enter(&key, make, |handle| {
            let mut state = handle.lock();
            let fetches = self.drains_only(&state, negotiated);
            let was_kept = state.session.is_persistent();
            let last_words = take_pending(&mut state);
            let attached = state.session.attach(negotiated, now);
            unsubscribe_all(tenant, handle, &attached.removed);
            if !attached.session_present {
                state.replays = None;
            }
            let connection = connection(core, attached.epoch, &signals, negotiated, facts, now);
            take_over(core, &mut state, connection, last_words);
            handle.set_online(true);
            let connack = negotiated.connack(attached.session_present, &self.config().session);
            let waits = state.session.has_changes() && !fetches;
            let held_back = hold_back(&mut state.session, &signals, connack, waits, now);
            if self.is_stopping() {
                signals.notify(Signal::Shutdown);
            }
            // Under this lock: whoever has it next would take the changes along, and CONNACK not know their commit.
            self.save_changes(core, handle, &mut state, now);
            if !was_kept || !attached.session_present {
                state.created_at_commit = core.owed();
            }
            core.counters.add_drops(&state.session.take_drops());
            schedule(core, handle, &mut state, now);
            let side_effects =
                SideEffects { will: attached.will, unacknowledged: attached.unacknowledged, ended: false };
            (Arc::clone(handle), attached.epoch, side_effects, held_back)
        });
        core.counters.connections_accepted.add(1);
        core.mark_dirty(&handle);
        self.apply_side_effects(core, &handle, side_effects, now);
        let owed = core.take_owed();
        let connection = Connection::new(negotiated, Arc::clone(&self.config().session));
        let opening = held_back.map(|connack| (owed, connack));
        Attachment { handle, signals, epoch, connection, before: owed, opening }
    }

    /// Why such a connection cannot be let in at present: the store has no room for a new session, or none to note that one is
    /// gone; or it failed.
    #[must_use]
    pub fn check_admission(&self, negotiated: &Negotiated) -> Option<ReasonCode> {
        let store = self.store().filter(|store| store.is_refusing())?;
        let is_kept = self
            .registry()
            .get(&self.key(negotiated))
            .is_some_and(|handle| handle.lock().session.is_persistent());
        let is_to_keep = negotiated.session_expiry > 0;
        if !is_kept && !is_to_keep {
            return None;
        }
        if store.has_failed() {
            return Some(ReasonCode::ServerUnavailable);
        }
        let goes_on = is_kept && is_to_keep && !negotiated.clean_start;
        (!goes_on).then_some(ReasonCode::QuotaExceeded)
    }

    /// Whether a client may be let in while the store has no room: CONNACK would wait for room, and room may only come by what
    /// this client takes. It must say nothing then that is not kept already: the session is, with this expiry, and there is and
    /// was no will; and nothing may be sent again that rests on what is not kept, as at QoS 2.
    fn drains_only(&self, state: &State, negotiated: &Negotiated) -> bool {
        let is_full = self.store().is_some_and(|store| store.is_refusing() && !store.has_failed());
        if !is_full || negotiated.clean_start || !state.session.is_persistent() {
            return false;
        }
        let former = state.session.metadata();
        let is_same = former.session_expiry == negotiated.session_expiry;
        let no_will = former.will.is_none() && negotiated.will.is_none();
        is_same && no_will && self.is_committed(state.created_at_commit) && !state.session.has_exactly_once()
    }

    fn key(&self, negotiated: &Negotiated) -> SessionKey {
        let tenant = Arc::clone(self.tenant().tenant());
        SessionKey { tenant, client_id: Arc::clone(&negotiated.client_id) }
    }

    /// Sends a CONNACK that had to wait; from then on messages flow.
    pub fn welcome(
        &self,
        core: &mut Core,
        handle: &Arc<SessionHandle>,
        state: &mut State,
        connack: ConnAck,
        now: Instant,
    ) {
        if let Some(connection) = &state.connection {
            welcome(&mut state.session, &connection.signals, connack, now);
        }
        self.save_changes(core, handle, state, now);
        core.counters.add_drops(&state.session.take_drops());
    }
}

/// What CONNACK says of a session that is kept has to be kept first: gives it back when it `waits` for that.
fn hold_back(
    session: &mut Session,
    signals: &Signals,
    connack: ConnAck,
    waits: bool,
    now: Instant,
) -> Option<ConnAck> {
    if waits {
        return Some(connack);
    }
    welcome(session, signals, connack, now);
    None
}

/// CONNACK, and then what waits for the client.
fn welcome(session: &mut Session, signals: &Signals, connack: ConnAck, now: Instant) {
    if !session.send(&Packet::ConnAck(Box::new(connack))) {
        // The client takes no packet of that size, so there is no way to begin [MQTT5-3.1.2-24].
        signals.notify(Signal::Broken);
    }
    session.resume(now);
}

/// Puts a new line in place of a former one, whose connection hears of it.
fn take_over(core: &Core, state: &mut State, connection: ConnectionHandle, last_words: Vec<u8>) {
    let Some(former) = state.connection.replace(connection) else { return };
    core.counters.takeovers.add(1);
    former.signals.leave_last_words(last_words);
    former.signals.notify(Signal::TakenOver);
}

/// The way to a new connection.
fn connection(
    core: &Core,
    epoch: u64,
    signals: &Arc<Signals>,
    negotiated: &Negotiated,
    facts: LinkFacts,
    now: Instant,
) -> ConnectionHandle {
    ConnectionHandle {
        epoch,
        core: core.id,
        signals: Arc::clone(signals),
        writer: facts.writer,
        writing: false,
        blocked: false,
        silence_max: negotiated.silence_max(),
        heartbeat: facts.heartbeat.map(|every| (every, now + every)),
    }
}
