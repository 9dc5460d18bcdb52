//! Retained messages that a session's new subscriptions are still owed: which, and how far. When they are sent is the
//! driver's matter.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Message, QoS};
use tidegate_routing::{Cursor, RetainedStore};
use tidegate_session::{Delivery, GrantedOptions, Session, Verdict};

use super::Broker;
use super::session_handle::SessionHandle;
use crate::cores::Core;

/// The replays under way. At most one a subscription, so the session's bound on subscriptions bounds it.
#[derive(Default)]
pub struct Replays {
    queue: BTreeMap<SubscriptionFilter, Replay>,
}

struct Replay {
    cursor: Cursor,
    share: DeliveryOptions,
}

/// What the subscription grants.
struct DeliveryOptions {
    qos: QoS,
    no_local: bool,
    identifier: Option<u32>,
}

impl Replays {
    /// Begins a replay; one under way for the same filter is begun anew.
    pub fn begin(&mut self, filter: &SubscriptionFilter, terms: &GrantedOptions) {
        let cursor = RetainedStore::cursor(&filter.filter);
        self.queue.insert(filter.clone(), Replay { cursor, share: DeliveryOptions::of(terms) });
    }

    /// The subscription has other terms now.
    pub fn alter(&mut self, filter: &SubscriptionFilter, terms: &GrantedOptions) {
        if let Some(replay) = self.queue.get_mut(filter) {
            replay.share = DeliveryOptions::of(terms);
        }
    }

    /// Pushes messages of the replay that comes first, at most `ADVANCE_LEN` and while `has_room`.
    pub fn advance(
        &mut self,
        broker: &Broker,
        handle: &SessionHandle,
        session: &mut Session,
        core: &Core,
        now: Instant,
        has_room: impl Fn(&mut Session) -> bool,
    ) {
        let Some(mut current) = self.queue.first_entry() else { return };
        if !has_room(session) {
            return;
        }
        let Replay { cursor, share } = current.get_mut();
        // The session's lock is held: what is published meanwhile comes behind what is given here.
        handle.tenant().retained.give(cursor, ADVANCE_LEN, now, |message| {
            share.push(broker, handle, session, core, message, now);
            has_room(session)
        });
        if cursor.done() {
            current.remove();
        }
    }

    /// Whether nothing is owed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Ends the replay for `filter`.
    pub fn cancel(&mut self, filter: &SubscriptionFilter) {
        self.queue.remove(filter);
    }
}

impl DeliveryOptions {
    fn of(terms: &GrantedOptions) -> Self {
        Self { qos: terms.options.qos, no_local: terms.options.no_local, identifier: terms.identifier }
    }

    fn push(
        &self,
        broker: &Broker,
        handle: &SessionHandle,
        session: &mut Session,
        core: &Core,
        message: &Arc<Message>,
        now: Instant,
    ) {
        if self.no_local && message.publisher() == handle.publisher() {
            return;
        }
        let qos = self.qos.min(message.qos());
        // The session may get the same message again, by another SUBSCRIBE.
        let store = broker.store().filter(|_| qos > QoS::AtMostOnce && session.is_persistent());
        let copy_with_new_id = store.map(|store| store.copy_with_new_id(message));
        // RETAIN is 1 since the subscription is the cause [MQTT5-3.3.1-8].
        let delivery = Delivery {
            message: copy_with_new_id.as_ref().unwrap_or(message),
            qos,
            retain: true,
            identifiers: self.identifier.as_slice(),
            share: None,
        };
        match session.push(&delivery, now) {
            Verdict::Sent => core.counters.messages_sent.add(1),
            Verdict::Queued => core.counters.messages_queued.add(1),
            _ => {}
        }
    }
}

/// Retained messages pushed before others get their turn.
pub const ADVANCE_LEN: usize = 256;
