//! Leaving away what a packet does not need: reason string and user properties.

use super::Packet;

impl Packet {
    /// Removes reason string (0x1F) and user properties (0x26) where they are for diagnosis: from everything but CONNECT, PUBLISH,
    /// SUBSCRIBE and UNSUBSCRIBE. True when there was something to remove. For a packet that would be larger than its
    /// receiver takes `[MQTT5-3.2.2-19]` `[MQTT5-3.4.2-2]` `[MQTT5-3.14.2-3]`, or that does not want it `[MQTT5-3.1.2-29]`.
    pub fn strip_optional(&mut self) -> bool {
        match self {
            Self::Ack(ack) => ack.properties.take().is_some(),
            Self::SubAck(suback) => suback.properties.take().is_some(),
            Self::UnsubAck(unsuback) => unsuback.properties.take().is_some(),
            Self::ConnAck(connack) => clear(&mut connack.reason_string, &mut connack.user_properties),
            Self::Disconnect(disconnect) => {
                clear(&mut disconnect.reason_string, &mut disconnect.user_properties)
            }
            Self::Auth(auth) => clear(&mut auth.reason_string, &mut auth.user_properties),
            _ => false,
        }
    }
}

fn clear(reason_string: &mut Option<String>, user_properties: &mut crate::UserProperties) -> bool {
    let removed = reason_string.take().is_some() || !user_properties.is_empty();
    user_properties.clear();
    removed
}
