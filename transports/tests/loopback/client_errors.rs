//! The errors that a user gets when a connection cannot be established.

use std::time::Duration;

use tidegate_transports::Transport;
use tidegate_transports::client::{self, ClientTls, ConnectError};
use tokio::net::TcpListener;

use crate::material::{ECDSA, RSA};
use crate::server::{round_trip, serve, with_timeout};

const SECURE_TRANSPORTS: [Transport; 3] = [Transport::Tls, Transport::SecureWebSocket, Transport::Quic];

async fn failure(url: &str, tls: &ClientTls) -> ConnectError {
    client::connect_within(&url.parse().unwrap(), tls, Duration::from_secs(5)).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_connection_is_reported() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for url in [format!("mqtt://127.0.0.1:{port}"), format!("wss://127.0.0.1:{port}")] {
        let error = failure(&url, &ECDSA.client_tls()).await;
        assert!(matches!(error, ConnectError::Refused { .. }), "{error}");
    }
    let error = failure("unix:///nonexistent/socket", &ClientTls::default()).await;
    assert!(error.to_string().starts_with("cannot reach unix:///nonexistent/socket: "), "{error}");
}

#[tokio::test]
async fn an_unknown_authority_is_reported() {
    for transport in SECURE_TRANSPORTS {
        let server = serve(transport);
        let error = failure(&server.url, &RSA.client_tls()).await;
        assert!(matches!(error, ConnectError::UnknownAuthority { .. }), "{transport}: {error:?}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_reported() {
    for transport in SECURE_TRANSPORTS {
        let server = serve(transport);
        let tls = ClientTls { server_name: Some("example.org".to_owned()), ..ECDSA.client_tls() };
        let error = failure(&server.url, &tls).await.to_string();
        assert!(error.contains("not valid for name"), "{transport}: {error}");
    }
}

#[tokio::test]
async fn insecure_accepts_any_certificate() {
    for transport in SECURE_TRANSPORTS {
        let server = serve(transport);
        let tls = ClientTls { insecure: true, ..ClientTls::default() };
        let mut link = client::connect(&server.target(), &tls).await.unwrap();
        assert_eq!(with_timeout(round_trip(&mut link, b"hello")).await, b"hello", "{transport}");
    }
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for url in [format!("mqtts://{address}"), format!("ws://{address}")] {
        let limit = Duration::from_millis(50);
        let failed = client::connect_within(&url.parse().unwrap(), &ECDSA.client_tls(), limit).await;
        assert!(matches!(failed, Err(ConnectError::Timeout { .. })), "{failed:?}");
    }
}

#[tokio::test]
async fn a_wrong_websocket_path_is_reported() {
    let server = serve(Transport::WebSocket);
    let error = failure(&server.url.replace("/mqtt", "/other"), &ClientTls::default()).await.to_string();
    assert!(error.contains("the server answered 404 Not Found"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_reported() {
    let server = serve(Transport::WebSocket);
    let error = failure(&server.url.replace("ws://", "wss://"), &ECDSA.client_tls()).await.to_string();
    assert!(error.starts_with("no secure connection to wss://"), "{error}");
}

#[tokio::test]
async fn a_missing_or_empty_ca_file_is_reported() {
    let server = serve(Transport::Tls);
    let tls = ClientTls { ca_files: vec!["/nonexistent/ca.pem".into()], ..ClientTls::default() };
    let error = failure(&server.url, &tls).await.to_string();
    assert!(error.starts_with("cannot use the CA file /nonexistent/ca.pem"), "{error}");
    let empty = crate::material::scratch_path("empty-ca.pem");
    std::fs::write(&empty, "").unwrap();
    let tls = ClientTls { ca_files: vec![empty], ..ClientTls::default() };
    assert!(failure(&server.url, &tls).await.to_string().ends_with("holds no certificate"));
}
