//! DISCONNECT: the last packet of a connection. In MQTT 3.x only the client sends it, in MQTT 5.0 both sides may send
//! DISCONNECT.

use crate::error::{EncodeError, Fault};
use crate::property::{PacketContext, PropertyId, PropertyList, UserProperties};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{ProtocolVersion, ReasonCode};

/// A DISCONNECT packet. In MQTT 3.x it has no fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disconnect {
    /// The reason code.
    pub reason: ReasonCode,
    /// A new session expiry interval in seconds. A server must not send it `[MQTT5-3.14.2-2]`.
    pub session_expiry: Option<u32>,
    /// A text for diagnostics.
    pub reason_string: Option<String>,
    /// User properties.
    pub user_properties: UserProperties,
    /// Another server that the client should use.
    pub server_reference: Option<String>,
}

impl Disconnect {
    /// Creates a DISCONNECT without properties.
    #[must_use]
    pub const fn new(reason: ReasonCode) -> Self {
        Self {
            reason,
            session_expiry: None,
            reason_string: None,
            user_properties: UserProperties::new(),
            server_reference: None,
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Self, Fault> {
        // A packet without a body is a normal disconnection. A packet without properties may omit their length.
        if reader.is_empty() || !version.is_v5() {
            return Ok(Self::new(ReasonCode::Success));
        }
        let reason = reader.reason(PacketContext::Disconnect)?;
        if reader.is_empty() {
            return Ok(Self::new(reason));
        }
        let properties = PropertyList::read(reader, PacketContext::Disconnect)?;
        Ok(Self {
            reason,
            session_expiry: properties.number(PropertyId::SessionExpiryInterval),
            reason_string: properties.text(PropertyId::ReasonString),
            server_reference: properties.text(PropertyId::ServerReference),
            user_properties: properties.user,
        })
    }

    pub(crate) fn write(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        // [MQTT5-3.14.2-1]
        if !self.reason.may_appear_in(PacketContext::Disconnect) {
            writer.fail(EncodeError::Value("MQTT5-3.14.2-1"));
        }
        let has_only_reason = Self::new(self.reason) == *self;
        if !version.is_v5() || (has_only_reason && self.reason == ReasonCode::Success) {
            return;
        }
        writer.u8(self.reason.value());
        if has_only_reason {
            return;
        }
        writer.length_prefixed(|writer| {
            writer.u32_property(PropertyId::SessionExpiryInterval, self.session_expiry);
            writer.text_property(PropertyId::ReasonString, self.reason_string.as_deref());
            writer.text_property(PropertyId::ServerReference, self.server_reference.as_deref());
            writer.user_properties(&self.user_properties);
        });
    }
}
