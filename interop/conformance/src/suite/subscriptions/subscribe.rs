//! Tests invalid SUBSCRIBE packets: the broker closes the connection and grants no subscription.

use crate::case::cases;
use crate::client::{MALFORMED, PROTOCOL_ERROR};
use crate::harness::Harness;
use crate::wire::{Subscribe, length_prefixed};

cases! {
    subscribe_with_wrong_flags_ends_the_connection: "MQTT5-3.8.1-1", "MQTT3-3.8.1-1";
    a_filter_that_is_not_utf_8_ends_the_connection: "MQTT5-3.8.3-1", "MQTT3-3.8.3-1";
    subscribe_without_filters_ends_the_connection: "MQTT5-3.8.3-2", "MQTT3-3.8.3-3";
    reserved_options_end_the_connection: "MQTT5-3.8.3-5", "MQTT3-3.8.3-4", "TRAP5-27";
    no_part_of_an_invalid_subscribe_is_processed [TIDEGATE_ONLY]: "MQTT5-3.8.3-5", "MQTT3-3.8.3-4";
}

async fn subscribe_with_wrong_flags_ends_the_connection(harness: Harness) {
    let good = Subscribe::new(1).filter(harness.topic("a"), 0).encode(harness.version);
    for first in [0x80, 0x81, 0x83, 0x86, 0x8A, 0x8F] {
        let bytes = [&[first], &good[1..]].concat();
        harness.expect_close_after(&bytes, MALFORMED).await;
    }
    let mut client = harness.client("fine").await;
    client.subscribe(harness.topic("a"), 0).await;
}

async fn a_filter_that_is_not_utf_8_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    // The filters contain an invalid byte, a truncated sequence, an overlong slash, a surrogate, and a code point
    // beyond U+10FFFF.
    for bad in [&b"\xFF"[..], b"a/\xC3", b"\xC0\xAF", b"\xED\xA0\x80", b"\xF4\x90\x80\x80"] {
        let alone = Subscribe::new(1).filter(bad, 0);
        harness.expect_close_after(&alone.encode(harness.version), MALFORMED).await;
        let second = Subscribe::new(1).filter(&topic, 0).filter(bad, 0);
        harness.expect_close_after(&second.encode(harness.version), MALFORMED).await;
    }
}

async fn subscribe_without_filters_ends_the_connection(harness: Harness) {
    harness.expect_close_after(&harness.request(0x82, &[]), PROTOCOL_ERROR).await;
    // The packet ends before the options byte of its filter.
    let bare = harness.request(0x82, &length_prefixed(harness.topic("a").as_bytes()));
    harness.expect_close_after(&bare, MALFORMED).await;
}

async fn reserved_options_end_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    // The options bytes have reserved bits set, or in 5.0 the reserved values QoS 3 and Retain Handling 3.
    let (bits, values): (&[u8], &[u8]) = if harness.is_v5() {
        (&[0x40, 0x80, 0xC1], &[0x03, 0x30, 0x33])
    } else {
        (&[0x03, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x83], &[])
    };
    for (options, codes) in [(bits, MALFORMED), (values, PROTOCOL_ERROR)] {
        for options in options {
            let subscribe = Subscribe::new(1).filter(&topic, *options);
            harness.expect_close_after(&subscribe.encode(harness.version), codes).await;
        }
    }
}

/// The SUBSCRIBE has a valid filter before the invalid one. Tidegate does not process the valid filter either; the
/// standard only demands that the broker closes the connection.
async fn no_part_of_an_invalid_subscribe_is_processed(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect("kept").persistent().open().await;
    let invalid = Subscribe::new(1).filter(&topic, 1).filter(&topic, 0x83);
    client.send(&invalid.encode(harness.version)).await;
    client.expect_close_without_answer(MALFORMED).await;
    let mut client = harness.connect("kept").persistent().open().await;
    harness.client("other").await.publish(&topic, "x", 1).await;
    client.expect_no_message().await;
}
