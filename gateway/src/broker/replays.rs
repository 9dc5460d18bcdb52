//! Retained messages that a session's new subscriptions are still owed: which, and how far. When they are sent is the
//! driver's matter.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Instant;

use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_routing::{Cursor, Grant, RetainedStore};
use tidegate_session::{Delivery, Session, Verdict};

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
    pub fn begin(&mut self, filter: &SubscriptionFilter, grant: &Grant) {
        let replay = Replay {
            cursor: RetainedStore::cursor(&filter.filter),
            qos: grant.qos,
            no_local: grant.no_local,
            identifier: grant.identifier.map(NonZeroU32::get),
        };
        self.queue.insert(filter.clone(), replay);
    }

    /// Pushes messages of the replay that comes first, at most `len` and while `has_room`.
    pub fn advance(
        &mut self,
        seat: &Seat,
        session: &mut Session,
        core: &Core,
        now: Instant,
        len: usize,
        has_room: impl Fn(&mut Session) -> bool,
    ) {
        let Some(mut current) = self.queue.first_entry() else { return };
        for _ in 0..len {
            if current.get().cursor.done() || !has_room(session) {
                break;
            }
            current.get_mut().advance(seat, session, core, now);
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
    fn advance(&mut self, seat: &Seat, session: &mut Session, core: &Core, now: Instant) {
        let Some(message) = seat.realm().retained.next(&mut self.cursor, 1, now).pop() else { return };
        if self.no_local && message.publisher() == seat.publisher() {
            return;
        }
        // RETAIN is 1 since the subscription is the cause [MQTT5-3.3.1-8].
        let delivery = Delivery {
            message: &message,
            qos: self.qos.min(message.qos()),
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
