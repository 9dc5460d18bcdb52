//! Tests the shutdown on SIGTERM: every MQTT 5.0 client gets DISCONNECT with reason code 0x8B, over every transport.
//! The broker exits successfully in bounded time, even if a client does not close its connection.

#![allow(clippy::expect_used, clippy::panic)]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tidegate_client::{Client, ClientError, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::process::Process;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{client_options, message, subscribe};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

#[tokio::test]
async fn mqtt_5_clients_receive_disconnect_with_server_shutting_down() {
    let broker = Broker::start();
    let mut clients = JoinSet::new();
    for transport in Transport::ALL {
        let mut client = connect(&broker, transport, ProtocolVersion::V5).await;
        within_deadline("SUBACK", subscribe(&mut client, "a", 1)).await;
        clients.spawn(async move { (transport, client.event().await.expect_err("the connection ends")) });
    }
    broker.terminate();
    let errors = within_deadline("DISCONNECT on every transport", clients.join_all()).await;
    for (transport, error) in errors {
        let ClientError::Disconnected(disconnect) = &error else { panic!("{transport:?}: {error}") };
        assert_eq!(disconnect.reason, ReasonCode::ServerShuttingDown, "{transport:?}");
    }
    assert_eq!(broker.wait_for_exit().status.code(), Some(0));
}

#[tokio::test]
async fn mqtt_3_1_1_connections_are_closed_without_disconnect() {
    let broker = Broker::start();
    let mut clients = JoinSet::new();
    for transport in Transport::ALL {
        let mut client = connect(&broker, transport, ProtocolVersion::V3_1_1).await;
        clients.spawn(async move { (transport, client.event().await.expect_err("the connection ends")) });
    }
    broker.terminate();
    for (transport, error) in within_deadline("the end of every connection", clients.join_all()).await {
        assert!(
            !matches!(error, ClientError::Disconnected(_)),
            "{transport:?}: a 3.1.1 server must not send DISCONNECT: {error}"
        );
    }
    assert_eq!(broker.wait_for_exit().status.code(), Some(0));
}

#[tokio::test]
async fn a_client_that_does_not_read_delays_the_exit_only_until_the_drain_timeout() {
    let limit = Duration::from_secs(2);
    let broker = Broker::start_with(Config::every_transport().with("drain_timeout: 2s\n"));
    // The 30 unread messages are more data than the socket buffers hold.
    let _unread =
        within_deadline("a client with unread messages", client_with_unread_messages(&broker, 30)).await;
    let start = Instant::now();
    broker.terminate();
    assert_eq!(broker.wait_for_exit().status.code(), Some(0));
    let took = start.elapsed();
    assert!((limit / 2..limit * 5).contains(&took), "the exit took {took:?}");
}

#[tokio::test]
async fn messages_queued_at_sigterm_are_delivered_before_the_exit() {
    let broker = Broker::start();
    // The 6 unread messages are smaller than `pending_bytes_max` together, so that the broker drops none of them.
    let mut stream =
        within_deadline("a client with unread messages", client_with_unread_messages(&broker, 6)).await;
    broker.terminate();
    let mut bytes = Vec::new();
    within_deadline("the end of the connection", stream.read_to_end(&mut bytes))
        .await
        .expect("an open connection");
    assert_eq!(bytes.iter().filter(|byte| **byte == b'x').count(), 6 * PAYLOAD_LEN);
    assert_eq!(broker.wait_for_exit().status.code(), Some(0));
}

#[test]
fn clients_that_have_disconnected_do_not_delay_the_exit() {
    for transport in Transport::ALL {
        let broker = Broker::start();
        let mut publish = broker.client("pub", transport);
        let _ =
            Process::start("tidegate pub", publish.args(["-t", "a", "-m", "x", "-q", "1"])).expect_success();
        let start = Instant::now();
        broker.stop();
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{transport:?}: the exit took {:?}",
            start.elapsed()
        );
    }
}

/// Connects a subscriber, and publishes `count` messages of [`PAYLOAD_LEN`] bytes to it. The subscriber reads none of
/// them.
async fn client_with_unread_messages(broker: &Broker, count: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    // Because the receive buffer is small, most of the messages wait in the broker.
    socket.set_recv_buffer_size(4096).expect("a small receive buffer");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, broker.port(Transport::Tcp)));
    let mut stream = socket.connect(address).await.expect("a connection");
    // An MQTT 3.1.1 CONNECT with client id `late` and no keep alive, then SUBSCRIBE to `a` at QoS 0.
    stream.write_all(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04late").await.expect("a connection");
    stream.write_all(b"\x82\x06\x00\x01\x00\x01a\x00").await.expect("a connection");
    stream.read_exact(&mut [0; 9]).await.expect("CONNACK and SUBACK");
    let mut sender = connect(broker, Transport::Tcp, ProtocolVersion::V5).await;
    for _ in 0..count {
        sender.publish(message("a", &"x".repeat(PAYLOAD_LEN), 0)).await.expect("an open connection");
    }
    sender.ping().await.expect("PINGRESP after all messages");
    stream
}

async fn connect(broker: &Broker, transport: Transport, version: ProtocolVersion) -> Client {
    let options = client_options(broker, transport, version, &format!("on-{}", transport.name()));
    Client::connect(&options, State::default()).await.expect("CONNACK")
}

/// Payload size of the unread messages in bytes.
const PAYLOAD_LEN: usize = 500_000;
