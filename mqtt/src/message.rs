//! The application message as a broker holds it: immutable, its body in one allocation. Not: who gets it, how it is written.

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

/// An application message, to be shared by all its receivers.
#[derive(Clone)]
pub struct Message {
    /// Topic, properties and payload one after the other; or, with `head`, whatever ends with the payload.
    body: Bytes,
    /// Topic and properties, where the payload is shared with the packet it came in.
    head: Option<Box<[u8]>>,
    topic_size: u16,
    properties_size: u32,
    payload_start: u32,
    qos: QoS,
    retain: bool,
    publisher: u64,
    expires_at: Option<Instant>,
    id: MessageId,
}

impl Message {
    /// The topic name.
    #[must_use]
    pub fn topic(&self) -> &str {
        let topic = self.head().get(..usize::from(self.topic_size)).unwrap_or_default();
        std::str::from_utf8(topic).unwrap_or_default()
    }

    /// The forwardable properties in the wire form of PUBLISH, without a length: never topic alias, subscription
    /// identifier or message expiry interval.
    #[must_use]
    pub fn properties(&self) -> &[u8] {
        let start = usize::from(self.topic_size);
        let size = usize::try_from(self.properties_size).unwrap_or_default();
        self.head().get(start..start + size).unwrap_or_default()
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.body.get(self.payload_start()..).unwrap_or_default()
    }

    /// The payload, shared with the message.
    #[must_use]
    pub fn payload_bytes(&self) -> Bytes {
        self.body.slice(self.payload_start().min(self.body.len())..)
    }

    /// The QoS it was published with.
    #[must_use]
    pub const fn qos(&self) -> QoS {
        self.qos
    }

    /// The RETAIN flag it was published with.
    #[must_use]
    pub const fn retain(&self) -> bool {
        self.retain
    }

    /// The id of the session that published it.
    #[must_use]
    pub const fn publisher(&self) -> u64 {
        self.publisher
    }

    /// When it expires; `None`: never.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Instant> {
        self.expires_at
    }

    /// The id under which the store knows it. If it has none yet, `next` provides it.
    pub fn assign_id(&self, next: impl FnOnce() -> u64) -> u64 {
        self.id.get_or(next)
    }

    /// The id under which the store knows it; 0 if it has none yet.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id.get()
    }

    /// The same message with the id under which the store knows it, 1 or more.
    #[must_use]
    pub fn with_id(self, id: u64) -> Self {
        Self { id: MessageId::of(id), ..self }
    }

    /// True from the moment of expiry on `[MQTT5-3.3.2-5]`.
    #[must_use]
    pub fn is_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// What is left of the expiry interval in seconds, a part of a second counting as one `[MQTT5-3.3.2-6]`.
    #[must_use]
    pub fn expiry_left(&self, now: Instant) -> Option<u32> {
        let left = self.expires_at?.saturating_duration_since(now);
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Some(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    /// The bytes held, the message itself included.
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
    /// No payload, no properties: they are the users' business.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("topic", &self.topic())
            .field("qos", &self.qos)
            .field("retain", &self.retain)
            .field("payload_size", &self.payload().len())
            .finish_non_exhaustive()
    }
}

/// When a message of that expiry interval expires; never, where the clock does not reach that far.
fn expires_at(interval: Option<u32>, now: Instant) -> Option<Instant> {
    now.checked_add(Duration::from_secs(u64::from(interval?)))
}
