//! The parameters that a handshake negotiated, and the CONNACK that announces them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tidegate_mqtt::{ConnAck, Connect, ProtocolVersion, QoS, ReasonCode, Will};

use crate::config::Config;

use super::Authenticator;

/// The parameters that a handshake negotiated. Parameters that do not exist in the client's protocol version are set to
/// the defaults of MQTT 5.
#[derive(Clone)]
pub struct Negotiated {
    /// The protocol version.
    pub version: ProtocolVersion,
    /// The client identifier, chosen by the client or assigned by the server.
    pub client_id: Arc<str>,
    /// Whether the server assigned the client identifier.
    pub assigned: bool,
    /// Whether the client requested Clean Start (before MQTT 5: Clean Session).
    pub clean_start: bool,
    /// Time in seconds that the session outlives the connection; `u32::MAX` means that the session never expires.
    pub session_expiry: u32,
    /// The effective keep alive, in seconds; 0 disables keep alive.
    pub keep_alive: u16,
    /// The client's Receive Maximum: number of unacknowledged QoS 1 and 2 messages that the client accepts.
    pub receive_maximum: u16,
    /// The client's Maximum Packet Size, in bytes including the fixed header.
    pub packet_size_max: u32,
    /// The highest topic alias that the client accepts; 0 means that the client accepts no aliases.
    pub topic_alias_maximum: u16,
    /// Request Problem Information: whether the client accepts reason strings and user properties in every packet.
    pub problem_information: bool,
    /// Whether the client requested response information.
    pub response_information: bool,
    /// The will message.
    pub will: Option<Will>,
    /// The user name.
    pub user_name: Option<String>,
    /// The password.
    pub password: Option<Bytes>,
    /// The authentication method by which the client was authenticated; `None` if CONNECT named no method.
    pub authentication_method: Option<String>,
    /// The last authentication data for the client, sent in CONNACK.
    pub(super) authentication_data: Option<Bytes>,
    /// The provider of the authentication methods. Re-authentication needs this provider.
    pub(crate) authenticator: Option<Arc<dyn Authenticator>>,
    /// The limits that the broker applies to the connection and its session.
    pub limits: Arc<Config>,
    /// Whether `session_expiry` differs from the value that the client requested.
    expiry_changed: bool,
    /// Whether `keep_alive` differs from the value that the client requested.
    keep_alive_imposed: bool,
}

impl Negotiated {
    pub(super) fn new(connect: Connect, client_id: Arc<str>, assigned: bool, config: &Arc<Config>) -> Self {
        let requested_expiry = requested_expiry(&connect);
        let session_expiry = requested_expiry.min(config.session_expiry_max);
        let keep_alive = keep_alive(&connect, config);
        Self {
            version: connect.version,
            client_id,
            assigned,
            clean_start: connect.clean_start,
            session_expiry,
            keep_alive,
            receive_maximum: connect.receive_maximum.unwrap_or(u16::MAX),
            packet_size_max: connect.packet_size_max.unwrap_or(u32::MAX),
            topic_alias_maximum: connect.topic_alias_maximum.unwrap_or(0),
            problem_information: connect.request_problem_information,
            response_information: connect.request_response_information,
            will: connect.will,
            user_name: connect.user_name,
            password: connect.password,
            authentication_method: connect.authentication_method,
            authentication_data: None,
            authenticator: None,
            limits: Arc::clone(config),
            expiry_changed: session_expiry != requested_expiry,
            keep_alive_imposed: keep_alive != connect.keep_alive,
        }
    }

    /// Returns the CONNACK for these parameters. This CONNACK contains only the properties that differ from their
    /// defaults. Send it with [`crate::Session::send`], which respects the client's Maximum Packet Size.
    /// `[MQTT5-3.1.4-5]` `[MQTT5-3.2.2-9]` `[MQTT5-3.2.2-16]` `[MQTT5-3.1.2-28]` `[MQTT5-3.2.2-22]` `[MQTT5-4.12.0-6]`
    /// `[MQTT3-3.1.4-4]`
    #[must_use]
    pub fn connack(&self, session_present: bool, config: &Config) -> ConnAck {
        let connack = ConnAck::new(ReasonCode::Success, session_present);
        if !self.version.is_v5() {
            return connack;
        }
        let off = |available: bool| (!available).then_some(false);
        let response_information =
            config.response_information.as_deref().filter(|_| self.response_information);
        ConnAck {
            session_expiry: self.expiry_changed.then_some(self.session_expiry),
            receive_maximum: (config.receive_maximum < u16::MAX).then_some(config.receive_maximum.max(1)),
            qos_max: (config.qos_max < QoS::ExactlyOnce).then_some(config.qos_max),
            retain_available: off(config.retain_available),
            packet_size_max: (config.packet_size_max < u32::MAX).then_some(config.packet_size_max.max(1)),
            assigned_client_id: self.assigned.then(|| self.client_id.as_ref().to_owned()),
            topic_alias_maximum: (config.topic_alias_maximum > 0).then_some(config.topic_alias_maximum),
            wildcard_available: off(config.wildcard_available),
            identifier_available: off(config.identifier_available),
            shared_available: off(config.shared_available),
            server_keep_alive: self.keep_alive_imposed.then_some(self.keep_alive),
            response_information: response_information.map(str::to_owned),
            authentication_method: self.authentication_method.clone(),
            authentication_data: self.authentication_data.clone(),
            ..connack
        }
    }

    /// Returns how long the client may stay silent: 1.5 times the effective keep alive; `None` if the keep alive is 0.
    /// `[MQTT5-3.1.2-22]` `[MQTT3-3.1.2-24]`
    #[must_use]
    pub fn silence_max(&self) -> Option<Duration> {
        let milliseconds = u64::from(self.keep_alive) * 1500;
        (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
    }
}

impl fmt::Debug for Negotiated {
    /// Omits the password and the authentication data, because they are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Negotiated")
            .field("version", &self.version)
            .field("client_id", &self.client_id)
            .field("clean_start", &self.clean_start)
            .field("session_expiry", &self.session_expiry)
            .field("keep_alive", &self.keep_alive)
            .field("user_name", &self.user_name)
            .finish_non_exhaustive()
    }
}

/// Returns the requested session expiry in seconds. Before MQTT 5, a session ends with its connection or never.
/// `[MQTT3-3.1.2-4]` `[MQTT3-3.1.2-6]` `[MQTT5-3.1.2-23]`
fn requested_expiry(connect: &Connect) -> u32 {
    match (connect.version.is_v5(), connect.clean_start) {
        (true, _) => connect.session_expiry.unwrap_or(0),
        (false, true) => 0,
        (false, false) => u32::MAX,
    }
}

/// Returns the effective keep alive in seconds. The server can change the requested value only for MQTT 5 clients, with
/// Server Keep Alive. `[MQTT5-3.2.2-21]`
fn keep_alive(connect: &Connect, config: &Config) -> u16 {
    let max = config.keep_alive_max;
    let is_within_max = connect.keep_alive != 0 && connect.keep_alive <= max;
    if max == 0 || is_within_max || !connect.version.is_v5() { connect.keep_alive } else { max }
}
