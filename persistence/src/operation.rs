//! The operations that change records. This module only defines the operations; other modules apply them.

use std::sync::Arc;

use tidegate_mqtt::{Message, PacketId};

use crate::record::{EntryRecord, MessageId, SessionId, SessionRecord, SubscriptionRecord};

/// A change to one record. Times are in milliseconds of store time.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Stores a session, or replaces its record when the state, the expiry or the will has changed.
    OpenSession {
        /// The session.
        session: SessionId,
        /// The complete record.
        record: Box<SessionRecord>,
    },
    /// Deletes a session with its subscriptions, entries and received packet ids.
    CloseSession {
        /// The session.
        session: SessionId,
    },
    /// Stores a subscription. Replaces an earlier one with the same filter.
    Subscribe {
        /// The session that subscribes.
        session: SessionId,
        /// The subscription as granted.
        record: Box<SubscriptionRecord>,
    },
    /// Deletes a subscription.
    Unsubscribe {
        /// The session that unsubscribes.
        session: SessionId,
        /// The filter of the subscription.
        filter: Arc<str>,
    },
    /// Stores an entry, and the body of its message unless the body is already stored. A key may be used again
    /// only after its entry was completed.
    Enqueue {
        /// Session, message and ordinal.
        key: EntryKey,
        /// The message.
        message: Arc<Message>,
        /// When the message expires.
        expires_at: Option<u64>,
        /// How the message is delivered.
        record: EntryRecord,
    },
    /// Records that the entry was sent with a packet id.
    Send {
        /// The entry.
        key: EntryKey,
        /// The packet id.
        packet_id: PacketId,
    },
    /// Records that the client answered the entry with PUBREC. The body is no longer needed.
    Release {
        /// The entry.
        key: EntryKey,
        /// The packet id.
        packet_id: PacketId,
        /// The order number of the PUBREL: after a reconnect, PUBRELs are retransmitted in ascending order of this
        /// number.
        order: u64,
    },
    /// Deletes the entry: it was acknowledged, has expired or was dropped.
    Complete {
        /// The entry.
        key: EntryKey,
    },
    /// Stores the packet id of an inbound QoS 2 message.
    Receive {
        /// The session that sent the message.
        session: SessionId,
        /// The packet id.
        packet_id: PacketId,
    },
    /// Deletes the packet id of an inbound QoS 2 message, because PUBREL was received or the message was refused.
    ReleaseReceived {
        /// The session that sent the message.
        session: SessionId,
        /// The packet id.
        packet_id: PacketId,
    },
    /// Stores the retained message of a topic. Replaces an earlier one.
    Retain {
        /// The tenant that the topic belongs to.
        tenant: Arc<str>,
        /// The message.
        message: Arc<Message>,
        /// When the message expires.
        expires_at: Option<u64>,
    },
    /// Deletes the retained message of a topic.
    Unretain {
        /// The tenant that the topic belongs to.
        tenant: Arc<str>,
        /// The topic name.
        topic: Arc<str>,
    },
}

/// The key of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey {
    /// The session that the message is queued for.
    pub session: SessionId,
    /// The queued message.
    pub message: MessageId,
    /// 0, except when a session gets further copies of the same message through shared subscriptions.
    pub ordinal: u16,
}

impl Operation {
    /// Returns the session that the operation changes; `None` for retained messages.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::Enqueue { key, .. }
            | Self::Send { key, .. }
            | Self::Release { key, .. }
            | Self::Complete { key } => Some(key.session),
            Self::OpenSession { session, .. }
            | Self::CloseSession { session }
            | Self::Subscribe { session, .. }
            | Self::Unsubscribe { session, .. }
            | Self::Receive { session, .. }
            | Self::ReleaseReceived { session, .. } => Some(*session),
            Self::Retain { .. } | Self::Unretain { .. } => None,
        }
    }

    /// Returns the number of bytes that the operation occupies in the open batch, without the body of its message.
    fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::OpenSession { record, .. } => record.size(),
                Self::Subscribe { record, .. } => size_of::<SubscriptionRecord>() + record.filter.len(),
                Self::Enqueue { record, .. } => size_of_val(&*record.subscription_identifiers),
                _ => 0,
            }
    }

    fn message(&self) -> Option<&Arc<Message>> {
        match self {
            Self::Enqueue { message, .. } | Self::Retain { message, .. } => Some(message),
            _ => None,
        }
    }
}

/// Returns the number of bytes that the operations occupy. If consecutive operations share a body, it counts once.
pub(crate) fn total_size(operations: &[Operation]) -> usize {
    let mut last = None;
    let mut total = 0;
    for operation in operations {
        total += operation.size();
        let Some(message) = operation.message() else { continue };
        if last.is_none_or(|last| !Arc::ptr_eq(last, message)) {
            total += message.size();
        }
        last = Some(message);
    }
    total
}
