//! QUIC connections to a broker under test, without an MQTT client.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::broker::Broker;
use crate::transport::Transport;

/// Returns a client endpoint whose connections trust the broker's certificate authority.
#[must_use]
pub fn endpoint(broker: &Broker) -> Endpoint {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(broker.authority()).expect("the authority");
    roots.add(authority).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"mqtt".to_vec()];
    let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("a socket");
    let quic = QuicClientConfig::try_from(tls).expect("a QUIC configuration");
    endpoint.set_default_client_config(ClientConfig::new(Arc::new(quic)));
    endpoint
}

/// Completes the handshake, but opens no stream.
pub async fn handshake(broker: &Broker, endpoint: &Endpoint) -> Connection {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, broker.port(Transport::Quic)));
    endpoint.connect(address, "localhost").expect("a connection").await.expect("a handshake")
}

/// An MQTT 5.0 connection without keep alive, after CONNACK.
#[derive(Debug)]
pub struct QuicClient {
    /// The connection.
    pub connection: Connection,
    send: SendStream,
    _receive: RecvStream,
}

impl QuicClient {
    /// Connects and waits for CONNACK.
    pub async fn connect(broker: &Broker, endpoint: &Endpoint) -> Self {
        let connection = handshake(broker, endpoint).await;
        let (mut send, mut receive) = connection.open_bi().await.expect("a stream");
        send.write_all(CONNECT).await.expect("an open stream");
        receive.read_exact(&mut [0; 5]).await.expect("CONNACK");
        Self { connection, send, _receive: receive }
    }

    /// Sends PINGREQ, a packet that makes the broker write to this QUIC connection. Does not wait for PINGRESP.
    pub async fn ping(&mut self) {
        self.send.write_all(&[0xC0, 0]).await.expect("an open stream");
    }
}

/// A CONNECT of MQTT 5.0 with Clean Start, Keep Alive 0, no properties and an empty client identifier.
const CONNECT: &[u8] = b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00";
