//! Clients that connect and send no data do not delay others, and are closed at the handshake timeout.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_transports::{EstablishError, Transport};
use tokio::net::{TcpStream, UdpSocket};

use crate::material::ECDSA;
use crate::server::{config, eventually, round_trip, serve, serve_with, with_timeout};

const SILENT_CLIENTS: usize = 200;

#[tokio::test]
async fn silent_sockets_do_not_delay_other_clients() {
    for transport in [Transport::Tcp, Transport::Tls, Transport::WebSocket, Transport::SecureWebSocket] {
        let server = serve(transport);
        let mut silent = Vec::new();
        for _ in 0..SILENT_CLIENTS {
            silent.push(TcpStream::connect(server.address.unwrap()).await.unwrap());
        }
        let begin = Instant::now();
        let mut link = with_timeout(server.connect()).await;
        assert_eq!(with_timeout(round_trip(&mut link, b"hello")).await, b"hello");
        assert!(begin.elapsed() < Duration::from_secs(5), "{transport}: {:?}", begin.elapsed());
        let waits = if transport == Transport::Tcp { 0 } else { SILENT_CLIENTS };
        assert_eq!(server.limits.handshakes.running(), waits, "{transport}");
    }
}

/// Some clients complete the handshake and open no stream; others send only the first datagram of a handshake.
#[tokio::test]
async fn silent_quic_clients_do_not_delay_other_clients() {
    let server = serve(Transport::Quic);
    let address = server.address.unwrap();
    let endpoint = quic_client();
    let mut silent = Vec::new();
    for _ in 0..SILENT_CLIENTS {
        silent.push(with_timeout(endpoint.connect(address, "localhost").unwrap()).await.unwrap());
    }
    let first_flight = recorded_first_flight().await;
    let mut sockets = Vec::new();
    for _ in 0..SILENT_CLIENTS / 2 {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.send_to(&first_flight, address).await.unwrap();
        sockets.push(socket);
    }
    let begin = Instant::now();
    let mut link = with_timeout(server.connect()).await;
    assert_eq!(with_timeout(round_trip(&mut link, b"hello")).await, b"hello");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    assert!(server.limits.handshakes.running() >= SILENT_CLIENTS);
}

#[tokio::test]
async fn a_silent_client_reaches_the_handshake_timeout() {
    for transport in [Transport::Tls, Transport::WebSocket, Transport::SecureWebSocket] {
        let mut config = config(transport);
        config.handshake_timeout = Duration::from_millis(50);
        let mut server = serve_with(config, Default::default());
        let socket = TcpStream::connect(server.address.unwrap()).await.unwrap();
        let error = with_timeout(server.handshake_failures.recv()).await.unwrap();
        assert!(matches!(error, EstablishError::Timeout(_)), "{transport}: {error}");
        eventually("all places are given back", || {
            server.limits.handshakes.running() == 0 && server.limits.connections.open() == 0
        })
        .await;
        assert_eq!(with_timeout(socket.peek(&mut [0; 8])).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_quic_client_that_opens_no_stream_is_closed_with_code_1() {
    let mut config = config(Transport::Quic);
    config.handshake_timeout = Duration::from_millis(300);
    let mut server = serve_with(config, Default::default());
    let connection = quic_client().connect(server.address.unwrap(), "localhost").unwrap().await.unwrap();
    match with_timeout(connection.closed()).await {
        quinn::ConnectionError::ApplicationClosed(close) => assert_eq!(close.error_code, 1_u32.into()),
        other => panic!("{other}"),
    }
    assert!(matches!(
        with_timeout(server.handshake_failures.recv()).await.unwrap(),
        EstablishError::Timeout(_)
    ));
    eventually("all places are given back", || server.limits.connections.open() == 0).await;
}

/// Health checks of load balancers connect and disconnect without sending any data.
#[tokio::test]
async fn a_client_that_disconnects_before_the_handshake_is_reported_as_closed() {
    for transport in [Transport::Tls, Transport::WebSocket] {
        let mut server = serve(transport);
        drop(TcpStream::connect(server.address.unwrap()).await.unwrap());
        let error = with_timeout(server.handshake_failures.recv()).await.unwrap();
        assert!(matches!(error, EstablishError::Closed), "{transport}: {error}");
    }
}

/// Returns a quinn client that trusts the certificate authority of the tests.
pub fn quic_client() -> quinn::Endpoint {
    quic_client_with(&[b"mqtt"])
}

pub fn quic_client_with(protocols: &[&[u8]]) -> quinn::Endpoint {
    let mut roots = rustls::RootCertStore::empty();
    let pem = std::fs::read(&ECDSA.ca_file).unwrap();
    let ca = <rustls_pki_types::CertificateDer<'_> as rustls_pki_types::pem::PemObject>::from_pem_slice(&pem);
    roots.add(ca.unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let crypto = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
    let mut endpoint = quinn::Endpoint::client(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(crypto)));
    endpoint
}

/// Records the first datagram of a handshake.
async fn recorded_first_flight() -> Vec<u8> {
    let sink = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let endpoint = quic_client();
    let _connecting = endpoint.connect(sink.local_addr().unwrap(), "localhost").unwrap();
    let mut datagram = vec![0; 2000];
    let (length, _) = with_timeout(sink.recv_from(&mut datagram)).await.unwrap();
    datagram.truncate(length);
    datagram
}
