//! Tests sessions after one crash: sessions that have ended are not restored, and persistent sessions are restored
//! completely.

use tidegate_client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, subscribe};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Disconnect, Packet, Publish, QoS, ReasonCode, SubAck, SubscriptionOptions, UserProperties,
};

use crate::{clean_client_named, persistent_client, start_durable_broker};

#[tokio::test(flavor = "current_thread")]
async fn ended_sessions_do_not_return_after_a_crash() {
    let broker = start_durable_broker();
    for name in ["by disconnect", "by clean start", "by expiry 0"] {
        let mut client = connect(&persistent_client(&broker, name), State::default()).await;
        subscribe(&mut client, "ended/#", 1).await;
        if name == "by disconnect" {
            let last = Disconnect { session_expiry: Some(0), ..Disconnect::new(ReasonCode::Success) };
            client.send(&Packet::Disconnect(last)).await.expect("an open connection");
            assert!(within_deadline("the end of the connection", client.event()).await.is_err());
            continue;
        }
        let state = client.drop_without_disconnect();
        let mut options = clean_client_named(&broker, name);
        options.connect.clean_start = name == "by clean start";
        let client = connect(&options, state).await;
        assert_eq!(client.connack().session_present, !options.connect.clean_start, "{name}");
        let _ = client.drop_without_disconnect();
    }
    wait_for_a_commit(&broker).await;
    let broker = broker.kill_and_restart();
    for name in ["by disconnect", "by clean start", "by expiry 0"] {
        let client = connect(&persistent_client(&broker, name), State::default()).await;
        assert!(!client.connack().session_present, "{name}");
    }
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn subscriptions_keep_their_options_and_identifiers_after_a_crash() {
    let broker = start_durable_broker();
    let mut client = connect(&persistent_client(&broker, "subscriber"), State::default()).await;
    let own = SubscriptionOptions { qos: QoS::AtLeastOnce, no_local: true, ..SubscriptionOptions::default() };
    let flagged = SubscriptionOptions { qos: QoS::ExactlyOnce, retain_as_published: true, ..own };
    for (filter, options, identifier) in [("a/#", own, 7), ("a/+", flagged, 8), ("gone", own, 9)] {
        let suback = subscribe_with(&mut client, filter, options, identifier).await;
        assert_eq!(suback.reasons.len(), 1);
    }
    client.unsubscribe([parse_filter("gone")]).await.expect("UNSUBACK");
    let state = client.drop_without_disconnect();
    let broker = broker.kill_and_restart();
    let mut client = connect(&persistent_client(&broker, "subscriber"), state).await;
    let mut other = connect(&clean_client_named(&broker, "other"), State::default()).await;
    for (publisher, text) in [(&mut client, "its own"), (&mut other, "another's")] {
        for topic in ["gone", "a/b"] {
            let published = Publish { retain: true, ..message(topic, text, 2) };
            let id = publisher.publish(published).await.expect("an open connection").expect("a packet id");
            publisher.acknowledged(id).await.expect("PUBCOMP");
        }
    }
    let received = within_deadline("the message", client.message()).await.expect("an open connection");
    let mut subscription_identifiers = received.properties.subscription_identifiers.clone();
    subscription_identifiers.sort_unstable();
    assert_eq!(
        (&*received.topic, &*received.payload, received.qos),
        ("a/b", &b"another's"[..], QoS::ExactlyOnce)
    );
    assert_eq!((subscription_identifiers, received.retain), (vec![7, 8], true));
    other.publish(message("a/end", "end", 1)).await.expect("an open connection");
    let received = within_deadline("the last message", client.message()).await.expect("an open connection");
    assert_eq!(received.topic, "a/end", "an unexpected message before the last one");
    broker.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn removed_retained_messages_do_not_return_after_a_crash() {
    let broker = start_durable_broker();
    let mut client = connect(&persistent_client(&broker, "publisher"), State::default()).await;
    for (topic, payload) in
        [("stored/a", "there"), ("stored/b", "there"), ("stored/a", ""), ("stored/b", "later")]
    {
        let retained = Publish { retain: true, ..message(topic, payload, 1) };
        let id = client.publish(retained).await.expect("an open connection").expect("a packet id");
        client.acknowledged(id).await.expect("PUBACK");
    }
    let broker = broker.kill_and_restart();
    let mut reader = connect(&clean_client_named(&broker, "reader"), State::default()).await;
    subscribe(&mut reader, "stored/#", 1).await;
    reader.publish(message("stored/end", "end", 1)).await.expect("an open connection");
    for expected in ["later", "end"] {
        let received = within_deadline(expected, reader.message()).await.expect("an open connection");
        assert_eq!(received.payload, expected);
    }
    broker.stop();
}

/// When the session of a member of a shared subscription ends, the messages queued for that member move to another
/// member. The broker delivers each of them once, even if it crashes before or after the move.
#[tokio::test(flavor = "current_thread")]
async fn queued_messages_of_a_shared_subscription_move_to_another_member_once() {
    let broker = start_durable_broker();
    let mut ending = connect(&persistent_client(&broker, "gone"), State::default()).await;
    subscribe(&mut ending, "$share/group/work/#", 2).await;
    let _ = ending.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    let mut publisher = connect(&persistent_client(&broker, "publisher"), State::default()).await;
    for number in 0..10 {
        let work = message("work/a", &format!("{number}"), 2);
        let id = publisher.publish(work).await.expect("an open connection").expect("a packet id");
        publisher.acknowledged(id).await.expect("PUBCOMP");
    }
    let mut staying = connect(&persistent_client(&broker, "staying"), State::default()).await;
    subscribe(&mut staying, "$share/group/work/#", 2).await;
    let state = staying.drop_without_disconnect();
    let broker = broker.kill_and_restart();
    drop(connect(&clean_client_named(&broker, "gone"), State::default()).await);
    wait_for_a_commit(&broker).await;
    let broker = broker.kill_and_restart();
    let mut staying = connect(&persistent_client(&broker, "staying"), state).await;
    staying.publish(message("work/end", "end", 2)).await.expect("an open connection");
    for expected in (0..10).map(|number| number.to_string()).chain(["end".to_owned()]) {
        let received = within_deadline(&expected, staying.message()).await.expect("an open connection");
        assert_eq!(received.payload, expected);
    }
    broker.stop();
}

async fn connect(options: &Options, state: State) -> Client {
    within_deadline("CONNACK", Client::connect(options, state)).await.expect("CONNACK")
}

async fn subscribe_with(
    client: &mut Client,
    filter: &str,
    options: SubscriptionOptions,
    identifier: u32,
) -> SubAck {
    let entry = (parse_filter(filter), options);
    client.subscribe([entry], Some(identifier), UserProperties::new()).await.expect("SUBACK")
}

fn parse_filter(filter: &str) -> SubscriptionFilter {
    SubscriptionFilter::parse(filter).expect("a filter")
}

/// Publishes a message and waits for PUBCOMP, which the broker sends after a commit that includes all earlier changes.
async fn wait_for_a_commit(broker: &Broker) {
    let mut client = connect(&persistent_client(broker, "committing"), State::default()).await;
    let id = client.publish(message("something", "kept", 2)).await.expect("an open connection");
    client.acknowledged(id.expect("a packet id")).await.expect("PUBCOMP");
}
