//! Builds a CONNECT, sends it and checks the broker's answer.

use crate::harness::Harness;
use crate::wire::{Connect, Packet, PacketType, Properties, Version, Will, property};

use super::Client;

/// A CONNECT to be sent. By default it asks for a clean session that ends with the connection, and has no keep alive
/// and no will.
pub(crate) struct ConnectBuilder<'a> {
    harness: &'a Harness,
    name: String,
    pub(crate) connect: Connect,
}

impl<'a> ConnectBuilder<'a> {
    /// Starts to build a CONNECT for the client `name`, which has to be unique within the test.
    pub(crate) fn new(harness: &'a Harness, name: &str) -> Self {
        let connect = Connect {
            version: harness.version,
            client_id: harness.client_id(name),
            clean: true,
            keep_alive: 0,
            will: None,
            user_name: None,
            password: None,
            properties: Properties::default(),
        };
        Self { harness, name: name.to_owned(), connect }
    }

    /// Uses another protocol version than the test's.
    pub(crate) fn version(mut self, version: Version) -> Self {
        self.connect.version = version;
        self
    }

    /// Sets Clean Start (5.0) or Clean Session (3.1.1).
    pub(crate) fn clean(mut self, clean: bool) -> Self {
        self.connect.clean = clean;
        self
    }

    /// Asks for a session that outlives the connection: not clean, and in 5.0 with a session expiry interval of 60 s.
    pub(crate) fn persistent(self) -> Self {
        self.clean(false).expiry(60)
    }

    /// Sets the Session Expiry Interval in seconds. Has no effect in 3.1.1, which does not have this property.
    pub(crate) fn expiry(self, seconds: u32) -> Self {
        self.number(property::SESSION_EXPIRY, seconds)
    }

    pub(crate) fn keep_alive(mut self, seconds: u16) -> Self {
        self.connect.keep_alive = seconds;
        self
    }

    pub(crate) fn will(mut self, will: Will) -> Self {
        self.connect.will = Some(will);
        self
    }

    /// Sets the client identifier exactly as given, without the prefix of the test.
    pub(crate) fn client_id(mut self, client_id: &str) -> Self {
        self.connect.client_id = client_id.to_owned();
        self
    }

    pub(crate) fn user_name(mut self, user_name: &str) -> Self {
        self.connect.user_name = Some(user_name.to_owned());
        self
    }

    pub(crate) fn password(mut self, password: &[u8]) -> Self {
        self.connect.password = Some(password.to_vec());
        self
    }

    /// Adds a numeric property. Has no effect in 3.1.1.
    pub(crate) fn number(mut self, id: u8, value: u32) -> Self {
        if self.connect.version == Version::V5 {
            self.connect.properties = self.connect.properties.number(id, value);
        }
        self
    }

    /// Adds a string property. Has no effect in 3.1.1.
    pub(crate) fn text(mut self, id: u8, value: &str) -> Self {
        if self.connect.version == Version::V5 {
            self.connect.properties = self.connect.properties.text(id, value);
        }
        self
    }

    /// Sends CONNECT without reading the answer.
    pub(crate) async fn send(self) -> Client {
        let bytes = self.connect.encode();
        self.send_bytes(&bytes).await
    }

    /// Sends the given bytes in place of CONNECT, without reading an answer.
    pub(crate) async fn send_bytes(self, bytes: &[u8]) -> Client {
        let mut client = self.harness.connect_transport(&self.name, self.connect.version).await;
        client.send(bytes).await;
        client
    }

    /// Connects. Panics unless the broker accepts the CONNECT. Returns the client and the CONNACK.
    pub(crate) async fn open_with_connack(self) -> (Client, Packet) {
        let mut client = self.send().await;
        let connack = client.next().await;
        assert_eq!(
            (connack.packet_type, connack.code),
            (PacketType::ConnAck, 0),
            "{}: CONNECT is accepted",
            client.name
        );
        (client, connack)
    }

    /// Connects. Panics unless the broker accepts the CONNECT. Returns the client.
    pub(crate) async fn open(self) -> Client {
        self.open_with_connack().await.0
    }

    /// Sends CONNECT and checks that the broker refuses it. If the broker sends a reason code, it has to be one of
    /// `codes`. `[MQTT5-3.1.4-1]`
    pub(crate) async fn expect_refused(self, codes: &[u8]) {
        self.send().await.expect_refusal(codes).await;
    }

    /// Sends the given bytes in place of CONNECT, and checks like [`ConnectBuilder::expect_refused`] that the broker
    /// refuses the connection.
    pub(crate) async fn expect_bytes_refused(self, bytes: &[u8], codes: &[u8]) {
        self.send_bytes(bytes).await.expect_refusal(codes).await;
    }
}
