//! A received PUBLISH, borrowed from the read buffer and checked throughout. The hottest function of the codec is here.

use crate::error::{DecodeError, Fault};
use crate::frame::Frame;
use crate::property::{PacketContext, Properties, PropertyId, Value};
use crate::reader::Reader;
use crate::{PacketId, ProtocolVersion, QoS};

/// A PUBLISH with all its parts checked: text, properties, packet identifier. Whether the topic alias is known, and
/// what the sender may do, is for others to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishView<'a> {
    /// A repeat of one sent before.
    pub dup: bool,
    /// The quality of service.
    pub qos: QoS,
    /// To be kept for later subscribers.
    pub retain: bool,
    /// The topic name; empty only where an alias stands for it.
    pub topic: &'a str,
    /// There exactly when the QoS is above 0.
    pub packet_id: Option<PacketId>,
    /// The properties as received, without their length.
    pub properties: &'a [u8],
    /// The topic alias, never 0.
    pub alias: Option<u16>,
    /// Message expiry interval in seconds.
    pub expiry: Option<u32>,
    /// Whether there are subscription identifiers, which no client may send `[MQTT5-3.3.4-6]`.
    pub has_subscription_id: bool,
    /// The application message.
    pub payload: &'a [u8],
    /// The packet as received.
    pub wire: &'a [u8],
    /// Whether the fixed header is longer than it needs to be.
    padded: bool,
    /// Size of the fixed header in bytes.
    header_size: usize,
}

impl<'a> PublishView<'a> {
    /// The view of a PUBLISH frame.
    ///
    /// # Errors
    /// When the frame is no valid PUBLISH.
    #[inline]
    pub fn parse(frame: &Frame<'a>, version: ProtocolVersion) -> Result<Self, DecodeError> {
        Self::parse_after("", frame, version)
    }

    /// The same; the topic is not checked again where it is `before`, the topic of a view of the same read.
    ///
    /// # Errors
    /// When the frame is no valid PUBLISH.
    #[inline(always)]
    pub fn parse_after(
        before: &'a str,
        frame: &Frame<'a>,
        version: ProtocolVersion,
    ) -> Result<Self, DecodeError> {
        Self::read(before, frame, version).map_err(|fault| DecodeError::new(fault, version))
    }

    /// True when the frame, but for its packet identifier, can go unchanged to a subscriber of the same wire class at the
    /// same QoS: no DUP, no RETAIN, a topic, and nothing that is for this receiver only or changes with time.
    #[must_use]
    #[inline]
    pub const fn copyable(&self) -> bool {
        let plain = !self.dup && !self.retain && !self.padded;
        plain && !self.topic.is_empty() && self.properties_forwardable()
    }

    /// Where in `wire` the two bytes of the packet identifier are, if there is one.
    #[must_use]
    #[inline]
    pub fn packet_id_at(&self) -> Option<usize> {
        self.packet_id.map(|_| self.header_size + 2 + self.topic.len())
    }

    /// True when the properties can be passed on as they are.
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

    /// `[MQTT5-4.7.3-1]` `[MQTT3-4.7.3-1]`
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

/// `[MQTT5-2.2.1-2]` `[MQTT3-2.3.1-5]`
#[inline]
fn read_packet_id(reader: &mut Reader<'_>, qos: QoS) -> Result<Option<PacketId>, Fault> {
    match qos {
        QoS::AtMostOnce => Ok(None),
        QoS::AtLeastOnce | QoS::ExactlyOnce => reader.packet_id().map(Some),
    }
}
