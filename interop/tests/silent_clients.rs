//! Tests that clients that connect and then send nothing do not delay other clients, on any port, even if 200 such
//! clients are connected.

#![allow(clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use tidegate_interop::broker::Broker;
use tidegate_interop::quic;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::test_client::{ClientSetup, Received, TestClient};
use tidegate_interop::tidegate_client::TidegateClient;
use tidegate_interop::transport::Transport;
use tokio::net::TcpStream;

/// The maximum duration of a round trip: half of the broker's handshake timeout. If the broker served the client only
/// after the handshake of a silent client has timed out, the round trip would take longer.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(5);

#[tokio::test]
async fn silent_clients_on_the_quic_port_do_not_delay_other_clients() {
    let broker = Broker::start();
    let endpoint = quic::endpoint(&broker);
    let mut silent = vec![quic::handshake(&broker, &endpoint).await];
    assert_other_clients_are_served(&broker, Transport::Quic).await;
    while silent.len() < 200 {
        silent.push(quic::handshake(&broker, &endpoint).await);
    }
    assert_other_clients_are_served(&broker, Transport::Quic).await;
    drop(silent);
    broker.stop();
}

#[tokio::test]
async fn silent_clients_on_the_tls_port_do_not_delay_other_clients() {
    assert_silent_sockets_do_not_delay_other_clients(Transport::Tls).await;
}

#[tokio::test]
async fn silent_clients_on_the_secure_websocket_port_do_not_delay_other_clients() {
    assert_silent_sockets_do_not_delay_other_clients(Transport::Wss).await;
}

#[tokio::test]
async fn silent_clients_on_the_websocket_port_do_not_delay_other_clients() {
    assert_silent_sockets_do_not_delay_other_clients(Transport::Ws).await;
}

#[tokio::test]
async fn silent_clients_on_the_tcp_port_do_not_delay_other_clients() {
    assert_silent_sockets_do_not_delay_other_clients(Transport::Tcp).await;
}

async fn assert_silent_sockets_do_not_delay_other_clients(transport: Transport) {
    let broker = Broker::start();
    let connect = || TcpStream::connect(("localhost", broker.port(transport)));
    let mut silent = vec![connect().await.expect("a connection")];
    assert_other_clients_are_served(&broker, transport).await;
    while silent.len() < 200 {
        silent.push(connect().await.expect("a connection"));
    }
    assert_other_clients_are_served(&broker, transport).await;
    drop(silent);
    broker.stop();
}

/// Checks that other clients can connect, exchange a message and disconnect in time, on the same port and on the TCP
/// port.
async fn assert_other_clients_are_served(broker: &Broker, transport: Transport) {
    for target in [transport, transport, Transport::Tcp] {
        let start = Instant::now();
        within_deadline("a round trip", exchange_one_message(broker, target)).await;
        assert!(start.elapsed() < ROUND_TRIP_MAX, "{target:?} took {:?}", start.elapsed());
    }
}

async fn exchange_one_message(broker: &Broker, transport: Transport) {
    let mut client = TidegateClient::connect(ClientSetup::new(broker, transport, "other")).await;
    client.subscribe("a", 1).await;
    client.publish("a", "word", 1, false).await;
    assert_eq!(client.next_message().await, Received::new("a", "word", 1));
    client.disconnect().await;
}
