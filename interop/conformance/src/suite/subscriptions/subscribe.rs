//! SUBSCRIBE packets that are none: each ends its connection, and nothing is granted.

use crate::case::cases;
use crate::client::{MALFORMED, PROTOCOL_ERROR};
use crate::lab::Lab;
use crate::wire::{Subscribe, text};

cases! {
    subscribe_with_other_flags_ends_the_connection: "MQTT5-3.8.1-1", "MQTT3-3.8.1-1";
    a_filter_that_is_no_utf_8_ends_the_connection: "MQTT5-3.8.3-1", "MQTT3-3.8.3-1";
    subscribe_without_filters_ends_the_connection: "MQTT5-3.8.3-2", "MQTT3-3.8.3-3";
    options_that_are_reserved_end_the_connection: "MQTT5-3.8.3-5", "MQTT3-3.8.3-4", "TRAP5-27";
    nothing_of_a_bad_subscribe_is_carried_out [OWN]: "MQTT5-3.8.3-5", "MQTT3-3.8.3-4";
}

async fn subscribe_with_other_flags_ends_the_connection(lab: Lab) {
    let good = Subscribe::new(1).filter(lab.topic("a"), 0).encode(lab.version);
    for first in [0x80, 0x81, 0x83, 0x86, 0x8A, 0x8F] {
        let bytes = [&[first], &good[1..]].concat();
        lab.ends_connection(&bytes, MALFORMED).await;
    }
    let mut client = lab.client("fine").await;
    client.subscribe(lab.topic("a"), 0).await;
}

async fn a_filter_that_is_no_utf_8_ends_the_connection(lab: Lab) {
    let topic = lab.topic("a");
    // A stray byte, one cut short, an overlong slash, a surrogate, beyond the last code point.
    for bad in [&b"\xFF"[..], b"a/\xC3", b"\xC0\xAF", b"\xED\xA0\x80", b"\xF4\x90\x80\x80"] {
        let alone = Subscribe::new(1).filter(bad, 0);
        lab.ends_connection(&alone.encode(lab.version), MALFORMED).await;
        let behind = Subscribe::new(1).filter(&topic, 0).filter(bad, 0);
        lab.ends_connection(&behind.encode(lab.version), MALFORMED).await;
    }
}

async fn subscribe_without_filters_ends_the_connection(lab: Lab) {
    lab.ends_connection(&lab.request(0x82, &[]), PROTOCOL_ERROR).await;
    // A filter without its options is no pair of filter and options.
    let bare = lab.request(0x82, &text(lab.topic("a").as_bytes()));
    lab.ends_connection(&bare, MALFORMED).await;
}

async fn options_that_are_reserved_end_the_connection(lab: Lab) {
    let topic = lab.topic("a");
    // Bits that nothing uses, and in 5.0 values that nothing means: QoS 3, Retain Handling 3.
    let (bits, values): (&[u8], &[u8]) = if lab.is_v5() {
        (&[0x40, 0x80, 0xC1], &[0x03, 0x30, 0x33])
    } else {
        (&[0x03, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x83], &[])
    };
    for (options, codes) in [(bits, MALFORMED), (values, PROTOCOL_ERROR)] {
        for options in options {
            let subscribe = Subscribe::new(1).filter(&topic, *options);
            lab.ends_connection(&subscribe.encode(lab.version), codes).await;
        }
    }
}

/// Not even the filter in front of the bad one. The standard says no more than that the connection ends.
async fn nothing_of_a_bad_subscribe_is_carried_out(lab: Lab) {
    let topic = lab.topic("a");
    let mut kept = lab.connect("kept").kept().open().await;
    let behind = Subscribe::new(1).filter(&topic, 1).filter(&topic, 0x83);
    kept.send(&behind.encode(lab.version)).await;
    kept.is_cut_off_unanswered(MALFORMED).await;
    let mut kept = lab.connect("kept").kept().open().await;
    lab.client("other").await.publish(&topic, "x", 1).await;
    kept.hears_nothing().await;
}
