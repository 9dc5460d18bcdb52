//! CONNECT: the client's request to open a connection.

mod decode;
mod encode;
#[cfg(test)]
mod tests;
mod will;

pub use will::Will;

use std::fmt;

use bytes::Bytes;

use crate::ProtocolVersion;
use crate::property::UserProperties;

/// A CONNECT packet. In MQTT 3.x, a field that does not exist there has the value of [`Connect::new`] and is not
/// written.
#[derive(Clone, PartialEq, Eq)]
pub struct Connect {
    /// The protocol version that the client requests.
    pub version: ProtocolVersion,
    /// The client identifier. Empty if the server has to assign one.
    pub client_id: String,
    /// Whether Clean Start is set (in MQTT 3.x: Clean Session).
    pub clean_start: bool,
    /// Keep alive in seconds; 0 disables keep alive.
    pub keep_alive: u16,
    /// Session expiry interval in seconds.
    pub session_expiry: Option<u32>,
    /// Maximum number of unacknowledged QoS 1 and QoS 2 messages that the client accepts; never 0.
    pub receive_maximum: Option<u16>,
    /// Maximum size in bytes of a packet that the client accepts; never 0.
    pub packet_size_max: Option<u32>,
    /// The highest topic alias that the client accepts.
    pub topic_alias_maximum: Option<u16>,
    /// Whether the client requests response information; default false.
    pub request_response_information: bool,
    /// Whether the client accepts reason strings and user properties in every packet; default true.
    pub request_problem_information: bool,
    /// User properties.
    pub user_properties: UserProperties,
    /// The method of enhanced authentication.
    pub authentication_method: Option<String>,
    /// The initial data of enhanced authentication.
    pub authentication_data: Option<Bytes>,
    /// The will.
    pub will: Option<Will>,
    /// The user name.
    pub user_name: Option<String>,
    /// The password.
    pub password: Option<Bytes>,
}

impl Connect {
    /// Creates a CONNECT with Clean Start, no keep alive and no optional fields.
    #[must_use]
    pub fn new(version: ProtocolVersion, client_id: impl Into<String>) -> Self {
        Self {
            version,
            client_id: client_id.into(),
            clean_start: true,
            keep_alive: 0,
            session_expiry: None,
            receive_maximum: None,
            packet_size_max: None,
            topic_alias_maximum: None,
            request_response_information: false,
            request_problem_information: true,
            user_properties: UserProperties::new(),
            authentication_method: None,
            authentication_data: None,
            will: None,
            user_name: None,
            password: None,
        }
    }
}

impl fmt::Debug for Connect {
    /// Shows whether the packet has a password and authentication data, but not their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("version", &self.version)
            .field("client_id", &self.client_id)
            .field("clean_start", &self.clean_start)
            .field("keep_alive", &self.keep_alive)
            .field("session_expiry", &self.session_expiry)
            .field("receive_maximum", &self.receive_maximum)
            .field("packet_size_max", &self.packet_size_max)
            .field("topic_alias_maximum", &self.topic_alias_maximum)
            .field("authentication_method", &self.authentication_method)
            .field("authentication_data", &self.authentication_data.as_ref().map(|_| Redacted))
            .field("will", &self.will)
            .field("user_name", &self.user_name)
            .field("password", &self.password.as_ref().map(|_| Redacted))
            .finish_non_exhaustive()
    }
}

/// A placeholder for a secret in debug output.
pub(crate) struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}
