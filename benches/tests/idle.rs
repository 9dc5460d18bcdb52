//! Tests of idle connections over each transport, against listeners of `tidegate-transports` that answer CONNECT and no
//! other packet.
#![allow(clippy::as_conversions, clippy::unwrap_used)]

use std::future::poll_fn;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tidegate_benches::idle::links::{Links, Transport};
use tidegate_benches::idle::{self, Report, Scenario};
use tidegate_benches::wire::Version;
use tidegate_limits::{Config as LimitsConfig, Connections, Handshakes};
use tidegate_transports::quic::{QuicConfig, QuicKeys};
use tidegate_transports::tls::ServerMaterial;
use tidegate_transports::websocket::WebSocketConfig;
use tidegate_transports::{Endpoint, Limits, Link, Listener, ListenerConfig, bind};

const CONNACK: [u8; 5] = [0x20, 3, 0, 0, 0];

/// A certificate for localhost, and the file with its CA certificate.
struct Certificate {
    material: ServerMaterial,
    ca: PathBuf,
}

impl Certificate {
    fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let material =
            ServerMaterial::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes())
                .unwrap();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let ca = folder.join(format!("{name}-{}.pem", std::process::id()));
        std::fs::write(&ca, made.cert.pem()).unwrap();
        Self { material, ca }
    }
}

fn limits() -> Limits {
    Limits {
        handshakes: Handshakes::new(&LimitsConfig::default()),
        connections: Connections::new(&LimitsConfig::default()),
    }
}

/// Answers CONNECT. If `then_close`, closes the link afterwards; otherwise reads until the peer closes the link.
async fn answer_connect(mut link: Link, then_close: bool) {
    let mut buffer = [0; 512];
    while let Ok(1..) = poll_fn(|context| link.poll_read(context, &mut buffer)).await {
        if buffer[0] == 0x10 {
            poll_fn(|context| link.poll_write(context, &[IoSlice::new(&CONNACK)])).await.unwrap();
            poll_fn(|context| link.poll_flush(context)).await.unwrap();
            if then_close {
                break;
            }
        }
    }
    let _ = poll_fn(|context| link.poll_close(context)).await;
}

async fn serve(listener: Listener, then_close: bool) {
    loop {
        let incoming = listener.accept().await.unwrap();
        tokio::spawn(
            async move { answer_connect(incoming.establish().await.unwrap().link, then_close).await },
        );
    }
}

fn run(
    name: &'static str,
    scheme: &'static str,
    endpoint: Endpoint,
    ca: PathBuf,
    then_close: bool,
) -> Report {
    let listener = bind(&ListenerConfig::new(endpoint), &limits()).unwrap();
    let address = listener.local_address().socket_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(serve(listener, then_close));
    });
    let mut connections =
        Links::new(Transport { name, scheme, address, ca: Some(ca), version: Version::V5 }).unwrap();
    let scenario = Scenario {
        connections: 40,
        settle_time: Duration::from_millis(50),
        hold: Duration::from_millis(50),
        broker: None,
    };
    idle::run(&mut connections, &scenario).unwrap()
}

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[test]
fn links_of_every_transport_open_and_stay_idle() {
    let Certificate { material, ca } = Certificate::new("quiet");
    let (address, config) = (loopback(), WebSocketConfig::default());
    let tls = Endpoint::Tls { address, material: material.clone() };
    let ws = Endpoint::WebSocket { address, config: config.clone() };
    let wss = Endpoint::SecureWebSocket { address, material: material.clone(), config };
    let quic = Endpoint::Quic { address, material, keys: QuicKeys::random(), config: QuicConfig::default() };
    for (name, scheme, endpoint) in
        [("tls", "mqtts", tls), ("ws", "ws", ws), ("wss", "wss", wss), ("quic", "quic", quic)]
    {
        let report = run(name, scheme, endpoint, ca.clone(), false);
        assert_eq!((report.transport, report.connections, report.disturbed), (name, 40, 0));
    }
}

#[test]
fn links_that_the_broker_closes_are_counted() {
    let Certificate { material, ca } = Certificate::new("closed");
    let endpoint = Endpoint::Tls { address: loopback(), material };
    assert_eq!(run("tls", "mqtts", endpoint, ca, true).disturbed, 40);
}
