//! A scripted server: the test decides which packets the server sends.

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{Ack, AckKind, ConnAck, Connect, Packet, ProtocolVersion, Publish};
use tidegate_transports::client::Target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A listening server that waits for the client.
pub struct ScriptedServer {
    listener: TcpListener,
}

/// The server's side of a connection.
pub struct Peer {
    stream: TcpStream,
    version: ProtocolVersion,
    read_buffer: Vec<u8>,
    /// The client's CONNECT.
    pub connect: Connect,
}

impl ScriptedServer {
    pub async fn listen() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub fn target(&self) -> Target {
        format!("mqtt://{}", self.listener.local_addr().unwrap()).parse().unwrap()
    }

    /// Accepts the client, reads CONNECT, and answers with `connack`.
    pub async fn accept(self, connack: ConnAck) -> Peer {
        let mut peer = self.accept_without_connack().await;
        peer.send(connack).await;
        peer
    }

    /// Accepts the client and reads CONNECT.
    pub async fn accept_without_connack(self) -> Peer {
        let (stream, _) = self.listener.accept().await.unwrap();
        let connect = Connect::new(ProtocolVersion::V5, "");
        let mut peer = Peer { stream, version: ProtocolVersion::V5, read_buffer: Vec::new(), connect };
        let Packet::Connect(connect) = peer.receive().await else { panic!("no CONNECT") };
        peer.version = connect.version;
        peer.connect = *connect;
        peer
    }
}

impl Peer {
    /// Waits for the next packet from the client and returns it. Panics if the client has closed the connection.
    pub async fn receive(&mut self) -> Packet {
        self.try_receive().await.expect("the client closed")
    }

    /// Waits for the next packet from the client and returns it; returns `None` if the client has closed the
    /// connection.
    pub async fn try_receive(&mut self) -> Option<Packet> {
        loop {
            if let Next::Frame(frame) = frame::next(&self.read_buffer, self.version, u32::MAX).unwrap() {
                let (packet, size) = (Packet::decode(&frame, self.version).unwrap(), frame.wire.len());
                self.read_buffer.drain(..size);
                return Some(packet);
            }
            match self.stream.read_buf(&mut self.read_buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Waits for the next packet from the client and returns its message. The packet must be a PUBLISH.
    pub async fn receive_message(&mut self) -> Publish {
        match self.receive().await {
            Packet::Publish(message) => *message,
            packet => panic!("no PUBLISH: {packet:?}"),
        }
    }

    /// Checks that the next packet from the client is this acknowledgement.
    pub async fn expect_ack(&mut self, kind: AckKind, packet_id: u16) {
        assert_eq!(self.receive().await, Packet::Ack(super::ack(kind, packet_id)));
    }

    pub async fn send(&mut self, packet: impl Into<Packet>) {
        let mut bytes = Vec::new();
        packet.into().encode(self.version, &mut bytes).unwrap();
        self.send_bytes(&bytes).await;
    }

    pub async fn send_ack(&mut self, kind: AckKind, packet_id: u16) {
        self.send(Packet::Ack(super::ack(kind, packet_id))).await;
    }

    pub async fn send_refusal(&mut self, ack: Ack) {
        self.send(Packet::Ack(ack)).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }
}
