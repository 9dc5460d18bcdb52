//! Tidegate's own client library: MQTT 5.0 over every transport.

use tidegate_interop::scenarios::keeps_the_rules;
use tidegate_interop::tidegate::Tidegate;
use tidegate_interop::transport::Transport;

#[tokio::test]
async fn over_tcp() {
    keeps_the_rules::<Tidegate>(Transport::Tcp).await;
}

#[tokio::test]
async fn over_tls() {
    keeps_the_rules::<Tidegate>(Transport::Tls).await;
}

#[tokio::test]
async fn over_websocket() {
    keeps_the_rules::<Tidegate>(Transport::Ws).await;
}

#[tokio::test]
async fn over_websocket_with_tls() {
    keeps_the_rules::<Tidegate>(Transport::Wss).await;
}

#[tokio::test]
async fn over_quic() {
    keeps_the_rules::<Tidegate>(Transport::Quic).await;
}
