//! What can be done to the records. Applies nothing.

use std::sync::Arc;

use tidegate_mqtt::{Message, PacketId};

use crate::record::{EntryRecord, MessageId, SessionId, SessionRecord, SubscriptionRecord};

/// One change of one record. Times are milliseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Keeps a session; also when anything about it changed: its state, expiry or will.
    OpenSession {
        /// Which.
        session: SessionId,
        /// All of it.
        record: Box<SessionRecord>,
    },
    /// Removes a session and everything that is its own.
    CloseSession {
        /// Which.
        session: SessionId,
    },
    /// Keeps a subscription, in place of one with the same filter.
    Subscribe {
        /// Whose.
        session: SessionId,
        /// What was granted.
        record: Box<SubscriptionRecord>,
    },
    /// Removes a subscription.
    Unsubscribe {
        /// Whose.
        session: SessionId,
        /// Its filter.
        filter: Arc<str>,
    },
    /// Keeps an entry, and the body of its message unless it is there. A key is used once, until it is completed.
    Enqueue {
        /// Session, message and ordinal.
        key: EntryKey,
        /// The message.
        message: Arc<Message>,
        /// When the message expires.
        expires_at: Option<u64>,
        /// The terms of delivery.
        record: EntryRecord,
    },
    /// The entry was given a packet id.
    Send {
        /// Which entry.
        key: EntryKey,
        /// The packet id.
        packet_id: PacketId,
    },
    /// PUBREC came for the entry.
    Release {
        /// Which entry.
        key: EntryKey,
        /// The packet id.
        packet_id: PacketId,
        /// PUBRELs are sent again in this order.
        order: u64,
    },
    /// The entry is done with: acknowledged, expired or dropped.
    Complete {
        /// Which entry.
        key: EntryKey,
    },
    /// An inbound QoS 2 message came with this packet id.
    Receive {
        /// From whom.
        session: SessionId,
        /// The packet id.
        packet_id: PacketId,
    },
    /// PUBREL came for it, or it was refused.
    ReleaseReceived {
        /// From whom.
        session: SessionId,
        /// The packet id.
        packet_id: PacketId,
    },
    /// Keeps a message as the last one of its topic.
    Retain {
        /// Whose topic.
        tenant: Arc<str>,
        /// The message.
        message: Arc<Message>,
        /// When it expires.
        expires_at: Option<u64>,
    },
    /// Removes a topic's retained message.
    Unretain {
        /// Whose topic.
        tenant: Arc<str>,
        /// The topic name.
        topic: Arc<str>,
    },
}

/// Which entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey {
    /// The session that waits.
    pub session: SessionId,
    /// The message it waits for.
    pub message: MessageId,
    /// 0, but for further copies of one message through shared subscriptions.
    pub ordinal: u16,
}

impl Operation {
    /// Bytes it holds in the open batch, the body of its message apart.
    fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::OpenSession { record, .. } => record.size(),
                Self::Subscribe { record, .. } => size_of::<SubscriptionRecord>() + record.filter.len(),
                Self::Enqueue { record, .. } => size_of_val(&*record.identifiers),
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

/// Bytes that the operations hold; a body that several in a row share counts once.
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
