//! The application message as the broker keeps it: immutable, with its body in one allocation. The module does not
//! handle the receivers and the encoding of messages.

mod create;
mod id;
#[cfg(test)]
mod tests;

pub use create::MessageParts;
pub(crate) use create::forwardable;
use id::MessageId;

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::QoS;

/// An application message that all its receivers share.
#[derive(Clone)]
pub struct Message {
    /// The topic, properties and payload, in this order. If `head` is set, `body` contains other bytes (such as the
    /// received packet) that end with the payload.
    body: Bytes,
    /// The topic and properties, if the payload shares memory with the received packet; otherwise `None`.
    head: Option<Box<[u8]>>,
    topic_size: u16,
    properties_size: u32,
    /// Offset of the payload in `body`.
    payload_start: u32,
    qos: QoS,
    retain: bool,
    publisher: u64,
    expires_at: Option<Instant>,
    id: MessageId,
}

impl Message {
    /// Returns the topic name.
    #[must_use]
    pub fn topic(&self) -> &str {
        let topic = self.head().get(..usize::from(self.topic_size)).unwrap_or_default();
        std::str::from_utf8(topic).unwrap_or_default()
    }

    /// Returns the length of the topic name in bytes.
    #[must_use]
    pub const fn topic_len(&self) -> u16 {
        self.topic_size
    }

    /// Returns the forwardable properties in the wire form of PUBLISH, without a length in front. The forwardable
    /// properties never contain a topic alias, a subscription identifier or a message expiry interval.
    #[must_use]
    pub fn properties(&self) -> &[u8] {
        let start = usize::from(self.topic_size);
        let size = usize::try_from(self.properties_size).unwrap_or_default();
        self.head().get(start..start + size).unwrap_or_default()
    }

    /// Returns the payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.body.get(self.payload_start()..).unwrap_or_default()
    }

    /// Returns the payload as a reference-counted slice, which shares memory with the message.
    #[must_use]
    pub fn payload_bytes(&self) -> Bytes {
        self.body.slice(self.payload_start().min(self.body.len())..)
    }

    /// Returns properties and payload together as a reference-counted slice of the message, or `None` if they are not
    /// adjacent in memory.
    #[must_use]
    pub fn properties_and_payload_bytes(&self) -> Option<Bytes> {
        let start = usize::from(self.topic_size).min(self.body.len());
        self.head.is_none().then(|| self.body.slice(start..))
    }

    /// Returns the QoS with which the message was published.
    #[must_use]
    pub const fn qos(&self) -> QoS {
        self.qos
    }

    /// Returns the RETAIN flag with which the message was published.
    #[must_use]
    pub const fn retain(&self) -> bool {
        self.retain
    }

    /// Returns the publisher id, which identifies the client that published the message, even if its session has ended
    /// since.
    #[must_use]
    pub const fn publisher(&self) -> u64 {
        self.publisher
    }

    /// Returns the time at which the message expires; `None` if it never expires.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Instant> {
        self.expires_at
    }

    /// Returns the message id, which identifies the message in the store. If no id is assigned yet, assigns the id that
    /// `next` returns.
    pub fn assign_id(&self, next: impl FnOnce() -> u64) -> u64 {
        self.id.get_or(next)
    }

    /// Returns the message id, which identifies the message in the store; 0 if no id is assigned yet.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id.get()
    }

    /// Returns the same message with this message id, which must be 1 or more.
    #[must_use]
    pub fn with_id(self, id: u64) -> Self {
        Self { id: MessageId::new(id), ..self }
    }

    /// Returns whether the message has expired at `now` `[MQTT5-3.3.2-5]`.
    #[must_use]
    pub fn is_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Returns the remaining message expiry interval in seconds, rounded up `[MQTT5-3.3.2-6]`.
    #[must_use]
    pub fn expiry_left(&self, now: Instant) -> Option<u32> {
        let left = self.expires_at?.saturating_duration_since(now);
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Some(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    /// Returns the number of bytes that the message uses, including this struct.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.body.len() + self.head.as_ref().map_or(0, |head| head.len())
    }

    fn head(&self) -> &[u8] {
        self.head.as_deref().unwrap_or(&self.body)
    }

    fn payload_start(&self) -> usize {
        usize::try_from(self.payload_start).unwrap_or(usize::MAX)
    }
}

impl std::fmt::Debug for Message {
    /// Formats the message without payload and properties, because they are user data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("topic", &self.topic())
            .field("qos", &self.qos)
            .field("retain", &self.retain)
            .field("payload_size", &self.payload().len())
            .finish_non_exhaustive()
    }
}

/// Returns the time at which a message with this expiry interval expires. `None` if it has no interval or the clock
/// cannot represent the time.
fn expires_at(interval: Option<u32>, now: Instant) -> Option<Instant> {
    now.checked_add(Duration::from_secs(u64::from(interval?)))
}
