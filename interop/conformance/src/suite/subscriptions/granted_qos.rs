//! Tests that the broker delivers a message at the lower of its published QoS and the granted QoS.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::Subscribe;

cases! {
    a_live_message_comes_at_the_lower_qos: "MQTT5-3.8.4-8", "MQTT3-3.8.4-6";
    a_retained_message_comes_at_the_lower_qos: "MQTT5-3.8.4-8", "MQTT3-3.8.4-6";
    a_queued_message_comes_at_the_lower_qos: "MQTT5-3.8.4-8", "MQTT3-3.8.4-6";
}

/// Builds a SUBSCRIBE with one filter for each requested QoS.
fn subscribe(harness: &Harness) -> Subscribe {
    (0..=2)
        .fold(Subscribe::new(1), |all, granted| all.filter(harness.topic(&format!("{granted}/+")), granted))
}

async fn a_live_message_comes_at_the_lower_qos(harness: Harness) {
    let mut client = harness.client("one").await;
    assert_eq!(client.exchange_subscribe(&subscribe(&harness)).await.codes, [0, 1, 2]);
    let mut publisher = harness.client("publisher").await;
    for (granted, published) in pairs() {
        publisher.publish(harness.topic(&format!("{granted}/{published}")), "x", published).await;
        assert_eq!(
            client.receive().await.qos,
            granted.min(published),
            "published at QoS {published}, granted QoS {granted}"
        );
    }
    client.expect_no_message().await;
}

async fn a_retained_message_comes_at_the_lower_qos(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    for (granted, published) in pairs() {
        publisher.publish_retained(harness.topic(&format!("{granted}/{published}")), "x", published).await;
    }
    let mut client = harness.client("one").await;
    assert_eq!(client.exchange_subscribe(&subscribe(&harness)).await.codes, [0, 1, 2]);
    let mut seen = Vec::new();
    for _ in pairs() {
        let message = client.receive().await;
        assert!(message.retain, "a retained message");
        seen.push((message.topic, message.qos));
    }
    seen.sort();
    let expected = |(granted, published): (u8, u8)| {
        (harness.topic(&format!("{granted}/{published}")), granted.min(published))
    };
    assert_eq!(seen, pairs().into_iter().map(expected).collect::<Vec<_>>());
}

/// Messages that arrive at QoS 0 are ignored, because a broker need not queue them.
async fn a_queued_message_comes_at_the_lower_qos(harness: Harness) {
    let mut client = harness.connect("one").persistent().open().await;
    assert_eq!(client.exchange_subscribe(&subscribe(&harness)).await.codes, [0, 1, 2]);
    client.disconnect().await;
    let mut publisher = harness.client("publisher").await;
    for (granted, published) in pairs() {
        publisher.publish(harness.topic(&format!("{granted}/{published}")), "x", published).await;
    }
    let mut client = harness.connect("one").persistent().open().await;
    let seen: Vec<_> =
        client.receive_all().await.into_iter().map(|message| (message.topic, message.qos)).collect();
    for (granted, published) in pairs() {
        let topic = harness.topic(&format!("{granted}/{published}"));
        let qos: Vec<_> = seen.iter().filter(|(seen, _)| *seen == topic).map(|(_, qos)| *qos).collect();
        let lower = granted.min(published);
        let none_is_fine = lower == 0 && qos.is_empty();
        assert!(
            none_is_fine || qos == [lower],
            "published at QoS {published}, granted QoS {granted}: {qos:?}"
        );
    }
}

/// Returns all pairs of granted and published QoS, sorted.
fn pairs() -> Vec<(u8, u8)> {
    (0..=2).flat_map(|granted| (0..=2).map(move |published| (granted, published))).collect()
}
