//! A PUBLISH that is about to be written for one receiver: its size and its bytes. The struct borrows its parts.

use std::time::Instant;

use crate::frame::PacketType;
use crate::message::Message;
use crate::property::PropertyId;
use crate::{PacketId, ProtocolVersion, QoS, variable};

/// A topic alias to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutgoingAlias {
    /// The alias, never 0.
    pub value: u16,
    /// Whether the receiver already knows the alias on this connection. If the receiver knows the alias, the topic name
    /// is omitted.
    pub known: bool,
}

/// The parts of a PUBLISH. The size of the encoded PUBLISH must not exceed [`crate::frame::PACKET_SIZE_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutgoingPublish<'a> {
    /// The topic name.
    pub topic: &'a str,
    /// Forwardable properties in wire form, without a length in front.
    pub properties: &'a [u8],
    /// The payload: the application message.
    pub payload: &'a [u8],
    /// The quality of service.
    pub qos: QoS,
    /// The RETAIN flag.
    pub retain: bool,
    /// The DUP flag. At QoS 0 it is never sent `[MQTT5-3.3.1-2]` `[MQTT3-3.3.1-2]`.
    pub dup: bool,
    /// The packet identifier. Must be `Some` if and only if the QoS is above 0.
    pub packet_id: Option<PacketId>,
    /// The subscription identifiers of the receiver's matching subscriptions.
    pub subscription_identifiers: &'a [u32],
    /// The topic alias to send, if there is one.
    pub alias: Option<OutgoingAlias>,
    /// The remaining message expiry interval in seconds.
    pub expiry: Option<u32>,
}

impl<'a> OutgoingPublish<'a> {
    /// Creates a QoS 0 PUBLISH with only a topic and a payload.
    #[must_use]
    pub const fn plain(topic: &'a str, payload: &'a [u8]) -> Self {
        Self {
            topic,
            properties: &[],
            payload,
            qos: QoS::AtMostOnce,
            retain: false,
            dup: false,
            packet_id: None,
            subscription_identifiers: &[],
            alias: None,
            expiry: None,
        }
    }

    /// Creates a PUBLISH of the message with its QoS and its remaining expiry interval. RETAIN and DUP are 0, and there
    /// is no packet identifier.
    #[must_use]
    pub fn from_message(message: &'a Message, now: Instant) -> Self {
        Self {
            topic: message.topic(),
            properties: message.properties(),
            payload: message.payload(),
            qos: message.qos(),
            retain: false,
            dup: false,
            packet_id: None,
            subscription_identifiers: &[],
            alias: None,
            expiry: message.expiry_left(now),
        }
    }

    /// Returns the size of the whole packet in bytes `[MQTT5-3.1.2-24]`.
    #[must_use]
    pub fn size(&self, version: ProtocolVersion) -> usize {
        let remaining = self.remaining_size(version);
        1 + variable::size(remaining) + remaining
    }

    /// Appends the whole packet except the payload.
    pub fn encode_head(&self, version: ProtocolVersion, out: &mut Vec<u8>) {
        self.encode_before_payload(version, self.properties, out);
    }

    /// Appends everything before `properties`. To complete the packet, append `properties` and the payload in MQTT 5.0,
    /// or only the payload in MQTT 3.x.
    pub fn encode_start(&self, version: ProtocolVersion, out: &mut Vec<u8>) {
        self.encode_before_payload(version, &[], out);
    }

    /// Appends the packet up to and including `properties`. The encoded lengths always count all properties of the
    /// packet.
    #[inline(always)]
    fn encode_before_payload(&self, version: ProtocolVersion, properties: &[u8], out: &mut Vec<u8>) {
        out.push(self.first_byte());
        variable::put(self.remaining_size(version), out);
        let topic = self.topic_to_send(version).as_bytes();
        out.extend_from_slice(&u16::try_from(topic.len()).unwrap_or_default().to_be_bytes());
        out.extend_from_slice(topic);
        if let Some(packet_id) = self.packet_id {
            out.extend_from_slice(&packet_id.get().to_be_bytes());
        }
        if version.is_v5() {
            self.encode_properties(properties, out);
        }
    }

    /// Appends the whole packet.
    pub fn encode(&self, version: ProtocolVersion, out: &mut Vec<u8>) {
        out.reserve(self.size(version));
        self.encode_head(version, out);
        out.extend_from_slice(self.payload);
    }

    #[inline(always)]
    fn encode_properties(&self, properties: &[u8], out: &mut Vec<u8>) {
        variable::put(self.properties_size(), out);
        if let Some(alias) = self.alias {
            out.push(PropertyId::TopicAlias.value());
            out.extend_from_slice(&alias.value.to_be_bytes());
        }
        if let Some(expiry) = self.expiry {
            out.push(PropertyId::MessageExpiryInterval.value());
            out.extend_from_slice(&expiry.to_be_bytes());
        }
        for identifier in self.subscription_identifiers {
            out.push(PropertyId::SubscriptionIdentifier.value());
            variable::put(usize::try_from(*identifier).unwrap_or_default(), out);
        }
        out.extend_from_slice(properties);
    }

    fn remaining_size(&self, version: ProtocolVersion) -> usize {
        let packet_id = if self.packet_id.is_some() { 2 } else { 0 };
        let properties = match version.is_v5().then(|| self.properties_size()) {
            Some(size) => variable::size(size) + size,
            None => 0,
        };
        2 + self.topic_to_send(version).len() + packet_id + properties + self.payload.len()
    }

    fn properties_size(&self) -> usize {
        let alias = if self.alias.is_some() { 3 } else { 0 };
        let expiry = if self.expiry.is_some() { 5 } else { 0 };
        let identifier_size = |id: &u32| 1 + usize::try_from(*id).map_or(5, variable::size);
        let subscription_identifiers: usize = self.subscription_identifiers.iter().map(identifier_size).sum();
        alias + expiry + subscription_identifiers + self.properties.len()
    }

    const fn topic_to_send(&self, version: ProtocolVersion) -> &'a str {
        match self.alias {
            Some(alias) if alias.known && version.is_v5() => "",
            _ => self.topic,
        }
    }

    const fn first_byte(&self) -> u8 {
        let dup = if self.dup && !matches!(self.qos, QoS::AtMostOnce) { 0b1000 } else { 0 };
        let retain = if self.retain { 1 } else { 0 };
        PacketType::Publish.first_byte() | dup | self.qos.value() << 1 | retain
    }
}
