//! Tests of connecting and closing: accepted, refused and failed connects, and the end of a connection from either
//! side.

use std::time::Duration;

use tidegate_mqtt::{ConnAck, Disconnect, Packet, ProtocolVersion, QoS, ReasonCode};

use super::peer::ScriptedServer;
use super::{message, pair};
use crate::{Client, ClientError, Options, State};

#[tokio::test]
async fn a_refused_connect_reports_the_reason() {
    let server = ScriptedServer::listen().await;
    let options = Options::new(server.target(), ProtocolVersion::V5, "client");
    let mut connack = ConnAck::new(ReasonCode::NotAuthorized, false);
    connack.reason_string = Some("no badge".to_owned());
    let (client, _peer) = tokio::join!(Client::connect(&options, State::default()), server.accept(connack));
    let error = client.err().unwrap().to_string();
    assert_eq!(error, "the server refused the connection: NotAuthorized (0x87): no badge");
}

#[tokio::test]
async fn connect_is_sent_as_configured() {
    for version in ProtocolVersion::ALL {
        let server = ScriptedServer::listen().await;
        let mut options = Options::new(server.target(), version, "client");
        options.connect.keep_alive = 7;
        options.connect.clean_start = false;
        let connack = ConnAck::new(ReasonCode::Success, false);
        let (client, peer) =
            tokio::join!(Client::connect(&options, State::default()), server.accept(connack));
        client.unwrap();
        assert_eq!(peer.connect, options.connect);
    }
}

#[tokio::test]
async fn a_missing_connack_is_a_timeout() {
    let server = ScriptedServer::listen().await;
    let mut options = Options::new(server.target(), ProtocolVersion::V5, "client");
    options.connect_timeout = Duration::from_millis(50);
    let (client, _peer) =
        tokio::join!(Client::connect(&options, State::default()), server.accept_without_connack());
    assert_eq!(client.err().unwrap().to_string(), "timed out while connecting");
}

#[tokio::test]
async fn disconnect_sends_a_disconnect_with_its_reason() {
    let (client, mut peer) = pair().await;
    let (state, packet) = tokio::join!(client.disconnect(ReasonCode::DisconnectWithWill), peer.receive());
    assert!(state.unwrap().has_no_open_exchange());
    assert_eq!(packet, Packet::from(Disconnect::new(ReasonCode::DisconnectWithWill)));
    assert_eq!(peer.try_receive().await, None);
}

#[tokio::test]
async fn abandon_closes_without_a_disconnect() {
    let (client, mut peer) = pair().await;
    assert!(client.drop_without_disconnect().has_no_open_exchange());
    assert_eq!(peer.try_receive().await, None);
}

#[tokio::test]
async fn the_servers_disconnect_reason_is_reported() {
    let (mut client, mut peer) = pair().await;
    peer.send(message(QoS::AtMostOnce, "last")).await;
    peer.send(Disconnect::new(ReasonCode::SessionTakenOver)).await;
    drop(peer);
    assert_eq!(client.message().await.unwrap().payload, "last");
    let error = client.message().await.unwrap_err();
    assert_eq!(error.to_string(), "the server disconnected: SessionTakenOver (0x8E)");
}

#[tokio::test]
async fn a_close_without_a_disconnect_is_an_error() {
    let (mut client, peer) = pair().await;
    drop(peer);
    assert!(matches!(client.message().await.unwrap_err(), ClientError::Closed | ClientError::Broken(_)));
}

#[tokio::test]
async fn malformed_bytes_are_an_error() {
    let (mut client, mut peer) = pair().await;
    peer.send_bytes(&[0xFF, 0]).await;
    assert!(matches!(client.message().await.unwrap_err(), ClientError::Malformed(_)));
}
