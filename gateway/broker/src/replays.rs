//! Sends retained messages to new subscriptions, as fast as the client reads and acknowledges them. All matching
//! messages are sent, and they do not accumulate in the queue of the session.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Message, QoS};
use tidegate_routing::{Cursor, RetainedStore};
use tidegate_session::{Delivery, GrantedOptions, Session, Verdict};

use crate::broker::Broker;
use crate::end::End;
use crate::hooks::Publication;
use crate::session_handle::{Ownership, SessionHandle, State};
use crate::turn::Turn;

/// The replays of one session. There is at most one replay per subscription, so the limit on subscriptions limits the
/// number of replays.
#[derive(Default)]
pub(crate) struct Replays {
    queue: BTreeMap<SubscriptionFilter, Replay>,
}

struct Replay {
    cursor: Cursor,
    options: ReplayOptions,
}

/// The options of the subscription that matter for its replay.
struct ReplayOptions {
    qos: QoS,
    no_local: bool,
    subscription_identifier: Option<u32>,
}

/// The progress of a session's replays after a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayProgress {
    /// All replays are finished.
    Done,
    /// There are more messages and the client keeps up: continue in the next turn.
    More,
    /// There are more messages, but the client must first read or acknowledge earlier ones.
    Waiting,
}

impl Broker {
    /// Continues the replays of a session, if its client keeps up.
    ///
    /// # Errors
    /// When another connection took the session over.
    pub fn replay(&self, turn: &mut Turn<'_>, owner: &Ownership) -> Result<ReplayProgress, End> {
        let mut guard = self.own(owner)?;
        let low = guard.session.limits().pending_bytes_high / 2;
        let Some(mut replays) = guard.replays.take() else {
            let _ = guard.finish(turn);
            return Ok(ReplayProgress::Done);
        };
        replays.advance(self, turn, &owner.handle, &mut guard, low);
        let _ = guard.save(turn, None);
        let progress = if replays.queue.is_empty() {
            ReplayProgress::Done
        } else if has_room(&mut guard.session, low) {
            ReplayProgress::More
        } else {
            ReplayProgress::Waiting
        };
        if progress != ReplayProgress::Done {
            guard.replays = Some(replays);
        }
        if progress == ReplayProgress::Waiting
            && guard.session.write_buffer().len() > low
            && let Some(connection) = &guard.connection
        {
            // When the client has read enough bytes, a signal must wake the connection. An acknowledgement from the
            // client wakes the connection without a signal, because it is input.
            connection.signals.pause_reading(low);
        }
        let _ = guard.finish(turn);
        Ok(progress)
    }
}

impl Replays {
    /// Begins a replay. A replay of the same filter that is still running starts again from the beginning.
    pub(crate) fn begin(&mut self, filter: &SubscriptionFilter, granted: &GrantedOptions) {
        let cursor = RetainedStore::cursor(&filter.filter);
        self.queue.insert(filter.clone(), Replay { cursor, options: ReplayOptions::from_granted(granted) });
    }

    /// Changes the options of the replay for `filter`, if there is one, to those of a later SUBSCRIBE.
    pub(crate) fn alter(&mut self, filter: &SubscriptionFilter, granted: &GrantedOptions) {
        if let Some(replay) = self.queue.get_mut(filter) {
            replay.options = ReplayOptions::from_granted(granted);
        }
    }

    /// Ends the replay for `filter`.
    pub(crate) fn cancel(&mut self, filter: &SubscriptionFilter) {
        self.queue.remove(filter);
    }

    /// Sends messages of the first replay, at most `MESSAGES_PER_TURN_MAX`, and only while the client keeps up.
    fn advance(
        &mut self,
        broker: &Broker,
        turn: &mut Turn<'_>,
        handle: &SessionHandle,
        state: &mut State,
        low: usize,
    ) {
        let Some(mut current) = self.queue.first_entry() else { return };
        if !has_room(&mut state.session, low) {
            return;
        }
        let Replay { cursor, options } = current.get_mut();
        // The session is locked, so messages published during this call reach the session after the retained messages.
        broker.tenant_of(handle).retained.visit_next(cursor, MESSAGES_PER_TURN_MAX, turn.now, |message| {
            options.push(broker, turn, handle, state, message);
            has_room(&mut state.session, low)
        });
        if cursor.is_done() {
            current.remove();
        }
    }
}

impl ReplayOptions {
    fn from_granted(granted: &GrantedOptions) -> Self {
        let GrantedOptions { options, identifier } = *granted;
        Self { qos: options.qos, no_local: options.no_local, subscription_identifier: identifier }
    }

    fn push(
        &self,
        broker: &Broker,
        turn: &mut Turn<'_>,
        handle: &SessionHandle,
        state: &mut State,
        message: &Arc<Message>,
    ) {
        if self.no_local && message.publisher() == handle.publisher() {
            return;
        }
        let qos = self.qos.min(message.qos());
        if broker.hooks.deliver(&state.context, || Publication::of(message, qos)).is_err() {
            turn.counters.dropped_unauthorized.add(1);
            return;
        }
        let session = &mut state.session;
        // The session may get the same retained message several times, through several SUBSCRIBEs.
        let store = broker.durability.store().filter(|_| qos > QoS::AtMostOnce && session.is_persistent());
        let copy = store.map(|store| store.copy_with_new_id(message));
        // RETAIN is 1, because the message is sent as the result of a SUBSCRIBE [MQTT5-3.3.1-8].
        let delivery = Delivery {
            message: copy.as_ref().unwrap_or(message),
            qos,
            retain: true,
            subscription_identifiers: self.subscription_identifier.as_slice(),
            shared_filter: None,
        };
        turn.budget.charge(1);
        match session.push(&delivery, turn.now) {
            Verdict::Sent => turn.counters.messages_sent.add(1),
            Verdict::Queued => turn.counters.messages_queued.add(1),
            _ => {}
        }
    }
}

/// Whether the client keeps up, so that the next message can be sent immediately at any QoS. `low` is the number of
/// bytes waiting to be written up to which the client keeps up.
fn has_room(session: &mut Session, low: usize) -> bool {
    session.write_buffer().len() <= low && session.queued() == 0 && session.has_room()
}

/// Maximum number of retained messages that one turn sends to a session. The session is locked meanwhile. The rest
/// follows in the next turns.
const MESSAGES_PER_TURN_MAX: usize = 256;
