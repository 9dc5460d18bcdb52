//! What loading hands over.

use tidegate_mqtt::PacketId;

use crate::operation::EntryKey;
use crate::record::{EntryRecord, MessageId, MessageRecord, SessionId, SessionRecord, SubscriptionRecord};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A session.
    Session(SessionId, SessionRecord),
    /// A subscription of a session.
    Subscription(SessionId, SubscriptionRecord),
    /// A body that entries hold.
    Message(MessageId, MessageRecord<'a>),
    /// An entry; by session, then in the order of message numbers.
    Entry(EntryKey, EntryRecord),
    /// An inbound QoS 2 packet id that was not released.
    Received(SessionId, PacketId),
    /// The retained message of a topic.
    Retained {
        /// Whose topic.
        tenant: &'a str,
        /// The message.
        message: MessageRecord<'a>,
    },
}

/// How far loading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records handed over, this one included.
    pub done: u64,
    /// Records there are.
    pub total: u64,
}
