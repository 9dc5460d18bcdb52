//! Tests that a new subscriber receives every retained message, even if the messages are large and its Receive Maximum
//! is small.

#![allow(clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use tidegate_client::{Client, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{client_options, message, subscribe};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

const MESSAGE_COUNT: usize = 80;
/// Payload size in bytes. All messages together are twice as large as `pending_bytes_max`, the maximum number of unsent
/// bytes of a connection.
const PAYLOAD_LEN: usize = 100_000;

#[tokio::test]
async fn every_large_retained_message_is_delivered_at_qos_0() {
    assert_all_retained_messages_arrive("", 0, None).await;
}

#[tokio::test]
async fn every_large_retained_message_is_delivered_at_qos_1_with_receive_maximum_1_and_a_short_queue() {
    assert_all_retained_messages_arrive("session:\n  queue_len_max: 5\n", 1, Some(1)).await;
}

async fn assert_all_retained_messages_arrive(lines: &str, qos: u8, receive_maximum: Option<u16>) {
    within_deadline("the retained messages", async {
        let broker = Broker::start_with(Config::every_transport().with(lines));
        let sender = client_options(&broker, Transport::Tcp, ProtocolVersion::V5, "sender");
        let mut sender = Client::connect(&sender, State::default()).await.expect("CONNACK");
        for n in 0..MESSAGE_COUNT {
            let mut retained = message(&format!("retained/{n}"), &"x".repeat(PAYLOAD_LEN), qos);
            retained.retain = true;
            sender.publish(retained).await.expect("an open connection");
        }
        sender.finish_exchanges().await.expect("all acknowledgements");
        // PINGRESP shows that the broker has processed all messages that the client sent before PINGREQ, even those
        // with QoS 0.
        sender.ping().await.expect("PINGRESP");
        let _ = sender.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");

        let mut receiver = client_options(&broker, Transport::Tls, ProtocolVersion::V5, "receiver");
        receiver.connect.receive_maximum = receive_maximum;
        let mut receiver = Client::connect(&receiver, State::default()).await.expect("CONNACK");
        subscribe(&mut receiver, "retained/#", qos).await;
        let mut topics = BTreeSet::new();
        for _ in 0..MESSAGE_COUNT {
            let message = receiver.message().await.expect("an open connection");
            assert!(message.retain);
            assert_eq!(message.payload.len(), PAYLOAD_LEN);
            assert!(topics.insert(message.topic.to_string()), "{} was delivered twice", message.topic);
        }
        let _ = receiver.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
        broker.stop();
    })
    .await;
}
