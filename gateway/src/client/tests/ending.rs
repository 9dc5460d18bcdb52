//! How connections begin not, and how they end.

use std::time::Duration;

use tidegate_mqtt::{ConnAck, Disconnect, Packet, ProtocolVersion, QoS, ReasonCode};

use super::peer::Script;
use super::{message, pair};
use crate::client::{Client, ClientError, Options, State};

#[tokio::test]
async fn a_refusal_names_its_reason() {
    let script = Script::listen().await;
    let options = Options::new(script.target(), ProtocolVersion::V5, "client");
    let mut connack = ConnAck::new(ReasonCode::NotAuthorized, false);
    connack.reason_string = Some("no badge".to_owned());
    let (client, _peer) = tokio::join!(Client::connect(&options, State::default()), script.accept(connack));
    let error = client.err().unwrap().to_string();
    assert_eq!(error, "the server refused the connection: NotAuthorized (0x87): no badge");
}

#[tokio::test]
async fn connect_says_what_it_was_told_to() {
    for version in ProtocolVersion::ALL {
        let script = Script::listen().await;
        let mut options = Options::new(script.target(), version, "client");
        options.connect.keep_alive = 7;
        options.connect.clean_start = false;
        let connack = ConnAck::new(ReasonCode::Success, false);
        let (client, peer) =
            tokio::join!(Client::connect(&options, State::default()), script.accept(connack));
        client.unwrap();
        assert_eq!(peer.connect, options.connect);
    }
}

#[tokio::test]
async fn silence_instead_of_connack_is_a_timeout() {
    let script = Script::listen().await;
    let mut options = Options::new(script.target(), ProtocolVersion::V5, "client");
    options.connect_timeout = Duration::from_millis(50);
    let (client, _peer) = tokio::join!(Client::connect(&options, State::default()), script.accept_silently());
    assert_eq!(client.err().unwrap().to_string(), "timeout: connecting");
}

#[tokio::test]
async fn disconnecting_says_so() {
    let (client, mut peer) = pair().await;
    let (state, packet) = tokio::join!(client.disconnect(ReasonCode::DisconnectWithWill), peer.receive());
    assert!(state.unwrap().is_settled());
    assert_eq!(packet, Packet::from(Disconnect::new(ReasonCode::DisconnectWithWill)));
    assert_eq!(peer.try_receive().await, None);
}

#[tokio::test]
async fn abandoning_does_not() {
    let (client, mut peer) = pair().await;
    assert!(client.abandon().is_settled());
    assert_eq!(peer.try_receive().await, None);
}

#[tokio::test]
async fn the_servers_disconnect_is_the_reason_of_the_end() {
    let (mut client, mut peer) = pair().await;
    peer.send(message(QoS::AtMostOnce, "last")).await;
    peer.send(Disconnect::new(ReasonCode::SessionTakenOver)).await;
    drop(peer);
    assert_eq!(client.message().await.unwrap().payload, "last");
    let error = client.message().await.unwrap_err();
    assert_eq!(error.to_string(), "the server disconnected: SessionTakenOver (0x8E)");
}

#[tokio::test]
async fn an_end_without_a_word_is_an_error_too() {
    let (mut client, peer) = pair().await;
    drop(peer);
    assert!(matches!(client.message().await.unwrap_err(), ClientError::Closed | ClientError::Broken(_)));
}

#[tokio::test]
async fn rubbish_is_an_error() {
    let (mut client, mut peer) = pair().await;
    peer.send_bytes(&[0xFF, 0]).await;
    assert!(matches!(client.message().await.unwrap_err(), ClientError::Malformed(_)));
}
