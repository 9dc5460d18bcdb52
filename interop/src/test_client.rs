//! The trait through which the scenarios use any Rust client library.

use crate::broker::Broker;
use crate::transport::Transport;

/// The settings with which a test client connects.
#[derive(Clone, Copy, Debug)]
pub struct ClientSetup<'a> {
    /// The broker to connect to.
    pub broker: &'a Broker,
    /// The transport to connect over.
    pub transport: Transport,
    /// The client identifier.
    pub client_id: &'a str,
    /// Whether the session outlives the connection. If so, the client sends Clean Session or Clean Start 0, and in MQTT
    /// 5.0 a session expiry interval.
    pub persistent: bool,
    /// Topic, payload and QoS of the will, if any.
    pub will: Option<(&'a str, &'a str, u8)>,
}

impl<'a> ClientSetup<'a> {
    /// Returns the settings of a client without a will, whose session ends with its connection.
    #[must_use]
    pub fn new(broker: &'a Broker, transport: Transport, client_id: &'a str) -> Self {
        Self { broker, transport, client_id, persistent: false, will: None }
    }

    /// Makes the session outlive its connection.
    #[must_use]
    pub fn persistent(self) -> Self {
        Self { persistent: true, ..self }
    }

    /// Adds a will.
    #[must_use]
    pub fn with_will(self, topic: &'a str, payload: &'a str, qos: u8) -> Self {
        Self { will: Some((topic, payload, qos)), ..self }
    }
}

/// A message as a client received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: String,
    /// The QoS of the delivery.
    pub qos: u8,
    /// The RETAIN flag.
    pub retain: bool,
}

impl Received {
    /// Creates a message with RETAIN 0.
    #[must_use]
    pub fn new(topic: &str, payload: &str, qos: u8) -> Self {
        Self { topic: topic.to_owned(), payload: payload.to_owned(), qos, retain: false }
    }
}

/// A connected client. Every method panics when the broker refuses the request.
#[expect(async_fn_in_trait, reason = "only the tests of this package call it, on one thread")]
pub trait TestClient: Sized {
    /// Connects and waits for CONNACK.
    async fn connect(setup: ClientSetup<'_>) -> Self;
    /// Returns the Session Present flag of CONNACK.
    fn session_present(&self) -> bool;
    /// Subscribes to one filter and waits for SUBACK.
    async fn subscribe(&mut self, filter: &str, qos: u8);
    /// Publishes and waits for the final acknowledgement of the QoS.
    async fn publish(&mut self, topic: &str, payload: &str, qos: u8, retain: bool);
    /// Waits for the next message and acknowledges it.
    async fn next_message(&mut self) -> Received;
    /// Sends DISCONNECT and closes the connection.
    async fn disconnect(self);
    /// Closes the connection without DISCONNECT.
    async fn abort(self);
}
