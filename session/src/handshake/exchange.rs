//! The hook for enhanced authentication: methods are the embedder's, the AUTH packets are ours.

use bytes::Bytes;
use tidegate_mqtt::{Auth, Packet, ReasonCode};

/// Knows authentication methods.
pub trait Authenticator: Send + Sync {
    /// Begins an exchange by `method`; `None` when the method is not known (0x8C). `[MQTT5-4.12.0-1]`
    fn exchange(&self, method: &str) -> Option<Box<dyn Exchange>>;
}

/// One exchange of one client.
pub trait Exchange: Send {
    /// Takes the client's data; for most methods there is none in the first step.
    fn step(&mut self, data: Option<&[u8]>) -> ExchangeStep;
}

/// What an exchange says to the client's data.
#[derive(Debug)]
pub enum ExchangeStep {
    /// Another round, with this data for the client.
    Continue(Bytes),
    /// The client is who it says; with data for it, where the method has some.
    Accept(Option<Bytes>),
    /// It is not; with a reason for CONNACK of 0x80 or more, 0x87 as a rule. `[MQTT5-4.12.0-4]`
    Refuse(ReasonCode),
}

/// Our AUTH: 0x18 on the way, 0x00 at the end of a re-authentication. `[MQTT5-4.12.0-2]` `[MQTT5-4.12.0-5]`
pub(crate) fn auth_packet(reason: ReasonCode, method: &str, data: Option<Bytes>) -> Packet {
    Auth::new(reason, method, data).into()
}
