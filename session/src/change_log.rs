//! The change log of a session that outlives its connection: every change that a store has to apply, in order. The log
//! itself does not write to the store.

use std::sync::Arc;

use tidegate_mqtt::{Message, PacketId, QoS};

use crate::stored_delivery::{Delivery, StoredDelivery};

/// One change of a session. A delivery is identified by the id of its message. The caller assigns that id before the
/// push ([`Message::assign_id`]); two deliveries to one session must not have the same message id. If the order of
/// messages matters, the ids must rise in the order in which the messages are queued.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// A connection was attached to a session without state. The store discards all data that it has under the
    /// session's client identifier.
    Created,
    /// The connection, the will or the session expiry changed; [`crate::Session::metadata`] returns the new values.
    MetadataChanged,
    /// The session state was discarded, or may no longer be stored because the session now ends with its connection.
    Ended,
    /// A delivery was queued. If the second field is a packet identifier, the delivery was sent without waiting in the
    /// queue and is in the in-flight table.
    Queued(Queued, Option<PacketId>),
    /// A queued delivery was sent for the first time.
    Sent {
        /// The id of the delivered message.
        message_id: u64,
        /// The packet identifier of the delivery until the delivery is complete.
        packet_id: PacketId,
    },
    /// The client sent PUBREC: the message is no longer needed, but PUBREL may have to be resent. `[MQTT5-4.3.3-6]`
    Released {
        /// The id of the delivered message.
        message_id: u64,
        /// The packet identifier of the delivery.
        packet_id: PacketId,
        /// The position of this delivery in the order of PUBRECs.
        order: u32,
    },
    /// A delivery was completed or dropped.
    Completed {
        /// The id of the delivered message.
        message_id: u64,
    },
    /// A QoS 2 message from the client was accepted under this packet identifier. `[MQTT5-4.3.3-10]`
    Received(PacketId),
    /// The client released this packet identifier with PUBREL. `[MQTT5-4.3.3-12]`
    ReceivedReleased(PacketId),
}

/// A delivery to store.
#[derive(Clone, Debug)]
pub struct Queued {
    /// The id of its message.
    pub message_id: u64,
    /// The message.
    pub message: Arc<Message>,
    /// The QoS of this delivery, 1 or 2.
    pub qos: QoS,
    /// The RETAIN flag of this delivery.
    pub retain: bool,
    /// The subscription identifiers of the matching subscriptions.
    pub subscription_identifiers: Box<[u32]>,
    /// The text of the shared subscription's filter, if the message was received through one.
    pub shared_filter: Option<Arc<str>>,
}

/// The changes that the caller has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct ChangeLog {
    changes: Vec<Change>,
    /// Whether recording has stopped because the session ends with its present connection.
    is_closed: bool,
}

impl ChangeLog {
    /// Starts recording, with `change` as the first change.
    pub(crate) fn open(&mut self, change: Change) {
        self.is_closed = false;
        self.changes.push(change);
    }

    /// Stops recording; the changes recorded so far can still be taken.
    pub(crate) fn close(&mut self) {
        self.is_closed = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Converts a delivery to the form that the queue and the in-flight table store. Records the delivery if its
    /// message has an id.
    pub(crate) fn record_queued(
        &mut self,
        delivery: &Delivery<'_>,
        sent: Option<PacketId>,
    ) -> StoredDelivery {
        let message_id = delivery.message.id();
        if self.is_closed || message_id == 0 {
            return StoredDelivery::new(delivery, sent.is_some());
        }
        let queued = Queued {
            message_id,
            message: Arc::clone(delivery.message),
            qos: delivery.qos,
            retain: delivery.retain,
            subscription_identifiers: delivery.subscription_identifiers.into(),
            shared_filter: delivery.shared_filter.cloned(),
        };
        self.changes.push(Change::Queued(queued, sent));
        StoredDelivery::logged(delivery, sent.is_some())
    }

    pub(crate) fn record_change(&mut self, change: Change) {
        if !self.is_closed {
            self.changes.push(change);
        }
    }

    /// Records that a delivery was completed or dropped. Does nothing for message id 0, which marks a delivery that was
    /// not recorded.
    pub(crate) fn record_done(&mut self, message_id: u64) {
        if message_id > 0 {
            self.record_change(Change::Completed { message_id });
        }
    }

    /// Appends all changes to `into`, and frees the log's own list if that list occupies much memory.
    pub(crate) fn move_to(&mut self, into: &mut Vec<Change>) {
        if into.is_empty() {
            core::mem::swap(into, &mut self.changes);
        } else {
            into.append(&mut self.changes);
        }
        if self.changes.capacity() > IDLE_CHANGES_MAX {
            self.changes = Vec::new();
        }
    }

    /// If the log is empty and `list` has more memory, exchanges the two, so that the next changes use the memory of
    /// `list`. `list` must be empty.
    pub(crate) fn borrow_scratch(&mut self, list: &mut Vec<Change>) {
        if self.changes.capacity() < list.capacity() && self.changes.is_empty() {
            core::mem::swap(list, &mut self.changes);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(crate) fn capacity(&self) -> usize {
        size_of::<Self>() + self.changes.capacity() * size_of::<Change>()
    }
}

/// Maximum number of changes for which an empty log keeps memory: enough for one batch of acknowledgements. An empty
/// log with more memory frees its memory.
const IDLE_CHANGES_MAX: usize = 32;
