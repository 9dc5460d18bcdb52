//! WebSocket pings in both directions. Other transports have no pings.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tidegate_transports::{Transport, bind};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::server::{ALL_TRANSPORTS, config, serve, with_timeout};

#[tokio::test]
async fn a_queued_ping_is_sent_by_the_next_flush() {
    let server = serve(Transport::WebSocket);
    let listener = bind(&config(Transport::WebSocket), &server.limits).unwrap();
    let address = listener.local_address().socket_addr().unwrap();
    let mut request = format!("ws://{address}/mqtt").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "mqttv3.1".parse().unwrap());
    let socket = TcpStream::connect(address).await.unwrap();
    let (mut link, client) = with_timeout(async {
        tokio::join!(
            async { listener.accept().await.unwrap().establish().await.unwrap().link },
            tokio_tungstenite::client_async(request, socket)
        )
    })
    .await;
    let mut client = client.unwrap().0;
    assert_eq!(link.heartbeat(), Some(Duration::from_secs(30)));
    link.ping().unwrap();
    with_timeout(link.flush()).await.unwrap();
    assert_eq!(with_timeout(client.next()).await.unwrap().unwrap(), Message::Ping(Bytes::new()));
    client.flush().await.unwrap();
    client.send(Message::Ping(Bytes::from_static(b"there?"))).await.unwrap();
    client.send(Message::Binary(Bytes::from_static(b"data"))).await.unwrap();
    let mut buf = [0; 100];
    assert_eq!(with_timeout(link.read(&mut buf)).await.unwrap(), 4);
    assert_eq!(
        with_timeout(client.next()).await.unwrap().unwrap(),
        Message::Pong(Bytes::from_static(b"there?"))
    );
    with_timeout(link.close()).await.unwrap();
    assert!(link.ping().is_err());
}

#[tokio::test]
async fn client_links_and_other_transports_send_no_pings() {
    for transport in ALL_TRANSPORTS {
        let server = serve(transport);
        let mut link = server.connect().await;
        assert_eq!(link.heartbeat(), None, "{transport}: clients do not ping");
        link.ping().unwrap();
    }
}
