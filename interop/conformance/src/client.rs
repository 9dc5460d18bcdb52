//! One client of a test: what it sends is the test's choice byte by byte, what it receives is read strictly.

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

/// A connection to the broker under test.
pub(crate) struct Client {
    pub(crate) version: Version,
    name: String,
    link: Link,
    /// Bytes of a packet that is not whole yet.
    partial_packet: Vec<u8>,
    /// Packets that came while the test waited for another kind.
    unread: VecDeque<Packet>,
    ended: bool,
    last_id: u16,
    /// Whether a reason has to be the best one, the first of those a test lists, and not only a legal one.
    wants_best_reason: bool,
    transcript: Transcript,
}

impl Client {
    pub(crate) fn new(
        name: &str,
        version: Version,
        link: Link,
        wants_best_reason: bool,
        transcript: Transcript,
    ) -> Self {
        Self {
            version,
            name: name.to_owned(),
            link,
            partial_packet: Vec::new(),
            unread: VecDeque::new(),
            ended: false,
            last_id: 0,
            wants_best_reason,
            transcript,
        }
    }

    /// Sends bytes as they are, in one write (one frame over WebSocket).
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.transcript.note(&self.name, ">", bytes);
        // A broker that has closed already is found out by what the test expects next.
        let _ = self.link.write(bytes).await;
    }

    /// Sends them in one text frame; WebSocket only.
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.transcript.note(&self.name, "> text", text.as_bytes());
        let _ = self.link.write_text(text).await;
    }

    /// A packet identifier that this client has not used yet.
    pub(crate) fn next_packet_id(&mut self) -> u16 {
        self.last_id += 1;
        self.last_id
    }

    /// The next packet, whatever it is; none when the broker has closed.
    pub(crate) async fn try_next(&mut self) -> Option<Packet> {
        if let Some(packet) = self.unread.pop_front() {
            return Some(packet);
        }
        self.read().await
    }

    /// Takes a packet back, to be the next.
    pub(crate) fn push_back_unread(&mut self, packet: Option<Packet>) {
        if let Some(packet) = packet {
            self.unread.push_front(packet);
        }
    }

    /// The next packet, whatever it is.
    pub(crate) async fn next(&mut self) -> Packet {
        let Some(packet) = self.try_next().await else { panic!("{}: the broker closed", self.name) };
        packet
    }

    /// The next packet of a kind; others that come before stay for later.
    pub(crate) async fn next_of(&mut self, packet_type: PacketType) -> Packet {
        if let Some(index) = self.unread.iter().position(|packet| packet.packet_type == packet_type) {
            return self.unread.remove(index).expect("a packet at its place");
        }
        loop {
            let Some(packet) = self.read().await else {
                panic!("{}: the broker closed instead of sending {packet_type:?}", self.name)
            };
            if packet.packet_type == packet_type {
                return packet;
            }
            self.unread.push_back(packet);
        }
    }

    /// Whether packets of a kind have come already, without waiting. Bring the broker to a known point before, by
    /// [`Client::ping`].
    pub(crate) fn has_received(&self, packet_type: PacketType) -> bool {
        self.unread.iter().any(|packet| packet.packet_type == packet_type)
    }

    /// All packets of a kind that have come, without waiting.
    pub(crate) fn drain(&mut self, packet_type: PacketType) -> Vec<Packet> {
        let (taken, left) = self.unread.drain(..).partition(|packet| packet.packet_type == packet_type);
        self.unread = left;
        Vec::from_iter::<VecDeque<_>>(taken)
    }

    /// Ends the connection as a client does that dies, and waits until the broker has seen it.
    pub(crate) async fn drop_connection(mut self) {
        self.transcript.note(&self.name, "> cut", &[]);
        self.link.drop_connection().await;
        self.wait_for_end().await;
    }

    /// Reads until the broker closes; gives what came.
    pub(crate) async fn wait_for_end(&mut self) -> Vec<Packet> {
        let mut packets: Vec<_> = self.unread.drain(..).collect();
        while let Some(packet) = self.read().await {
            packets.push(packet);
        }
        packets
    }

    async fn read(&mut self) -> Option<Packet> {
        let Ok(packet) = timeout(PATIENCE, self.read_packet()).await else {
            panic!("{}: the broker neither sent nor closed within {PATIENCE:?}", self.name)
        };
        packet
    }

    async fn read_packet(&mut self) -> Option<Packet> {
        loop {
            match parse(self.version, &self.partial_packet) {
                Err(fault) => panic!("{}: the broker sent {fault}: {:02x?}", self.name, self.partial_packet),
                Ok(Some((packet, len))) => {
                    self.partial_packet.drain(..len);
                    self.transcript.note(&self.name, "<", &packet.bytes);
                    return Some(packet);
                }
                Ok(None) if self.ended => {
                    assert!(
                        self.partial_packet.is_empty(),
                        "{}: ended within a packet: {:02x?}",
                        self.name,
                        self.partial_packet
                    );
                    return None;
                }
                Ok(None) => {}
            }
            match self.link.read(&mut self.partial_packet).await {
                Ok(0) => {
                    self.transcript.note(&self.name, "< end", &[]);
                    self.ended = true;
                }
                Ok(_) => {}
                Err(error) => panic!("{}: reading: {error}", self.name),
            }
        }
    }
}

/// How long a client waits for the broker: far longer than it takes, so that a busy machine fails nothing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
