//! The responses of a WebSocket listener to HTTP requests, both valid upgrades and other requests.

use tidegate_transports::{EstablishError, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{EchoServer, serve, with_timeout};

const UPGRADE_HEADERS: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Sends a request. Returns the head of the response in lower case.
async fn send_http_request(server: &EchoServer, request_line: &str, headers: &str) -> String {
    let mut socket = TcpStream::connect(server.address.unwrap()).await.unwrap();
    let request = format!("{request_line}\r\nHost: localhost\r\n{headers}\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut buf = [0; 1024];
        match with_timeout(socket.read(&mut buf)).await.unwrap() {
            0 => break,
            read => answer.extend_from_slice(&buf[..read]),
        }
    }
    String::from_utf8(answer).unwrap().to_lowercase()
}

async fn refused_status(server: &mut EchoServer) -> u16 {
    match with_timeout(server.handshake_failures.recv()).await.unwrap() {
        EstablishError::Upgrade(refusal) => refusal.status().as_u16(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_http_request_for_a_wrong_path_gets_404() {
    let mut server = serve(Transport::WebSocket);
    for path in ["/", "/mqtt2", "/mqtt/", "/MQTT"] {
        let headers = format!("{UPGRADE_HEADERS}Sec-WebSocket-Protocol: mqtt\r\n");
        let answer = send_http_request(&server, &format!("GET {path} HTTP/1.1"), &headers).await;
        assert!(answer.starts_with("http/1.1 404 "), "{path}: {answer}");
        assert_eq!(refused_status(&mut server).await, 404);
    }
}

#[tokio::test]
async fn an_http_request_with_a_wrong_method_gets_405() {
    let mut server = serve(Transport::WebSocket);
    for method in ["POST", "HEAD", "PUT", "OPTIONS"] {
        let answer = send_http_request(&server, &format!("{method} /mqtt HTTP/1.1"), UPGRADE_HEADERS).await;
        assert!(answer.starts_with("http/1.1 405 "), "{method}: {answer}");
        assert!(answer.contains("\r\nallow: get\r\n"), "{answer}");
        assert_eq!(refused_status(&mut server).await, 405);
    }
}

#[tokio::test]
async fn a_request_without_a_valid_upgrade_gets_426() {
    let mut server = serve(Transport::WebSocket);
    for headers in ["", "Upgrade: websocket\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\n"] {
        let answer = send_http_request(&server, "GET /mqtt HTTP/1.1", headers).await;
        assert!(answer.starts_with("http/1.1 426 "), "{answer}");
        assert!(answer.contains("\r\nupgrade: websocket\r\n"), "{answer}");
        assert!(answer.contains("\r\nconnection: upgrade, close\r\n"), "{answer}");
        assert_eq!(refused_status(&mut server).await, 426);
    }
    let old = UPGRADE_HEADERS.replace("13", "8");
    let answer = send_http_request(&server, "GET /mqtt HTTP/1.1", &old).await;
    assert!(answer.starts_with("http/1.1 426 ") && answer.contains("\r\nsec-websocket-version: 13\r\n"));
}

#[tokio::test]
async fn an_http_request_with_a_malformed_key_gets_400() {
    let mut server = serve(Transport::WebSocket);
    for key in ["", "short==", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j!!=="] {
        let headers =
            UPGRADE_HEADERS.replace("dGhlIHNhbXBsZSBub25jZQ==", key) + "Sec-WebSocket-Protocol: mqtt\r\n";
        let answer = send_http_request(&server, "GET /mqtt HTTP/1.1", &headers).await;
        assert!(answer.starts_with("http/1.1 400 "), "{key}: {answer}");
        assert_eq!(refused_status(&mut server).await, 400);
    }
}

/// [MQTT5-6.0.0-4] The header is a list; the listener selects a subprotocol that it supports.
#[tokio::test]
async fn the_subprotocol_is_selected_from_the_offered_list() {
    let server = serve(Transport::WebSocket);
    for (offers, chosen) in [
        ("Sec-WebSocket-Protocol: mqtt\r\n", "mqtt"),
        ("Sec-WebSocket-Protocol: mqttv3.1\r\n", "mqttv3.1"),
        ("Sec-WebSocket-Protocol: mqttv3.1, mqtt\r\n", "mqtt"),
        ("Sec-WebSocket-Protocol: soap,wamp , mqtt\r\n", "mqtt"),
        ("Sec-WebSocket-Protocol: soap\r\nSec-WebSocket-Protocol: mqtt\r\n", "mqtt"),
    ] {
        let answer =
            send_http_request(&server, "GET /mqtt?a=b HTTP/1.1", &format!("{UPGRADE_HEADERS}{offers}")).await;
        assert!(answer.starts_with("http/1.1 101 "), "{offers}: {answer}");
        assert!(answer.contains(&format!("\r\nsec-websocket-protocol: {chosen}\r\n")), "{answer}");
        assert!(answer.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn an_http_request_with_an_unknown_subprotocol_gets_400() {
    let mut server = serve(Transport::WebSocket);
    for offers in ["", "Sec-WebSocket-Protocol: soap\r\n", "Sec-WebSocket-Protocol: mqtt5, MQTT\r\n"] {
        let answer =
            send_http_request(&server, "GET /mqtt HTTP/1.1", &format!("{UPGRADE_HEADERS}{offers}")).await;
        assert!(answer.starts_with("http/1.1 400 ") && answer.contains("connection: close"), "{answer}");
        assert_eq!(refused_status(&mut server).await, 400);
    }
}

#[tokio::test]
async fn an_oversized_http_request_is_refused() {
    let server = serve(Transport::WebSocket);
    let headers = format!("X-Long: {}\r\n", "x".repeat(40_000));
    let answer = send_http_request(&server, "GET /mqtt HTTP/1.1", &headers).await;
    assert!(answer.is_empty() || answer.starts_with("http/1.1 431 "), "{answer}");
}
