//! What one network connection adds to a session: the client's topic aliases, its announced bounds, its
//! authentication. Owned by the connection; gone with it.

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
    session_expiry: u32,
    /// Whether every client may publish at any QoS and with RETAIN, which saves asking each time.
    unrestricted: bool,
    aliases: Aliases,
    authentication: Option<Box<Authentication>>,
}

impl Connection {
    /// The connection after its CONNACK.
    #[must_use]
    pub fn new(negotiated: &Negotiated, config: Arc<Config>) -> Self {
        let unrestricted = config.retain_available && config.qos_max == QoS::ExactlyOnce;
        Self {
            version: negotiated.version,
            session_expiry: negotiated.session_expiry,
            unrestricted,
            aliases: Aliases::default(),
            authentication: Authentication::of(negotiated).map(Box::new),
            config,
        }
    }

    /// Checks a PUBLISH against what was announced, and gives its topic: an alias is resolved, and recorded where it
    /// comes with a topic. `[MQTT5-3.3.4-6]` `[MQTT5-3.2.2-11]` `[MQTT5-3.2.2-14]`
    ///
    /// # Errors
    /// When the client may not send it; nothing is recorded then.
    #[inline]
    pub fn admit<'s, 'v: 's>(&'s mut self, view: &PublishView<'v>) -> Result<&'s str, Violation> {
        if view.has_subscription_id {
            return Err(Violation::IdentifierInPublish);
        }
        if !self.unrestricted {
            self.check_served(view)?;
        }
        match view.alias {
            None => Ok(view.topic),
            Some(alias) => self.aliases.resolve(alias, view.topic, self.config.topic_alias_maximum),
        }
    }

    /// AUTH after the CONNACK: the client authenticates again. `[MQTT5-4.12.1-1]`
    ///
    /// # Errors
    /// When it never authenticated that way, changes the method, is out of step, or fails. `[MQTT5-4.12.0-7]`
    /// `[MQTT5-4.12.1-2]`
    pub fn handle_auth(&mut self, auth: Auth) -> Result<Option<Packet>, Violation> {
        let authentication = self.authentication.as_mut().ok_or(Violation::AuthUnasked)?;
        authentication.handle_auth(&auth).map(Some)
    }

    /// DISCONNECT: the cause for [`crate::Session::detach`].
    ///
    /// # Errors
    /// When it raises a session expiry that CONNECT left at 0: then the session ends as CONNECT said.
    pub fn handle_disconnect(&self, disconnect: &Disconnect) -> Result<Cause, Violation> {
        if !self.version.is_v5() {
            return Ok(Cause::Disconnect { reason: ReasonCode::Success, session_expiry: None });
        }
        let raised = self.session_expiry == 0 && disconnect.session_expiry.is_some_and(|asked| asked > 0);
        if raised {
            return Err(Violation::ExpiryRaised);
        }
        Ok(Cause::Disconnect { reason: disconnect.reason, session_expiry: disconnect.session_expiry })
    }

    /// What to grant, or why not, for one filter of a SUBSCRIBE: the granted QoS as a reason code, or one of 0x80 and
    /// more (0x80 alone before MQTT 5). `[MQTT5-3.8.4-7]` `[MQTT5-3.2.2-10]` `[MQTT3-3.9.3-2]`
    ///
    /// # Errors
    /// What is not served at all was announced, so asking for it is a fault; so is No Local on a shared subscription.
    pub fn check_subscribe(
        &self,
        entry: &SubscribeEntry,
        identifier: Option<u32>,
    ) -> Result<ReasonCode, Violation> {
        subscribe::check(entry, identifier, &self.config, self.version)
    }

    /// The version in use.
    #[must_use]
    pub fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Largest packet the client may send, in bytes with its fixed header. `[MQTT5-3.2.2-15]`
    #[must_use]
    pub fn packet_size_max(&self) -> u32 {
        self.config.packet_size_max
    }

    fn check_served(&self, view: &PublishView<'_>) -> Result<(), Violation> {
        if view.qos > self.config.qos_max {
            return Err(Violation::QoSNotSupported);
        }
        if view.retain && !self.config.retain_available {
            return Err(Violation::RetainNotSupported);
        }
        Ok(())
    }
}
