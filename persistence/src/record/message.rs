//! Messages, both as bodies of queued messages and as retained messages.

use std::sync::Arc;
use std::time::Instant;

use rkyv::with::{AsString, InlineAsBox};
use rkyv::{Archive, Serialize};
use tidegate_limits::{OutOfMemory, memory};
use tidegate_mqtt::{Message, MessageParts, QoS, topic};

use super::archive::{self, ArchiveBuffer};
use crate::clock::Clock;

/// A message borrowed from the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRecord<'a> {
    /// The topic name.
    pub topic: &'a str,
    /// The forwardable properties in wire format, without the length prefix.
    pub properties: &'a [u8],
    /// The payload.
    pub payload: &'a [u8],
    /// The QoS with which the message was published.
    pub qos: QoS,
    /// The RETAIN flag with which the message was published.
    pub retain: bool,
    /// The publisher id, which identifies the client that published the message.
    pub publisher: u64,
    /// The time at which the message expires, in milliseconds of store time.
    pub expires_at: Option<u64>,
}

/// A message to be stored, with its expiry in store time.
#[derive(Clone, Debug)]
pub(crate) struct StoredMessage {
    pub(crate) message: Arc<Message>,
    pub(crate) expires_at: Option<u64>,
}

/// A retained message borrowed from the file.
pub(crate) struct RetainedRecord<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) message: MessageRecord<'a>,
}

#[derive(Archive, Serialize)]
struct Layout<'a> {
    #[rkyv(with = AsString)]
    topic: &'a str,
    #[rkyv(with = InlineAsBox)]
    properties: &'a [u8],
    #[rkyv(with = InlineAsBox)]
    payload: &'a [u8],
    qos: u8,
    retain: bool,
    publisher: u64,
    expires_at: Option<u64>,
}

#[derive(Archive, Serialize)]
struct RetainedLayout<'a> {
    #[rkyv(with = AsString)]
    tenant: &'a str,
    message: Layout<'a>,
}

impl MessageRecord<'_> {
    /// Converts the record to a message. A message that has already expired gets `clock.now` as its expiry.
    /// `None` when the topic is not a valid topic name.
    #[must_use]
    pub fn to_message(&self, clock: &Clock) -> Option<Message> {
        self.message(self.expires_at.and_then(|at| clock.instant(at)))
    }

    fn message(&self, expires_at: Option<Instant>) -> Option<Message> {
        Some(Message::from_parts(&MessageParts {
            topic: &topic::Name::parse(self.topic).ok()?,
            properties: self.properties,
            payload: self.payload,
            qos: self.qos,
            retain: self.retain,
            publisher: self.publisher,
            expires_at,
        }))
    }
}

impl<'a> MessageRecord<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, &'static str> {
        Self::from_archived(archive::access(bytes)?)
    }

    fn from_archived(layout: &'a ArchivedLayout<'_>) -> Result<Self, &'static str> {
        Ok(Self {
            topic: layout.topic.as_str(),
            properties: archive::check_properties(&layout.properties)?,
            payload: &layout.payload,
            qos: archive::parse_qos(layout.qos)?,
            retain: layout.retain,
            publisher: layout.publisher.to_native(),
            expires_at: layout.expires_at.as_ref().map(|at| at.to_native()),
        })
    }
}

impl StoredMessage {
    /// Creates a message from a record, to store it again. The expiry is only in `expires_at`, not in the message
    /// itself.
    pub(crate) fn from_record(record: &MessageRecord<'_>) -> Result<Self, &'static str> {
        let message = record.message(None).ok_or("an invalid topic name")?;
        Ok(Self { message: Arc::new(message), expires_at: record.expires_at })
    }

    /// Checks that there is enough memory to write the message: for the archive, the row of the log, and LMDB's pages.
    pub(crate) fn check_memory(&self) -> Result<(), OutOfMemory> {
        memory::check_accepted(self.message.size().saturating_mul(memory::MESSAGE_MEMORY_FACTOR - 2))
    }

    pub(crate) fn archive<'b>(&self, buffer: &'b mut ArchiveBuffer) -> Result<&'b [u8], &'static str> {
        buffer.archive(&self.layout())
    }

    pub(crate) fn archive_retained<'b>(
        &self,
        tenant: &str,
        buffer: &'b mut ArchiveBuffer,
    ) -> Result<&'b [u8], &'static str> {
        buffer.archive(&RetainedLayout { tenant, message: self.layout() })
    }

    /// Returns the fields that are stored.
    pub(super) fn record(&self) -> MessageRecord<'_> {
        MessageRecord {
            topic: self.message.topic(),
            properties: self.message.properties(),
            payload: self.message.payload(),
            qos: self.message.qos(),
            retain: self.message.retain(),
            publisher: self.message.publisher(),
            expires_at: self.expires_at,
        }
    }

    fn layout(&self) -> Layout<'_> {
        let MessageRecord { topic, properties, payload, qos, retain, publisher, expires_at } = self.record();
        Layout { topic, properties, payload, qos: qos.value(), retain, publisher, expires_at }
    }
}

impl<'a> RetainedRecord<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let layout = archive::access::<ArchivedRetainedLayout<'_>>(bytes)?;
        Ok(Self { tenant: layout.tenant.as_str(), message: MessageRecord::from_archived(&layout.message)? })
    }
}
