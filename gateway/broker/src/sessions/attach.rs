//! The verb `connect`: attaches a new connection to its session, detaches the former connection, and sends CONNACK or
//! lets it wait for a commit.

use std::sync::Arc;
use std::time::Duration;

use tidegate_limits::StoreCondition;
use tidegate_mqtt::{ConnAck, Packet};
use tidegate_persistence::Commit;
use tidegate_session::{AttachOutcome, Connection, Negotiated};

use crate::broker::Broker;
use crate::connection_handle::{ConnectionHandle, CoreId, DirectWrite};
use crate::context::ClientContext;
use crate::receipt::Receipt;
use crate::session_guard::SessionGuard;
use crate::session_handle::{Ownership, SessionHandle, State};
use crate::signals::{Leftover, Signal, Signals};
use crate::turn::Turn;

use super::SideEffects;
use super::output::take_output;
use super::subscriptions::unsubscribe_all;

/// The result of the verb `connect`: everything that a new connection needs from its session.
pub struct Attachment {
    /// The right of the connection to change the session.
    pub owner: Ownership,
    /// The client.
    pub context: Arc<ClientContext>,
    /// The signals to the connection.
    pub signals: Arc<Signals>,
    /// The inbound state of the connection.
    pub inbound: Connection,
    /// The CONNACK, if it has to wait for the receipt's commit.
    pub connack: Option<Box<ConnAck>>,
}

/// Properties of the link that the broker needs.
#[derive(Debug)]
pub struct LinkFacts {
    /// The core that polls the link.
    pub core: CoreId,
    /// A handle with which any core may write to the link; `None` if only the core that polls the link may write.
    pub writer: Option<Arc<dyn DirectWrite>>,
    /// The interval at which the transport needs a keep-alive signal from the broker, if any.
    pub heartbeat: Option<Duration>,
}

/// A connection that is being attached.
struct Arriving<'a> {
    negotiated: &'a Negotiated,
    context: &'a Arc<ClientContext>,
    facts: LinkFacts,
    signals: &'a Arc<Signals>,
}

/// The result of attaching a connection, with the work to be done after the locks were released.
struct UnfinishedAttach {
    handle: Arc<SessionHandle>,
    epoch: u64,
    effects: SideEffects,
    connack: Option<Box<ConnAck>>,
    commit: Commit,
}

impl Broker {
    /// Attaches a new connection to its session. The former connection can then no longer change the session
    /// `[MQTT5-3.1.4-3]`. The receipt's commit covers all earlier changes of the session: no answer other than CONNACK
    /// may be sent on the new connection before this commit is reached. CONNACK waits as well if
    /// [`Attachment::connack`] is set.
    ///
    /// # Errors
    /// Returns `facts` while a publish of the former connection is unfinished, because its messages must be delivered
    /// before the will of the former connection and the messages of the new connection. The caller must call again in
    /// the next turn.
    pub fn connect(
        &self,
        turn: &mut Turn<'_>,
        negotiated: &Negotiated,
        context: &Arc<ClientContext>,
        facts: LinkFacts,
    ) -> Result<Receipt<Attachment>, LinkFacts> {
        turn.count_for(context.tenant);
        let _atomic = self.durability.atomic_scope();
        let key = self.session_key(negotiated, context);
        let signals = Arc::new(Signals::new(turn.now));
        let create = |key| self.sessions.create(&self.durability, key, context);
        let entered = self.sessions.registry.enter(key, create, |handle| {
            self.attach(turn, handle, Arriving { negotiated, context, facts, signals: &signals })
        });
        let UnfinishedAttach { handle, epoch, effects, connack, commit } = entered?;
        turn.counters.connections_accepted.add(1);
        turn.effects.flush(&handle);
        let commit = commit.max(self.apply_side_effects(turn, &handle, effects));
        let context = Arc::clone(context);
        let inbound = Connection::new(negotiated, Arc::clone(&context.listener.limits));
        let owner = Ownership { handle, epoch };
        Ok(Receipt::new(Attachment { owner, context, signals, inbound, connack }, commit))
    }

    /// Attaches the connection, under the lock of the registry's shard.
    fn attach(
        &self,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        Arriving { negotiated, context, facts, signals }: Arriving<'_>,
    ) -> Result<UnfinishedAttach, LinkFacts> {
        let mut guard = self.guard(handle);
        if guard.publishing.strong_count() > 0 {
            let _ = guard.finish(turn);
            return Err(facts);
        }
        guard.has_reported_drops = false;
        let drains_only = self.drains_only(&guard, negotiated);
        let was_persistent = guard.session.is_persistent();
        let leftover = leftover(&mut guard);
        let mut attached = guard.session.attach(negotiated, turn.now);
        // The will is that of the former connection.
        let will = attached.will.take().map(|will| (will, Arc::clone(&guard.context)));
        guard.context.clone_from(context);
        unsubscribe_all(self.tenant_of(handle), handle, &attached.removed_subscriptions);
        if !attached.session_present {
            guard.replays = None;
            guard.beginning_sequence = self.sessions.next_sequence();
            let end = self.sessions.ended.commit(handle.key());
            guard.stored_at_commit = guard.stored_at_commit.max(end);
        }
        let connection = connection_handle(turn, attached.epoch, signals, negotiated, facts);
        take_over(turn, &mut guard, connection, leftover);
        handle.set_online(true);
        let connack = negotiated.connack(attached.session_present, &negotiated.limits);
        let is_stored = self.durability.is_committed(guard.stored_at_commit);
        let waits = (guard.session.has_changes() || !is_stored) && !drains_only;
        let connack = send_or_hold(turn, &mut guard, connack, waits);
        if self.sessions.is_stopping() {
            turn.effects.notify(signals, Signal::Shutdown);
        }
        // The changes are saved before the session is unlocked. Otherwise a later operation could store them, and this
        // function would not know the commit for which CONNACK must wait.
        let saved = guard.save(turn, None);
        if was_persistent != guard.session.is_persistent() || !attached.session_present {
            guard.stored_at_commit = guard.stored_at_commit.max(saved);
        }
        self.schedule(turn, handle, &mut guard);
        let stored_at = guard.stored_at_commit;
        let commit = saved.max(stored_at).max(guard.finish(turn));
        let AttachOutcome { epoch, unacknowledged, .. } = attached;
        let effects = SideEffects { will, unacknowledged, session_ended: false };
        Ok(UnfinishedAttach { handle: Arc::clone(handle), epoch, effects, connack, commit })
    }

    /// Whether CONNACK is sent without waiting for a commit although the store has no room, so that the client can
    /// fetch its waiting messages. Waiting could take forever, because only the acknowledgements of this client may
    /// free the room that the commit needs. CONNACK must not confirm anything that is not stored yet: the session must
    /// be stored with the same expiry, and neither the former nor the new connection may have a will. In addition, the
    /// session must have no QoS 2 messages, because their packets depend on further changes to the store.
    fn drains_only(&self, state: &State, negotiated: &Negotiated) -> bool {
        let is_full = self.durability.condition() == StoreCondition::Full;
        if !is_full || negotiated.clean_start || !state.session.is_persistent() {
            return false;
        }
        let former = state.session.metadata();
        let is_same = former.session_expiry == negotiated.session_expiry;
        let no_will = former.will.is_none() && negotiated.will.is_none();
        let is_stored = self.durability.is_committed(state.stored_at_commit);
        is_same && no_will && is_stored && !state.session.has_exactly_once()
    }
}

impl SessionGuard<'_> {
    /// Sends CONNACK, and then the packets waiting for the client.
    pub(crate) fn open(&mut self, turn: &mut Turn<'_>, connack: Box<ConnAck>) {
        if self.session.send(&Packet::ConnAck(connack)) != Ok(true)
            && let Some(connection) = &self.connection
        {
            // CONNACK is larger than the client's Maximum Packet Size, so the connection cannot begin [MQTT5-3.1.2-24].
            turn.effects.notify(&connection.signals, Signal::Broken);
        }
        if self.move_scopes_to_new_connection() {
            self.session.resume_after_commit();
        } else {
            self.session.resume(turn.now);
        }
    }
}

/// Sends CONNACK. If `waits` is true, returns CONNACK instead, because the state that it confirms must be stored first.
fn send_or_hold(
    turn: &mut Turn<'_>,
    guard: &mut SessionGuard<'_>,
    connack: ConnAck,
    waits: bool,
) -> Option<Box<ConnAck>> {
    let connack = Box::new(connack);
    if waits {
        return Some(connack);
    }
    guard.open(turn, connack);
    None
}

/// Takes the unwritten bytes of the former connection, if any, and returns them with the traffic of that connection.
fn leftover(guard: &mut SessionGuard<'_>) -> Leftover {
    let mut unwritten = Vec::new();
    take_output(guard, &mut unwritten);
    Leftover { unwritten, sent: guard.session.sent() }
}

/// Replaces the former connection, if any, and notifies it. `leftover` is passed to the former connection.
fn take_over(turn: &mut Turn<'_>, state: &mut State, connection: ConnectionHandle, leftover: Leftover) {
    let Some(former) = state.connection.replace(connection) else { return };
    turn.counters.takeovers.add(1);
    former.signals.store_leftover(leftover);
    turn.effects.notify(&former.signals, Signal::TakenOver);
}

fn connection_handle(
    turn: &Turn<'_>,
    epoch: u64,
    signals: &Arc<Signals>,
    negotiated: &Negotiated,
    facts: LinkFacts,
) -> ConnectionHandle {
    ConnectionHandle {
        epoch,
        core: facts.core,
        signals: Arc::clone(signals),
        writer: facts.writer,
        writing: false,
        blocked: false,
        silence_max: negotiated.silence_max(),
        heartbeat: facts.heartbeat.map(|interval| (interval, turn.now + interval)),
    }
}
