//! CONNECT: what a client asks for when it opens a connection.

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

/// A CONNECT packet. What 3.x cannot say is `None`, zero or empty there, and left out when it is written.
#[derive(Clone, PartialEq, Eq)]
pub struct Connect {
    /// The version that the packet asks for.
    pub version: ProtocolVersion,
    /// The client identifier; empty to be given one.
    pub client_id: String,
    /// Clean Start; Clean Session in 3.x.
    pub clean_start: bool,
    /// Keep alive in seconds; 0: none.
    pub keep_alive: u16,
    /// Session expiry interval in seconds.
    pub session_expiry: Option<u32>,
    /// How many unacknowledged messages the client takes, never 0.
    pub receive_maximum: Option<u16>,
    /// The largest packet that the client takes, never 0.
    pub packet_size_max: Option<u32>,
    /// The highest topic alias that the client takes.
    pub topic_alias_maximum: Option<u16>,
    /// Whether the client wants response information; false by default.
    pub request_response_information: bool,
    /// Whether the client wants reason strings and user properties; true by default.
    pub request_problem_information: bool,
    /// User properties.
    pub user_properties: UserProperties,
    /// The method of enhanced authentication.
    pub authentication_method: Option<String>,
    /// The first data of enhanced authentication.
    pub authentication_data: Option<Bytes>,
    /// The will.
    pub will: Option<Will>,
    /// The user name.
    pub user_name: Option<String>,
    /// The password.
    pub password: Option<Bytes>,
}

impl Connect {
    /// A CONNECT with a clean start, no keep alive and nothing optional.
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
    /// Says whether there are a password and authentication data, never what they are.
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

/// Stands for a secret.
pub(crate) struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}
