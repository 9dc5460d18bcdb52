//! What a client asks to be told: response information, and reasons in words.

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Kind, Packet, Properties, Publish, Subscribe, ack, property};

cases! {
    response_information_is_sent_only_where_asked_for: "MQTT5-3.1.2-28", "TRAP5-101";
    response_information_is_sent_where_asked_for [SMALL]: "MQTT5-3.1.2-28", "TRAP5-101";
    without_problem_information_acknowledgements_have_no_words: "MQTT5-3.1.2-29", "TRAP5-100";
    messages_keep_their_user_properties_without_problem_information: "MQTT5-3.1.2-29", "TRAP5-100";
}

async fn response_information_is_sent_only_where_asked_for(lab: Lab) {
    for opening in [lab.connect("one"), lab.connect("one").number(property::REQUEST_RESPONSE_INFORMATION, 0)]
    {
        let (client, connack) = opening.accepted().await;
        assert!(!connack.properties.has(property::RESPONSE_INFORMATION), "{connack:?}");
        client.leave().await;
    }
    // Asked for, it may still be left out.
    lab.connect("one").number(property::REQUEST_RESPONSE_INFORMATION, 1).open().await.ping().await;
}

async fn response_information_is_sent_where_asked_for(lab: Lab) {
    for (asked, expected) in [(None, None), (Some(0), None), (Some(1), Some("answers"))] {
        let opening = lab.connect("one");
        let opening = match asked {
            Some(value) => opening.number(property::REQUEST_RESPONSE_INFORMATION, value),
            None => opening,
        };
        let (client, connack) = opening.accepted().await;
        assert_eq!(connack.properties.get_text(property::RESPONSE_INFORMATION), expected);
        client.leave().await;
    }
}

async fn without_problem_information_acknowledgements_have_no_words(lab: Lab) {
    let mut client = lab.connect("one").number(property::REQUEST_PROBLEM_INFORMATION, 0).open().await;
    let mut answers = of_publishes(&lab, &mut client).await;
    answers.extend(of_subscriptions(&lab, &mut client).await);
    for answer in answers {
        let silent = !answer.properties.has(property::REASON_STRING)
            && !answer.properties.has(property::USER_PROPERTY);
        assert!(silent, "{answer:?}");
    }
}

/// To a topic of the broker's own, to nobody, and a release of nothing.
async fn of_publishes(lab: &Lab, client: &mut Client) -> Vec<Packet> {
    let mut answers = Vec::new();
    for topic in [format!("$SYS/{}", lab.topic("a")), lab.topic("a")] {
        client.send(&Publish::new(&topic, "x").qos(1, 1).encode(lab.version)).await;
        answers.push(client.take(Kind::PubAck).await);
        client.send(&Publish::new(&topic, "x").qos(2, 2).encode(lab.version)).await;
        let received = client.take(Kind::PubRec).await;
        if received.code < 0x80 {
            client.send(&ack(0x62, 2, 0)).await;
            answers.push(client.take(Kind::PubComp).await);
        }
        answers.push(received);
    }
    client.send(&ack(0x62, 9, 0)).await;
    answers.push(client.take(Kind::PubComp).await);
    answers
}

/// An UNSUBSCRIBE of nothing, a SUBSCRIBE, and its messages at QoS 2.
async fn of_subscriptions(lab: &Lab, client: &mut Client) -> Vec<Packet> {
    let topic = lab.topic("b");
    let mut answers = vec![client.unsubscribe(&topic).await];
    answers.push(client.exchange_subscribe(&Subscribe::new(20).filter(&topic, 2)).await);
    client.publish(&topic, "x", 2).await;
    let message = client.message().await;
    client.send(&ack(0x50, message.id, 0)).await;
    answers.push(client.take(Kind::PubRel).await);
    client.send(&ack(0x70, message.id, 0)).await;
    answers.push(client.unsubscribe(&topic).await);
    answers
}

async fn messages_keep_their_user_properties_without_problem_information(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.connect("one").number(property::REQUEST_PROBLEM_INFORMATION, 0).open().await;
    client.subscribe(&topic, 0).await;
    let properties = Properties::default().user("a", "1").user("b", "2");
    client.exchange_publish(Publish::new(&topic, "x").properties(properties)).await;
    assert_eq!(client.receive().await.properties.users(), [("a", "1"), ("b", "2")]);
}
