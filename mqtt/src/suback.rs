//! SUBACK and UNSUBACK: one reason code per topic filter, in the order of the filters.

use crate::error::{EncodeError, Fault};
use crate::property::{PacketContext, PropertyList};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{AckProperties, PacketId, ProtocolVersion, ReasonCode};

/// A SUBACK packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubAck {
    /// The packet identifier of the SUBSCRIBE `[MQTT5-2.2.1-6]` `[MQTT3-2.3.1-7]`.
    pub packet_id: PacketId,
    /// One reason code per filter `[MQTT5-3.8.4-6]` `[MQTT5-3.9.3-1]`. In MQTT 3.x every failure is 0x80
    /// `[MQTT3-3.9.3-2]`.
    pub reasons: Vec<ReasonCode>,
    /// Reason string and user properties.
    pub properties: Option<Box<AckProperties>>,
}

/// An UNSUBACK packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsubAck {
    /// The packet identifier of the UNSUBSCRIBE.
    pub packet_id: PacketId,
    /// One reason code per filter `[MQTT5-3.11.3-1]` `[MQTT5-3.11.3-2]`; empty in MQTT 3.x.
    pub reasons: Vec<ReasonCode>,
    /// Reason string and user properties.
    pub properties: Option<Box<AckProperties>>,
}

impl SubAck {
    pub(crate) fn read(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Self, Fault> {
        let packet_id = reader.packet_id()?;
        let properties = read_properties(reader, version, PacketContext::SubAck)?;
        let reasons = read_reasons(reader, PacketContext::SubAck)?;
        // [MQTT3-3.9.3-2]
        if !version.is_v5() && reasons.iter().any(|reason| nearest_v3_code(*reason) != *reason) {
            return Err(Fault::ReasonCode);
        }
        Ok(Self { packet_id, reasons, properties })
    }

    pub(crate) fn write(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        writer.u16(self.packet_id.get());
        write_properties(self.properties.as_deref(), version, writer);
        let to_send = |reason: &ReasonCode| if version.is_v5() { *reason } else { nearest_v3_code(*reason) };
        write_reasons(self.reasons.iter().map(to_send), PacketContext::SubAck, writer);
    }
}

impl UnsubAck {
    pub(crate) fn read(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Self, Fault> {
        let packet_id = reader.packet_id()?;
        if !version.is_v5() {
            reader.finish()?;
            return Ok(Self { packet_id, reasons: Vec::new(), properties: None });
        }
        let properties = read_properties(reader, version, PacketContext::UnsubAck)?;
        let reasons = read_reasons(reader, PacketContext::UnsubAck)?;
        Ok(Self { packet_id, reasons, properties })
    }

    pub(crate) fn write(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        writer.u16(self.packet_id.get());
        if version.is_v5() {
            write_properties(self.properties.as_deref(), version, writer);
            write_reasons(self.reasons.iter().copied(), PacketContext::UnsubAck, writer);
        }
    }
}

fn read_properties(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
    context: PacketContext,
) -> Result<Option<Box<AckProperties>>, Fault> {
    if version.is_v5() {
        Ok(AckProperties::from_list(PropertyList::read(reader, context)?))
    } else {
        Ok(None)
    }
}

fn read_reasons(reader: &mut Reader<'_>, context: PacketContext) -> Result<Vec<ReasonCode>, Fault> {
    let mut reasons = Vec::with_capacity(reader.rest().len());
    while !reader.is_empty() {
        reasons.push(reader.reason(context)?);
    }
    if reasons.is_empty() { Err(Fault::NoReasonCodes) } else { Ok(reasons) }
}

fn write_properties(properties: Option<&AckProperties>, version: ProtocolVersion, writer: &mut Writer<'_>) {
    match properties {
        _ if !version.is_v5() => {}
        Some(properties) => properties.write(writer),
        None => writer.u8(0),
    }
}

fn write_reasons(
    reasons: impl ExactSizeIterator<Item = ReasonCode>,
    context: PacketContext,
    writer: &mut Writer<'_>,
) {
    if reasons.len() == 0 {
        writer.fail(EncodeError::Value("MQTT5-3.8.4-6"));
    }
    for reason in reasons {
        writer.reason(reason, context);
    }
}

/// Returns the nearest SUBACK code of MQTT 3.x `[MQTT3-3.9.3-2]`.
const fn nearest_v3_code(reason: ReasonCode) -> ReasonCode {
    if reason.is_error() { ReasonCode::UnspecifiedError } else { reason }
}
