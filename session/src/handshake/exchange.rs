//! The interface for enhanced authentication. The embedding program implements the methods; this crate handles the AUTH
//! packets.

use bytes::Bytes;
use tidegate_mqtt::{Auth, Packet, ReasonCode};

/// Provides authentication methods.
pub trait Authenticator: Send + Sync {
    /// Begins an exchange with `method`. Returns `None` if the method is unknown; the client is then refused with 0x8C.
    /// `[MQTT5-4.12.0-1]`
    fn exchange(&self, method: &str) -> Option<Box<dyn Exchange>>;
}

/// One authentication exchange with one client.
pub trait Exchange: Send {
    /// Processes the client's authentication data; in the first step, most methods have none.
    fn step(&mut self, data: Option<&[u8]>) -> ExchangeStep;
}

/// The result of processing the client's authentication data.
#[derive(Debug)]
pub enum ExchangeStep {
    /// Send this data to the client and wait for its next answer.
    Continue(Bytes),
    /// The client is authenticated; send it this data, if there is any.
    Accept(Option<Bytes>),
    /// Authentication failed; CONNACK carries this reason code of 0x80 or more, usually 0x87. `[MQTT5-4.12.0-4]`
    Refuse(ReasonCode),
}

/// An AUTH packet from the server: reason 0x18 during an exchange, 0x00 at the end of a re-authentication.
/// `[MQTT5-4.12.0-2]` `[MQTT5-4.12.0-5]`
pub(crate) fn auth_packet(reason: ReasonCode, method: &str, data: Option<Bytes>) -> Packet {
    Auth::new(reason, method, data).into()
}
