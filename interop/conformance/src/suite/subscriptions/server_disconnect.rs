//! Tests DISCONNECT from the broker: when the broker sends it, its reason code and its size, and that no packet follows
//! it.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Connect, PacketType, Properties, Publish, Subscribe, Will, property};

cases! {
    no_disconnect_before_a_successful_connack: "MQTT5-3.14.0-1";
    the_brokers_disconnect_has_a_listed_reason_and_is_its_last_packet: "MQTT5-3.14.2-1", "MQTT5-3.14.2-2", "MQTT5-3.14.4-1", "MQTT5-3.14.4-2";
    the_brokers_disconnect_fits_the_maximum_packet_size: "MQTT5-3.14.2-3", "MQTT5-3.14.2-4";
    a_client_taken_over_gets_disconnect_and_nothing_after_it: "MQTT5-3.14.2-2", "MQTT5-3.14.4-1", "MQTT5-3.14.4-2";
}

async fn no_disconnect_before_a_successful_connack(harness: Harness) {
    for bytes in invalid_first_packets(&harness) {
        let mut client = harness.connect("one").send_bytes(&bytes).await;
        let packets = client.wait_for_end().await;
        let refusals =
            packets.iter().all(|packet| packet.packet_type == PacketType::ConnAck && packet.code >= 0x80);
        assert!(refusals && packets.len() <= 1, "{bytes:02x?}: {packets:?}");
    }
}

/// Returns first packets that every broker refuses. CONNECTs with an unknown protocol version are left out, because the
/// format of their CONNACK is not defined.
fn invalid_first_packets(harness: &Harness) -> Vec<Vec<u8>> {
    let changed = |change: &dyn Fn(&mut Connect)| {
        let mut connect = harness.connect("one").connect;
        change(&mut connect);
        connect.encode()
    };
    let connect = harness.connect("one").connect;
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
            connect.properties =
                Properties::default().text(property::AUTHENTICATION_METHOD, "unknown method");
        }),
        changed(&|connect| connect.properties = Properties::default().number(property::TOPIC_ALIAS, 1)),
        changed(&|connect| connect.will = Some(Will::new("a/+", "x"))),
        changed(&|connect| connect.client_id = "\u{0}".to_owned()),
        b"\x10\x0d\x00\x04MQTX\x05\x02\x00\x00\x00\x00\x00".to_vec(),
        Publish::new("a", "x").encode(harness.version),
        Subscribe::new(1).filter("a", 0).encode(harness.version),
        vec![0xC0, 0],
        vec![0xE0, 0],
        vec![0x00, 0],
        vec![0xF0, 0],
    ]
}

/// The parser of this suite rejects a DISCONNECT with an unlisted reason code, or with a property that a server must
/// not send in it. `expect_close` waits until the broker has closed the connection, and fails if a packet follows
/// DISCONNECT.
async fn the_brokers_disconnect_has_a_listed_reason_and_is_its_last_packet(harness: Harness) {
    let topic = harness.topic("a");
    let alias = Properties::default().number(property::TOPIC_ALIAS, 65_535);
    let faults: Vec<(Vec<u8>, &[u8])> = vec![
        (harness.connect("one").connect.encode(), &[0x82]),
        (vec![0x00, 0], &[0x81, 0x82]),
        (vec![0xF0, 0], &[0x82, 0x81]),
        (vec![0xC0, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], &[0x81, 0x82, 0x95]),
        (Publish::new(&topic, "x").properties(alias).encode(harness.version), &[0x94, 0x82]),
        (Publish::new("", "x").encode(harness.version), &[0x82, 0x81, 0x90, 0x94]),
        (Publish::new(&topic, "x").qos(3, 1).encode(harness.version), &[0x81, 0x82]),
        (Subscribe::new(1).encode(harness.version), &[0x82, 0x81]),
        (Subscribe::new(0).filter(&topic, 0).encode(harness.version), &[0x82, 0x81]),
    ];
    for (fault, codes) in faults {
        // The broker is sending messages to the client when the invalid packet arrives.
        let mut client = harness.subscriber("one", &topic, 0).await;
        let echo = Publish::new(&topic, "x").encode(harness.version);
        client.send(&[echo.repeat(3), fault, echo].concat()).await;
        client.expect_close_without_answer(codes).await;
    }
}

async fn the_brokers_disconnect_fits_the_maximum_packet_size(harness: Harness) {
    let (client, connack) = harness.connect("measure").open_with_connack().await;
    client.disconnect().await;
    let max = connack.bytes.len().max(4);
    for fault in [&[0x10, 0][..], &[0xF0, 0], &[0x80, 0], &[0x82, 3, 0, 1, 0]] {
        let limited =
            harness.connect("one").number(property::MAXIMUM_PACKET_SIZE, u32::try_from(max).expect("a size"));
        let mut client = limited.open().await;
        client.send(fault).await;
        let packets = client.wait_for_end().await;
        let fits = packets.iter().all(|packet| packet.bytes.len() <= max);
        assert!(fits && packets.len() <= 1, "at most {max} bytes: {packets:?}");
    }
}

async fn a_client_taken_over_gets_disconnect_and_nothing_after_it(harness: Harness) {
    let topic = harness.topic("a");
    let mut first = harness.connect("one").persistent().open().await;
    first.subscribe(&topic, 0).await;
    let mut second = harness.connect("one").persistent().open().await;
    harness.client("other").await.publish(&topic, "x", 0).await;
    assert!(first.expect_close(&[0x8E]).await.is_empty(), "the second connection gets the message");
    assert_eq!(second.receive().await.payload, b"x");
}
