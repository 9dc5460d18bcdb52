//! The inbound state of one network connection: the client's topic aliases, the announced limits, authentication. This
//! state is discarded when the connection closes.

use std::sync::Arc;

use tidegate_mqtt::{
    Auth, Disconnect, Packet, ProtocolVersion, PublishView, QoS, ReasonCode, SubscribeEntry,
};

use crate::config::Config;
use crate::handshake::Negotiated;
use crate::session::Cause;
use crate::violation::Violation;

mod alias;
mod authentication;
mod subscribe;

use alias::Aliases;
use authentication::Authentication;

/// The inbound state of one network connection.
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    version: ProtocolVersion,
    /// The session expiry negotiated for the CONNECT, in seconds.
    session_expiry: u32,
    /// Whether clients may publish at every QoS and with RETAIN, so that the QoS and RETAIN flag of a PUBLISH need not
    /// be checked.
    unrestricted: bool,
    /// The client's Maximum Packet Size, in bytes.
    sent_size_max: u32,
    aliases: Aliases,
    authentication: Option<Box<Authentication>>,
}

impl Connection {
    /// Creates the state of a connection whose CONNACK was sent.
    #[must_use]
    pub fn new(negotiated: &Negotiated, config: Arc<Config>) -> Self {
        let unrestricted = config.retain_available && config.qos_max == QoS::ExactlyOnce;
        Self {
            version: negotiated.version,
            session_expiry: negotiated.session_expiry,
            unrestricted,
            sent_size_max: negotiated.packet_size_max,
            aliases: Aliases::default(),
            authentication: Authentication::from_negotiated(negotiated).map(Box::new),
            config,
        }
    }

    /// Returns the maximum size in bytes of a packet to the client `[MQTT5-3.1.2-24]`.
    #[must_use]
    pub fn sent_size_max(&self) -> u32 {
        self.sent_size_max
    }

    /// Checks a PUBLISH against the announced limits, and returns its topic. If the PUBLISH has only a topic alias,
    /// looks up the topic; if it has both, records the topic under the alias. `[MQTT5-3.3.4-6]` `[MQTT5-3.2.2-11]`
    /// `[MQTT5-3.2.2-14]`
    ///
    /// # Errors
    /// Returns the violation if the client may not send this PUBLISH; in this case no alias is recorded.
    #[inline]
    pub fn admit<'s, 'v: 's>(&'s mut self, view: &PublishView<'v>) -> Result<&'s str, Violation> {
        if view.has_subscription_id {
            return Err(Violation::IdentifierInPublish);
        }
        if !self.unrestricted {
            self.check_available(view)?;
        }
        match view.alias {
            None => Ok(view.topic),
            Some(alias) => self.aliases.resolve(alias, view.topic, self.config.topic_alias_maximum),
        }
    }

    /// Handles AUTH after CONNACK, which is a re-authentication. Returns the AUTH packet to send. `[MQTT5-4.12.1-1]`
    ///
    /// # Errors
    /// Returns a violation if CONNECT named no authentication method, if AUTH names a different method or does not fit
    /// the state of the exchange, or if authentication fails. `[MQTT5-4.12.0-7]` `[MQTT5-4.12.1-2]`
    pub fn handle_auth(&mut self, auth: Auth) -> Result<Option<Packet>, Violation> {
        let authentication = self.authentication.as_mut().ok_or(Violation::AuthUnasked)?;
        authentication.handle_auth(&auth).map(Some)
    }

    /// Handles DISCONNECT. Returns the cause for [`crate::Session::detach`].
    ///
    /// # Errors
    /// Returns a violation if DISCONNECT raises a session expiry that CONNECT set to 0. The session then ends with the
    /// connection.
    pub fn handle_disconnect(&self, disconnect: &Disconnect) -> Result<Cause, Violation> {
        if !self.version.is_v5() {
            return Ok(Cause::Disconnect { reason: ReasonCode::Success, session_expiry: None });
        }
        let raised =
            self.session_expiry == 0 && disconnect.session_expiry.is_some_and(|requested| requested > 0);
        if raised {
            return Err(Violation::ExpiryRaised);
        }
        Ok(Cause::Disconnect { reason: disconnect.reason, session_expiry: disconnect.session_expiry })
    }

    /// Returns the reason code for one filter of a SUBSCRIBE: the granted QoS, or a failure of 0x80 or more (before
    /// MQTT 5 always 0x80). `[MQTT5-3.8.4-7]` `[MQTT5-3.2.2-10]` `[MQTT3-3.9.3-2]`
    ///
    /// # Errors
    /// Returns the violation if the client uses a feature that CONNACK announced as unavailable, or No Local on a
    /// shared subscription.
    pub fn check_subscribe(
        &self,
        entry: &SubscribeEntry,
        identifier: Option<u32>,
    ) -> Result<ReasonCode, Violation> {
        subscribe::check(entry, identifier, &self.config, self.version)
    }

    /// Returns the protocol version of the connection.
    #[must_use]
    pub fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Returns the size of the largest packet that the client may send, in bytes including the fixed header.
    /// `[MQTT5-3.2.2-15]`
    #[must_use]
    pub fn packet_size_max(&self) -> u32 {
        self.config.packet_size_max
    }

    /// Returns the limits of the connection.
    #[must_use]
    pub fn limits(&self) -> &Config {
        &self.config
    }

    fn check_available(&self, view: &PublishView<'_>) -> Result<(), Violation> {
        if view.qos > self.config.qos_max {
            return Err(Violation::QoSNotSupported);
        }
        if view.retain && !self.config.retain_available {
            return Err(Violation::RetainNotSupported);
        }
        Ok(())
    }
}
