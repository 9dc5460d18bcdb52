//! The handshake: turns CONNECT, and an AUTH exchange if the client requests one, into negotiated parameters or a
//! refusal. The caller opens the session.

use std::sync::Arc;

use bytes::Bytes;
use tidegate_mqtt::{Auth, Connect, Packet, ProtocolVersion, ReasonCode};

use crate::config::Config;

mod client_id;
mod exchange;
mod negotiated;
mod refusal;

pub(crate) use exchange::auth_packet;
pub use exchange::{Authenticator, Exchange, ExchangeStep};
pub use negotiated::Negotiated;
pub use refusal::Refusal;

/// The handshake of one connection: CONNECT, then as many AUTH packets as the authentication method needs.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use tidegate_mqtt::{Connect, ProtocolVersion};
/// use tidegate_session::{Config, Handshake, Step};
///
/// let mut handshake = Handshake::new(Arc::new(Config::default()), None);
/// // The client leaves the choice of its identifier to the server.
/// let connect = Connect::new(ProtocolVersion::V5, "");
/// let Step::Accept(negotiated) = handshake.handle_connect(connect, || "random-1".to_owned()) else {
///     panic!("refused")
/// };
/// assert!(negotiated.assigned);
/// assert_eq!(&*negotiated.client_id, "random-1");
/// ```
pub struct Handshake {
    config: Arc<Config>,
    authenticator: Option<Arc<dyn Authenticator>>,
    /// Whether CONNECT was received. After CONNECT, only AUTH is allowed.
    connected: bool,
    pending: Option<Box<PendingExchange>>,
}

/// The negotiated parameters, and the AUTH exchange that must succeed before the parameters apply.
struct PendingExchange {
    negotiated: Negotiated,
    exchange: Box<dyn Exchange>,
}

/// The caller's next step.
#[derive(Debug)]
pub enum Step {
    /// Send this AUTH packet and wait for the client's answer.
    Send(Packet),
    /// Open the session and send [`Negotiated::connack`].
    Accept(Negotiated),
    /// Send [`Refusal::connack`] if it returns a CONNACK, then close the connection. `[MQTT5-3.2.2-7]`
    /// `[MQTT3-3.2.2-5]`
    Refuse(Refusal),
}

impl Handshake {
    /// Creates a handshake that waits for CONNECT. Without an authenticator, every CONNECT that names an authentication
    /// method is refused.
    #[must_use]
    pub fn new(config: Arc<Config>, authenticator: Option<Arc<dyn Authenticator>>) -> Self {
        Self { config, authenticator, connected: false, pending: None }
    }

    /// Handles CONNECT. If the client sent no client identifier, `assign_id` has to return a random one that no session
    /// uses. The caller still has to check user name and password, unless an authentication method authenticated the
    /// client.
    pub fn handle_connect(&mut self, connect: Connect, assign_id: impl FnOnce() -> String) -> Step {
        let version = connect.version;
        let packet_size_max = connect.packet_size_max.unwrap_or(u32::MAX);
        let refuse = |reason, client_id| {
            let refusal = Refusal::new(version, reason).fitting_into(packet_size_max);
            Step::Refuse(refusal.with_client_id(client_id))
        };
        let (client_id, assigned) = match self.check(&connect, assign_id) {
            Ok(chosen) => chosen,
            Err(reason) => {
                self.pending = None;
                return refuse(reason, Arc::from(connect.client_id));
            }
        };
        let data = connect.authentication_data.clone();
        let negotiated = Negotiated::new(connect, client_id, assigned, &self.config);
        if negotiated.authentication_method.is_none() {
            return Step::Accept(negotiated);
        }
        let client_id = Arc::clone(&negotiated.client_id);
        self.begin_exchange(negotiated, data.as_ref()).unwrap_or_else(|reason| refuse(reason, client_id))
    }

    /// Handles AUTH from the client. `[MQTT5-4.12.0-3]` `[MQTT5-4.12.0-5]`
    pub fn handle_auth(&mut self, auth: Auth) -> Step {
        let Some(pending) = self.pending.take() else {
            return Step::Refuse(Refusal::new(ProtocolVersion::V5, ReasonCode::ProtocolError));
        };
        let packet_size_max = pending.negotiated.packet_size_max;
        let answered = if auth.reason == ReasonCode::ContinueAuthentication
            && auth.authentication_method == pending.negotiated.authentication_method
        {
            self.exchange(pending, auth.authentication_data.as_ref())
        } else {
            Err(ReasonCode::ProtocolError)
        };
        answered.unwrap_or_else(|reason| {
            Step::Refuse(Refusal::new(ProtocolVersion::V5, reason).fitting_into(packet_size_max))
        })
    }

    /// Checks CONNECT. Returns the client identifier, and whether it was assigned by the server.
    fn check(
        &mut self,
        connect: &Connect,
        assign_id: impl FnOnce() -> String,
    ) -> Result<(Arc<str>, bool), ReasonCode> {
        // [MQTT5-3.1.0-2] [MQTT5-3.1.2-30] [MQTT3-3.1.0-2]
        if core::mem::replace(&mut self.connected, true) {
            return Err(ReasonCode::ProtocolError);
        }
        let chosen = client_id::choose_client_id(connect, &self.config, assign_id)?;
        check_will(connect, &self.config)?;
        Ok(chosen)
    }

    /// Begins the exchange of the authentication method that CONNECT names. `[MQTT5-4.12.0-1]`
    fn begin_exchange(
        &mut self,
        mut negotiated: Negotiated,
        data: Option<&Bytes>,
    ) -> Result<Step, ReasonCode> {
        let method = negotiated.authentication_method.as_deref().unwrap_or_default();
        let authenticator = self.authenticator.clone().ok_or(ReasonCode::BadAuthenticationMethod)?;
        let exchange = authenticator.exchange(method).ok_or(ReasonCode::BadAuthenticationMethod)?;
        negotiated.authenticator = Some(authenticator);
        self.exchange(Box::new(PendingExchange { negotiated, exchange }), data)
    }

    fn exchange(
        &mut self,
        mut pending: Box<PendingExchange>,
        data: Option<&Bytes>,
    ) -> Result<Step, ReasonCode> {
        match pending.exchange.step(data.map(AsRef::as_ref)) {
            ExchangeStep::Refuse(reason) => Err(reason),
            ExchangeStep::Accept(data) => {
                pending.negotiated.authentication_data = data;
                Ok(Step::Accept(pending.negotiated))
            }
            ExchangeStep::Continue(data) => {
                let method = pending.negotiated.authentication_method.as_deref().unwrap_or_default();
                let packet = auth_packet(ReasonCode::ContinueAuthentication, method, Some(data));
                let size = encoded_size(&packet).ok_or(ReasonCode::UnspecifiedError)?;
                if size > pending.negotiated.packet_size_max {
                    return Err(ReasonCode::PacketTooLarge);
                }
                self.pending = Some(pending);
                Ok(Step::Send(packet))
            }
        }
    }
}

/// Refuses a will whose QoS or RETAIN flag the server does not support. `[MQTT5-3.2.2-12]` `[MQTT5-3.2.2-13]`
fn check_will(connect: &Connect, config: &Config) -> Result<(), ReasonCode> {
    let Some(will) = &connect.will else { return Ok(()) };
    if will.qos > config.qos_max {
        return Err(ReasonCode::QoSNotSupported);
    }
    if will.retain && !config.retain_available {
        return Err(ReasonCode::RetainNotSupported);
    }
    Ok(())
}

fn encoded_size(packet: &Packet) -> Option<u32> {
    let mut out = Vec::new();
    packet.encode(ProtocolVersion::V5, &mut out).ok()?;
    u32::try_from(out.len()).ok()
}
