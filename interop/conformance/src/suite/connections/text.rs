//! Text fields: UTF-8 without U+0000 in every field, byte-order marks and the rest of Unicode kept as they are.

use super::{cut_off_for, watcher};
use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Properties, Publish, Subscribe, Will, frame, packet, text};

cases! {
    an_ill_formed_topic_or_filter_ends_the_connection: "MQTT5-1.5.4-1", "MQTT3-1.5.3-1", "TRAP5-9", "TRAP3-9";
    a_topic_or_filter_with_nul_ends_the_connection: "MQTT5-1.5.4-2", "MQTT3-1.5.3-2", "TRAP5-11", "TRAP3-11";
    an_ill_formed_client_identifier_is_refused: "MQTT5-3.1.3-4", "MQTT5-1.5.4-1", "MQTT5-1.5.4-2", "MQTT3-3.1.3-4", "MQTT3-1.5.3-1", "MQTT3-1.5.3-2", "TRAP5-10", "TRAP3-10";
    an_ill_formed_will_topic_is_refused: "MQTT5-3.1.3-11", "MQTT5-1.5.4-1", "MQTT5-1.5.4-2", "MQTT3-3.1.3-10", "MQTT3-1.5.3-1", "MQTT3-1.5.3-2";
    an_ill_formed_user_name_is_refused: "MQTT5-3.1.3-12", "MQTT5-1.5.4-1", "MQTT5-1.5.4-2", "MQTT3-3.1.3-11", "MQTT3-1.5.3-1", "MQTT3-1.5.3-2", "TRAP5-10", "TRAP3-10";
    an_ill_formed_user_property_ends_the_connection: "MQTT5-1.5.7-1", "MQTT5-1.5.4-2", "TRAP5-10";
    a_byte_order_mark_is_kept: "MQTT5-1.5.4-3", "MQTT3-1.5.3-3";
    control_characters_and_non_characters_pass_everywhere [OWN]: "TRAP5-12", "TRAP3-12";
}

async fn an_ill_formed_topic_or_filter_ends_the_connection(lab: Lab) {
    for bad in ILL_FORMED {
        has_no_place_in_topics_and_filters(&lab, bad).await;
    }
}

async fn a_topic_or_filter_with_nul_ends_the_connection(lab: Lab) {
    for bad in NUL {
        has_no_place_in_topics_and_filters(&lab, bad).await;
    }
}

/// PUBLISH with it is not forwarded nor retained, SUBSCRIBE and UNSUBSCRIBE with it are not acknowledged.
async fn has_no_place_in_topics_and_filters(lab: &Lab, bad: &[u8]) {
    let mut witness = watcher(lab).await;
    let topic = [lab.topic("").as_bytes(), bad].concat();
    for qos in 0..3 {
        let publish = Publish::new(&topic, "stray").retain().qos(qos, 1);
        cut_off_for(lab, &publish.encode(lab.version), &[0x81, 0x90]).await;
    }
    let subscribe = Subscribe::new(1).filter(&topic, 1).encode(lab.version);
    cut_off_for(lab, &subscribe, &[0x81, 0x8F]).await;
    let unsubscribe = crate::wire::Unsubscribe::new(1).filter(&topic).encode(lab.version);
    cut_off_for(lab, &unsubscribe, &[0x81, 0x8F]).await;
    witness.hears_nothing().await;
    witness.leave().await;
    let mut late = lab.subscriber("late", lab.topic("#"), 0).await;
    late.hears_nothing().await;
    late.leave().await;
}

async fn an_ill_formed_client_identifier_is_refused(lab: Lab) {
    for bad in ILL_FORMED.iter().chain(&NUL) {
        let opening = lab.connect("one");
        let id = [opening.connect.client_id.as_bytes(), bad].concat();
        let bytes = opening.connect.encode_with(0x02, &text(&id));
        opening.refused_as(&bytes, &[0x81, 0x85]).await;
    }
    // Other characters are either served or refused; Tidegate serves them.
    let id = lab.client_id("é€𝄞");
    let mut client = lab.connect("two").client_id(&id).send().await;
    let connack = client.next().await;
    assert!([0, if lab.is_v5() { 0x85 } else { 2 }].contains(&connack.code), "{:#04x}", connack.code);
}

async fn an_ill_formed_will_topic_is_refused(lab: Lab) {
    let mut witness = watcher(&lab).await;
    for bad in ILL_FORMED.iter().chain(&NUL) {
        let opening = lab.connect("one");
        let topic = [lab.topic("").as_bytes(), bad].concat();
        let id = text(opening.connect.client_id.as_bytes());
        let properties = if lab.is_v5() { &[0][..] } else { &[] };
        let payload = [&id[..], properties, &text(&topic), &text(b"stray")].concat();
        let bytes = opening.connect.encode_with(0x06, &payload);
        opening.refused_as(&bytes, &[0x81, 0x90]).await;
    }
    witness.hears_nothing().await;
}

async fn an_ill_formed_user_name_is_refused(lab: Lab) {
    for bad in ILL_FORMED.iter().chain(&NUL) {
        let opening = lab.connect("one");
        let payload = [text(opening.connect.client_id.as_bytes()), text(bad)].concat();
        let bytes = opening.connect.encode_with(0x82, &payload);
        opening.refused_as(&bytes, &[0x81]).await;
    }
}

async fn an_ill_formed_user_property_ends_the_connection(lab: Lab) {
    let mut witness = watcher(&lab).await;
    let topic = lab.topic("a");
    for bad in ILL_FORMED.iter().chain(&NUL) {
        for pair in [[text(bad), text(b"value")], [text(b"name"), text(bad)]] {
            let property = [&[0x26][..], &pair.concat()].concat();
            let properties = text(&property).split_off(1);
            cut_off_for(&lab, &packet(0x30, &[&text(topic.as_bytes()), &properties, b"stray"]), &[0x81])
                .await;
            let subscribe = [&[0, 1][..], &properties, &text(topic.as_bytes()), &[0]].concat();
            cut_off_for(&lab, &frame(0x82, &subscribe), &[0x81]).await;
        }
    }
    witness.hears_nothing().await;
    let fine = Publish::new(&topic, "").properties(Properties::default().user("é\u{feff}", "€𝄞"));
    lab.client("two").await.exchange_publish(fine).await;
    assert_eq!(witness.receive().await.properties.users(), [("é\u{feff}", "€𝄞")]);
}

async fn a_byte_order_mark_is_kept(lab: Lab) {
    let (plain, marked) = (lab.topic("a"), lab.topic("\u{feff}a"));
    let mut client = lab.subscriber("marked", &marked, 0).await;
    let mut other = lab.subscriber("plain", &plain, 0).await;
    client.publish_retained(&marked, "x", 0).await;
    let message = client.receive().await;
    assert_eq!(message.topic.as_bytes(), marked.as_bytes(), "every byte of it");
    other.hears_nothing().await;
    // At the very front too, where a decoder of text files would take it off.
    let first = format!("\u{feff}{plain}");
    let mut front = lab.subscriber("front", &first, 0).await;
    front.publish(&first, "y", 0).await;
    assert_eq!(front.receive().await.topic.as_bytes(), first.as_bytes());
    other.hears_nothing().await;
    // In a client identifier it makes another client.
    let id = lab.client_id("same");
    let mut one = lab.connect("one").client_id(&id).open().await;
    let _two = lab.connect("two").client_id(&format!("\u{feff}{id}")).open().await;
    one.ping().await;
}

async fn control_characters_and_non_characters_pass_everywhere(lab: Lab) {
    for character in ['\u{1}', '\u{7f}', '\u{9f}', '\u{fdd0}', '\u{fffe}', '\u{10ffff}'] {
        let topic = lab.topic(&format!("{character}/b"));
        let opening = lab.connect("one").client_id(&lab.client_id(&character.to_string()));
        let will = Will::new(&topic, "will");
        let mut client = opening.user_name(&character.to_string()).will(will).open().await;
        client.publish_retained(&topic, "retained", 1).await;
        let mut other = lab.subscriber("two", &topic, 1).await;
        let message = other.receive().await;
        assert_eq!((message.topic.as_str(), message.payload.as_slice()), (topic.as_str(), &b"retained"[..]));
        client.publish(&topic, "live", 2).await;
        assert_eq!(other.receive().await.topic, topic);
        client.cut().await;
        assert_eq!(other.receive().await.payload, b"will");
        other.leave().await;
    }
}

/// A lone surrogate, an overlong NUL, a byte that UTF-8 never has, a character beyond the last, a sequence cut off.
const ILL_FORMED: [&[u8]; 5] = [b"\xED\xA0\x80", b"\xC0\x80", b"a\xFFb", b"\xF4\x90\x80\x80", b"\xE2\x82"];
/// U+0000 alone, and within a text.
const NUL: [&[u8]; 2] = [b"\0", b"a\0b"];
