//! Re-authentication on an open connection, with the authentication method of its CONNECT.

use std::fmt;
use std::sync::Arc;

use tidegate_mqtt::{Auth, Packet, ReasonCode};

use crate::handshake::{Authenticator, Exchange, ExchangeStep, Negotiated, auth_packet};
use crate::violation::Violation;

/// The authentication method of the connection, and the exchange in progress, if any.
pub(super) struct Authentication {
    method: String,
    authenticator: Arc<dyn Authenticator>,
    exchange: Option<Box<dyn Exchange>>,
}

impl Authentication {
    /// Creates the state for a connection; `None` if its CONNECT named no authentication method. `[MQTT5-4.12.0-7]`
    pub(super) fn from_negotiated(negotiated: &Negotiated) -> Option<Self> {
        let method = negotiated.authentication_method.clone()?;
        let authenticator = negotiated.authenticator.clone()?;
        Some(Self { method, authenticator, exchange: None })
    }

    /// Returns the server's answer to the client's AUTH. `[MQTT5-4.12.1-1]` `[MQTT5-4.12.0-3]`
    pub(super) fn handle_auth(&mut self, auth: &Auth) -> Result<Packet, Violation> {
        if auth.authentication_method.as_ref() != Some(&self.method) {
            return Err(Violation::AuthMethodChanged);
        }
        let mut exchange = match (auth.reason, self.exchange.take()) {
            (ReasonCode::ReAuthenticate, None) => {
                self.authenticator.exchange(&self.method).ok_or(Violation::AuthRefused)?
            }
            (ReasonCode::ContinueAuthentication, Some(exchange)) => exchange,
            _ => return Err(Violation::AuthOutOfPlace),
        };
        let method = &self.method;
        match exchange.step(auth.authentication_data.as_deref()) {
            // [MQTT5-4.12.1-2]
            ExchangeStep::Refuse(_) => Err(Violation::AuthRefused),
            ExchangeStep::Accept(data) => Ok(auth_packet(ReasonCode::Success, method, data)),
            ExchangeStep::Continue(data) => {
                self.exchange = Some(exchange);
                Ok(auth_packet(ReasonCode::ContinueAuthentication, method, Some(data)))
            }
        }
    }
}

impl fmt::Debug for Authentication {
    /// Omits the authentication data, because it is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentication")
            .field("method", &self.method)
            .field("in_progress", &self.exchange.is_some())
            .finish_non_exhaustive()
    }
}
