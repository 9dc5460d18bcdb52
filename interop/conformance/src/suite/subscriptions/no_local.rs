//! Tests No Local: a client does not receive its own messages, even if it published them on an earlier connection.

use crate::case::cases;
use crate::client::PROTOCOL_ERROR;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Subscribe, ack, property};

cases! {
    own_messages_do_not_come_back: "MQTT5-3.8.3-3";
    own_messages_are_not_queued_for_a_resumed_session: "MQTT5-3.8.3-3", "TRAP5-26";
    a_publish_started_before_a_takeover_does_not_come_back: "MQTT5-3.8.3-3", "TRAP5-26";
    own_retained_messages_do_not_come_back: "MQTT5-3.8.3-3", "TRAP5-26";
    no_local_on_a_shared_subscription_ends_the_connection: "MQTT5-3.8.3-4", "TRAP5-25";
    an_echo_and_its_acknowledgement_come_in_any_order: "TRAP5-37", "TRAP3-37";
}

/// The options byte for QoS 2 with No Local.
const NO_LOCAL: u8 = 0x06;

async fn own_messages_do_not_come_back(harness: Harness) {
    let (topic, echoed) = (harness.topic("a"), harness.topic("b"));
    let mut client = harness.client("one").await;
    assert_eq!(client.try_subscribe(&topic, NO_LOCAL).await, [2]);
    client.subscribe(&echoed, 2).await;
    let mut other = harness.client("other").await;
    for qos in 0..=2 {
        client.publish(&topic, "mine", qos).await;
        other.publish(&topic, format!("theirs {qos}"), qos).await;
        client.publish(&echoed, format!("echo {qos}"), qos).await;
    }
    let expected = ["theirs 0", "echo 0", "theirs 1", "echo 1", "theirs 2", "echo 2"];
    assert_eq!(client.receive_payloads().await, expected);
    // Another subscriber with No Local gets the message, because it did not publish it.
    let mut third = harness.client("third").await;
    assert_eq!(third.try_subscribe(&topic, NO_LOCAL).await, [2]);
    client.publish(&topic, "mine", 1).await;
    assert_eq!(third.receive_payloads().await, ["mine"]);
    client.expect_no_message().await;
}

async fn own_messages_are_not_queued_for_a_resumed_session(harness: Harness) {
    let topic = harness.topic("a");
    let narrow = || harness.connect("one").persistent().number(property::RECEIVE_MAXIMUM, 1);
    let mut client = narrow().open().await;
    assert_eq!(client.try_subscribe(&topic, NO_LOCAL).await, [2]);
    let mut other = harness.client("other").await;
    other.publish(&topic, "first", 1).await;
    client.next_message().await;
    // The Receive Maximum of 1 is used up, so the broker queues further messages. The broker must not queue the
    // client's own messages.
    client.publish(&topic, "mine", 1).await;
    other.publish(&topic, "queued", 1).await;
    client.drop_connection().await;
    other.publish(&topic, "queued too", 1).await;
    let mut client = narrow().open().await;
    assert_eq!(client.receive_payloads().await, ["first", "queued", "queued too"]);
    // A message is the client's own if the client identifier is the same, even on a later connection.
    client.publish(&topic, "mine", 2).await;
    client.expect_no_message().await;
    other.publish(&topic, "theirs", 1).await;
    assert_eq!(client.receive_payloads().await, ["theirs"]);
}

/// A broker may deliver a QoS 2 message when it receives PUBLISH or when it receives PUBREL. In both cases, No Local
/// applies to the client that published the message.
async fn a_publish_started_before_a_takeover_does_not_come_back(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 2).await;
    let mut first = harness.connect("one").persistent().open().await;
    assert_eq!(first.try_subscribe(&topic, NO_LOCAL).await, [2]);
    first.send(&Publish::new(&topic, "mine").qos(2, 40).encode(harness.version)).await;
    first.expect_ack(PacketType::PubRec, 40).await;
    let mut second = harness.connect("one").persistent().open().await;
    first.expect_close(&[0x8E]).await;
    second.send(&ack(0x62, 40, 0)).await;
    assert_eq!(second.expect_ack(PacketType::PubComp, 40).await, 0);
    assert_eq!(watcher.receive_payloads().await, ["mine"]);
    second.expect_no_message().await;
}

async fn own_retained_messages_do_not_come_back(harness: Harness) {
    let (mine, theirs) = (harness.topic("mine"), harness.topic("theirs"));
    let mut client = harness.connect("one").persistent().open().await;
    client.publish_retained(&mine, "mine", 1).await;
    harness.client("other").await.publish_retained(&theirs, "theirs", 1).await;
    assert_eq!(client.try_subscribe(harness.topic("+"), NO_LOCAL).await, [2]);
    assert_eq!(client.receive().await.payload, b"theirs");
    client.expect_no_message().await;
    client.disconnect().await;
    let mut client = harness.connect("one").persistent().open().await;
    assert_eq!(client.try_subscribe(harness.topic("+"), NO_LOCAL).await, [2]);
    assert_eq!(client.receive().await.payload, b"theirs");
    client.expect_no_message().await;
}

async fn no_local_on_a_shared_subscription_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let filter = format!("$share/g/{topic}");
    for options in [0x04, 0x05, 0x06, 0x2C] {
        let alone = Subscribe::new(1).filter(&filter, options);
        harness.expect_close_after(&alone.encode(harness.version), PROTOCOL_ERROR).await;
    }
    let mut client = harness.connect("kept").persistent().open().await;
    client.send(&Subscribe::new(1).filter(&filter, 0x05).encode(harness.version)).await;
    client.expect_close_without_answer(PROTOCOL_ERROR).await;
    harness.client("other").await.publish(&topic, "x", 1).await;
    harness.connect("kept").persistent().open().await.expect_no_message().await;
    // The broker grants the shared subscription if the No Local option is not set.
    let mut client = harness.subscriber("fine", &filter, 1).await;
    harness.client("other").await.publish(&topic, "x", 1).await;
    assert_eq!(client.receive_payloads().await, ["x"]);
}

/// A client that subscribes to its own topic may receive the message before or after the acknowledgement of its
/// PUBLISH. Each of the two packets has to arrive exactly once.
async fn an_echo_and_its_acknowledgement_come_in_any_order(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("one", &topic, 2).await;
    for qos in 0..=2 {
        client.publish(&topic, qos.to_string(), qos).await;
        let echo = client.receive().await;
        assert_eq!((echo.payload, echo.qos), (qos.to_string().into_bytes(), qos));
    }
    client.expect_no_message().await;
}
