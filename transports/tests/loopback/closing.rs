//! Orderly close: the peer receives the last bytes and then the transport's end of stream.

use futures_util::StreamExt;
use tidegate_transports::{CloseReason, Link, Transport, bind};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::server::{ALL_TRANSPORTS, config, serve, with_timeout};
use crate::silent_clients::quic_client;

/// Returns both sides of a connection, the server's first.
async fn connected_pair(transport: Transport) -> (Link, Link) {
    let server = serve(transport);
    let listener = bind(&config(transport), &server.limits).unwrap();
    let url = server
        .url
        .replace(&server.listener.local_address().to_string(), &listener.local_address().to_string());
    let tls = crate::material::ECDSA.client_tls();
    let (accepted, connected) = with_timeout(async {
        tokio::join!(async { listener.accept().await.unwrap().establish().await.unwrap().link }, async {
            let mut link = tidegate_transports::client::connect(&url.parse().unwrap(), &tls).await.unwrap();
            link.write_all(b"x").await.unwrap();
            link
        })
    })
    .await;
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    (accepted, connected)
}

#[tokio::test]
async fn close_delivers_the_last_bytes_and_then_the_end_of_the_stream() {
    for transport in ALL_TRANSPORTS {
        let (mut server, mut client) = connected_pair(transport).await;
        let reads = tokio::spawn(async move {
            let (mut all, mut buf) = (Vec::new(), vec![0; 4096]);
            loop {
                match client.read(&mut buf).await.unwrap() {
                    0 => return all,
                    read => all.extend_from_slice(&buf[..read]),
                }
            }
        });
        let bytes = vec![5; 300_000];
        with_timeout(server.write_all(&bytes)).await.unwrap();
        with_timeout(server.close()).await.unwrap();
        drop(server);
        assert!(with_timeout(reads).await.unwrap() == bytes, "{transport}");
    }
}

/// Bytes that the server has not read must not turn its close into a reset.
#[tokio::test]
async fn unread_input_does_not_turn_a_close_into_a_reset() {
    let (mut server, mut client) = connected_pair(Transport::Tcp).await;
    with_timeout(client.write_all(&[1; 20_000])).await.unwrap();
    with_timeout(server.write_all(b"goodbye")).await.unwrap();
    with_timeout(server.close()).await.unwrap();
    drop(server);
    let mut buf = [0; 100];
    assert_eq!(with_timeout(client.read(&mut buf)).await.unwrap(), 7);
    assert_eq!(with_timeout(client.read(&mut buf)).await.unwrap(), 0);
}

/// Without `close_notify`, an attacker may have truncated the TLS stream.
#[tokio::test]
async fn a_tls_stream_without_close_notify_ends_with_an_error() {
    let (server, mut client) = connected_pair(Transport::Tls).await;
    drop(server);
    let error = with_timeout(client.read(&mut [0; 8])).await.unwrap_err();
    assert!(matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_websocket_close_carries_the_close_reason() {
    for (reason, code) in
        [(CloseReason::Normal, 1000), (CloseReason::GoingAway, 1001), (CloseReason::Overloaded, 1013)]
    {
        let server = serve(Transport::WebSocket);
        let listener = bind(&config(Transport::WebSocket), &server.limits).unwrap();
        let address = listener.local_address().socket_addr().unwrap();
        let mut request = format!("ws://{address}/mqtt").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "mqtt".parse().unwrap());
        let socket = TcpStream::connect(address).await.unwrap();
        let (mut link, client) = with_timeout(async {
            tokio::join!(
                async { listener.accept().await.unwrap().establish().await.unwrap().link },
                tokio_tungstenite::client_async(request, socket)
            )
        })
        .await;
        let mut client = client.unwrap().0;
        link.set_close_reason(reason);
        with_timeout(link.close()).await.unwrap();
        match with_timeout(client.next()).await.unwrap().unwrap() {
            Message::Close(Some(close)) => assert_eq!(u16::from(close.code), code),
            other => panic!("{other:?}"),
        }
        drop(link);
        let mut rest = Vec::new();
        assert_eq!(with_timeout(client.get_mut().read_to_end(&mut rest)).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_quic_close_carries_the_close_code() {
    for (reason, code) in [
        (CloseReason::Normal, 0_u32),
        (CloseReason::GoingAway, 0),
        (CloseReason::ControlStreamDown, 1),
        (CloseReason::Overloaded, 2),
    ] {
        let server = serve(Transport::Quic);
        let listener = bind(&config(Transport::Quic), &server.limits).unwrap();
        let address = listener.local_address().socket_addr().unwrap();
        let endpoint = quic_client();
        let (mut link, (connection, mut receive)) = with_timeout(async {
            tokio::join!(async { listener.accept().await.unwrap().establish().await.unwrap().link }, async {
                let connection = endpoint.connect(address, "localhost").unwrap().await.unwrap();
                let (mut send, receive) = connection.open_bi().await.unwrap();
                send.write_all(b"x").await.unwrap();
                (connection, receive)
            })
        })
        .await;
        link.set_close_reason(reason);
        with_timeout(link.write_all(b"goodbye")).await.unwrap();
        let (closed, read) =
            with_timeout(async { tokio::join!(link.close(), receive.read_to_end(100)) }).await;
        closed.unwrap();
        assert_eq!(read.unwrap(), b"goodbye");
        match with_timeout(connection.closed()).await {
            quinn::ConnectionError::ApplicationClosed(close) => assert_eq!(close.error_code, code.into()),
            other => panic!("{other}"),
        }
    }
}
