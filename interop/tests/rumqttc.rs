//! Tests the broker with both clients of rumqttc: MQTT 3.1.1 and 5.0 over TCP. TLS is left out, because rumqttc would
//! need a second cryptographic library for it.

#![allow(clippy::expect_used, clippy::panic)]

#[path = "rumqttc/v4.rs"]
mod v4;
#[path = "rumqttc/v5.rs"]
mod v5;

use tidegate_interop::scenarios::run_all_scenarios;
use tidegate_interop::transport::Transport;

#[tokio::test]
async fn all_scenarios_pass_with_mqtt_3_1_1() {
    run_all_scenarios::<v4::Client>(Transport::Tcp).await;
}

#[tokio::test]
async fn all_scenarios_pass_with_mqtt_5() {
    run_all_scenarios::<v5::Client>(Transport::Tcp).await;
}
