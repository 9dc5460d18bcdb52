//! Encodes CONNECT and the will that it carries, field by field.

use super::Version;
use super::property::{self, Properties};
use super::write::{length_prefixed, packet_with_body};

/// The will of a client.
#[derive(Clone, Debug)]
pub(crate) struct Will {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) properties: Properties,
}

impl Will {
    pub(crate) fn new(topic: impl Into<String>, payload: impl AsRef<[u8]>) -> Self {
        let (topic, payload) = (topic.into(), payload.as_ref().to_vec());
        Self { topic, payload, qos: 0, retain: false, properties: Properties::default() }
    }

    pub(crate) fn qos(self, qos: u8) -> Self {
        Self { qos, ..self }
    }

    pub(crate) fn retain(self) -> Self {
        Self { retain: true, ..self }
    }

    /// Sets the Will Delay Interval in seconds. MQTT 5.0 only.
    pub(crate) fn delay(self, seconds: u32) -> Self {
        let properties = self.properties.number(property::WILL_DELAY, seconds);
        Self { properties, ..self }
    }

    pub(crate) fn properties(self, properties: Properties) -> Self {
        Self { properties, ..self }
    }
}

/// The fields of CONNECT.
#[derive(Clone, Debug)]
pub(crate) struct Connect {
    pub(crate) version: Version,
    pub(crate) client_id: String,
    pub(crate) clean: bool,
    pub(crate) keep_alive: u16,
    pub(crate) will: Option<Will>,
    pub(crate) user_name: Option<String>,
    pub(crate) password: Option<Vec<u8>>,
    pub(crate) properties: Properties,
}

impl Connect {
    /// Encodes the packet. The connect flags are set for the fields that are present.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut payload = length_prefixed(self.client_id.as_bytes());
        let mut flags = u8::from(self.clean) << 1;
        if let Some(will) = &self.will {
            flags |= 4 | will.qos << 3 | u8::from(will.retain) << 5;
            if self.version == Version::V5 {
                payload.extend(will.properties.encode());
            }
            payload.extend(length_prefixed(will.topic.as_bytes()));
            payload.extend(length_prefixed(&will.payload));
        }
        if let Some(user_name) = &self.user_name {
            flags |= 0x80;
            payload.extend(length_prefixed(user_name.as_bytes()));
        }
        if let Some(password) = &self.password {
            flags |= 0x40;
            payload.extend(length_prefixed(password));
        }
        self.encode_with(flags, &payload)
    }

    /// Encodes the packet with the given connect flags and payload. The flags may announce other fields than the
    /// payload contains.
    pub(crate) fn encode_with(&self, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut body = length_prefixed(b"MQTT");
        body.extend([self.version.level(), flags]);
        body.extend(self.keep_alive.to_be_bytes());
        if self.version == Version::V5 {
            body.extend(self.properties.encode());
        }
        body.extend_from_slice(payload);
        packet_with_body(0x10, &body)
    }
}
