//! What the server said it takes.

use tidegate_mqtt::{ConnAck, Connect, Publish, QoS};

use super::ClientError;

/// What the server takes, with the protocol's defaults for what it did not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// QoS 1 and 2 messages that may be unacknowledged.
    pub receive_maximum: u16,
    /// The highest QoS.
    pub qos_max: QoS,
    /// Whether messages can be retained.
    pub retain_available: bool,
    /// The largest packet, in bytes.
    pub packet_size_max: Option<u32>,
    /// The highest topic alias.
    pub topic_alias_maximum: u16,
    /// The keep alive in force, in seconds; 0 is none.
    pub keep_alive: u16,
}

impl Capabilities {
    /// What these two packets agree on.
    #[must_use]
    pub fn negotiated(connect: &Connect, connack: &ConnAck) -> Self {
        Self {
            receive_maximum: connack.receive_maximum.unwrap_or(u16::MAX),
            qos_max: connack.qos_max.unwrap_or(QoS::ExactlyOnce),
            retain_available: connack.retain_available.unwrap_or(true),
            packet_size_max: connack.packet_size_max,
            topic_alias_maximum: connack.topic_alias_maximum.unwrap_or(0),
            keep_alive: connack.server_keep_alive.unwrap_or(connect.keep_alive),
        }
    }

    /// Whether the server takes a message, as far as its size is not concerned.
    ///
    /// # Errors
    /// What the server does not take.
    pub fn check(&self, message: &Publish) -> Result<(), ClientError> {
        let qos_max = self.qos_max.value();
        let refusal = if message.qos > self.qos_max {
            format!("the server takes messages up to QoS {qos_max}")
        } else if message.retain && !self.retain_available {
            "the server does not retain messages".to_owned()
        } else if message.properties.alias.is_some_and(|alias| alias == 0 || alias > self.topic_alias_maximum)
        {
            format!("the server takes topic aliases from 1 to {}", self.topic_alias_maximum)
        } else {
            return Ok(());
        };
        Err(ClientError::NotAllowed(refusal))
    }

    /// Whether the server takes a packet of this size.
    ///
    /// # Errors
    /// When it is too large.
    pub fn check_size(&self, size: usize) -> Result<(), ClientError> {
        match self.packet_size_max {
            Some(max) if u32::try_from(size).map_or(true, |size| size > max) => Err(ClientError::NotAllowed(
                format!("the packet has {size} bytes, the server takes up to {max}"),
            )),
            _ => Ok(()),
        }
    }
}
