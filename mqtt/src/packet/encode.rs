//! Encodes a packet.

use super::Packet;
use crate::ProtocolVersion;
use crate::error::EncodeError;
use crate::writer::Writer;

impl Packet {
    /// Appends the encoded packet to `out`. Fields that do not exist in MQTT 3.x are omitted there. A CONNECT
    /// is written in the version that it states.
    ///
    /// # Errors
    /// Returns an error if the packet cannot be encoded. In this case, nothing is written.
    pub fn encode(&self, version: ProtocolVersion, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if let Self::Ack(ack) = self {
            return ack.try_encode(version, out);
        }
        let mut writer = Writer::new(out);
        let flags = if let Self::Publish(publish) = self { publish.flags() } else { 0 };
        writer.u8(self.packet_type().first_byte() | flags);
        writer.length_prefixed(|writer| self.write(version, writer));
        writer.finish()
    }

    fn write(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        match self {
            Self::Publish(publish) => publish.write(version, writer),
            Self::ConnAck(connack) => connack.write(version, writer),
            Self::SubAck(suback) => suback.write(version, writer),
            Self::UnsubAck(unsuback) => unsuback.write(version, writer),
            Self::Disconnect(disconnect) => disconnect.write(version, writer),
            Self::Auth(auth) if version.is_v5() => auth.write(writer),
            Self::Auth(_) => writer.fail(EncodeError::NotIn(version)),
            other => other.write_request(version, writer),
        }
    }

    /// Writes the body of a packet that only a client sends. PINGREQ and PINGRESP have no body.
    fn write_request(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        match self {
            Self::Connect(connect) => connect.write(writer),
            Self::Subscribe(subscribe) => subscribe.write(version, writer),
            Self::Unsubscribe(unsubscribe) => unsubscribe.write(version, writer),
            _ => {}
        }
    }
}
