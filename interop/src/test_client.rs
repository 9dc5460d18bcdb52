//! What the scenarios need of a client library in Rust, whichever it is.

use crate::broker::Broker;
use crate::transport::Transport;

/// How a client connects.
#[derive(Clone, Copy, Debug)]
pub struct ClientSetup<'a> {
    /// The broker.
    pub broker: &'a Broker,
    /// The way to it.
    pub transport: Transport,
    /// The client identifier.
    pub client_id: &'a str,
    /// Keeps its session: Clean Session or Clean Start 0, with a session expiry.
    pub persistent: bool,
    /// Topic, payload and QoS of a will.
    pub will: Option<(&'a str, &'a str, u8)>,
}

impl<'a> ClientSetup<'a> {
    /// A client with a session that ends with its connection, and no will.
    #[must_use]
    pub fn new(broker: &'a Broker, transport: Transport, client_id: &'a str) -> Self {
        Self { broker, transport, client_id, persistent: false, will: None }
    }

    /// The same with a session that is kept.
    #[must_use]
    pub fn persistent(self) -> Self {
        Self { persistent: true, ..self }
    }

    /// The same with a will.
    #[must_use]
    pub fn with_will(self, topic: &'a str, payload: &'a str, qos: u8) -> Self {
        Self { will: Some((topic, payload, qos)), ..self }
    }
}

/// A message as a client got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: String,
    /// The QoS it came at.
    pub qos: u8,
    /// The RETAIN flag.
    pub retain: bool,
}

impl Received {
    /// What is expected of a message that is not retained.
    #[must_use]
    pub fn new(topic: &str, payload: &str, qos: u8) -> Self {
        Self { topic: topic.to_owned(), payload: payload.to_owned(), qos, retain: false }
    }
}

/// A connected client. Every method panics when the broker refuses.
#[expect(async_fn_in_trait, reason = "only the tests of this package call it, on one thread")]
pub trait TestClient: Sized {
    /// Connects, and takes CONNACK.
    async fn connect(setup: ClientSetup<'_>) -> Self;
    /// Session Present of CONNACK.
    fn session_present(&self) -> bool;
    /// Subscribes to one filter, and takes SUBACK.
    async fn subscribe(&mut self, filter: &str, qos: u8);
    /// Publishes, and takes the last acknowledgement.
    async fn publish(&mut self, topic: &str, payload: &str, qos: u8, retain: bool);
    /// The next message, acknowledged.
    async fn next_message(&mut self) -> Received;
    /// Sends DISCONNECT.
    async fn disconnect(self);
    /// Closes the connection without DISCONNECT.
    async fn abort(self);
}
