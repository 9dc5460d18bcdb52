//! rumqttc, both of its clients: MQTT 3.1.1 and 5.0 over TCP and TLS.

#![allow(clippy::expect_used, clippy::panic)]

#[path = "rumqttc/v4.rs"]
mod v4;
#[path = "rumqttc/v5.rs"]
mod v5;

use tidegate_interop::scenarios::keeps_the_rules;
use tidegate_interop::transport::Transport;

#[tokio::test]
async fn mqtt_3_1_1_over_tcp() {
    keeps_the_rules::<v4::Client>(Transport::Tcp).await;
}

#[tokio::test]
async fn mqtt_3_1_1_over_tls() {
    use_aws_lc();
    keeps_the_rules::<v4::Client>(Transport::Tls).await;
}

#[tokio::test]
async fn mqtt_5_over_tcp() {
    keeps_the_rules::<v5::Client>(Transport::Tcp).await;
}

#[tokio::test]
async fn mqtt_5_over_tls() {
    use_aws_lc();
    keeps_the_rules::<v5::Client>(Transport::Tls).await;
}

/// rumqttc takes the cryptography of the process.
fn use_aws_lc() {
    // An error says that it is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
