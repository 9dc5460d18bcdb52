//! The interface for enhanced authentication. The embedding program implements the methods; this crate handles the AUTH
//! packets.

use bytes::Bytes;
use tidegate_mqtt::{Auth, Packet, ReasonCode};

/// Provides authentication methods.
pub trait Authenticator: Send + Sync {
    /// Begins an exchange with `method`. Returns `None` if the method is unknown; the client is then refused with 0x8C
    /// (Bad authentication method). `[MQTT5-4.12.0-1]`
    fn exchange(&self, method: &str) -> Option<Box<dyn Exchange>>;
}

/// One authentication exchange with one client.
pub trait Exchange: Send {
    /// Processes the client's authentication data. In the first step, the data is `None` for most methods.
    fn step(&mut self, data: Option<&[u8]>) -> ExchangeStep;
}

/// The result of processing the client's authentication data.
#[derive(Debug)]
pub enum ExchangeStep {
    /// Send this data to the client and wait for its next answer.
    Continue(Bytes),
    /// The client is authenticated. The data, if there is any, is sent to the client.
    Accept(Option<Bytes>),
    /// Authentication failed. CONNACK carries this reason code, which is 0x80 or above, usually 0x87 (Not authorized).
    /// `[MQTT5-4.12.0-4]`
    Refuse(ReasonCode),
}

/// Creates an AUTH packet from the server. The reason code is 0x18 during an exchange and 0x00 at the end of a
/// re-authentication. `[MQTT5-4.12.0-2]` `[MQTT5-4.12.0-5]`
pub(crate) fn auth_packet(reason: ReasonCode, method: &str, data: Option<Bytes>) -> Packet {
    Auth::new(reason, method, data).into()
}
