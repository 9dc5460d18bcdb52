//! AUTH: one step of enhanced authentication, in MQTT 5.0 only.

use std::fmt;

use bytes::Bytes;

use crate::ReasonCode;
use crate::connect::Redacted;
use crate::error::{EncodeError, Fault};
use crate::property::{PacketContext, PropertyId, PropertyList, UserProperties};
use crate::reader::Reader;
use crate::writer::Writer;

/// An AUTH packet.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth {
    /// The reason code: `Success`, `ContinueAuthentication` or `ReAuthenticate` `[MQTT5-3.15.2-1]`.
    pub reason: ReasonCode,
    /// The authentication method. Only a packet without a body may omit the method.
    pub authentication_method: Option<String>,
    /// The authentication data.
    pub authentication_data: Option<Bytes>,
    /// A text for diagnostics.
    pub reason_string: Option<String>,
    /// User properties.
    pub user_properties: UserProperties,
}

impl Auth {
    /// Creates an AUTH packet with this authentication method.
    #[must_use]
    pub fn new(reason: ReasonCode, method: impl Into<String>, data: Option<Bytes>) -> Self {
        Self {
            reason,
            authentication_method: Some(method.into()),
            authentication_data: data,
            reason_string: None,
            user_properties: UserProperties::new(),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        if reader.is_empty() {
            return Ok(Self { authentication_method: None, ..Self::new(ReasonCode::Success, "", None) });
        }
        let reason = reader.reason(PacketContext::Auth)?;
        let properties = PropertyList::read(reader, PacketContext::Auth)?;
        let authentication_method = properties.text(PropertyId::AuthenticationMethod);
        if authentication_method.is_none() {
            return Err(Fault::AuthenticationMethodMissing);
        }
        Ok(Self {
            reason,
            authentication_method,
            authentication_data: properties.binary(PropertyId::AuthenticationData),
            reason_string: properties.text(PropertyId::ReasonString),
            user_properties: properties.user,
        })
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        let empty = Self { authentication_method: None, ..Self::new(ReasonCode::Success, "", None) };
        if *self == empty {
            return;
        }
        if self.authentication_method.is_none() {
            writer.fail(EncodeError::Value("MQTT5-4.12.0-5"));
        }
        writer.reason(self.reason, PacketContext::Auth);
        writer.length_prefixed(|writer| {
            writer.authentication(self.authentication_method.as_deref(), self.authentication_data.as_deref());
            writer.text_property(PropertyId::ReasonString, self.reason_string.as_deref());
            writer.user_properties(&self.user_properties);
        });
    }
}

impl fmt::Debug for Auth {
    /// Omits the authentication data, because it is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("reason", &self.reason)
            .field("authentication_method", &self.authentication_method)
            .field("authentication_data", &self.authentication_data.as_ref().map(|_| Redacted))
            .field("reason_string", &self.reason_string)
            .field("user_properties", &self.user_properties)
            .finish()
    }
}
