//! Removes the optional parts of a packet: reason string and user properties.

use super::Packet;

impl Packet {
    /// Removes reason string (0x1F) and user properties (0x26) from the packets in which they only serve diagnostics:
    /// all except CONNECT, PUBLISH, SUBSCRIBE and UNSUBSCRIBE. Returns whether anything was removed.
    ///
    /// Callers strip a packet if it is larger than the receiver accepts `[MQTT5-3.2.2-19]` `[MQTT5-3.4.2-2]`
    /// `[MQTT5-3.14.2-3]`, or if the receiver does not want these properties `[MQTT5-3.1.2-29]`.
    pub fn strip_optional(&mut self) -> bool {
        match self {
            Self::Ack(ack) => ack.properties.take().is_some(),
            Self::SubAck(suback) => suback.properties.take().is_some(),
            Self::UnsubAck(unsuback) => unsuback.properties.take().is_some(),
            Self::ConnAck(connack) => {
                clear_diagnostics(&mut connack.reason_string, &mut connack.user_properties)
            }
            Self::Disconnect(disconnect) => {
                clear_diagnostics(&mut disconnect.reason_string, &mut disconnect.user_properties)
            }
            Self::Auth(auth) => clear_diagnostics(&mut auth.reason_string, &mut auth.user_properties),
            _ => false,
        }
    }
}

fn clear_diagnostics(
    reason_string: &mut Option<String>,
    user_properties: &mut crate::UserProperties,
) -> bool {
    let removed = reason_string.take().is_some() || !user_properties.is_empty();
    user_properties.clear();
    removed
}
