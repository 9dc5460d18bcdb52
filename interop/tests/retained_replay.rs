//! Retained messages come whole to a new subscriber, however large they are and however small the client's window is.

#![allow(clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use tidegate_gateway::client::{Client, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{client_options, message, subscribe};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

const COUNT: usize = 80;
/// Together twice what may wait for one connection.
const SIZE: usize = 100_000;

#[tokio::test]
async fn every_large_retained_message_is_delivered_at_qos_0() {
    assert_all_retained_messages_arrive("", 0, None).await;
}

#[tokio::test]
async fn every_large_retained_message_is_delivered_at_qos_1_with_receive_maximum_1_and_a_short_queue() {
    assert_all_retained_messages_arrive("session:\n  queue_len_max: 5\n", 1, Some(1)).await;
}

async fn assert_all_retained_messages_arrive(lines: &str, qos: u8, receive_maximum: Option<u16>) {
    within_deadline("the replay", async {
        let broker = Broker::start_with(Config::every_transport().with(lines));
        let sender = client_options(&broker, Transport::Tcp, ProtocolVersion::V5, "sender");
        let mut sender = Client::connect(&sender, State::default()).await.expect("CONNACK");
        for n in 0..COUNT {
            let mut retained = message(&format!("kept/{n}"), &"x".repeat(SIZE), qos);
            retained.retain = true;
            sender.publish(retained).await.expect("the connection");
        }
        sender.settle().await.expect("the last acknowledgements");
        // An answer to what came behind them: they are kept, whatever their QoS.
        sender.ping().await.expect("PINGRESP");
        let _ = sender.disconnect(ReasonCode::Success).await.expect("an orderly end");

        let mut receiver = client_options(&broker, Transport::Tls, ProtocolVersion::V5, "receiver");
        receiver.connect.receive_maximum = receive_maximum;
        let mut receiver = Client::connect(&receiver, State::default()).await.expect("CONNACK");
        subscribe(&mut receiver, "kept/#", qos).await;
        let mut topics = BTreeSet::new();
        for _ in 0..COUNT {
            let message = receiver.message().await.expect("the connection");
            assert!(message.retain);
            assert_eq!(message.payload.len(), SIZE);
            assert!(topics.insert(message.topic.to_string()), "{} came twice", message.topic);
        }
        let _ = receiver.disconnect(ReasonCode::Success).await.expect("an orderly end");
        broker.stop();
    })
    .await;
}
