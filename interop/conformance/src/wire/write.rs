//! Encodes the packets of a client field by field, so that a test can also build invalid packets.

use super::Version;
use super::property::{self, Properties};

/// Encodes a packet: the first byte, the remaining length, and the body.
pub(crate) fn packet_with_body(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    bytes.extend(variable_byte_integer(u32::try_from(body.len()).expect("a length")));
    bytes.extend_from_slice(body);
    bytes
}

/// Encodes a packet whose body is the concatenation of `parts`.
pub(crate) fn packet_from_parts(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    packet_with_body(first, &parts.concat())
}

/// Encodes a Variable Byte Integer in its shortest form.
pub(crate) fn variable_byte_integer(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let digit = u8::try_from(value & 0x7F).expect("seven bits");
        value >>= 7;
        bytes.push(if value > 0 { digit | 0x80 } else { digit });
        if value == 0 {
            return bytes;
        }
    }
}

/// Encodes a UTF-8 string or binary data: a two-byte length, then the bytes.
pub(crate) fn length_prefixed(value: &[u8]) -> Vec<u8> {
    let mut bytes = u16::try_from(value.len()).expect("at most 65,535 bytes").to_be_bytes().to_vec();
    bytes.extend_from_slice(value);
    bytes
}

/// Encodes PUBACK (first byte 0x40), PUBREC (0x50), PUBREL (0x62) or PUBCOMP (0x70). A reason code of 0 is omitted.
pub(crate) fn ack(first: u8, packet_id: u16, code: u8) -> Vec<u8> {
    let id = packet_id.to_be_bytes();
    if code == 0 { packet_from_parts(first, &[&id]) } else { packet_from_parts(first, &[&id, &[code]]) }
}

/// Encodes DISCONNECT. If the reason code is 0 and there are no properties, both are omitted.
pub(crate) fn disconnect(code: u8, properties: &Properties) -> Vec<u8> {
    if properties.0.is_empty() && code == 0 {
        return vec![0xE0, 0];
    }
    packet_from_parts(0xE0, &[&[code], &properties.encode()])
}

/// The fields of PUBLISH.
#[derive(Clone, Debug)]
pub(crate) struct Publish {
    pub(crate) topic: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) dup: bool,
    pub(crate) id: u16,
    pub(crate) properties: Properties,
}

impl Publish {
    /// Creates a PUBLISH at QoS 0, without properties.
    pub(crate) fn new(topic: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> Self {
        Self {
            topic: topic.as_ref().to_vec(),
            payload: payload.as_ref().to_vec(),
            qos: 0,
            retain: false,
            dup: false,
            id: 0,
            properties: Properties::default(),
        }
    }

    pub(crate) fn qos(self, qos: u8, id: u16) -> Self {
        Self { qos, id, ..self }
    }

    pub(crate) fn retain(self) -> Self {
        Self { retain: true, ..self }
    }

    pub(crate) fn dup(self) -> Self {
        Self { dup: true, ..self }
    }

    pub(crate) fn properties(self, properties: Properties) -> Self {
        Self { properties, ..self }
    }

    pub(crate) fn encode(&self, version: Version) -> Vec<u8> {
        let first = 0x30 | u8::from(self.dup) << 3 | self.qos << 1 | u8::from(self.retain);
        let mut body = length_prefixed(&self.topic);
        if self.qos > 0 {
            body.extend(self.id.to_be_bytes());
        }
        if version == Version::V5 {
            body.extend(self.properties.encode());
        }
        body.extend_from_slice(&self.payload);
        packet_with_body(first, &body)
    }
}

/// The fields of SUBSCRIBE.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subscribe {
    pub(crate) id: u16,
    pub(crate) filters: Vec<(Vec<u8>, u8)>,
    pub(crate) properties: Properties,
}

impl Subscribe {
    pub(crate) fn new(id: u16) -> Self {
        Self { id, ..Self::default() }
    }

    /// Adds a filter with its options byte: the QoS, and in 5.0 also No Local (4), Retain As Published (8) and Retain
    /// Handling (16 times 0 to 2).
    pub(crate) fn filter(mut self, filter: impl AsRef<[u8]>, options: u8) -> Self {
        self.filters.push((filter.as_ref().to_vec(), options));
        self
    }

    /// Sets the subscription identifier. MQTT 5.0 only.
    pub(crate) fn identifier(self, identifier: u32) -> Self {
        let properties = self.properties.number(property::SUBSCRIPTION_ID, identifier);
        Self { properties, ..self }
    }

    pub(crate) fn encode(&self, version: Version) -> Vec<u8> {
        let mut body = self.id.to_be_bytes().to_vec();
        if version == Version::V5 {
            body.extend(self.properties.encode());
        }
        for (filter, options) in &self.filters {
            body.extend(length_prefixed(filter));
            body.push(*options);
        }
        packet_with_body(0x82, &body)
    }
}

/// The fields of UNSUBSCRIBE.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unsubscribe {
    pub(crate) id: u16,
    pub(crate) filters: Vec<Vec<u8>>,
}

impl Unsubscribe {
    pub(crate) fn new(id: u16) -> Self {
        Self { id, ..Self::default() }
    }

    pub(crate) fn filter(mut self, filter: impl AsRef<[u8]>) -> Self {
        self.filters.push(filter.as_ref().to_vec());
        self
    }

    pub(crate) fn encode(&self, version: Version) -> Vec<u8> {
        let mut body = self.id.to_be_bytes().to_vec();
        if version == Version::V5 {
            body.push(0);
        }
        for filter in &self.filters {
            body.extend(length_prefixed(filter));
        }
        packet_with_body(0xA2, &body)
    }
}
