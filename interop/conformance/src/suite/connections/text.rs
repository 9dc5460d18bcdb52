//! Tests that the broker accepts only UTF-8 strings without U+0000, in every field, and forwards byte-order marks and
//! all other characters unchanged.

use super::{expect_close_after, watcher};
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{
    Properties, Publish, Subscribe, Will, length_prefixed, packet_from_parts, packet_with_body,
};

cases! {
    an_ill_formed_topic_or_filter_ends_the_connection: "MQTT5-1.5.4-1", "MQTT3-1.5.3-1", "TRAP5-9", "TRAP3-9";
    a_topic_or_filter_with_nul_ends_the_connection: "MQTT5-1.5.4-2", "MQTT3-1.5.3-2", "TRAP5-11", "TRAP3-11";
    an_ill_formed_client_identifier_is_refused: "MQTT5-3.1.3-4", "MQTT5-1.5.4-1", "MQTT5-1.5.4-2", "MQTT3-3.1.3-4", "MQTT3-1.5.3-1", "MQTT3-1.5.3-2", "TRAP5-10", "TRAP3-10";
    an_ill_formed_will_topic_is_refused: "MQTT5-3.1.3-11", "MQTT5-1.5.4-1", "MQTT5-1.5.4-2", "MQTT3-3.1.3-10", "MQTT3-1.5.3-1", "MQTT3-1.5.3-2";
    an_ill_formed_user_name_is_refused: "MQTT5-3.1.3-12", "MQTT5-1.5.4-1", "MQTT5-1.5.4-2", "MQTT3-3.1.3-11", "MQTT3-1.5.3-1", "MQTT3-1.5.3-2", "TRAP5-10", "TRAP3-10";
    an_ill_formed_user_property_ends_the_connection: "MQTT5-1.5.7-1", "MQTT5-1.5.4-2", "TRAP5-10";
    a_byte_order_mark_is_kept: "MQTT5-1.5.4-3", "MQTT3-1.5.3-3";
    control_characters_and_non_characters_are_accepted_everywhere [TIDEGATE_ONLY]: "TRAP5-12", "TRAP3-12";
}

async fn an_ill_formed_topic_or_filter_ends_the_connection(harness: Harness) {
    for bad in ILL_FORMED_STRINGS {
        assert_refused_in_topics_and_filters(&harness, bad).await;
    }
}

async fn a_topic_or_filter_with_nul_ends_the_connection(harness: Harness) {
    for bad in STRINGS_WITH_NUL {
        assert_refused_in_topics_and_filters(&harness, bad).await;
    }
}

/// Checks that the broker neither forwards nor retains a PUBLISH whose topic ends with `bad`, and does not acknowledge
/// SUBSCRIBE or UNSUBSCRIBE with such a filter.
async fn assert_refused_in_topics_and_filters(harness: &Harness, bad: &[u8]) {
    let mut observer = watcher(harness).await;
    let topic = [harness.topic("").as_bytes(), bad].concat();
    for qos in 0..3 {
        let publish = Publish::new(&topic, "stray").retain().qos(qos, 1);
        expect_close_after(harness, &publish.encode(harness.version), &[0x81, 0x90]).await;
    }
    let subscribe = Subscribe::new(1).filter(&topic, 1).encode(harness.version);
    expect_close_after(harness, &subscribe, &[0x81, 0x8F]).await;
    let unsubscribe = crate::wire::Unsubscribe::new(1).filter(&topic).encode(harness.version);
    expect_close_after(harness, &unsubscribe, &[0x81, 0x8F]).await;
    observer.expect_no_message().await;
    observer.disconnect().await;
    let mut late = harness.subscriber("late", harness.topic("#"), 0).await;
    late.expect_no_message().await;
    late.disconnect().await;
}

async fn an_ill_formed_client_identifier_is_refused(harness: Harness) {
    for bad in ILL_FORMED_STRINGS.iter().chain(&STRINGS_WITH_NUL) {
        let builder = harness.connect("one");
        let id = [builder.connect.client_id.as_bytes(), bad].concat();
        let bytes = builder.connect.encode_with(0x02, &length_prefixed(&id));
        builder.expect_bytes_refused(&bytes, &[0x81, 0x85]).await;
    }
    // A broker may accept or refuse client identifiers with characters other than ASCII letters and digits. Tidegate
    // accepts them.
    let id = harness.client_id("é€𝄞");
    let mut client = harness.connect("two").client_id(&id).send().await;
    let connack = client.next().await;
    assert!([0, if harness.is_v5() { 0x85 } else { 2 }].contains(&connack.code), "{:#04x}", connack.code);
}

async fn an_ill_formed_will_topic_is_refused(harness: Harness) {
    let mut observer = watcher(&harness).await;
    for bad in ILL_FORMED_STRINGS.iter().chain(&STRINGS_WITH_NUL) {
        let builder = harness.connect("one");
        let topic = [harness.topic("").as_bytes(), bad].concat();
        let id = length_prefixed(builder.connect.client_id.as_bytes());
        let properties = if harness.is_v5() { &[0][..] } else { &[] };
        let payload = [&id[..], properties, &length_prefixed(&topic), &length_prefixed(b"stray")].concat();
        let bytes = builder.connect.encode_with(0x06, &payload);
        builder.expect_bytes_refused(&bytes, &[0x81, 0x90]).await;
    }
    observer.expect_no_message().await;
}

async fn an_ill_formed_user_name_is_refused(harness: Harness) {
    for bad in ILL_FORMED_STRINGS.iter().chain(&STRINGS_WITH_NUL) {
        let builder = harness.connect("one");
        let payload = [length_prefixed(builder.connect.client_id.as_bytes()), length_prefixed(bad)].concat();
        let bytes = builder.connect.encode_with(0x82, &payload);
        builder.expect_bytes_refused(&bytes, &[0x81]).await;
    }
}

async fn an_ill_formed_user_property_ends_the_connection(harness: Harness) {
    let mut observer = watcher(&harness).await;
    let topic = harness.topic("a");
    for bad in ILL_FORMED_STRINGS.iter().chain(&STRINGS_WITH_NUL) {
        for pair in [
            [length_prefixed(bad), length_prefixed(b"value")],
            [length_prefixed(b"name"), length_prefixed(bad)],
        ] {
            let property = [&[0x26][..], &pair.concat()].concat();
            let properties = length_prefixed(&property).split_off(1);
            expect_close_after(
                &harness,
                &packet_from_parts(0x30, &[&length_prefixed(topic.as_bytes()), &properties, b"stray"]),
                &[0x81],
            )
            .await;
            let subscribe = [&[0, 1][..], &properties, &length_prefixed(topic.as_bytes()), &[0]].concat();
            expect_close_after(&harness, &packet_with_body(0x82, &subscribe), &[0x81]).await;
        }
    }
    observer.expect_no_message().await;
    let fine = Publish::new(&topic, "").properties(Properties::default().user("é\u{feff}", "€𝄞"));
    harness.client("two").await.exchange_publish(fine).await;
    assert_eq!(observer.receive().await.properties.user_properties(), [("é\u{feff}", "€𝄞")]);
}

async fn a_byte_order_mark_is_kept(harness: Harness) {
    let (plain, publisher_with_marker) = (harness.topic("a"), harness.topic("\u{feff}a"));
    let mut client = harness.subscriber("marked", &publisher_with_marker, 0).await;
    let mut other = harness.subscriber("plain", &plain, 0).await;
    client.publish_retained(&publisher_with_marker, "x", 0).await;
    let message = client.receive().await;
    assert_eq!(message.topic.as_bytes(), publisher_with_marker.as_bytes(), "every byte is unchanged");
    other.expect_no_message().await;
    // The byte-order mark is also kept as the first character, where a decoder for text files would remove it.
    let first = format!("\u{feff}{plain}");
    let mut front = harness.subscriber("front", &first, 0).await;
    front.publish(&first, "y", 0).await;
    assert_eq!(front.receive().await.topic.as_bytes(), first.as_bytes());
    other.expect_no_message().await;
    // Client identifiers with and without the byte-order mark belong to two different clients.
    let id = harness.client_id("same");
    let mut one = harness.connect("one").client_id(&id).open().await;
    let _two = harness.connect("two").client_id(&format!("\u{feff}{id}")).open().await;
    one.ping().await;
}

async fn control_characters_and_non_characters_are_accepted_everywhere(harness: Harness) {
    for character in ['\u{1}', '\u{7f}', '\u{9f}', '\u{fdd0}', '\u{fffe}', '\u{10ffff}'] {
        let topic = harness.topic(&format!("{character}/b"));
        let builder = harness.connect("one").client_id(&harness.client_id(&character.to_string()));
        let will = Will::new(&topic, "will");
        let mut client = builder.user_name(&character.to_string()).will(will).open().await;
        client.publish_retained(&topic, "retained", 1).await;
        let mut other = harness.subscriber("two", &topic, 1).await;
        let message = other.receive().await;
        assert_eq!((message.topic.as_str(), message.payload.as_slice()), (topic.as_str(), &b"retained"[..]));
        client.publish(&topic, "live", 2).await;
        assert_eq!(other.receive().await.topic, topic);
        client.drop_connection().await;
        assert_eq!(other.receive().await.payload, b"will");
        other.disconnect().await;
    }
}

/// Ill-formed UTF-8: a lone surrogate, an overlong NUL, a byte that never occurs in UTF-8, a code point beyond
/// U+10FFFF, and a truncated sequence.
const ILL_FORMED_STRINGS: [&[u8]; 5] =
    [b"\xED\xA0\x80", b"\xC0\x80", b"a\xFFb", b"\xF4\x90\x80\x80", b"\xE2\x82"];
/// Strings with U+0000: alone, and between other characters.
const STRINGS_WITH_NUL: [&[u8]; 2] = [b"\0", b"a\0b"];
