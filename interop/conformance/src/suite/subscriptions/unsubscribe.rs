//! Tests UNSUBSCRIBE and UNSUBACK: which subscription the broker removes, and what it answers.

use crate::case::cases;
use crate::client::{MALFORMED, PROTOCOL_ERROR};
use crate::harness::Harness;
use crate::wire::{PacketType, Unsubscribe, length_prefixed, property};

cases! {
    unsubscribe_with_wrong_flags_ends_the_connection: "MQTT5-3.10.1-1", "MQTT3-3.10.1-1";
    a_filter_that_is_not_utf_8_ends_the_connection: "MQTT5-3.10.3-1", "MQTT3-3.10.3-1";
    unsubscribe_without_filters_ends_the_connection: "MQTT5-3.10.3-2", "MQTT3-3.10.3-2";
    only_the_identical_filter_is_removed: "MQTT5-3.10.4-1", "MQTT3-3.10.4-1";
    each_unsubscribe_is_answered_by_one_unsuback_of_its_identifier: "MQTT5-3.10.4-4", "MQTT5-3.10.4-5", "MQTT3-3.10.4-4", "TRAP5-116", "TRAP3-116";
    an_unknown_filter_is_answered_too: "MQTT5-3.10.4-5", "MQTT5-3.11.3-2", "MQTT3-3.10.4-5", "TRAP5-116", "TRAP3-116";
    many_filters_act_like_many_unsubscribes: "MQTT5-3.10.4-6", "MQTT5-3.11.3-1", "MQTT5-3.11.3-2", "MQTT3-3.10.4-6";
    unsuback_fits_the_maximum_packet_size: "MQTT5-3.11.2-1", "MQTT5-3.11.2-2";
}

async fn unsubscribe_with_wrong_flags_ends_the_connection(harness: Harness) {
    let good = Unsubscribe::new(1).filter(harness.topic("a")).encode(harness.version);
    for first in [0xA0, 0xA1, 0xA3, 0xA6, 0xAA, 0xAF] {
        let bytes = [&[first], &good[1..]].concat();
        harness.expect_close_after(&bytes, MALFORMED).await;
    }
}

async fn a_filter_that_is_not_utf_8_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    for bad in [&b"\xFF"[..], b"a/\xC3", b"\xC0\xAF", b"\xED\xA0\x80", b"\xF4\x90\x80\x80"] {
        harness.expect_close_after(&Unsubscribe::new(1).filter(bad).encode(harness.version), MALFORMED).await;
        let second = Unsubscribe::new(1).filter(&topic).filter(bad);
        harness.expect_close_after(&second.encode(harness.version), MALFORMED).await;
    }
    // The truncated packet ends after the length of the second filter.
    let truncated = [length_prefixed(topic.as_bytes()), vec![0, 9]].concat();
    harness.expect_close_after(&harness.request(0xA2, &truncated), MALFORMED).await;
}

async fn unsubscribe_without_filters_ends_the_connection(harness: Harness) {
    harness.expect_close_after(&harness.request(0xA2, &[]), PROTOCOL_ERROR).await;
}

async fn only_the_identical_filter_is_removed(harness: Harness) {
    let mut client = harness.client("one").await;
    client.subscribe(harness.topic("a/+"), 0).await;
    client.subscribe(harness.topic("a/b"), 0).await;
    client.subscribe(harness.topic("c"), 0).await;
    let mut other = harness.client("other").await;
    let topics = ["a/b", "a/x", "c"].map(|name| harness.topic(name));
    // These filters match the same topics as the client's subscriptions, or look similar.
    for other_filter in ["a/#", "#", "+/+", "a/B", "A/+", "a/b/", "/a/b", "a//b", "a", "C", "a/x"] {
        let unsuback = client.unsubscribe(harness.topic(other_filter)).await;
        assert!(
            !harness.is_v5() || unsuback.codes == [0x11],
            "{other_filter} was removed: {:02x?}",
            unsuback.codes
        );
        other.publish_all(&topics).await;
        let mut seen = client.receive_payloads().await;
        seen.dedup(); // The broker may send a copy per overlapping subscription.
        assert_eq!(seen, topics, "after unsubscribing from {other_filter}");
    }
    let unsuback = client.unsubscribe(harness.topic("a/+")).await;
    assert!(!harness.is_v5() || unsuback.codes == [0], "the subscription existed");
    other.publish_all(&topics).await;
    assert_eq!(
        client.receive_payloads().await,
        [topics[0].as_str(), topics[2].as_str()],
        "the other subscriptions remain"
    );
}

async fn each_unsubscribe_is_answered_by_one_unsuback_of_its_identifier(harness: Harness) {
    let mut client = harness.client("one").await;
    let ids = [1_u16, 65_535, 256];
    for id in ids {
        client.subscribe(harness.topic(&id.to_string()), 1).await;
    }
    let requests =
        ids.map(|id| Unsubscribe::new(id).filter(harness.topic(&id.to_string())).encode(harness.version));
    client.send(&requests.concat()).await;
    client.ping().await;
    let unsubacks = client.drain(PacketType::UnsubAck);
    let seen: Vec<_> = unsubacks.into_iter().map(|unsuback| unsuback.bytes).collect();
    let expected = ids.map(|id| {
        let [high, low] = id.to_be_bytes();
        if harness.is_v5() { vec![0xB0, 4, high, low, 0, 0] } else { vec![0xB0, 2, high, low] }
    });
    if harness.is_v5() {
        // The broker may add properties, so compare only the other fields.
        assert_eq!(
            seen.iter().map(|bytes| (bytes[0], &bytes[2..4], bytes.last())).collect::<Vec<_>>(),
            expected.iter().map(|bytes| (bytes[0], &bytes[2..4], bytes.last())).collect::<Vec<_>>()
        );
    } else {
        assert_eq!(seen, expected, "UNSUBACK has four bytes");
    }
}

async fn an_unknown_filter_is_answered_too(harness: Harness) {
    let mut client = harness.client("one").await;
    // In the first round, the client has no subscription; in the second, it has a subscription to another filter.
    // `Client::unsubscribe` checks the packet identifier of UNSUBACK.
    for _ in 0..2 {
        for unknown in ["never", "never/+", "#"] {
            let unsuback = client.unsubscribe(harness.topic(unknown)).await;
            assert!(!harness.is_v5() || unsuback.codes == [0x11], "no subscription existed");
        }
        client.subscribe(harness.topic("a"), 1).await;
    }
}

async fn many_filters_act_like_many_unsubscribes(harness: Harness) {
    let mut client = harness.client("one").await;
    let topics = ["a", "b", "c"].map(|name| harness.topic(name));
    for topic in &topics {
        client.subscribe(topic, 1).await;
    }
    let unsubscribe =
        Unsubscribe::new(9).filter(&topics[0]).filter(harness.topic("never")).filter(&topics[2]);
    // The UNSUBSCRIBE ends with its first filter again. The broker has already removed that subscription when it
    // reaches the repetition.
    client.send(&unsubscribe.filter(&topics[0]).encode(harness.version)).await;
    client.ping().await;
    let unsubacks = client.drain(PacketType::UnsubAck);
    assert_eq!(
        unsubacks.iter().map(|unsuback| unsuback.id).collect::<Vec<_>>(),
        [9],
        "one UNSUBACK for all filters"
    );
    if harness.is_v5() {
        assert_eq!(unsubacks[0].codes, [0, 0x11, 0, 0x11], "codes in the order of the filters");
    }
    harness.client("other").await.publish_all(&topics).await;
    assert_eq!(client.receive_payloads().await, [topics[1].as_str()], "the remaining subscription");
}

/// Uses the size of CONNACK as the client's Maximum Packet Size. The UNSUBSCRIBE has as many filters as an UNSUBACK of
/// that size has room for codes.
async fn unsuback_fits_the_maximum_packet_size(harness: Harness) {
    let (client, connack) = harness.connect("measure").open_with_connack().await;
    client.disconnect().await;
    let max = connack.bytes.len().max(8);
    let limited =
        harness.connect("one").number(property::MAXIMUM_PACKET_SIZE, u32::try_from(max).expect("a size"));
    let mut client = limited.open().await;
    let filters = (5..max).map(|index| harness.topic(&index.to_string()));
    let unsubscribe = filters.fold(Unsubscribe::new(1), |all, filter| all.filter(filter));
    client.send(&unsubscribe.encode(harness.version)).await;
    let unsuback = client.next_of(PacketType::UnsubAck).await;
    assert_eq!(unsuback.bytes.len(), max, "UNSUBACK has exactly the maximum size");
    assert!(unsuback.properties.0.is_empty(), "UNSUBACK has properties that do not fit");
    assert_eq!(unsuback.codes, vec![0x11; max - 5]);
}
