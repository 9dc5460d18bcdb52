//! Tests SUBACK: the broker sends one SUBACK per SUBSCRIBE, with the same packet identifier and one code per filter in
//! order, and within the client's Maximum Packet Size.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Subscribe, property};

cases! {
    each_subscribe_is_answered_by_one_suback_of_its_identifier: "MQTT5-3.8.4-1", "MQTT5-3.8.4-2", "MQTT3-3.8.4-1", "MQTT3-3.8.4-2";
    many_filters_act_like_many_subscribes: "MQTT5-3.8.4-5", "MQTT3-3.8.4-4";
    a_repeated_filter_gets_two_codes: "MQTT5-3.8.4-6", "MQTT5-3.8.4-5", "MQTT3-3.8.4-5", "MQTT3-3.8.4-4";
    codes_are_in_the_order_of_the_filters: "MQTT5-3.9.3-1", "MQTT5-3.8.4-7", "MQTT5-3.9.3-2", "MQTT3-3.9.3-1", "MQTT3-3.8.4-5";
    a_refused_filter_has_its_code_at_its_position [TIDEGATE_ONLY]: "MQTT5-3.8.4-1", "MQTT5-3.8.4-6", "MQTT5-3.9.3-1", "MQTT5-3.9.3-2", "MQTT3-3.8.4-1", "MQTT3-3.8.4-5", "MQTT3-3.9.3-1", "MQTT3-3.9.3-2";
    a_lower_granted_qos_is_reported_and_applied_at_maximum_qos_1 [MAXIMUM_QOS_1]: "MQTT5-3.8.4-7", "MQTT3-3.8.4-5";
    a_lower_granted_qos_is_reported_and_applied_at_maximum_qos_0 [MAXIMUM_QOS_0]: "MQTT5-3.8.4-7", "MQTT3-3.8.4-5";
    suback_fits_the_maximum_packet_size: "MQTT5-3.9.2-1", "MQTT5-3.9.2-2";
    suback_of_refusals_fits_the_maximum_packet_size [TIDEGATE_ONLY]: "MQTT5-3.9.2-1", "MQTT5-3.9.2-2";
    a_subscription_works_as_soon_as_it_is_acknowledged: "MQTT5-3.8.4-1", "MQTT3-3.8.4-1", "TRAP5-36", "TRAP3-36";
}

async fn each_subscribe_is_answered_by_one_suback_of_its_identifier(harness: Harness) {
    let mut client = harness.client("one").await;
    let ids = [1, 65_535, 256, 2];
    let requests =
        ids.map(|id| Subscribe::new(id).filter(harness.topic(&id.to_string()), 1).encode(harness.version));
    client.send(&requests.concat()).await;
    client.ping().await;
    let subacks = client.drain(PacketType::SubAck);
    assert_eq!(
        subacks.iter().map(|suback| suback.id).collect::<Vec<_>>(),
        ids,
        "one SUBACK each, with its identifier"
    );
    // A second SUBSCRIBE with the same packet identifier and filter gets another SUBACK.
    client.exchange_subscribe(&Subscribe::new(1).filter(harness.topic("1"), 1)).await;
    client.ping().await;
    assert!(!client.has_received(PacketType::SubAck), "one SUBACK per SUBSCRIBE");
}

async fn many_filters_act_like_many_subscribes(harness: Harness) {
    let topics = ["a", "b", "c"].map(|name| harness.topic(name));
    let mut publisher = harness.client("publisher").await;
    for topic in &topics {
        publisher.publish_retained(topic, "retained", 1).await;
    }
    let mut client = harness.client("one").await;
    let subscribe = topics.iter().fold(Subscribe::new(9), |all, topic| all.filter(topic, 1));
    assert_eq!(client.exchange_subscribe(&subscribe).await.codes, [1, 1, 1]);
    let mut replayed = Vec::new();
    for _ in &topics {
        let message = client.receive().await;
        assert!(message.retain, "a retained message for each filter");
        replayed.push(message.topic);
    }
    replayed.sort();
    assert_eq!(replayed, topics);
    for topic in &topics {
        publisher.publish(topic, "live", 1).await;
        let message = client.receive().await;
        assert_eq!(
            (&message.topic, message.payload.as_slice()),
            (topic, &b"live"[..]),
            "each subscription is active"
        );
    }
    client.ping().await;
    assert!(!client.has_received(PacketType::SubAck), "one SUBACK for all filters");
}

async fn a_repeated_filter_gets_two_codes(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.client("one").await;
    let subscribe = Subscribe::new(1).filter(&topic, 0).filter(harness.topic("b"), 1).filter(&topic, 2);
    assert_eq!(client.exchange_subscribe(&subscribe).await.codes, [0, 1, 2]);
    // The broker treats a filter that occurs twice in one SUBSCRIBE as if it came in two packets: the later
    // subscription replaces the earlier subscription.
    harness.client("other").await.publish(&topic, "x", 2).await;
    let messages = client.receive_all().await;
    assert_eq!(messages.iter().map(|message| message.qos).collect::<Vec<_>>(), [2], "one copy at QoS 2");
}

/// A server may grant a lower QoS than requested. The QoS of the deliveries shows which code belongs to which filter.
async fn codes_are_in_the_order_of_the_filters(harness: Harness) {
    let mut client = harness.client("one").await;
    let asked = [0, 2, 1, 0, 1, 2];
    let topics: Vec<_> = (0..asked.len()).map(|index| harness.topic(&index.to_string())).collect();
    let both = topics.iter().zip(asked);
    let subscribe = both.fold(Subscribe::new(1), |all, (topic, qos)| all.filter(topic, qos));
    let codes = client.exchange_subscribe(&subscribe).await.codes;
    let mut publisher = harness.client("publisher").await;
    for ((topic, code), qos) in topics.iter().zip(codes).zip(asked) {
        assert!(code <= qos, "granted QoS {code}, requested QoS {qos}");
        publisher.publish(topic, "x", 2).await;
        assert_eq!(client.receive().await.qos, code, "as granted");
    }
}

async fn a_refused_filter_has_its_code_at_its_position(harness: Harness) {
    let good = ["a", "b", "c"].map(|name| harness.topic(name));
    let mut client = harness.client("one").await;
    let bad = harness.topic("x#");
    let subscribe = Subscribe::new(7).filter(&good[0], 0).filter(&bad, 1).filter(&good[1], 2);
    let subscribe = subscribe.filter(&good[2], 1).filter(&bad, 0);
    let refusal = if harness.is_v5() { 0x8F } else { 0x80 };
    assert_eq!(client.exchange_subscribe(&subscribe).await.codes, [0, refusal, 2, 1, refusal]);
    let mut publisher = harness.client("publisher").await;
    for (topic, qos) in good.iter().zip([0, 2, 1]) {
        publisher.publish(topic, "x", 2).await;
        assert_eq!(client.receive().await.qos, qos, "the granted subscriptions are active");
    }
    // The broker sends SUBACK even if it refuses all filters.
    assert_eq!(client.try_subscribe(&bad, 2).await, [refusal]);
}

async fn a_lower_granted_qos_is_reported_and_applied_at_maximum_qos_1(harness: Harness) {
    lower_grant(harness, 1).await;
}

async fn a_lower_granted_qos_is_reported_and_applied_at_maximum_qos_0(harness: Harness) {
    lower_grant(harness, 0).await;
}

async fn lower_grant(harness: Harness, qos_max: u8) {
    let mut publisher = harness.client("publisher").await;
    for qos in 0..=2 {
        let topic = harness.topic(&qos.to_string());
        let mut client = harness.client("one").await;
        assert_eq!(client.try_subscribe(&topic, qos).await, [qos.min(qos_max)]);
        publisher.publish(&topic, "x", qos_max).await;
        assert_eq!(client.receive().await.qos, qos.min(qos_max), "as granted");
    }
}

async fn suback_fits_the_maximum_packet_size(harness: Harness) {
    suback_fits(harness, "a").await;
}

async fn suback_of_refusals_fits_the_maximum_packet_size(harness: Harness) {
    suback_fits(harness, "a#").await;
}

/// Uses the size of CONNACK as the client's Maximum Packet Size, because the broker has to send CONNACK. The number
/// of filters in the SUBSCRIBE is the number of reason codes that fit into a SUBACK of that size.
async fn suback_fits(harness: Harness, name: &str) {
    let (client, connack) = harness.connect("measure").open_with_connack().await;
    client.disconnect().await;
    let max = connack.bytes.len().max(8);
    let limited =
        harness.connect("one").number(property::MAXIMUM_PACKET_SIZE, u32::try_from(max).expect("a size"));
    let mut client = limited.open().await;
    // A SUBACK has 5 bytes besides the codes: the fixed header, the packet identifier and the property length.
    let filters = (5..max).map(|index| harness.topic(&format!("{index}/{name}")));
    let subscribe = filters.fold(Subscribe::new(1), |all, filter| all.filter(filter, 0));
    let suback = client.exchange_subscribe(&subscribe).await;
    assert_eq!(suback.bytes.len(), max, "SUBACK has exactly the maximum size");
    assert!(suback.properties.0.is_empty(), "SUBACK has properties that do not fit");
}

async fn a_subscription_works_as_soon_as_it_is_acknowledged(harness: Harness) {
    let mut client = harness.client("one").await;
    let mut publisher = harness.client("publisher").await;
    for round in 0..20 {
        let topic = harness.topic(&round.to_string());
        client.subscribe(&topic, 1).await;
        assert_eq!(publisher.publish(&topic, "x", 1).await, 0, "there is a subscriber");
        assert_eq!(client.receive().await.topic, topic);
    }
}
