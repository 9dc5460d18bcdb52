//! Tests of the client against a scripted server over loopback.

mod connecting_and_closing;
mod limits;
mod peer;
mod publishing;
mod receiving;
mod resuming;

use tidegate_mqtt::{Ack, AckKind, ConnAck, PacketId, ProtocolVersion, Publish, QoS, ReasonCode};

use super::{Client, Options, State};
use peer::{Peer, ScriptedServer};

/// Connects a client to a scripted server. `adjust` changes the client's options; the server answers with `connack`.
async fn pair_with(state: State, adjust: impl FnOnce(&mut Options), connack: ConnAck) -> (Client, Peer) {
    let server = ScriptedServer::listen().await;
    let mut options = Options::new(server.target(), ProtocolVersion::V5, "client");
    adjust(&mut options);
    let (client, peer) = tokio::join!(Client::connect(&options, state), server.accept(connack));
    (client.unwrap(), peer)
}

async fn pair() -> (Client, Peer) {
    pair_with(State::default(), |_| {}, accepted()).await
}

fn accepted() -> ConnAck {
    ConnAck::new(ReasonCode::Success, false)
}

fn message(qos: QoS, payload: &'static str) -> Publish {
    Publish { qos, ..Publish::new("topic", payload) }
}

fn received(qos: QoS, packet_id: u16, payload: &'static str) -> Publish {
    Publish { packet_id: PacketId::new(packet_id), ..message(qos, payload) }
}

fn ack(kind: AckKind, packet_id: u16) -> Ack {
    Ack::new(kind, PacketId::new(packet_id).unwrap(), ReasonCode::Success)
}
