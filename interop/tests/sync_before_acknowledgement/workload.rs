//! A workload in which the broker sends every packet type that promises that data is stored.

use std::collections::BTreeMap;

use tidegate_client::{Client, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{client_options, message, subscribe, with_persistent_session};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{ProtocolVersion, Publish, ReasonCode};

/// Publishes messages to an offline session, messages to a connected session, and retained messages.
pub async fn run(broker: &Broker) {
    within_deadline("the clients", async {
        let mut subscriber = connect(broker, "subscriber", ProtocolVersion::V5, State::default()).await;
        subscribe(&mut subscriber, "waiting/#", 2).await;
        subscribe(&mut subscriber, "leaving/#", 2).await;
        let leaving = SubscriptionFilter::parse("leaving/#").expect("a filter");
        subscriber.unsubscribe([leaving]).await.expect("UNSUBACK");
        let session_state = subscriber.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
        for (version, client_id) in VERSIONS {
            let mut publisher = connect(broker, client_id, version, State::default()).await;
            publish_one_by_one(&mut publisher, client_id).await;
            publish_without_waiting(&mut publisher, client_id).await;
            publisher.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
        }
        let mut subscriber = connect(broker, "subscriber", ProtocolVersion::V5, session_state).await;
        for _ in 0..PUBLISHER_COUNT * (2 * SEQUENTIAL_COUNT + 2 * PIPELINED_COUNT) {
            subscriber.message().await.expect("an open connection");
        }
        subscriber.finish_exchanges().await.expect("all acknowledgements");
        publish_to_itself(&mut subscriber).await;
    })
    .await;
}

/// Returns the number of promises per packet type that the broker makes in [`run`].
pub fn expected_promises() -> BTreeMap<&'static str, usize> {
    let queued = PUBLISHER_COUNT * (SEQUENTIAL_COUNT + PIPELINED_COUNT);
    BTreeMap::from([
        ("CONNACK", 1 + PUBLISHER_COUNT),
        ("PUBACK", queued + PUBLISHER_COUNT * SEQUENTIAL_COUNT + SEQUENTIAL_COUNT),
        ("PUBREC", queued + SEQUENTIAL_COUNT),
        ("PUBLISH", queued + SEQUENTIAL_COUNT),
        ("PUBREL", queued + SEQUENTIAL_COUNT),
        ("PUBCOMP", queued + SEQUENTIAL_COUNT),
        ("SUBACK", 2),
        ("UNSUBACK", 1),
    ])
}

async fn connect(broker: &Broker, client_id: &str, version: ProtocolVersion, state: State) -> Client {
    let options = with_persistent_session(client_options(broker, Transport::Tcp, version, client_id));
    Client::connect(&options, state).await.expect("CONNACK")
}

/// Publishes messages, and waits for the acknowledgement of each message before it publishes the next. Also publishes
/// retained messages, to which no client subscribes.
async fn publish_one_by_one(publisher: &mut Client, name: &str) {
    for n in 0..SEQUENTIAL_COUNT {
        for qos in [1, 2] {
            publish(publisher, message("waiting/a", &format!("{name} alone {n} at {qos}."), qos)).await;
        }
        let retained = message(&format!("retained/{name}/{n}"), &format!("{name} retained {n}."), 1);
        publish(publisher, Publish { retain: true, ..retained }).await;
    }
}

/// Publishes many messages without waiting for acknowledgements, so that the broker stores several messages in one
/// commit.
async fn publish_without_waiting(publisher: &mut Client, name: &str) {
    for n in 0..PIPELINED_COUNT {
        for qos in [1, 2] {
            let message = message("waiting/b", &format!("{name} together {n} at {qos}."), qos);
            publisher.publish(message).await.expect("an open connection");
        }
    }
    publisher.finish_exchanges().await.expect("all acknowledgements");
}

/// Publishes messages to which the same client is subscribed, and receives them.
async fn publish_to_itself(subscriber: &mut Client) {
    for n in 0..SEQUENTIAL_COUNT {
        for qos in [1, 2] {
            publish(subscriber, message("waiting/c", &format!("online {n} at {qos}."), qos)).await;
            subscriber.message().await.expect("an open connection");
            subscriber.finish_exchanges().await.expect("all acknowledgements");
        }
    }
}

async fn publish(client: &mut Client, message: Publish) {
    let id = client.publish(message).await.expect("an open connection").expect("a packet id");
    let done = client.acknowledged(id).await.expect("an acknowledgement");
    assert!(!done.reason.is_error(), "{done:?}");
}

const VERSIONS: [(ProtocolVersion, &str); PUBLISHER_COUNT] =
    [(ProtocolVersion::V5, "publisher-5"), (ProtocolVersion::V3_1_1, "publisher-3")];
const PUBLISHER_COUNT: usize = 2;
/// Number of messages per QoS that [`publish_one_by_one`] publishes.
const SEQUENTIAL_COUNT: usize = 5;
/// Number of messages per QoS that [`publish_without_waiting`] publishes.
const PIPELINED_COUNT: usize = 25;
