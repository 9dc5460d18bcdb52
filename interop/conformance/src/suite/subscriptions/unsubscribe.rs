//! UNSUBSCRIBE and UNSUBACK: which filter goes, and what is answered.

use crate::case::cases;
use crate::client::{MALFORMED, PROTOCOL_ERROR};
use crate::lab::Lab;
use crate::wire::{Kind, Unsubscribe, property, text};

cases! {
    unsubscribe_with_other_flags_ends_the_connection: "MQTT5-3.10.1-1", "MQTT3-3.10.1-1";
    a_filter_that_is_no_utf_8_ends_the_connection: "MQTT5-3.10.3-1", "MQTT3-3.10.3-1";
    unsubscribe_without_filters_ends_the_connection: "MQTT5-3.10.3-2", "MQTT3-3.10.3-2";
    only_the_identical_filter_is_removed: "MQTT5-3.10.4-1", "MQTT3-3.10.4-1";
    each_unsubscribe_is_answered_by_one_unsuback_of_its_identifier: "MQTT5-3.10.4-4", "MQTT5-3.10.4-5", "MQTT3-3.10.4-4", "TRAP5-116", "TRAP3-116";
    an_unknown_filter_is_answered_too: "MQTT5-3.10.4-5", "MQTT5-3.11.3-2", "MQTT3-3.10.4-5", "TRAP5-116", "TRAP3-116";
    many_filters_act_like_many_unsubscribes: "MQTT5-3.10.4-6", "MQTT5-3.11.3-1", "MQTT5-3.11.3-2", "MQTT3-3.10.4-6";
    unsuback_fits_the_maximum_packet_size: "MQTT5-3.11.2-1", "MQTT5-3.11.2-2";
}

async fn unsubscribe_with_other_flags_ends_the_connection(lab: Lab) {
    let good = Unsubscribe::new(1).filter(lab.topic("a")).encode(lab.version);
    for first in [0xA0, 0xA1, 0xA3, 0xA6, 0xAA, 0xAF] {
        let bytes = [&[first], &good[1..]].concat();
        lab.ends_connection(&bytes, MALFORMED).await;
    }
}

async fn a_filter_that_is_no_utf_8_ends_the_connection(lab: Lab) {
    let topic = lab.topic("a");
    for bad in [&b"\xFF"[..], b"a/\xC3", b"\xC0\xAF", b"\xED\xA0\x80", b"\xF4\x90\x80\x80"] {
        lab.ends_connection(&Unsubscribe::new(1).filter(bad).encode(lab.version), MALFORMED).await;
        let behind = Unsubscribe::new(1).filter(&topic).filter(bad);
        lab.ends_connection(&behind.encode(lab.version), MALFORMED).await;
    }
    // They are packed one behind the other: two bytes of length cannot stand alone.
    let torn = [text(topic.as_bytes()), vec![0, 9]].concat();
    lab.ends_connection(&lab.request(0xA2, &torn), MALFORMED).await;
}

async fn unsubscribe_without_filters_ends_the_connection(lab: Lab) {
    lab.ends_connection(&lab.request(0xA2, &[]), PROTOCOL_ERROR).await;
}

async fn only_the_identical_filter_is_removed(lab: Lab) {
    let mut client = lab.client("one").await;
    client.subscribe(lab.topic("a/+"), 0).await;
    client.subscribe(lab.topic("a/b"), 0).await;
    client.subscribe(lab.topic("c"), 0).await;
    let mut other = lab.client("other").await;
    let topics = ["a/b", "a/x", "c"].map(|name| lab.topic(name));
    // Filters that match the same topics, or look alike.
    for stranger in ["a/#", "#", "+/+", "a/B", "A/+", "a/b/", "/a/b", "a//b", "a", "C", "a/x"] {
        let unsuback = client.unsubscribe(lab.topic(stranger)).await;
        assert!(!lab.is_v5() || unsuback.codes == [0x11], "{stranger} was removed: {:02x?}", unsuback.codes);
        other.publish_all(&topics).await;
        let mut seen = client.receive_payloads().await;
        seen.dedup(); // One copy or one for each of the overlapping subscriptions.
        assert_eq!(seen, topics, "without {stranger}");
    }
    let unsuback = client.unsubscribe(lab.topic("a/+")).await;
    assert!(!lab.is_v5() || unsuback.codes == [0], "it was there");
    other.publish_all(&topics).await;
    assert_eq!(
        client.receive_payloads().await,
        [topics[0].as_str(), topics[2].as_str()],
        "the others are left"
    );
}

async fn each_unsubscribe_is_answered_by_one_unsuback_of_its_identifier(lab: Lab) {
    let mut client = lab.client("one").await;
    let ids = [1_u16, 65_535, 256];
    for id in ids {
        client.subscribe(lab.topic(&id.to_string()), 1).await;
    }
    let requests = ids.map(|id| Unsubscribe::new(id).filter(lab.topic(&id.to_string())).encode(lab.version));
    client.send(&requests.concat()).await;
    client.ping().await;
    let unsubacks = client.drain(Kind::UnsubAck);
    let seen: Vec<_> = unsubacks.into_iter().map(|unsuback| unsuback.bytes).collect();
    let due = ids.map(|id| {
        let [high, low] = id.to_be_bytes();
        if lab.is_v5() { vec![0xB0, 4, high, low, 0, 0] } else { vec![0xB0, 2, high, low] }
    });
    if lab.is_v5() {
        // Properties are the broker's choice: compare what is not.
        assert_eq!(
            seen.iter().map(|bytes| (bytes[0], &bytes[2..4], bytes.last())).collect::<Vec<_>>(),
            due.iter().map(|bytes| (bytes[0], &bytes[2..4], bytes.last())).collect::<Vec<_>>()
        );
    } else {
        assert_eq!(seen, due, "UNSUBACK is of four bytes");
    }
}

async fn an_unknown_filter_is_answered_too(lab: Lab) {
    let mut client = lab.client("one").await;
    // Before any subscription, and beside one; client.unsubscribe() compares the identifier.
    for _ in 0..2 {
        for stranger in ["never", "never/+", "#"] {
            let unsuback = client.unsubscribe(lab.topic(stranger)).await;
            assert!(!lab.is_v5() || unsuback.codes == [0x11], "no subscription existed");
        }
        client.subscribe(lab.topic("a"), 1).await;
    }
}

async fn many_filters_act_like_many_unsubscribes(lab: Lab) {
    let mut client = lab.client("one").await;
    let topics = ["a", "b", "c"].map(|name| lab.topic(name));
    for topic in &topics {
        client.subscribe(topic, 1).await;
    }
    let unsubscribe = Unsubscribe::new(9).filter(&topics[0]).filter(lab.topic("never")).filter(&topics[2]);
    // The same filter again: by then it is gone.
    client.send(&unsubscribe.filter(&topics[0]).encode(lab.version)).await;
    client.ping().await;
    let unsubacks = client.drain(Kind::UnsubAck);
    assert_eq!(unsubacks.iter().map(|unsuback| unsuback.id).collect::<Vec<_>>(), [9], "one for all");
    if lab.is_v5() {
        assert_eq!(unsubacks[0].codes, [0, 0x11, 0, 0x11], "in their order");
    }
    lab.client("other").await.publish_all(&topics).await;
    assert_eq!(client.receive_payloads().await, [topics[1].as_str()], "the one that was not named");
}

/// As with SUBACK: the codes fill the maximum to the last byte.
async fn unsuback_fits_the_maximum_packet_size(lab: Lab) {
    let (client, connack) = lab.connect("measure").accepted().await;
    client.leave().await;
    let max = connack.bytes.len().max(8);
    let limited =
        lab.connect("one").number(property::MAXIMUM_PACKET_SIZE, u32::try_from(max).expect("a size"));
    let mut client = limited.open().await;
    let filters = (5..max).map(|place| lab.topic(&place.to_string()));
    let unsubscribe = filters.fold(Unsubscribe::new(1), |all, filter| all.filter(filter));
    client.send(&unsubscribe.encode(lab.version)).await;
    let unsuback = client.take(Kind::UnsubAck).await;
    assert_eq!(unsuback.bytes.len(), max, "as large as it may be");
    assert!(unsuback.properties.0.is_empty(), "properties that did not fit");
    assert_eq!(unsuback.codes, vec![0x11; max - 5]);
}
