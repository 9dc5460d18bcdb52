//! Retained messages for a new subscription, at the pace of the client's acknowledgements.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_routing::{Cursor, Grant, RetainedStore};
use tidegate_session::{Delivery, Session};

use super::{Broker, ConnectionId};

/// The replays under way, at most one a subscription.
#[derive(Default)]
pub(super) struct Replays {
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
    pub(super) fn begin(&mut self, filter: &SubscriptionFilter, grant: &Grant) {
        let replay = Replay {
            cursor: RetainedStore::cursor(&filter.filter),
            qos: grant.qos,
            no_local: grant.no_local,
            identifier: grant.identifier.map(NonZeroU32::get),
        };
        self.queue.insert(filter.clone(), replay);
    }

    /// Ends the replay for `filter`.
    pub(super) fn cancel(&mut self, filter: &SubscriptionFilter) {
        self.queue.remove(filter);
    }
}

impl Broker {
    /// Sends the next retained messages as long as the client keeps up.
    pub(super) fn replay(&mut self, id: ConnectionId) {
        let line = self.line(id);
        let number = line.number;
        let mut replays = std::mem::take(&mut line.replays);
        while let Some(mut current) = replays.queue.first_entry() {
            while !current.get().cursor.done() && has_room(self.session(number)) {
                self.advance(number, current.get_mut());
            }
            if !current.get().cursor.done() {
                break;
            }
            current.remove();
        }
        self.line(id).replays = replays;
    }

    /// Pushes the next message that the cursor yields.
    fn advance(&mut self, number: u64, replay: &mut Replay) {
        let Some(message) = self.retained.next(&mut replay.cursor, 1, self.now).pop() else { return };
        if replay.no_local && message.publisher() == number {
            return;
        }
        // RETAIN is 1 since the subscription is the cause [MQTT5-3.3.1-8].
        let delivery = Delivery {
            message: &message,
            qos: replay.qos.min(message.qos()),
            retain: true,
            identifiers: replay.identifier.as_slice(),
            share: None,
        };
        let _ = self.push(number, &delivery);
    }
}

/// Whether the next message is sent at once whatever its QoS.
fn has_room(session: &mut Session) -> bool {
    session.queued() == 0 && session.has_room()
}
