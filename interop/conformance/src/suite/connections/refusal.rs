//! A CONNECT that is refused: what is said, what is not carried out, and that the link ends.

use super::{refused, watcher};
use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Properties, Publish, Subscribe, Version, Will, frame, property, text};

cases! {
    a_connect_against_its_format_is_refused: "MQTT5-3.1.4-1", "MQTT3-3.1.4-1";
    properties_that_connect_cannot_have_are_refused: "MQTT5-3.1.4-1";
    a_connect_that_asks_for_too_much_is_refused: "MQTT5-3.1.4-2", "MQTT5-3.2.2-7", "MQTT5-3.2.2-8", "MQTT3-3.2.2-5";
    a_will_above_the_maximum_qos_has_no_code_before_5 [QOS_1]: "MQTT3-3.2.2-6";
    nothing_behind_a_refused_connect_is_carried_out: "MQTT5-3.1.4-6", "MQTT5-3.1.4-2", "MQTT3-3.1.4-5";
    a_refusal_never_says_that_a_session_is_present: "MQTT5-3.2.2-6", "MQTT3-3.2.2-4", "TRAP5-103", "TRAP3-103";
    codes_of_refusals_are_those_of_the_table: "MQTT5-3.2.2-8", "MQTT3-3.2.2-6";
}

async fn a_connect_against_its_format_is_refused(lab: Lab) {
    let whole = lab.connect("one").connect.encode();
    // The header is right, the body ends early; `whole` has a fixed header of two bytes.
    for len in 9..whole.len() - 2 {
        lab.connect("one").refused_as(&frame(0x10, &whole[2..2 + len]), &[0x81, 0x82]).await;
    }
    let longer = [&whole[2..], &[0]].concat();
    lab.connect("one").refused_as(&frame(0x10, &longer), &[0x81, 0x82]).await;
    for flags in [0x03, 0x0A, 0x22] {
        let opening = lab.connect("one");
        let bytes = opening.connect.encode_with(flags, &text(opening.connect.client_id.as_bytes()));
        opening.refused_as(&bytes, &[0x81, 0x82]).await;
    }
    lab.client("one").await.ping().await;
}

async fn properties_that_connect_cannot_have_are_refused(lab: Lab) {
    let number = |id, value| Properties::default().number(id, value);
    let wrong = [
        (number(property::RECEIVE_MAXIMUM, 0), [0x82, 0x81]),
        (number(property::MAXIMUM_PACKET_SIZE, 0), [0x82, 0x81]),
        (number(property::REQUEST_PROBLEM_INFORMATION, 2), [0x82, 0x81]),
        (number(property::SESSION_EXPIRY, 1).number(property::SESSION_EXPIRY, 1), [0x82, 0x81]),
        (number(property::TOPIC_ALIAS, 1), [0x81, 0x82]),
        (number(property::WILL_DELAY, 1), [0x81, 0x82]),
        (Properties::default().binary(property::AUTHENTICATION_DATA, b"x"), [0x82, 0x81]),
    ];
    for (properties, codes) in wrong {
        let mut opening = lab.connect("one");
        opening.connect.properties = properties;
        opening.refused(&codes).await;
    }
    // A property that there is not.
    let opening = lab.connect("one");
    let mut body = text(b"MQTT");
    body.extend([5, 2, 0, 0, 2, 0x7E, 0]);
    body.extend(text(opening.connect.client_id.as_bytes()));
    opening.refused_as(&frame(0x10, &body), &[0x81, 0x82]).await;
}

async fn a_connect_that_asks_for_too_much_is_refused(lab: Lab) {
    for _ in 0..3 {
        let (opening, codes) = refused(&lab, "one");
        opening.refused(codes).await;
    }
    // The client is as welcome as before.
    lab.client("one").await.ping().await;
}

/// None of the six return codes says it: the link is closed without a CONNACK.
async fn a_will_above_the_maximum_qos_has_no_code_before_5(lab: Lab) {
    let mut watcher = lab.subscriber("watcher", lab.topic("will"), 1).await;
    let opening = lab.connect("one").will(Will::new(lab.topic("will"), "stray").qos(2));
    opening.refused(&[]).await;
    lab.hears_no_will(&mut watcher).await;
}

async fn nothing_behind_a_refused_connect_is_carried_out(lab: Lab) {
    let topic = lab.topic("a");
    let mut witness = watcher(&lab).await;
    let (opening, codes) = refused(&lab, "one");
    let bytes = [
        opening.connect.encode(),
        Publish::new(&topic, "stray").encode(lab.version),
        Publish::new(&topic, "stray").retain().qos(1, 1).encode(lab.version),
        Subscribe::new(2).filter(&topic, 1).encode(lab.version),
        vec![0xC0, 0],
    ];
    opening.refused_as(&bytes.concat(), codes).await;
    witness.hears_nothing().await;
    lab.subscriber("late", &topic, 1).await.hears_nothing().await;
    // The same behind a malformed one.
    let opening = lab.connect("one");
    let mut connect = opening.connect.clone();
    connect.clean = false;
    let malformed = connect.encode_with(0x01, &text(connect.client_id.as_bytes()));
    let publish = Publish::new(&topic, "stray").encode(lab.version);
    opening.refused_as(&[malformed, publish].concat(), &[0x81, 0x82]).await;
    witness.hears_nothing().await;
}

async fn a_refusal_never_says_that_a_session_is_present(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.connect("one").kept().open().await;
    client.subscribe(&topic, 1).await;
    client.leave().await;
    if lab.is_v5() {
        let method = lab.connect("one").kept().text(property::AUTHENTICATION_METHOD, "X-NONE");
        method.refused(&[0x8C, 0x87]).await;
    }
    // A CONNECT of that client in a version that nobody knows, not clean.
    let opening = lab.connect("one").version(Version::V3).clean(false);
    let mut bytes = opening.connect.encode();
    bytes[8] = 6;
    let answer = opening.send_as(&bytes).await.bytes_to_end().await;
    assert!(answer.get(2).is_none_or(|flags| *flags == 0), "{answer:02x?}");
    assert!(lab.is_v5() || answer == [0x20, 2, 0, 1], "{answer:02x?}");
    // The session took no harm.
    assert!(lab.connect("one").kept().accepted().await.1.session_present);
}

/// The reader of the suite refuses others, in every test; here are as many refusals as this broker has for any.
async fn codes_of_refusals_are_those_of_the_table(lab: Lab) {
    let (opening, _) = refused(&lab, "one");
    let will = Will::new(lab.topic("#"), "x");
    let faults = [
        opening.connect.encode(),
        lab.connect("one").will(will).connect.encode(),
        lab.connect("one").will(Will::new("", "x")).connect.encode(),
        lab.connect("one").connect.encode_with(0x03, &text(b"x")),
        lab.connect("one").connect.encode_with(0xFF, &text(b"x")),
    ];
    for bytes in faults {
        let packets = lab.connect("one").send_as(&bytes).await.wait_for_end().await;
        let legal = |code| if lab.is_v5() { code >= 0x80 } else { (1..=5).contains(&code) };
        let told = packets.iter().all(|packet| packet.kind == Kind::ConnAck && legal(packet.code));
        assert!(told && packets.len() < 2, "{packets:?}");
    }
}
