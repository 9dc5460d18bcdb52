//! Tests the properties Request Response Information and Request Problem Information.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{Packet, PacketType, Properties, Publish, Subscribe, ack, property};

cases! {
    response_information_is_sent_only_on_request: "MQTT5-3.1.2-28", "TRAP5-101";
    configured_response_information_is_sent_on_request [LOW_LIMITS]: "MQTT5-3.1.2-28", "TRAP5-101";
    without_problem_information_acknowledgements_carry_no_explanation: "MQTT5-3.1.2-29", "TRAP5-100";
    messages_keep_their_user_properties_without_problem_information: "MQTT5-3.1.2-29", "TRAP5-100";
}

async fn response_information_is_sent_only_on_request(harness: Harness) {
    for builder in
        [harness.connect("one"), harness.connect("one").number(property::REQUEST_RESPONSE_INFORMATION, 0)]
    {
        let (client, connack) = builder.open_with_connack().await;
        assert!(!connack.properties.has(property::RESPONSE_INFORMATION), "{connack:?}");
        client.disconnect().await;
    }
    // Even if the client requests response information, the broker may omit it.
    harness.connect("one").number(property::REQUEST_RESPONSE_INFORMATION, 1).open().await.ping().await;
}

async fn configured_response_information_is_sent_on_request(harness: Harness) {
    for (asked, expected) in [(None, None), (Some(0), None), (Some(1), Some("answers"))] {
        let builder = harness.connect("one");
        let builder = match asked {
            Some(value) => builder.number(property::REQUEST_RESPONSE_INFORMATION, value),
            None => builder,
        };
        let (client, connack) = builder.open_with_connack().await;
        assert_eq!(connack.properties.get_text(property::RESPONSE_INFORMATION), expected);
        client.disconnect().await;
    }
}

async fn without_problem_information_acknowledgements_carry_no_explanation(harness: Harness) {
    let mut client = harness.connect("one").number(property::REQUEST_PROBLEM_INFORMATION, 0).open().await;
    let mut answers = answers_to_publishes(&harness, &mut client).await;
    answers.extend(answers_to_subscriptions(&harness, &mut client).await);
    for answer in answers {
        let has_no_explanation = !answer.properties.has(property::REASON_STRING)
            && !answer.properties.has(property::USER_PROPERTY);
        assert!(has_no_explanation, "{answer:?}");
    }
}

/// Publishes to a topic that begins with `$` and to a topic without subscribers, and sends a PUBREL with an unknown
/// packet identifier. Returns the answers.
async fn answers_to_publishes(harness: &Harness, client: &mut Client) -> Vec<Packet> {
    let mut answers = Vec::new();
    for topic in [format!("$SYS/{}", harness.topic("a")), harness.topic("a")] {
        client.send(&Publish::new(&topic, "x").qos(1, 1).encode(harness.version)).await;
        answers.push(client.next_of(PacketType::PubAck).await);
        client.send(&Publish::new(&topic, "x").qos(2, 2).encode(harness.version)).await;
        let received = client.next_of(PacketType::PubRec).await;
        if received.code < 0x80 {
            client.send(&ack(0x62, 2, 0)).await;
            answers.push(client.next_of(PacketType::PubComp).await);
        }
        answers.push(received);
    }
    client.send(&ack(0x62, 9, 0)).await;
    answers.push(client.next_of(PacketType::PubComp).await);
    answers
}

/// Sends an UNSUBSCRIBE without a matching subscription, a SUBSCRIBE, the acknowledgements of a delivery at QoS 2, and
/// an UNSUBSCRIBE. Returns the answers.
async fn answers_to_subscriptions(harness: &Harness, client: &mut Client) -> Vec<Packet> {
    let topic = harness.topic("b");
    let mut answers = vec![client.unsubscribe(&topic).await];
    answers.push(client.exchange_subscribe(&Subscribe::new(20).filter(&topic, 2)).await);
    client.publish(&topic, "x", 2).await;
    let message = client.next_message().await;
    client.send(&ack(0x50, message.id, 0)).await;
    answers.push(client.next_of(PacketType::PubRel).await);
    client.send(&ack(0x70, message.id, 0)).await;
    answers.push(client.unsubscribe(&topic).await);
    answers
}

async fn messages_keep_their_user_properties_without_problem_information(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect("one").number(property::REQUEST_PROBLEM_INFORMATION, 0).open().await;
    client.subscribe(&topic, 0).await;
    let properties = Properties::default().user("a", "1").user("b", "2");
    client.exchange_publish(Publish::new(&topic, "x").properties(properties)).await;
    assert_eq!(client.receive().await.properties.user_properties(), [("a", "1"), ("b", "2")]);
}
