//! Retained messages that a session's new subscriptions are still owed: which, and how far. When they are sent is the
//! driver's matter.

use std::collections::BTreeMap;
use std::time::Instant;

use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_routing::{Cursor, RetainedStore};
use tidegate_session::{Delivery, Session, Terms, Verdict};

use super::Broker;
use super::seat::Seat;
use crate::cores::Core;

/// The replays under way. At most one a subscription, so the session's bound on subscriptions bounds it.
#[derive(Default)]
pub struct Replays {
    queue: BTreeMap<SubscriptionFilter, Replay>,
}

struct Replay {
    cursor: Cursor,
    qos: QoS,
    no_local: bool,
    identifier: Option<u32>,
}

impl Replays {
    /// Begins a replay; one under way for the same filter is begun anew.
    pub fn begin(&mut self, filter: &SubscriptionFilter, terms: &Terms) {
        let replay = Replay {
            cursor: RetainedStore::cursor(&filter.filter),
            qos: terms.options.qos,
            no_local: terms.options.no_local,
            identifier: terms.identifier,
        };
        self.queue.insert(filter.clone(), replay);
    }

    /// Pushes messages of the replay that comes first, at most `ADVANCE_LEN` and while `has_room`.
    pub fn advance(
        &mut self,
        broker: &Broker,
        seat: &Seat,
        session: &mut Session,
        core: &Core,
        now: Instant,
        has_room: impl Fn(&mut Session) -> bool,
    ) {
        let Some(mut current) = self.queue.first_entry() else { return };
        for _ in 0..ADVANCE_LEN {
            if current.get().cursor.done() || !has_room(session) {
                break;
            }
            current.get_mut().advance(broker, seat, session, core, now);
        }
        if current.get().cursor.done() {
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

impl Replay {
    /// Pushes the next message that the cursor yields.
    fn advance(&mut self, broker: &Broker, seat: &Seat, session: &mut Session, core: &Core, now: Instant) {
        let Some(mut message) = seat.realm().retained.next(&mut self.cursor, 1, now).pop() else { return };
        if self.no_local && message.publisher() == seat.publisher() {
            return;
        }
        let qos = self.qos.min(message.qos());
        // The session may get the same message again, by another SUBSCRIBE.
        if let Some(keeper) = broker.keeper().filter(|_| qos > QoS::AtMostOnce && session.is_followed()) {
            message = keeper.twin(&message);
        }
        // RETAIN is 1 since the subscription is the cause [MQTT5-3.3.1-8].
        let delivery = Delivery {
            message: &message,
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
pub const ADVANCE_LEN: usize = 64;
