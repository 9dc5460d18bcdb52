//! PUBACK, PUBREC, PUBREL and PUBCOMP: four packets with the same layout.

mod properties;
#[cfg(test)]
mod tests;

pub use properties::AckProperties;

use crate::error::{DecodeError, EncodeError, Fault};
use crate::frame::{Frame, PacketType};
use crate::property::{PacketContext, PropertyList};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{PacketId, ProtocolVersion, ReasonCode};

/// The kind of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AckKind {
    /// PUBACK: the receiver has the QoS 1 message.
    PubAck,
    /// PUBREC: the receiver has the QoS 2 message.
    PubRec,
    /// PUBREL: the sender has discarded the QoS 2 message.
    PubRel,
    /// PUBCOMP: the receiver has discarded the packet identifier of the QoS 2 message.
    PubComp,
}

/// A PUBACK, PUBREC, PUBREL or PUBCOMP packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The kind of acknowledgement.
    pub kind: AckKind,
    /// The packet identifier of the PUBLISH `[MQTT5-2.2.1-5]` `[MQTT3-2.3.1-6]`.
    pub packet_id: PacketId,
    /// The reason code; always `Success` before MQTT 5.0.
    pub reason: ReasonCode,
    /// Reason string and user properties. Most acknowledgements have none.
    pub properties: Option<Box<AckProperties>>,
}

impl AckKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::PubAck, Self::PubRec, Self::PubRel, Self::PubComp];

    /// Returns the packet type of this kind.
    #[must_use]
    pub const fn packet_type(self) -> PacketType {
        match self {
            Self::PubAck => PacketType::PubAck,
            Self::PubRec => PacketType::PubRec,
            Self::PubRel => PacketType::PubRel,
            Self::PubComp => PacketType::PubComp,
        }
    }

    const fn context(self) -> PacketContext {
        match self {
            Self::PubAck => PacketContext::PubAck,
            Self::PubRec => PacketContext::PubRec,
            Self::PubRel => PacketContext::PubRel,
            Self::PubComp => PacketContext::PubComp,
        }
    }

    const fn from_packet_type(packet_type: PacketType) -> Option<Self> {
        match packet_type {
            PacketType::PubAck => Some(Self::PubAck),
            PacketType::PubRec => Some(Self::PubRec),
            PacketType::PubRel => Some(Self::PubRel),
            PacketType::PubComp => Some(Self::PubComp),
            _ => None,
        }
    }
}

impl Ack {
    /// Creates an acknowledgement without properties.
    #[must_use]
    pub const fn new(kind: AckKind, packet_id: PacketId, reason: ReasonCode) -> Self {
        Self { kind, packet_id, reason, properties: None }
    }

    /// Decodes the acknowledgement in a frame.
    ///
    /// # Errors
    /// Returns an error if the frame is not a valid acknowledgement of this version.
    pub fn parse(frame: &Frame<'_>, version: ProtocolVersion) -> Result<Self, DecodeError> {
        Self::read(frame, version).map_err(|fault| DecodeError::new(fault, version))
    }

    /// Appends the packet. Reason code and properties are omitted if the reason is `Success` and there are no
    /// properties, and always before MQTT 5.0. If a property is not valid text, all properties are omitted. The caller
    /// must only pass a reason code that this packet may carry.
    pub fn encode(&self, version: ProtocolVersion, out: &mut Vec<u8>) {
        debug_assert!(self.reason.may_appear_in(self.kind.context()), "{:?} in {:?}", self.reason, self.kind);
        if self.properties.is_none() || self.try_encode(version, out).is_err() {
            self.put_without_properties(version, out);
        }
    }

    /// Like [`Ack::encode`], but returns an error instead of omitting properties.
    ///
    /// # Errors
    /// Returns an error if a property is not valid text or if this packet may not carry the reason code. In this case,
    /// nothing is written.
    pub fn try_encode(&self, version: ProtocolVersion, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        // [MQTT5-3.4.2-1] [MQTT5-3.5.2-1] [MQTT5-3.6.2-1] [MQTT5-3.7.2-1]
        if !self.reason.may_appear_in(self.kind.context()) {
            return Err(EncodeError::Value("MQTT5-3.4.2-1"));
        }
        let Some(properties) = self.properties.as_ref().filter(|_| version.is_v5()) else {
            self.put_without_properties(version, out);
            return Ok(());
        };
        let mut writer = Writer::new(out);
        writer.u8(self.kind.packet_type().first_byte());
        writer.length_prefixed(|writer| {
            writer.u16(self.packet_id.get());
            writer.u8(self.reason.value());
            properties.write(writer);
        });
        writer.finish()
    }

    fn put_without_properties(&self, version: ProtocolVersion, out: &mut Vec<u8>) {
        let [high, low] = self.packet_id.get().to_be_bytes();
        let first = self.kind.packet_type().first_byte();
        if version.is_v5() && self.reason != ReasonCode::Success {
            out.extend_from_slice(&[first, 3, high, low, self.reason.value()]);
        } else {
            out.extend_from_slice(&[first, 2, high, low]);
        }
    }

    fn read(frame: &Frame<'_>, version: ProtocolVersion) -> Result<Self, Fault> {
        let kind = AckKind::from_packet_type(frame.packet_type).ok_or(Fault::PacketType)?;
        let mut reader = Reader::new(frame.body);
        let mut ack = Self::new(kind, reader.packet_id()?, ReasonCode::Success);
        if version.is_v5() && !reader.is_empty() {
            ack.reason = reader.reason(kind.context())?;
            if !reader.is_empty() {
                ack.properties = AckProperties::from_list(PropertyList::read(&mut reader, kind.context())?);
            }
        }
        reader.finish()?;
        Ok(ack)
    }
}
