//! A received PUBLISH, borrowed from the read buffer and fully checked. This file contains the most time-critical
//! function of the codec.

use crate::error::{DecodeError, Fault};
use crate::frame::Frame;
use crate::property::{PacketContext, Properties, PropertyId, Value};
use crate::reader::Reader;
use crate::{PacketId, ProtocolVersion, QoS};

/// A PUBLISH whose texts, properties and packet identifier are valid. The caller still has to resolve the topic alias
/// and to check the sender's permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishView<'a> {
    /// The DUP flag: the packet may be a retransmission.
    pub dup: bool,
    /// The quality of service.
    pub qos: QoS,
    /// The RETAIN flag: the server stores the message for later subscribers.
    pub retain: bool,
    /// The topic name. The name is empty only if the packet has a topic alias.
    pub topic: &'a str,
    /// The packet identifier. `Some` if and only if the QoS is above 0.
    pub packet_id: Option<PacketId>,
    /// The properties as received, without the length in front.
    pub properties: &'a [u8],
    /// The topic alias, never 0.
    pub alias: Option<u16>,
    /// Message expiry interval in seconds.
    pub expiry: Option<u32>,
    /// Whether the packet has subscription identifiers. A client must not send them `[MQTT5-3.3.4-6]`.
    pub has_subscription_id: bool,
    /// The payload: the application message.
    pub payload: &'a [u8],
    /// The whole packet as received.
    pub wire: &'a [u8],
    /// Whether the length in the fixed header uses more bytes than necessary.
    padded: bool,
    /// Size of the fixed header in bytes.
    header_size: usize,
}

impl<'a> PublishView<'a> {
    /// Decodes a PUBLISH frame.
    ///
    /// # Errors
    /// Returns an error if the frame is not a valid PUBLISH.
    #[inline]
    pub fn parse(frame: &Frame<'a>, version: ProtocolVersion) -> Result<Self, DecodeError> {
        Self::parse_after("", frame, version)
    }

    /// Like [`Self::parse`], but skips checking the topic if it equals `before`, the topic of an earlier view of the
    /// same read.
    ///
    /// # Errors
    /// Returns an error if the frame is not a valid PUBLISH.
    #[inline(always)]
    pub fn parse_after(
        before: &'a str,
        frame: &Frame<'a>,
        version: ProtocolVersion,
    ) -> Result<Self, DecodeError> {
        Self::read(before, frame, version).map_err(|fault| DecodeError::new(fault, version))
    }

    /// Returns whether the frame, apart from its packet identifier, can be sent unchanged to a subscriber of the same
    /// wire class (3.x or 5.0) at the same QoS. The frame must have a topic name, no DUP, no RETAIN, and no property
    /// that is meant only for this receiver or changes over time.
    #[must_use]
    #[inline]
    pub const fn is_forwardable_frame(&self) -> bool {
        let plain = !self.dup && !self.retain && !self.padded;
        plain && !self.topic.is_empty() && self.properties_forwardable()
    }

    /// Returns the offset in `wire` of the two bytes of the packet identifier, if there is one.
    #[must_use]
    #[inline]
    pub fn packet_id_at(&self) -> Option<usize> {
        self.packet_id.map(|_| self.header_size + 2 + self.topic.len())
    }

    /// Returns whether the properties can be forwarded unchanged.
    #[must_use]
    #[inline]
    pub(crate) const fn properties_forwardable(&self) -> bool {
        self.alias.is_none() && self.expiry.is_none() && !self.has_subscription_id
    }

    #[inline(always)]
    pub(super) fn read(before: &'a str, frame: &Frame<'a>, version: ProtocolVersion) -> Result<Self, Fault> {
        let mut reader = Reader::new(frame.body);
        let topic = read_topic(before, reader.binary()?)?;
        // [MQTT5-3.3.1-4] [MQTT3-3.3.1-4]
        let qos = QoS::try_from(frame.flags >> 1 & 0b11).map_err(|_| Fault::PublishQoS)?;
        let packet_id = read_packet_id(&mut reader, qos)?;
        let properties = if version.is_v5() { reader.section()? } else { &[] };
        let mut view = Self {
            dup: frame.flags & 0b1000 != 0,
            qos,
            retain: frame.flags & 0b0001 != 0,
            topic,
            packet_id,
            properties,
            alias: None,
            expiry: None,
            has_subscription_id: false,
            payload: reader.rest(),
            wire: frame.wire,
            padded: frame.is_padded(),
            header_size: frame.wire.len() - frame.body.len(),
        };
        if !properties.is_empty() {
            view.scan_properties()?;
        }
        view.check_topic()?;
        Ok(view)
    }

    /// Checks that the packet has a topic name or a topic alias `[MQTT5-4.7.3-1]` `[MQTT3-4.7.3-1]`.
    #[inline]
    const fn check_topic(&self) -> Result<(), Fault> {
        if self.topic.is_empty() && self.alias.is_none() { Err(Fault::TopicEmpty) } else { Ok(()) }
    }

    fn scan_properties(&mut self) -> Result<(), Fault> {
        let mut scan = Properties::new(self.properties, PacketContext::Publish);
        while let Some((id, value)) = scan.try_next()? {
            match (id, value) {
                (PropertyId::TopicAlias, Value::Number(alias)) => self.alias = u16::try_from(alias).ok(),
                (PropertyId::MessageExpiryInterval, Value::Number(seconds)) => self.expiry = Some(seconds),
                (PropertyId::SubscriptionIdentifier, _) => self.has_subscription_id = true,
                _ => {}
            }
        }
        Ok(())
    }
}

#[inline(always)]
fn read_topic<'a>(before: &'a str, bytes: &'a [u8]) -> Result<&'a str, Fault> {
    if bytes == before.as_bytes() { Ok(before) } else { crate::text::parse_topic(bytes) }
}

/// Reads the packet identifier if the QoS is above 0 `[MQTT5-2.2.1-2]` `[MQTT3-2.3.1-5]`.
#[inline]
fn read_packet_id(reader: &mut Reader<'_>, qos: QoS) -> Result<Option<PacketId>, Fault> {
    match qos {
        QoS::AtMostOnce => Ok(None),
        QoS::AtLeastOnce | QoS::ExactlyOnce => reader.packet_id().map(Some),
    }
}
