//! A test client. The client sends any bytes that a test gives to it, and checks every packet that it receives against
//! the standard.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::timeout;

use crate::link::Link;
use crate::transcript::Transcript;
use crate::wire::{Packet, PacketType, Version, parse};

mod collect;
mod connect_builder;
mod exchange;
mod expectations;
mod message;
mod raw;
mod violation;
mod web_socket;

pub(crate) use connect_builder::ConnectBuilder;
pub(crate) use message::lossy_text;
pub(crate) use violation::{BAD_NAME, MALFORMED, PROTOCOL_ERROR};

/// A test client and its connection to the broker under test.
pub(crate) struct Client {
    pub(crate) version: Version,
    name: String,
    link: Link,
    /// The received bytes of a packet that has not arrived completely.
    partial_packet: Vec<u8>,
    /// The packets that were received while the test waited for another packet type. Tests read them later.
    unread: VecDeque<Packet>,
    has_broker_closed: bool,
    last_id: u16,
    /// Whether the broker has to send the first, which is the best, of the reason codes that a test lists. Otherwise it
    /// may send any of them.
    requires_best_reason: bool,
    transcript: Transcript,
}

impl Client {
    pub(crate) fn new(
        name: &str,
        version: Version,
        link: Link,
        requires_best_reason: bool,
        transcript: Transcript,
    ) -> Self {
        Self {
            version,
            name: name.to_owned(),
            link,
            partial_packet: Vec::new(),
            unread: VecDeque::new(),
            has_broker_closed: false,
            last_id: 0,
            requires_best_reason,
            transcript,
        }
    }

    /// Sends the bytes unchanged in one write (over WebSocket, in one binary frame).
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.transcript.note(&self.name, ">", bytes);
        // An error means that the broker has closed the connection. The next read of the test reports that.
        let _ = self.link.write(bytes).await;
    }

    /// Sends the text in one text frame. Panics if the transport is not WebSocket.
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.transcript.note(&self.name, "> text", text.as_bytes());
        let _ = self.link.write_text(text).await;
    }

    /// Returns a packet identifier that this client has not used yet.
    pub(crate) fn next_packet_id(&mut self) -> u16 {
        self.last_id += 1;
        self.last_id
    }

    /// Returns the next packet of any type, or `None` when the broker has closed the connection.
    pub(crate) async fn try_next(&mut self) -> Option<Packet> {
        if let Some(packet) = self.unread.pop_front() {
            return Some(packet);
        }
        self.read().await
    }

    /// Puts back a packet that the test has read. The next read returns the packet again.
    pub(crate) fn push_back_unread(&mut self, packet: Option<Packet>) {
        if let Some(packet) = packet {
            self.unread.push_front(packet);
        }
    }

    /// Returns the next packet of any type.
    pub(crate) async fn next(&mut self) -> Packet {
        let Some(packet) = self.try_next().await else {
            panic!("{}: the broker closed the connection", self.name)
        };
        packet
    }

    /// Returns the next packet of the given type. Packets of other types that come first are kept for later.
    pub(crate) async fn next_of(&mut self, packet_type: PacketType) -> Packet {
        if let Some(index) = self.unread.iter().position(|packet| packet.packet_type == packet_type) {
            return self.unread.remove(index).expect("a packet at the index just found");
        }
        loop {
            let Some(packet) = self.read().await else {
                panic!("{}: the broker closed the connection instead of sending {packet_type:?}", self.name)
            };
            if packet.packet_type == packet_type {
                return packet;
            }
            self.unread.push_back(packet);
        }
    }

    /// Returns whether an unread packet of the given type has been received. Does not wait for packets: call
    /// [`Client::ping`] first, to receive everything that the broker sent before PINGRESP.
    pub(crate) fn has_received(&self, packet_type: PacketType) -> bool {
        self.unread.iter().any(|packet| packet.packet_type == packet_type)
    }

    /// Removes and returns the unread packets of the given type. Does not wait for further packets.
    pub(crate) fn drain(&mut self, packet_type: PacketType) -> Vec<Packet> {
        let (taken, left) = self.unread.drain(..).partition(|packet| packet.packet_type == packet_type);
        self.unread = left;
        Vec::from_iter::<VecDeque<_>>(taken)
    }

    /// Closes the connection without DISCONNECT, as a crashed client does, and waits until the broker has closed its
    /// side.
    pub(crate) async fn drop_connection(mut self) {
        self.transcript.note(&self.name, "> closed without DISCONNECT", &[]);
        self.link.drop_connection().await;
        self.wait_for_end().await;
    }

    /// Reads until the broker closes the connection. Returns all unread packets.
    pub(crate) async fn wait_for_end(&mut self) -> Vec<Packet> {
        let mut packets: Vec<_> = self.unread.drain(..).collect();
        while let Some(packet) = self.read().await {
            packets.push(packet);
        }
        packets
    }

    async fn read(&mut self) -> Option<Packet> {
        let Ok(packet) = timeout(RECEIVE_TIMEOUT, self.read_packet()).await else {
            panic!(
                "{}: the broker neither sent a packet nor closed the connection within {RECEIVE_TIMEOUT:?}",
                self.name
            )
        };
        packet
    }

    async fn read_packet(&mut self) -> Option<Packet> {
        loop {
            match parse(self.version, &self.partial_packet) {
                Err(fault) => panic!(
                    "{}: the broker sent an invalid packet, {fault}: {:02x?}",
                    self.name, self.partial_packet
                ),
                Ok(Some((packet, len))) => {
                    self.partial_packet.drain(..len);
                    self.transcript.note(&self.name, "<", &packet.bytes);
                    return Some(packet);
                }
                Ok(None) if self.has_broker_closed => {
                    assert!(
                        self.partial_packet.is_empty(),
                        "{}: the broker closed within a packet: {:02x?}",
                        self.name,
                        self.partial_packet
                    );
                    return None;
                }
                Ok(None) => {}
            }
            match self.link.read(&mut self.partial_packet).await {
                Ok(0) => {
                    self.transcript.note(&self.name, "< closed", &[]);
                    self.has_broker_closed = true;
                }
                Ok(_) => {}
                Err(error) => panic!("{}: cannot read from the broker: {error}", self.name),
            }
        }
    }
}

/// The time that a client waits for a packet from the broker. This time is far longer than any answer takes, so that no
/// test fails on a busy machine.
pub(crate) const RECEIVE_TIMEOUT: Duration = Duration::from_secs(30);
