//! Opening a connection: CONNECT with the fields that a test cares for, and what the broker answers.

use crate::harness::Harness;
use crate::wire::{Connect, Packet, PacketType, Properties, Version, Will, property};

use super::Client;

/// A CONNECT to be sent. Unless told otherwise: clean, no keep alive, no session beyond the connection.
pub(crate) struct ConnectBuilder<'a> {
    harness: &'a Harness,
    name: String,
    pub(crate) connect: Connect,
}

impl<'a> ConnectBuilder<'a> {
    /// A client by a name that is unique within the test.
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

    /// Speaks another version than the test's.
    pub(crate) fn version(mut self, version: Version) -> Self {
        self.connect.version = version;
        self
    }

    /// Clean Start, or Clean Session before 5.0.
    pub(crate) fn clean(mut self, clean: bool) -> Self {
        self.connect.clean = clean;
        self
    }

    /// A session that outlives the connection: not clean, and for a minute in 5.0.
    pub(crate) fn persistent(self) -> Self {
        self.clean(false).expiry(60)
    }

    /// Session Expiry Interval in seconds. Before 5.0 there is none: then it says nothing.
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

    /// The client identifier as it is sent.
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

    /// A property that is a number, in 5.0.
    pub(crate) fn number(mut self, id: u8, value: u32) -> Self {
        if self.connect.version == Version::V5 {
            self.connect.properties = self.connect.properties.number(id, value);
        }
        self
    }

    /// A property that is a text, in 5.0.
    pub(crate) fn text(mut self, id: u8, value: &str) -> Self {
        if self.connect.version == Version::V5 {
            self.connect.properties = self.connect.properties.text(id, value);
        }
        self
    }

    /// Sends CONNECT; nothing is read yet.
    pub(crate) async fn send(self) -> Client {
        let bytes = self.connect.encode();
        self.send_bytes(&bytes).await
    }

    /// Sends other bytes instead.
    pub(crate) async fn send_bytes(self, bytes: &[u8]) -> Client {
        let mut client = self.harness.connect_transport(&self.name, self.connect.version).await;
        client.send(bytes).await;
        client
    }

    /// Connects; the broker has to accept. Gives its CONNACK too.
    pub(crate) async fn open_with_connack(self) -> (Client, Packet) {
        let mut client = self.send().await;
        let connack = client.next().await;
        assert_eq!(
            (connack.packet_type, connack.code),
            (PacketType::ConnAck, 0),
            "{}: accepted",
            client.name
        );
        (client, connack)
    }

    /// Connects; the broker has to accept.
    pub(crate) async fn open(self) -> Client {
        self.open_with_connack().await.0
    }

    /// Connects; the broker has to refuse, with one of `codes` if it says why. `[MQTT5-3.1.4-1]`
    pub(crate) async fn expect_refused(self, codes: &[u8]) {
        self.send().await.expect_refusal(codes).await;
    }

    /// Sends other bytes than a CONNECT; otherwise as [`ConnectBuilder::refused`].
    pub(crate) async fn expect_bytes_refused(self, bytes: &[u8], codes: &[u8]) {
        self.send_bytes(bytes).await.expect_refusal(codes).await;
    }
}
