//! The limits refuse connections and count them by reason. Once a permit is free, connections are accepted again.

use std::time::Duration;

use tidegate_limits::Config as LimitsConfig;
use tidegate_transports::Transport;
use tidegate_transports::client::{self, ConnectError};
use tokio::net::TcpStream;

use crate::material::ECDSA;
use crate::server::{ALL_TRANSPORTS, config, eventually, round_trip, serve_with, with_timeout};
use crate::silent_clients::quic_client;

#[tokio::test]
async fn a_listener_refuses_connections_above_its_limit() {
    for transport in ALL_TRANSPORTS {
        let mut config = config(transport);
        config.connections_max = 2;
        let server = serve_with(config, LimitsConfig::default());
        let first = with_timeout(server.connect()).await;
        let mut second = with_timeout(server.connect()).await;
        assert_eq!(with_timeout(round_trip(&mut second, b"a")).await, b"a", "{transport}");
        let third =
            client::connect_within(&server.target(), &ECDSA.client_tls(), Duration::from_secs(5)).await;
        if let Ok(mut third) = third {
            assert_eq!(with_timeout(third.read(&mut [0; 8])).await.unwrap_or(0), 0, "{transport}");
        }
        assert_eq!(server.listener.connections().refused(), 1, "{transport}");
        drop(first);
        eventually("the permit is free again", || server.listener.connections().open() < 2).await;
        let mut fourth = with_timeout(server.connect()).await;
        assert_eq!(with_timeout(round_trip(&mut fourth, b"b")).await, b"b", "{transport}");
    }
}

#[tokio::test]
async fn handshakes_from_one_source_are_limited() {
    let limits = LimitsConfig { handshakes_per_source_max: 3, ..LimitsConfig::default() };
    let server = serve_with(config(Transport::Tls), limits);
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(server.address.unwrap()).await.unwrap());
    }
    eventually("three handshakes are running", || server.limits.handshakes.running() == 3).await;
    let refused = client::connect(&server.target(), &ECDSA.client_tls()).await;
    assert!(refused.is_err());
    assert_eq!(server.limits.handshakes.refused_source(), 1);
    silent.clear();
    eventually("no handshake is running", || server.limits.handshakes.running() == 0).await;
    with_timeout(server.connect()).await;
}

#[tokio::test]
async fn a_refused_quic_client_gets_an_error_immediately() {
    let limits = LimitsConfig { handshakes_max: 0, ..LimitsConfig::default() };
    let server = serve_with(config(Transport::Quic), limits);
    match with_timeout(client::connect(&server.target(), &ECDSA.client_tls())).await {
        Err(error @ ConnectError::Handshake { .. }) => {
            assert!(error.to_string().contains("refused"), "{error}")
        }
        other => panic!("{other:?}"),
    }
    assert_eq!((server.limits.handshakes.refused_total(), server.limits.connections.open()), (1, 0));
}

/// Above the threshold, a QUIC client must validate its address and is then accepted.
#[tokio::test]
async fn under_load_quic_clients_must_validate_their_address() {
    for (retry_from, retries) in [(0, true), (100, false)] {
        let limits = LimitsConfig { retry_from, ..LimitsConfig::default() };
        let server = serve_with(config(Transport::Quic), limits);
        let connection = quic_client().connect(server.address.unwrap(), "localhost").unwrap().await.unwrap();
        // A Retry makes the client send its first flight twice.
        let sent = connection.stats().frame_tx.crypto;
        let mut link = with_timeout(server.connect()).await;
        assert_eq!(with_timeout(round_trip(&mut link, b"a")).await, b"a");
        assert_eq!(sent > 2, retries, "{sent} crypto frames with retry_from {retry_from}");
    }
}
