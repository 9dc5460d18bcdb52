//! An owned PUBLISH with its properties as fields, for clients and tests. The broker uses `view` and `outgoing`
//! instead.

use bytes::Bytes;

use super::PublishView;
use crate::error::{EncodeError, Fault};
use crate::frame::Frame;
use crate::property::{PropertyId, PropertyList, UserProperties};
use crate::writer::Writer;
use crate::{PacketId, ProtocolVersion, QoS, topic};

/// A PUBLISH packet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Publish {
    /// The DUP flag: the packet may be a retransmission.
    pub dup: bool,
    /// The quality of service.
    pub qos: QoS,
    /// The RETAIN flag.
    pub retain: bool,
    /// The topic name. The name may be empty only if the packet has a topic alias.
    pub topic: String,
    /// The packet identifier. `Some` if and only if the QoS is above 0.
    pub packet_id: Option<PacketId>,
    /// The properties; empty in MQTT 3.x.
    pub properties: PublishProperties,
    /// The payload: the application message.
    pub payload: Bytes,
}

/// The properties of PUBLISH.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublishProperties {
    /// Payload format indicator: whether the payload is UTF-8 text.
    pub payload_is_text: Option<bool>,
    /// Message expiry interval in seconds.
    pub expiry: Option<u32>,
    /// The topic alias, never 0.
    pub alias: Option<u16>,
    /// The topic for a response.
    pub response_topic: Option<String>,
    /// Data that the response has to repeat.
    pub correlation_data: Option<Bytes>,
    /// User properties.
    pub user_properties: UserProperties,
    /// Subscription identifiers. Only a server sends subscription identifiers.
    pub subscription_identifiers: Vec<u32>,
    /// The content type.
    pub content_type: Option<String>,
}

impl Publish {
    /// Creates a QoS 0 PUBLISH without properties.
    #[must_use]
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self { topic: topic.into(), payload: payload.into(), ..Self::default() }
    }

    pub(crate) fn read(frame: &Frame<'_>, version: ProtocolVersion) -> Result<Self, Fault> {
        let view = PublishView::read("", frame, version)?;
        Ok(Self {
            dup: view.dup,
            qos: view.qos,
            retain: view.retain,
            topic: view.topic.to_owned(),
            packet_id: view.packet_id,
            properties: PublishProperties::from_list(PropertyList::decode(
                view.properties,
                crate::property::PacketContext::Publish,
            )?),
            payload: Bytes::copy_from_slice(view.payload),
        })
    }

    /// Returns the low four bits of the first byte.
    pub(crate) fn flags(&self) -> u8 {
        u8::from(self.dup) << 3 | self.qos.value() << 1 | u8::from(self.retain)
    }

    pub(crate) fn write(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        self.check(version, writer);
        writer.text(&self.topic);
        if let Some(packet_id) = self.packet_id {
            writer.u16(packet_id.get());
        }
        if version.is_v5() {
            writer.length_prefixed(|writer| self.properties.write(writer));
        }
        writer.raw(&self.payload);
    }

    fn check(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        let aliased = version.is_v5() && self.properties.alias.is_some() && self.topic.is_empty();
        if !aliased && !topic::is_valid_name(&self.topic) {
            writer.fail(EncodeError::Value("MQTT5-3.3.2-2"));
        }
        // [MQTT5-2.2.1-2] [MQTT5-2.2.1-3]
        if self.packet_id.is_some() != (self.qos > QoS::AtMostOnce) {
            writer.fail(EncodeError::Value("MQTT5-2.2.1-2"));
        }
        // [MQTT5-3.3.1-2] [MQTT3-3.3.1-2]
        if self.dup && self.qos == QoS::AtMostOnce {
            writer.fail(EncodeError::Value("MQTT5-3.3.1-2"));
        }
    }
}

impl PublishProperties {
    /// Returns the properties that every receiver gets, in wire form without a length in front, as in
    /// [`crate::Will::properties`]. Message expiry interval, topic alias and subscription identifiers are not included.
    ///
    /// # Errors
    /// Returns an error if a property cannot be encoded.
    pub fn forwardable(&self) -> Result<Bytes, EncodeError> {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        self.write_forwardable(&mut writer);
        writer.finish()?;
        Ok(Bytes::from(out))
    }

    fn from_list(list: PropertyList<'_>) -> Self {
        Self {
            payload_is_text: list.flag(PropertyId::PayloadFormatIndicator),
            expiry: list.number(PropertyId::MessageExpiryInterval),
            alias: list.u16_number(PropertyId::TopicAlias),
            response_topic: list.text(PropertyId::ResponseTopic),
            correlation_data: list.binary(PropertyId::CorrelationData),
            content_type: list.text(PropertyId::ContentType),
            user_properties: list.user,
            subscription_identifiers: list.subscription_identifiers,
        }
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.u16_property(PropertyId::TopicAlias, self.alias);
        writer.u32_property(PropertyId::MessageExpiryInterval, self.expiry);
        for identifier in &self.subscription_identifiers {
            writer.variable_property(PropertyId::SubscriptionIdentifier, Some(*identifier));
        }
        self.write_forwardable(writer);
    }

    fn write_forwardable(&self, writer: &mut Writer<'_>) {
        writer.flag_property(PropertyId::PayloadFormatIndicator, self.payload_is_text);
        // [MQTT5-3.3.2-14]
        if self.response_topic.as_ref().is_some_and(|topic| !topic::is_valid_name(topic)) {
            writer.fail(EncodeError::Value("MQTT5-3.3.2-14"));
        }
        writer.text_property(PropertyId::ResponseTopic, self.response_topic.as_deref());
        writer.binary_property(PropertyId::CorrelationData, self.correlation_data.as_deref());
        writer.text_property(PropertyId::ContentType, self.content_type.as_deref());
        writer.user_properties(&self.user_properties);
    }
}
