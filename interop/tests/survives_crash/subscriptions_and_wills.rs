//! Tests that subscriptions, retained messages and wills survive one crash.

use std::collections::BTreeSet;

use tidegate_client::{Client, State};
use tidegate_interop::tidegate_client::{message, subscribe};
use tidegate_mqtt::{Publish, QoS, Will, topic};

use crate::{persistent_client, start_durable_broker};

#[tokio::test(flavor = "current_thread")]
async fn subscriptions_and_retained_messages_survive_a_crash() {
    let broker = start_durable_broker();
    let mut client =
        Client::connect(&persistent_client(&broker, "subscriber"), State::default()).await.expect("CONNACK");
    for n in 0..50 {
        subscribe(&mut client, &format!("stored/{n}"), 1).await;
        let retained = Publish { retain: true, ..message(&format!("retained/{n}"), "kept", 1) };
        let id = client.publish(retained).await.expect("an open connection").expect("a packet id");
        client.acknowledged(id).await.expect("PUBACK");
    }
    let state = client.drop_without_disconnect();
    let broker = broker.kill_and_restart();
    let mut client =
        Client::connect(&persistent_client(&broker, "subscriber"), state).await.expect("CONNACK");
    assert!(client.connack().session_present, "the session is lost");
    for n in 0..50 {
        let published = message(&format!("stored/{n}"), "again", 1);
        client.publish(published).await.expect("an open connection");
        assert_eq!(client.message().await.expect("an open connection").topic, format!("stored/{n}"));
    }
    subscribe(&mut client, "retained/+", 1).await;
    let mut topics = BTreeSet::new();
    while topics.len() < 50 {
        topics.insert(client.message().await.expect("an open connection").topic);
    }
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_will_is_published_exactly_once_after_a_crash() {
    let broker = start_durable_broker();
    let mut observer =
        Client::connect(&persistent_client(&broker, "subscriber"), State::default()).await.expect("CONNACK");
    subscribe(&mut observer, "gone", 1).await;
    let session_state = observer.drop_without_disconnect();
    let mut will_options = persistent_client(&broker, "with-will");
    let topic = topic::Name::parse("gone").expect("a topic");
    will_options.connect.will = Some(Will::new(topic, "last", QoS::AtLeastOnce));
    let client_with_will = Client::connect(&will_options, State::default()).await.expect("CONNACK");
    let broker = broker.kill_and_restart();
    drop(client_with_will);
    let mut observer =
        Client::connect(&persistent_client(&broker, "subscriber"), session_state).await.expect("CONNACK");
    assert_eq!(observer.message().await.expect("an open connection").payload.as_ref(), b"last");
    // The acknowledgement of a later message shows that the publication of the will is committed.
    let other = Publish { retain: true, ..message("other", "kept", 1) };
    let id = observer.publish(other).await.expect("an open connection").expect("a packet id");
    observer.acknowledged(id).await.expect("PUBACK");
    let state = observer.drop_without_disconnect();
    let broker = broker.kill_and_restart();
    let mut observer =
        Client::connect(&persistent_client(&broker, "subscriber"), state).await.expect("CONNACK");
    observer.publish(message("gone", "sentinel", 1)).await.expect("an open connection");
    assert_eq!(observer.message().await.expect("an open connection").payload.as_ref(), b"sentinel");
    broker.stop();
}
