//! The WebSocket frames of a link, exchanged with another WebSocket implementation.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tidegate_transports::{Endpoint, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::server::{EchoServer, config, serve, serve_with, with_timeout};

async fn open_websocket(server: &EchoServer) -> WebSocketStream<TcpStream> {
    let mut request = server.url.as_str().into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "mqtt".parse().unwrap());
    let socket = TcpStream::connect(server.address.unwrap()).await.unwrap();
    tokio_tungstenite::client_async(request, socket).await.unwrap().0
}

async fn read_bytes(socket: &mut WebSocketStream<TcpStream>, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        match with_timeout(socket.next()).await.unwrap().unwrap() {
            Message::Binary(payload) => bytes.extend_from_slice(&payload),
            other => panic!("{other:?}"),
        }
    }
    bytes
}

async fn close_code(socket: &mut WebSocketStream<TcpStream>) -> u16 {
    loop {
        match with_timeout(socket.next()).await.unwrap().unwrap() {
            Message::Close(Some(CloseFrame { code, .. })) => return code.into(),
            Message::Binary(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn frame(opcode: Data, is_final: bool, payload: &'static [u8]) -> Message {
    Message::Frame(Frame::message(Bytes::from_static(payload), OpCode::Data(opcode), is_final))
}

/// MQTT packets need not be aligned with WebSocket frames [MQTT5-6.0.0-2].
#[tokio::test]
async fn mqtt_packets_may_span_and_share_websocket_frames() {
    let server = serve(Transport::WebSocket);
    let mut socket = open_websocket(&server).await;
    for byte in b"one byte per frame" {
        socket.feed(Message::Binary(Bytes::copy_from_slice(&[*byte]))).await.unwrap();
    }
    socket.feed(Message::Binary(Bytes::new())).await.unwrap();
    socket.feed(frame(Data::Binary, false, b", frag")).await.unwrap();
    socket.feed(Message::Ping(Bytes::from_static(b"between"))).await.unwrap();
    socket.feed(frame(Data::Continue, false, b"")).await.unwrap();
    socket.feed(frame(Data::Continue, true, b"ments, and the rest")).await.unwrap();
    socket.flush().await.unwrap();
    let expected = b"one byte per frame, fragments, and the rest";
    let mut bytes = Vec::new();
    let mut pongs = 0;
    while bytes.len() < expected.len() || pongs == 0 {
        match with_timeout(socket.next()).await.unwrap().unwrap() {
            Message::Binary(payload) => bytes.extend_from_slice(&payload),
            Message::Pong(payload) if payload == "between" => pongs += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((bytes.as_slice(), pongs), (expected.as_slice(), 1));
}

/// MQTT uses binary frames only [MQTT5-6.0.0-1].
#[tokio::test]
async fn a_text_frame_closes_with_1003() {
    let mut server = serve(Transport::WebSocket);
    let mut socket = open_websocket(&server).await;
    socket.feed(Message::Binary(Bytes::from_static(b"before"))).await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(close_code(&mut socket).await, 1003);
    assert_eq!(with_timeout(server.link_results.recv()).await.unwrap(), Err("text frame".to_owned()));
}

#[tokio::test]
async fn protocol_violations_close_with_1002() {
    let unmasked = [0x82, 0x01, 0x00];
    let reserved_bit = [0xC2, 0x80, 0, 0, 0, 0];
    let reserved_opcode = [0x83, 0x80, 0, 0, 0, 0];
    let stray_fragment = [0x80, 0x80, 0, 0, 0, 0];
    let long_ping = [0x89, 0xFE, 0, 126, 0, 0, 0, 0];
    let half_ping = [0x09, 0x80, 0, 0, 0, 0];
    let close_of_one_byte = [0x88, 0x81, 0, 0, 0, 0, 3];
    let faults: [&[u8]; 7] = [
        &unmasked,
        &reserved_bit,
        &reserved_opcode,
        &stray_fragment,
        &long_ping,
        &half_ping,
        &close_of_one_byte,
    ];
    let server = serve(Transport::WebSocket);
    for fault in faults {
        let mut socket = open_websocket(&server).await;
        socket.get_mut().write_all(fault).await.unwrap();
        assert_eq!(close_code(&mut socket).await, 1002, "{fault:x?}");
    }
}

#[tokio::test]
async fn an_oversized_frame_closes_with_1009() {
    let mut config = config(Transport::WebSocket);
    if let Endpoint::WebSocket { config, .. } = &mut config.endpoint {
        config.frame_size_max = 1000;
    }
    let server = serve_with(config, Default::default());
    let mut socket = open_websocket(&server).await;
    socket.send(Message::Binary(vec![7; 1000].into())).await.unwrap();
    assert_eq!(read_bytes(&mut socket, 1000).await, vec![7; 1000]);
    socket.send(Message::Binary(vec![7; 1001].into())).await.unwrap();
    assert_eq!(close_code(&mut socket).await, 1009);
}

#[tokio::test]
async fn a_close_is_answered_with_the_same_code() {
    let mut server = serve(Transport::WebSocket);
    let mut socket = open_websocket(&server).await;
    socket.close(Some(CloseFrame { code: 4321.into(), reason: "done".into() })).await.unwrap();
    assert_eq!(close_code(&mut socket).await, 4321);
    assert_eq!(with_timeout(server.link_results.recv()).await.unwrap(), Ok(0));
}

#[tokio::test]
async fn one_write_is_sent_as_one_websocket_frame() {
    let server = serve(Transport::WebSocket);
    let mut socket = open_websocket(&server).await;
    socket.send(Message::Binary(vec![9; 3000].into())).await.unwrap();
    match with_timeout(socket.next()).await.unwrap().unwrap() {
        Message::Binary(payload) => assert_eq!(payload.len(), 3000),
        other => panic!("{other:?}"),
    }
}

/// The server waits for the rest of a frame header that is received byte by byte.
#[tokio::test]
async fn a_frame_header_may_be_received_byte_by_byte() {
    let server = serve(Transport::WebSocket);
    let mut socket = open_websocket(&server).await;
    let bytes = [0x82, 0xFE, 0, 130, 1, 2, 3, 4];
    for byte in bytes {
        socket.get_mut().write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let masked: Vec<u8> = (0..130_usize).map(|n| (n as u8) ^ bytes[4 + n % 4]).collect();
    socket.get_mut().write_all(&masked).await.unwrap();
    let expected: Vec<u8> = (0..130).collect();
    assert_eq!(read_bytes(&mut socket, 130).await, expected);
}

/// Bytes that follow the request in the same segment are part of the WebSocket stream.
#[tokio::test]
async fn frames_may_be_received_together_with_the_upgrade_request() {
    let server = serve(Transport::WebSocket);
    let mut socket = TcpStream::connect(server.address.unwrap()).await.unwrap();
    let mut request = b"GET /mqtt HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
        .to_vec();
    request.extend_from_slice(&[0x82, 0x83, 0, 0, 0, 0, 1, 2, 3]);
    socket.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(&[0x82, 3, 1, 2, 3]) {
        let read = tokio::time::timeout(Duration::from_secs(10), socket.read_buf(&mut answer)).await;
        assert!(read.unwrap().unwrap() > 0, "{}", String::from_utf8_lossy(&answer));
    }
}
