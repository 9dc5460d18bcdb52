//! The server's capabilities, from CONNACK.

use tidegate_mqtt::{ConnAck, Connect, Publish, QoS};

use super::ClientError;

/// The server's capabilities. A capability that CONNACK omits has the protocol's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Maximum number of unacknowledged QoS 1 and 2 messages.
    pub receive_maximum: u16,
    /// The highest QoS that the server accepts.
    pub qos_max: QoS,
    /// Whether the server supports retained messages.
    pub retain_available: bool,
    /// The maximum packet size in bytes; `None` for no limit.
    pub packet_size_max: Option<u32>,
    /// The highest topic alias that the server accepts.
    pub topic_alias_maximum: u16,
    /// The negotiated keep alive in seconds; 0 means off.
    pub keep_alive: u16,
}

impl Capabilities {
    /// Returns the capabilities negotiated by CONNECT and CONNACK.
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

    /// Checks that the server accepts a message. Does not check the size of the message.
    ///
    /// # Errors
    /// `NotAllowed` with the reason.
    pub fn check(&self, message: &Publish) -> Result<(), ClientError> {
        let qos_max = self.qos_max.value();
        let refusal = if message.qos > self.qos_max {
            format!("the server's maximum QoS is {qos_max}")
        } else if message.retain && !self.retain_available {
            "the server does not support retained messages".to_owned()
        } else if message.properties.alias.is_some_and(|alias| alias == 0 || alias > self.topic_alias_maximum)
        {
            format!("the topic alias is 0 or above the server's maximum of {}", self.topic_alias_maximum)
        } else {
            return Ok(());
        };
        Err(ClientError::NotAllowed(refusal))
    }

    /// Checks that the server accepts a packet of `size` bytes.
    ///
    /// # Errors
    /// `NotAllowed` if the packet is too large.
    pub fn check_size(&self, size: usize) -> Result<(), ClientError> {
        match self.packet_size_max {
            Some(max) if u32::try_from(size).map_or(true, |size| size > max) => Err(ClientError::NotAllowed(
                format!("the packet has {size} bytes, more than the server's maximum of {max}"),
            )),
            _ => Ok(()),
        }
    }
}
