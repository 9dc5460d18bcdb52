//! What a session that outlives its connection changed, in order: what a store has to follow. Stores nothing itself.

use std::sync::Arc;

use tidegate_mqtt::{Message, PacketId, QoS};

use crate::stored_delivery::{Delivery, StoredDelivery};

/// One change. A delivery is named by the number of its message, which the caller has to give before the push
/// ([`Message::message_id`]) and which no other delivery to this session may have. Numbers grow in the order of the queue, as
/// far as order matters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// A connection was attached to a session without state: whatever was stored under its name is gone.
    Began,
    /// Connection, will or expiry changed; [`crate::Session::metadata`] says what is now.
    Altered,
    /// The state was discarded, or is no longer to be kept.
    Ended,
    /// A delivery joined the queue; or the in-flight table at once, under this identifier.
    Queued(Queued, Option<PacketId>),
    /// One of the queue was sent for the first time, under this identifier.
    Sent {
        /// The number of its message.
        message_id: u64,
        /// Its identifier until it is completed.
        packet_id: PacketId,
    },
    /// PUBREC came: the message is not needed any more, PUBREL is. `[MQTT5-4.3.3-6]`
    Released {
        /// The number of its message.
        message_id: u64,
        /// Its identifier.
        packet_id: PacketId,
        /// Its place in the order of PUBRECs.
        order: u32,
    },
    /// It is completed or was dropped.
    Done {
        /// The number of its message.
        message_id: u64,
    },
    /// A QoS 2 message of the client was taken under this identifier. `[MQTT5-4.3.3-10]`
    Received(PacketId),
    /// The client released it. `[MQTT5-4.3.3-12]`
    Forgotten(PacketId),
}

/// A delivery to be kept.
#[derive(Clone, Debug)]
pub struct Queued {
    /// The number of its message.
    pub message_id: u64,
    /// The message.
    pub message: Arc<Message>,
    /// The QoS of this delivery, 1 or 2.
    pub qos: QoS,
    /// Its RETAIN flag.
    pub retain: bool,
    /// The identifiers of the subscriptions that brought it.
    pub identifiers: Box<[u32]>,
    /// The shared filter that brought it.
    pub share: Option<Arc<str>>,
}

/// The changes not taken yet.
#[derive(Debug, Default)]
pub(crate) struct ChangeLog {
    changes: Vec<Change>,
    /// The session ends with its present connection: nothing is noted any more.
    closed: bool,
}

impl ChangeLog {
    /// Follows the session from here on.
    pub(crate) fn open(&mut self, change: Change) {
        self.closed = false;
        self.changes.push(change);
    }

    /// Follows it no longer.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Notes a delivery, unless its message has no number.
    pub(crate) fn record_queued(
        &mut self,
        delivery: &Delivery<'_>,
        sent: Option<PacketId>,
    ) -> StoredDelivery {
        let message_id = delivery.message.id();
        if self.closed || message_id == 0 {
            return StoredDelivery::new(delivery, sent.is_some());
        }
        let queued = Queued {
            message_id,
            message: Arc::clone(delivery.message),
            qos: delivery.qos,
            retain: delivery.retain,
            identifiers: delivery.identifiers.into(),
            share: delivery.share.cloned(),
        };
        self.changes.push(Change::Queued(queued, sent));
        StoredDelivery::logged(delivery, sent.is_some())
    }

    pub(crate) fn record(&mut self, change: Change) {
        if !self.closed {
            self.changes.push(change);
        }
    }

    /// A delivery is over, unless its message has no number.
    pub(crate) fn record_done(&mut self, message_id: u64) {
        if message_id > 0 {
            self.record(Change::Done { message_id });
        }
    }

    /// Moves all changes to the end of `into`; keeps no memory worth mentioning.
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

    /// Has the memory of an empty list for what is noted next.
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

/// Changes whose memory an empty journal may keep.
const IDLE_CHANGES_MAX: usize = 32;
