//! The will: the message that the server publishes when the connection ends without a normal DISCONNECT.

use std::fmt;

use bytes::Bytes;

use crate::error::{EncodeError, Fault};
use crate::property::{PacketContext, Properties, PropertyId, Value};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{ProtocolVersion, QoS, topic};

/// A will message.
#[derive(Clone, PartialEq, Eq)]
pub struct Will {
    /// The topic to publish to.
    pub topic: topic::Name,
    /// The payload.
    pub payload: Bytes,
    /// The QoS.
    pub qos: QoS,
    /// The RETAIN flag.
    pub retain: bool,
    /// Will delay interval in seconds.
    pub delay: u32,
    /// Message expiry interval in seconds, counted from the publication of the will.
    pub expiry: Option<u32>,
    /// The other will properties in wire form, without a length in front. PUBLISH carries these bytes unchanged.
    pub properties: Bytes,
}

impl Will {
    /// Creates a will without properties.
    #[must_use]
    pub fn new(topic: topic::Name, payload: impl Into<Bytes>, qos: QoS) -> Self {
        let payload = payload.into();
        Self { topic, payload, qos, retain: false, delay: 0, expiry: None, properties: Bytes::new() }
    }

    /// Reads the will properties, the topic and the payload `[MQTT5-3.1.2-9]` `[MQTT3-3.1.2-9]`.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        version: ProtocolVersion,
        qos: QoS,
        retain: bool,
    ) -> Result<Self, Fault> {
        let properties = if version.is_v5() { reader.section()? } else { &[] };
        let (mut delay, mut expiry) = (0, None);
        let mut scan = Properties::new(properties, PacketContext::Will);
        while let Some(property) = scan.try_next()? {
            match property {
                (PropertyId::WillDelayInterval, Value::Number(seconds)) => delay = seconds,
                (PropertyId::MessageExpiryInterval, Value::Number(seconds)) => expiry = Some(seconds),
                _ => {}
            }
        }
        let properties = Bytes::from(crate::message::forwardable(properties));
        // [MQTT5-3.1.3-11] [MQTT3-3.1.3-10], then [MQTT5-4.7.0-1] [MQTT5-4.7.3-1] [MQTT3-4.7.1-1]
        let topic = topic::Name::parse(reader.text()?).map_err(|_| Fault::WillTopic)?;
        let payload = Bytes::copy_from_slice(reader.binary()?);
        Ok(Self { topic, payload, qos, retain, delay, expiry, properties })
    }

    pub(super) fn write(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        if version.is_v5() {
            writer.length_prefixed(|writer| {
                let delay = Some(self.delay).filter(|delay| *delay != 0);
                writer.u32_property(PropertyId::WillDelayInterval, delay);
                writer.u32_property(PropertyId::MessageExpiryInterval, self.expiry);
                writer.raw(&self.properties);
            });
            if crate::property::check_forwardable(&self.properties).is_err() {
                writer.fail(EncodeError::Value("MQTT5-4.13.1-1"));
            }
        }
        writer.text(&self.topic);
        writer.binary(&self.payload);
    }
}

impl fmt::Debug for Will {
    /// Omits the payload and the properties, because they are user data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Will")
            .field("topic", &self.topic)
            .field("qos", &self.qos)
            .field("retain", &self.retain)
            .field("delay", &self.delay)
            .field("expiry", &self.expiry)
            .field("payload_size", &self.payload.len())
            .finish_non_exhaustive()
    }
}
