//! Creates messages from a PUBLISH, from a will, or from parts.

use std::collections::TryReserveError;
use std::time::Instant;

use bytes::Bytes;

use super::{Message, MessageId, expires_at};
use crate::connect::Will;
use crate::property::{PacketContext, Properties, PropertyId};
use crate::publish::PublishView;
use crate::{QoS, topic};

/// The parts of a message that is neither a received PUBLISH nor a will, but restored from a store or created by the
/// broker.
#[derive(Debug, Clone, Copy)]
pub struct MessageParts<'a> {
    /// The topic name.
    pub topic: &'a topic::Name,
    /// Forwardable properties in wire form, without a length in front.
    pub properties: &'a [u8],
    /// The payload.
    pub payload: &'a [u8],
    /// The QoS.
    pub qos: QoS,
    /// The RETAIN flag.
    pub retain: bool,
    /// The publisher id, which identifies the publishing client; see [`Message::publisher`].
    pub publisher: u64,
    /// The time at which the message expires; `None` if it never expires.
    pub expires_at: Option<Instant>,
}

impl Message {
    /// Copies the message out of a PUBLISH, into one allocation. `topic` is the topic name after resolving the topic
    /// alias.
    #[must_use]
    pub fn from_view(view: &PublishView<'_>, topic: &str, publisher: u64, now: Instant) -> Self {
        let size = topic.len() + view.properties.len() + view.payload.len();
        Self::from_view_into(Vec::with_capacity(size), view, topic, publisher, now)
    }

    /// Like [`Message::from_view`], but returns an error if there is not enough memory, so the PUBLISH may have any
    /// size.
    ///
    /// # Errors
    /// When there is not enough memory.
    pub fn try_from_view(
        view: &PublishView<'_>,
        topic: &str,
        publisher: u64,
        now: Instant,
    ) -> Result<Self, TryReserveError> {
        let mut body = Vec::new();
        body.try_reserve_exact(topic.len() + view.properties.len() + view.payload.len())?;
        Ok(Self::from_view_into(body, view, topic, publisher, now))
    }

    /// Copies the message into `body`, which must be empty and have enough capacity.
    fn from_view_into(
        mut body: Vec<u8>,
        view: &PublishView<'_>,
        topic: &str,
        publisher: u64,
        now: Instant,
    ) -> Self {
        body.extend_from_slice(topic.as_bytes());
        if view.properties_forwardable() {
            body.extend_from_slice(view.properties);
        } else {
            put_forwardable(view.properties, &mut body);
        }
        let head_size = body.len();
        body.extend_from_slice(view.payload);
        Self {
            body: Bytes::from(body),
            head: None,
            topic_size: u16::try_from(topic.len()).unwrap_or_default(),
            properties_size: u32::try_from(head_size - topic.len()).unwrap_or_default(),
            payload_start: u32::try_from(head_size).unwrap_or_default(),
            qos: view.qos,
            retain: view.retain,
            publisher,
            expires_at: expires_at(view.expiry, now),
            id: MessageId::default(),
        }
    }

    /// Like [`Message::from_view`], but for a large payload: the message shares `wire` instead of copying the payload.
    /// `view` must be the view of `wire`.
    #[must_use]
    pub fn from_wire(wire: Bytes, view: &PublishView<'_>, topic: &str, publisher: u64, now: Instant) -> Self {
        let (body, payload_start) = match u32::try_from(wire.len().saturating_sub(view.payload.len())) {
            Ok(start) => (wire, start),
            Err(_) => (Bytes::copy_from_slice(view.payload), 0),
        };
        let mut head = Vec::with_capacity(topic.len() + view.properties.len());
        head.extend_from_slice(topic.as_bytes());
        put_forwardable(view.properties, &mut head);
        Self {
            body,
            topic_size: u16::try_from(topic.len()).unwrap_or_default(),
            properties_size: u32::try_from(head.len() - topic.len()).unwrap_or_default(),
            head: Some(head.into_boxed_slice()),
            payload_start,
            qos: view.qos,
            retain: view.retain,
            publisher,
            expires_at: expires_at(view.expiry, now),
            id: MessageId::default(),
        }
    }

    /// Creates the message of a will that is published at `now`.
    #[must_use]
    pub fn from_will(will: &Will, publisher: u64, now: Instant) -> Self {
        let body = MessageBody { topic: &will.topic, properties: &will.properties, payload: &will.payload };
        body.to_message(will.qos, will.retain, publisher, expires_at(will.expiry, now))
    }

    /// Creates a message from its parts.
    #[must_use]
    pub fn from_parts(parts: &MessageParts<'_>) -> Self {
        let body = MessageBody { topic: parts.topic, properties: parts.properties, payload: parts.payload };
        body.to_message(parts.qos, parts.retain, parts.publisher, parts.expires_at)
    }
}

/// The parts of a message that are copied into one allocation.
#[derive(Clone, Copy)]
struct MessageBody<'a> {
    topic: &'a str,
    properties: &'a [u8],
    payload: &'a [u8],
}

impl MessageBody<'_> {
    fn to_message(self, qos: QoS, retain: bool, publisher: u64, expires_at: Option<Instant>) -> Message {
        let head_size = self.topic.len() + self.properties.len();
        let mut body = Vec::with_capacity(head_size + self.payload.len());
        body.extend_from_slice(self.topic.as_bytes());
        body.extend_from_slice(self.properties);
        body.extend_from_slice(self.payload);
        Message {
            body: Bytes::from(body),
            head: None,
            topic_size: u16::try_from(self.topic.len()).unwrap_or_default(),
            properties_size: u32::try_from(self.properties.len()).unwrap_or_default(),
            payload_start: u32::try_from(head_size).unwrap_or_default(),
            qos,
            retain,
            publisher,
            expires_at,
            id: MessageId::default(),
        }
    }
}

/// Returns the properties that are forwarded to subscribers: all except topic alias, subscription identifiers, message
/// expiry interval and will delay.
pub(crate) fn forwardable(properties: &[u8]) -> Vec<u8> {
    let mut forwarded = Vec::with_capacity(properties.len());
    put_forwardable(properties, &mut forwarded);
    forwarded
}

/// Appends the properties that are forwarded, in their order `[MQTT5-3.3.2-18]` `[MQTT5-3.1.3-10]`. The caller
/// must have checked that `properties` are valid.
fn put_forwardable(properties: &[u8], out: &mut Vec<u8>) {
    let mut rest = properties;
    while let Some((id, size)) = measure_first_property(rest) {
        let (property, after) = rest.split_at_checked(size).unwrap_or((rest, &[]));
        if id.is_forwardable() {
            out.extend_from_slice(property);
        }
        rest = after;
    }
}

/// Returns the id of the first property and its size in bytes.
fn measure_first_property(bytes: &[u8]) -> Option<(PropertyId, usize)> {
    let context = match bytes.first()? {
        byte if *byte == PropertyId::WillDelayInterval.value() => PacketContext::Will,
        _ => PacketContext::Publish,
    };
    let mut scan = Properties::new(bytes, context);
    let (id, _) = scan.next()?;
    Some((id, bytes.len() - scan.rest().len()))
}
