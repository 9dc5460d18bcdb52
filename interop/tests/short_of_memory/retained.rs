//! Tests retained messages that use up the memory: the connections of their publishers end, and the broker still
//! delivers the messages that it accepted.

use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::test_client::{ClientSetup, TestClient};
use tidegate_interop::tidegate_client::{TidegateClient, message, subscribe};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::Publish;

use crate::{assert_still_served, connect, start_with, stop_and_wait};

#[tokio::test]
async fn retained_messages_that_use_up_the_memory_end_only_their_publishers() {
    for durability in ["memory", "interval"] {
        let broker = start_with(300, &format!("persistence:\n  durability: {durability}\n"));
        let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Tcp, "other")).await;
        other.subscribe("a", 1).await;
        let mut accepted = Vec::new();
        for number in 0..20 {
            let mut client = connect(&broker, Transport::Tcp, &format!("sender-{number}")).await;
            let topic = format!("large/{number}");
            let large = Publish { payload: vec![0; SIZE].into(), retain: true, ..message(&topic, "", 1) };
            let Ok(Some(id)) = within_deadline("the end of a publish", client.publish(large)).await else {
                continue;
            };
            let acknowledged = within_deadline("an answer", client.acknowledged(id)).await;
            if acknowledged.is_ok_and(|done| !done.reason.is_error()) {
                accepted.push(topic);
            }
        }
        assert!((1..20).contains(&accepted.len()), "{durability}: {} accepted", accepted.len());
        if durability == "memory" {
            assert_still_served(&mut other).await;
        }
        let mut reader = connect(&broker, Transport::Tcp, "reader").await;
        subscribe(&mut reader, accepted.first().expect("a topic"), 0).await;
        let received = within_deadline("the message", reader.message()).await.expect("an open connection");
        assert_eq!(received.payload.len(), SIZE);
        drop(reader);
        assert!(within_deadline("the end", stop_and_wait(broker)).await.success(), "{durability}");
    }
}

const SIZE: usize = 20 << 20;
