//! DISCONNECT from the broker: when, with which reason, how large; it is the last word.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Connect, Kind, Properties, Publish, Subscribe, Will, property};

cases! {
    no_disconnect_before_a_successful_connack: "MQTT5-3.14.0-1";
    a_farewell_has_a_listed_reason_and_is_the_last_word: "MQTT5-3.14.2-1", "MQTT5-3.14.2-2", "MQTT5-3.14.4-1", "MQTT5-3.14.4-2";
    a_farewell_fits_the_maximum_packet_size: "MQTT5-3.14.2-3", "MQTT5-3.14.2-4";
    who_is_taken_over_hears_so_and_no_more: "MQTT5-3.14.2-2", "MQTT5-3.14.4-1", "MQTT5-3.14.4-2";
}

async fn no_disconnect_before_a_successful_connack(lab: Lab) {
    for bytes in bad_beginnings(&lab) {
        let mut client = lab.connect("one").send_as(&bytes).await;
        let packets = client.wait_for_end().await;
        let refusals = packets.iter().all(|packet| packet.kind == Kind::ConnAck && packet.code >= 0x80);
        assert!(refusals && packets.len() <= 1, "{bytes:02x?}: {packets:?}");
    }
}

/// First packets that no broker takes. Not the level of a version to come: its CONNACK may look otherwise.
fn bad_beginnings(lab: &Lab) -> Vec<Vec<u8>> {
    let changed = |change: &dyn Fn(&mut Connect)| {
        let mut connect = lab.connect("one").connect;
        change(&mut connect);
        connect.encode()
    };
    let connect = lab.connect("one").connect;
    let payload = [&[0, 1], &b"c"[..]].concat();
    vec![
        connect.encode_with(0x03, &payload),
        connect.encode_with(0x1E, &payload),
        connect.encode_with(0x02, &[0, 9, b'c']),
        changed(&|connect| connect.properties = Properties::default().number(property::RECEIVE_MAXIMUM, 0)),
        changed(&|connect| {
            let twice = Properties::default().number(property::SESSION_EXPIRY, 1);
            connect.properties = twice.number(property::SESSION_EXPIRY, 1);
        }),
        changed(&|connect| {
            connect.properties = Properties::default().text(property::AUTHENTICATION_METHOD, "none of yours");
        }),
        changed(&|connect| connect.properties = Properties::default().number(property::TOPIC_ALIAS, 1)),
        changed(&|connect| connect.will = Some(Will::new("a/+", "x"))),
        changed(&|connect| connect.client_id = "\u{0}".to_owned()),
        b"\x10\x0d\x00\x04MQTX\x05\x02\x00\x00\x00\x00\x00".to_vec(),
        Publish::new("a", "x").encode(lab.version),
        Subscribe::new(1).filter("a", 0).encode(lab.version),
        vec![0xC0, 0],
        vec![0xE0, 0],
        vec![0x00, 0],
        vec![0xF0, 0],
    ]
}

/// The reader of this suite refuses codes that are not listed, properties that a server's DISCONNECT may not have, and
/// `is_cut_off` packets behind it; it waits for the broker to close.
async fn a_farewell_has_a_listed_reason_and_is_the_last_word(lab: Lab) {
    let topic = lab.topic("a");
    let alias = Properties::default().number(property::TOPIC_ALIAS, 65_535);
    let faults: Vec<(Vec<u8>, &[u8])> = vec![
        (lab.connect("one").connect.encode(), &[0x82]),
        (vec![0x00, 0], &[0x81, 0x82]),
        (vec![0xF0, 0], &[0x82, 0x81]),
        (vec![0xC0, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], &[0x81, 0x82, 0x95]),
        (Publish::new(&topic, "x").properties(alias).encode(lab.version), &[0x94, 0x82]),
        (Publish::new("", "x").encode(lab.version), &[0x82, 0x81, 0x90, 0x94]),
        (Publish::new(&topic, "x").qos(3, 1).encode(lab.version), &[0x81, 0x82]),
        (Subscribe::new(1).encode(lab.version), &[0x82, 0x81]),
        (Subscribe::new(0).filter(&topic, 0).encode(lab.version), &[0x82, 0x81]),
    ];
    for (fault, codes) in faults {
        // Messages are on their way to it when it happens.
        let mut client = lab.subscriber("one", &topic, 0).await;
        let echo = Publish::new(&topic, "x").encode(lab.version);
        client.send(&[echo.repeat(3), fault, echo].concat()).await;
        client.is_cut_off_unanswered(codes).await;
    }
}

async fn a_farewell_fits_the_maximum_packet_size(lab: Lab) {
    let (client, connack) = lab.connect("measure").accepted().await;
    client.leave().await;
    let max = connack.bytes.len().max(4);
    for fault in [&[0x10, 0][..], &[0xF0, 0], &[0x80, 0], &[0x82, 3, 0, 1, 0]] {
        let limited =
            lab.connect("one").number(property::MAXIMUM_PACKET_SIZE, u32::try_from(max).expect("a size"));
        let mut client = limited.open().await;
        client.send(fault).await;
        let packets = client.wait_for_end().await;
        let fits = packets.iter().all(|packet| packet.bytes.len() <= max);
        assert!(fits && packets.len() <= 1, "at most {max} bytes: {packets:?}");
    }
}

async fn who_is_taken_over_hears_so_and_no_more(lab: Lab) {
    let topic = lab.topic("a");
    let mut first = lab.connect("one").kept().open().await;
    first.subscribe(&topic, 0).await;
    let mut second = lab.connect("one").kept().open().await;
    lab.client("other").await.publish(&topic, "x", 0).await;
    assert!(first.is_cut_off(&[0x8E]).await.is_empty(), "the message is the second's");
    assert_eq!(second.receive().await.payload, b"x");
}
