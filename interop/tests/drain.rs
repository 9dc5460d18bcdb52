//! SIGTERM: every client of MQTT 5.0 is told 0x8B, whatever its transport, and the broker ends well in bounded time,
//! even when a client does not go.

#![allow(clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use tidegate_gateway::client::{Client, ClientError, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::{options, subscribe};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

#[tokio::test]
async fn clients_of_version_5_are_told() {
    let broker = Broker::start();
    let mut clients = JoinSet::new();
    for transport in Transport::ALL {
        let mut client = connect(&broker, transport, ProtocolVersion::V5).await;
        within_deadline("SUBACK", subscribe(&mut client, "a", 1)).await;
        clients.spawn(async move { (transport, client.event().await.expect_err("an end")) });
    }
    broker.terminate();
    let told = within_deadline("DISCONNECT on every transport", clients.join_all()).await;
    for (transport, error) in told {
        let ClientError::Disconnected(disconnect) = &error else { panic!("{transport:?}: {error}") };
        assert_eq!(disconnect.reason, ReasonCode::ServerShuttingDown, "{transport:?}");
    }
    assert_eq!(broker.end().status.code(), Some(0));
}

#[tokio::test]
async fn connections_of_version_3_are_closed() {
    let broker = Broker::start();
    let mut clients = JoinSet::new();
    for transport in Transport::ALL {
        let mut client = connect(&broker, transport, ProtocolVersion::V3_1_1).await;
        clients.spawn(async move { (transport, client.event().await.expect_err("an end")) });
    }
    broker.terminate();
    for (transport, error) in within_deadline("the end of every connection", clients.join_all()).await {
        assert!(
            !matches!(error, ClientError::Disconnected(_)),
            "{transport:?}: 3.1.1 has no such packet: {error}"
        );
    }
    assert_eq!(broker.end().status.code(), Some(0));
}

#[tokio::test]
async fn a_client_that_does_not_read_keeps_nobody() {
    let limit = Duration::from_secs(2);
    let broker = Broker::start_with(Config::every_transport().with("drain_timeout: 2s\n"));
    let _deaf = within_deadline("a client that does not read", deaf_client(&broker)).await;
    let begin = Instant::now();
    broker.terminate();
    assert_eq!(broker.end().status.code(), Some(0));
    assert!(begin.elapsed() < limit * 5, "it took {:?}", begin.elapsed());
}

/// Is sent more than the sockets hold, and reads none of it.
async fn deaf_client(broker: &Broker) -> TcpStream {
    let mut deaf =
        TcpStream::connect(("localhost", broker.port(Transport::Tcp))).await.expect("a connection");
    // CONNECT of 3.1.1 as `deaf`, without a keep alive, and SUBSCRIBE to `a` at QoS 0.
    deaf.write_all(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04deaf").await.expect("a connection");
    deaf.write_all(b"\x82\x06\x00\x01\x00\x01a\x00").await.expect("a connection");
    deaf.read_exact(&mut [0; 9]).await.expect("CONNACK and SUBACK");
    let mut sender = connect(broker, Transport::Tcp, ProtocolVersion::V5).await;
    let large = "x".repeat(500_000);
    for _ in 0..30 {
        let message = tidegate_interop::tidegate::message("a", &large, 0);
        sender.publish(message).await.expect("the connection");
    }
    sender.ping().await.expect("all of it taken");
    deaf
}

async fn connect(broker: &Broker, transport: Transport, version: ProtocolVersion) -> Client {
    let options = options(broker, transport, version, &format!("on-{}", transport.name()));
    Client::connect(&options, State::default()).await.expect("CONNACK")
}
