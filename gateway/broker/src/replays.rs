//! Retained messages for new subscriptions, at the pace of the client's socket and acknowledgements: never cut short, never
//! piled up.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Message, QoS};
use tidegate_routing::{Cursor, RetainedStore};
use tidegate_session::{Delivery, GrantedOptions, Session, Verdict};

use crate::broker::Broker;
use crate::end::End;
use crate::session_handle::{Ownership, SessionHandle};
use crate::turn::Turn;

/// The replays of one session. There is at most one for each subscription, so the bound on subscriptions bounds them.
#[derive(Default)]
pub(crate) struct Replays {
    queue: BTreeMap<SubscriptionFilter, Replay>,
}

struct Replay {
    cursor: Cursor,
    options: ReplayOptions,
}

/// What the subscription grants.
struct ReplayOptions {
    qos: QoS,
    no_local: bool,
    identifier: Option<u32>,
}

/// How a session's replays stand after a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayProgress {
    /// Nothing is owed.
    Done,
    /// The client keeps up: continue in the next turn.
    More,
    /// The client has to read, or to acknowledge, first.
    Waiting,
}

impl Broker {
    /// Sends the next retained messages that a session is owed, if its client keeps up.
    ///
    /// # Errors
    /// When another connection took the session over.
    pub fn replay(&self, turn: &mut Turn<'_>, owner: &Ownership) -> Result<ReplayProgress, End> {
        let low = self.config().session.pending_bytes_high / 2;
        let mut guard = self.own(owner)?;
        let Some(mut replays) = guard.replays.take() else {
            let _ = guard.finish(turn);
            return Ok(ReplayProgress::Done);
        };
        replays.advance(self, turn, &owner.handle, &mut guard.session, low);
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
            // Acknowledgements wake the connection as anything does that it reads; an emptied socket does so through this.
            connection.signals.pause_reading(low);
        }
        let _ = guard.finish(turn);
        Ok(progress)
    }
}

impl Replays {
    /// Begins a replay. One under way for the same filter begins again.
    pub(crate) fn begin(&mut self, filter: &SubscriptionFilter, granted: &GrantedOptions) {
        let cursor = RetainedStore::cursor(&filter.filter);
        self.queue.insert(filter.clone(), Replay { cursor, options: ReplayOptions::of(granted) });
    }

    /// The subscription has other options now.
    pub(crate) fn alter(&mut self, filter: &SubscriptionFilter, granted: &GrantedOptions) {
        if let Some(replay) = self.queue.get_mut(filter) {
            replay.options = ReplayOptions::of(granted);
        }
    }

    /// Ends the replay for `filter`.
    pub(crate) fn cancel(&mut self, filter: &SubscriptionFilter) {
        self.queue.remove(filter);
    }

    /// Sends messages of the first replay, at most `ADVANCE_LEN`, and only while the client keeps up.
    fn advance(
        &mut self,
        broker: &Broker,
        turn: &mut Turn<'_>,
        handle: &SessionHandle,
        session: &mut Session,
        low: usize,
    ) {
        let Some(mut current) = self.queue.first_entry() else { return };
        if !has_room(session, low) {
            return;
        }
        let Replay { cursor, options } = current.get_mut();
        // The session is locked: what is published meanwhile comes after what is sent here.
        broker.tenant_of(handle).retained.give(cursor, ADVANCE_LEN, turn.now, |message| {
            options.push(broker, turn, handle, session, message);
            has_room(session, low)
        });
        if cursor.done() {
            current.remove();
        }
    }
}

impl ReplayOptions {
    fn of(granted: &GrantedOptions) -> Self {
        let GrantedOptions { options, identifier } = *granted;
        Self { qos: options.qos, no_local: options.no_local, identifier }
    }

    fn push(
        &self,
        broker: &Broker,
        turn: &mut Turn<'_>,
        handle: &SessionHandle,
        session: &mut Session,
        message: &Arc<Message>,
    ) {
        if self.no_local && message.publisher() == handle.publisher() {
            return;
        }
        let qos = self.qos.min(message.qos());
        // The session may get the same message again, through another SUBSCRIBE.
        let store = broker.durability.store().filter(|_| qos > QoS::AtMostOnce && session.is_persistent());
        let copy = store.map(|store| store.copy_with_new_id(message));
        // RETAIN is 1 because the subscription is the cause [MQTT5-3.3.1-8].
        let delivery = Delivery {
            message: copy.as_ref().unwrap_or(message),
            qos,
            retain: true,
            identifiers: self.identifier.as_slice(),
            share: None,
        };
        turn.budget.charge(1);
        match session.push(&delivery, turn.now) {
            Verdict::Sent => turn.counters.messages_sent.add(1),
            Verdict::Queued => turn.counters.messages_queued.add(1),
            _ => {}
        }
    }
}

/// Whether the client keeps up, so that the next message is sent at once whatever its QoS.
fn has_room(session: &mut Session, low: usize) -> bool {
    session.write_buffer().len() <= low && session.queued() == 0 && session.has_room()
}

/// Retained messages that are sent before others get their turn.
const ADVANCE_LEN: usize = 256;
