//! The records that loading passes to the caller.

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
    /// A message body that entries refer to.
    Message(MessageId, MessageRecord<'a>),
    /// An entry. Entries are passed session by session, and within a session in the order of message ids.
    Entry(EntryKey, EntryRecord),
    /// The packet id of an inbound QoS 2 message that was not yet released.
    Received(SessionId, PacketId),
    /// The retained message of a topic.
    Retained {
        /// The tenant that the topic belongs to.
        tenant: &'a str,
        /// The message.
        message: MessageRecord<'a>,
    },
}

/// The progress of loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Number of records passed so far, including the current one.
    pub done: u64,
    /// Total number of records.
    pub total: u64,
}
