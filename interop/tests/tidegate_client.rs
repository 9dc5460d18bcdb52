//! Tests the broker with Tidegate's own client library: MQTT 5.0 over every transport.

use tidegate_interop::scenarios::run_all_scenarios;
use tidegate_interop::tidegate_client::TidegateClient;
use tidegate_interop::transport::Transport;

#[tokio::test]
async fn all_scenarios_pass_over_tcp() {
    run_all_scenarios::<TidegateClient>(Transport::Tcp).await;
}

#[tokio::test]
async fn all_scenarios_pass_over_tls() {
    run_all_scenarios::<TidegateClient>(Transport::Tls).await;
}

#[tokio::test]
async fn all_scenarios_pass_over_websocket() {
    run_all_scenarios::<TidegateClient>(Transport::Ws).await;
}

#[tokio::test]
async fn all_scenarios_pass_over_websocket_with_tls() {
    run_all_scenarios::<TidegateClient>(Transport::Wss).await;
}

#[tokio::test]
async fn all_scenarios_pass_over_quic() {
    run_all_scenarios::<TidegateClient>(Transport::Quic).await;
}
