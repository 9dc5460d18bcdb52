//! QUIC connections that the client closes or resets, and streams and application protocols that the server refuses.

use tidegate_transports::{EstablishError, Transport};

use crate::server::{EchoServer, serve, with_timeout};
use crate::silent_clients::{quic_client, quic_client_with};

async fn open_connection(server: &EchoServer) -> (quinn::Connection, quinn::SendStream, quinn::RecvStream) {
    let connection = quic_client().connect(server.address.unwrap(), "localhost").unwrap().await.unwrap();
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    send.write_all(b"x").await.unwrap();
    with_timeout(receive.read_exact(&mut [0])).await.unwrap();
    (connection, send, receive)
}

#[tokio::test]
async fn a_quic_close_with_code_0_is_an_orderly_end() {
    let mut server = serve(Transport::Quic);
    let (connection, _send, _receive) = open_connection(&server).await;
    connection.close(0_u32.into(), b"");
    assert_eq!(with_timeout(server.link_results.recv()).await.unwrap(), Ok(1));
}

#[tokio::test]
async fn a_quic_close_with_another_code_is_an_error() {
    let mut server = serve(Transport::Quic);
    let (connection, _send, _receive) = open_connection(&server).await;
    connection.close(7_u32.into(), b"");
    with_timeout(server.link_results.recv()).await.unwrap().unwrap_err();
}

#[tokio::test]
async fn a_reset_control_stream_is_an_error() {
    let mut server = serve(Transport::Quic);
    let (_connection, mut send, _receive) = open_connection(&server).await;
    send.reset(9_u32.into()).unwrap();
    let error = with_timeout(server.link_results.recv()).await.unwrap().unwrap_err();
    assert!(error.contains("reset"), "{error}");
}

/// A second stream is refused immediately, and the first stream still works.
#[tokio::test]
async fn additional_quic_streams_are_refused() {
    let server = serve(Transport::Quic);
    let (connection, mut send, mut receive) = open_connection(&server).await;
    for _ in 0..20 {
        let (mut second, mut answer) = with_timeout(connection.open_bi()).await.unwrap();
        second.write_all(b"y").await.unwrap();
        assert!(with_timeout(answer.read(&mut [0; 8])).await.is_err());
        assert_eq!(with_timeout(second.stopped()).await.unwrap(), Some(1_u32.into()));
    }
    send.write_all(b"still here").await.unwrap();
    let mut back = [0; 10];
    with_timeout(receive.read_exact(&mut back)).await.unwrap();
    assert_eq!(&back, b"still here");
}

#[tokio::test]
async fn unidirectional_streams_are_not_granted() {
    let server = serve(Transport::Quic);
    let (connection, _send, _receive) = open_connection(&server).await;
    let opened = tokio::time::timeout(std::time::Duration::from_millis(200), connection.open_uni()).await;
    assert!(opened.is_err());
}

#[tokio::test]
async fn a_quic_client_with_another_application_protocol_is_refused() {
    let mut server = serve(Transport::Quic);
    for protocols in [&[b"h3".as_slice()] as &[&[u8]], &[]] {
        let endpoint = quic_client_with(protocols);
        let refused = with_timeout(endpoint.connect(server.address.unwrap(), "localhost").unwrap()).await;
        assert!(refused.is_err(), "{protocols:?}");
        let error = with_timeout(server.handshake_failures.recv()).await.unwrap();
        assert!(matches!(error, EstablishError::Quic(_) | EstablishError::ApplicationProtocol), "{error}");
    }
}
