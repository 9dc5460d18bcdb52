//! CONNACK: the server's answer to CONNECT, with the capabilities that it offers.

use bytes::Bytes;

use crate::error::{EncodeError, Fault};
use crate::property::{PacketContext, PropertyId, PropertyList, UserProperties};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{ProtocolVersion, QoS, ReasonCode};

/// A CONNACK packet. A property that is `None` is not sent and has its default value. In MQTT 3.x only the first two
/// fields are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnAck {
    /// Whether the server has a session of the client. Must be false if the connection is refused.
    pub session_present: bool,
    /// The reason code of the answer. In MQTT 3.x it is sent as the nearest return code.
    pub reason: ReasonCode,
    /// Session expiry interval in seconds, if it differs from the interval that the client requested.
    pub session_expiry: Option<u32>,
    /// Maximum number of unacknowledged QoS 1 and QoS 2 messages that the server accepts; never 0; default 65,535.
    pub receive_maximum: Option<u16>,
    /// The maximum QoS, if it is below 2 `[MQTT5-3.2.2-9]`.
    pub qos_max: Option<QoS>,
    /// Whether the server supports retained messages; default true.
    pub retain_available: Option<bool>,
    /// Maximum size in bytes of a packet that the server accepts; never 0.
    pub packet_size_max: Option<u32>,
    /// The client identifier, if the server assigned it.
    pub assigned_client_id: Option<String>,
    /// The highest topic alias that the server accepts; default 0.
    pub topic_alias_maximum: Option<u16>,
    /// A text for diagnostics.
    pub reason_string: Option<String>,
    /// User properties.
    pub user_properties: UserProperties,
    /// Whether filters may contain wildcards; default true.
    pub wildcard_available: Option<bool>,
    /// Whether subscriptions may have identifiers; default true.
    pub identifier_available: Option<bool>,
    /// Whether subscriptions may be shared; default true.
    pub shared_available: Option<bool>,
    /// The effective keep alive in seconds, if it differs from the keep alive that the client requested.
    pub server_keep_alive: Option<u16>,
    /// The text from which the client builds response topics.
    pub response_information: Option<String>,
    /// Another server that the client should use.
    pub server_reference: Option<String>,
    /// The method of enhanced authentication.
    pub authentication_method: Option<String>,
    /// The final data of enhanced authentication.
    pub authentication_data: Option<Bytes>,
}

impl ConnAck {
    /// Creates a CONNACK without properties.
    #[must_use]
    pub const fn new(reason: ReasonCode, session_present: bool) -> Self {
        Self {
            session_present,
            reason,
            session_expiry: None,
            receive_maximum: None,
            qos_max: None,
            retain_available: None,
            packet_size_max: None,
            assigned_client_id: None,
            topic_alias_maximum: None,
            reason_string: None,
            user_properties: UserProperties::new(),
            wildcard_available: None,
            identifier_available: None,
            shared_available: None,
            server_keep_alive: None,
            response_information: None,
            server_reference: None,
            authentication_method: None,
            authentication_data: None,
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Self, Fault> {
        let flags = reader.u8()?;
        // [MQTT5-3.2.2-1] [MQTT3-3.2.2-1]
        if flags > 1 {
            return Err(Fault::ConnAckFlags);
        }
        let session_present = flags == 1 && has_session_present(version);
        let connack = if version.is_v5() {
            read_v5(reader, session_present)?
        } else {
            let reason = ReasonCode::from_connect_return_code(reader.u8()?).ok_or(Fault::ReasonCode)?;
            Self::new(reason, session_present)
        };
        connack.check_session_present()?;
        Ok(connack)
    }

    /// Checks that a refused connection has no Session Present flag `[MQTT5-3.2.2-6]` `[MQTT3-3.2.2-4]`.
    const fn check_session_present(&self) -> Result<(), Fault> {
        if self.session_present && self.reason.is_error() { Err(Fault::SessionPresent) } else { Ok(()) }
    }

    pub(crate) fn write(&self, version: ProtocolVersion, writer: &mut Writer<'_>) {
        if self.check_session_present().is_err() {
            writer.fail(EncodeError::Value("MQTT5-3.2.2-6"));
        }
        writer.u8(u8::from(self.session_present && has_session_present(version)));
        if version.is_v5() {
            writer.reason(self.reason, PacketContext::ConnAck);
            writer.length_prefixed(|writer| self.write_properties(writer));
        } else {
            writer.u8(self.reason.connect_return_code());
        }
    }

    fn write_properties(&self, writer: &mut Writer<'_>) {
        writer.u32_property(PropertyId::SessionExpiryInterval, self.session_expiry);
        writer.u16_property(PropertyId::ReceiveMaximum, self.receive_maximum);
        let qos_max = self.qos_max.filter(|qos| *qos != QoS::ExactlyOnce);
        writer.flag_property(PropertyId::MaximumQoS, qos_max.map(|qos| qos == QoS::AtLeastOnce));
        writer.flag_property(PropertyId::RetainAvailable, self.retain_available);
        writer.u32_property(PropertyId::MaximumPacketSize, self.packet_size_max);
        writer.text_property(PropertyId::AssignedClientIdentifier, self.assigned_client_id.as_deref());
        writer.u16_property(PropertyId::TopicAliasMaximum, self.topic_alias_maximum);
        writer.text_property(PropertyId::ReasonString, self.reason_string.as_deref());
        writer.flag_property(PropertyId::WildcardSubscriptionAvailable, self.wildcard_available);
        writer.flag_property(PropertyId::SubscriptionIdentifierAvailable, self.identifier_available);
        writer.flag_property(PropertyId::SharedSubscriptionAvailable, self.shared_available);
        writer.u16_property(PropertyId::ServerKeepAlive, self.server_keep_alive);
        writer.text_property(PropertyId::ResponseInformation, self.response_information.as_deref());
        writer.text_property(PropertyId::ServerReference, self.server_reference.as_deref());
        writer.authentication(self.authentication_method.as_deref(), self.authentication_data.as_deref());
        writer.user_properties(&self.user_properties);
    }
}

impl PropertyList<'_> {
    fn into_connack(self, reason: ReasonCode, session_present: bool) -> ConnAck {
        let qos_of = |above_zero: bool| if above_zero { QoS::AtLeastOnce } else { QoS::AtMostOnce };
        ConnAck {
            session_present,
            reason,
            session_expiry: self.number(PropertyId::SessionExpiryInterval),
            receive_maximum: self.u16_number(PropertyId::ReceiveMaximum),
            qos_max: self.flag(PropertyId::MaximumQoS).map(qos_of),
            retain_available: self.flag(PropertyId::RetainAvailable),
            packet_size_max: self.number(PropertyId::MaximumPacketSize),
            assigned_client_id: self.text(PropertyId::AssignedClientIdentifier),
            topic_alias_maximum: self.u16_number(PropertyId::TopicAliasMaximum),
            reason_string: self.text(PropertyId::ReasonString),
            wildcard_available: self.flag(PropertyId::WildcardSubscriptionAvailable),
            identifier_available: self.flag(PropertyId::SubscriptionIdentifierAvailable),
            shared_available: self.flag(PropertyId::SharedSubscriptionAvailable),
            server_keep_alive: self.u16_number(PropertyId::ServerKeepAlive),
            response_information: self.text(PropertyId::ResponseInformation),
            server_reference: self.text(PropertyId::ServerReference),
            authentication_method: self.text(PropertyId::AuthenticationMethod),
            authentication_data: self.binary(PropertyId::AuthenticationData),
            user_properties: self.user,
        }
    }
}

fn read_v5(reader: &mut Reader<'_>, session_present: bool) -> Result<ConnAck, Fault> {
    let reason = reader.reason(PacketContext::ConnAck)?;
    Ok(PropertyList::read(reader, PacketContext::ConnAck)?.into_connack(reason, session_present))
}

/// Returns whether CONNACK has a Session Present flag in this version. In MQTT 3.1, the byte exists, but the flag does
/// not.
const fn has_session_present(version: ProtocolVersion) -> bool {
    !matches!(version, ProtocolVersion::V3_1)
}
