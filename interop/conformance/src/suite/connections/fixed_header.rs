//! Tests the fixed header: the reserved flags have the prescribed values, and lengths are encoded in their shortest
//! form.

use super::expect_close_after;
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{
    PacketType, Publish, Subscribe, Unsubscribe, Will, ack, length_prefixed, packet_with_body,
    variable_byte_integer,
};

cases! {
    wrong_flags_end_the_connection: "MQTT5-2.1.3-1", "MQTT3-2.2.2-2";
    every_packet_has_the_flags_of_its_type: "MQTT5-2.1.3-1", "MQTT3-2.2.2-1";
    a_length_not_in_its_shortest_form_ends_the_connection: "MQTT5-1.5.5-1";
    lengths_are_written_in_their_shortest_form: "MQTT5-1.5.5-1";
}

async fn wrong_flags_end_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let with_flags = |mut bytes: Vec<u8>, flags: u8| {
        bytes[0] = bytes[0] & 0xF0 | flags;
        bytes
    };
    let subscribe = Subscribe::new(1).filter(&topic, 0).encode(harness.version);
    let unsubscribe = Unsubscribe::new(1).filter(&topic).encode(harness.version);
    let wrong = [
        with_flags(vec![0xC0, 0], 1),
        with_flags(vec![0xE0, 0], 1),
        with_flags(ack(0x40, 1, 0), 1),
        with_flags(ack(0x50, 1, 0), 2),
        with_flags(ack(0x60, 1, 0), 0),
        with_flags(ack(0x70, 1, 0), 8),
        with_flags(subscribe, 0),
        with_flags(unsubscribe, 6),
    ];
    for bytes in wrong {
        expect_close_after(&harness, &bytes, &[0x81, 0x82]).await;
    }
    // A DISCONNECT with wrong flags is malformed, so the broker publishes the will.
    let mut watcher = harness.subscriber("watcher", &topic, 0).await;
    let mut client = harness.connect("one").will(Will::new(&topic, "gone")).open().await;
    client.send(&[0xE1, 0]).await;
    client.expect_close_without_answer(&[0x81, 0x82]).await;
    assert_eq!(watcher.receive().await.payload, b"gone");
}

async fn every_packet_has_the_flags_of_its_type(harness: Harness) {
    let topic = harness.topic("a");
    let (mut client, connack) = harness.connect("one").open_with_connack().await;
    let mut seen = vec![connack];
    let subscribe = Subscribe::new(client.next_packet_id()).filter(&topic, 2);
    seen.push(client.exchange_subscribe(&subscribe).await);
    for qos in 0..3 {
        let id = client.next_packet_id();
        client.send(&Publish::new(&topic, "x").qos(qos, id).encode(harness.version)).await;
        let answer = [None, Some(PacketType::PubAck), Some(PacketType::PubRec)][usize::from(qos)];
        if let Some(packet_type) = answer {
            seen.push(client.next_of(packet_type).await);
        }
        if qos == 2 {
            client.send(&ack(0x62, id, 0)).await;
            seen.push(client.next_of(PacketType::PubComp).await);
        }
        let message = client.next_message().await;
        if qos == 2 {
            client.send(&ack(0x50, message.id, 0)).await;
            seen.push(client.next_of(PacketType::PubRel).await);
            client.send(&ack(0x70, message.id, 0)).await;
        } else {
            client.acknowledge(&message).await;
        }
        seen.push(message);
    }
    seen.push(client.unsubscribe(&topic).await);
    client.send(&[0xC0, 0]).await;
    seen.push(client.next_of(PacketType::PingResp).await);
    let firsts: Vec<_> = seen.iter().map(|packet| packet.bytes[0]).collect();
    assert_eq!(firsts, [0x20, 0x90, 0x30, 0x40, 0x32, 0x50, 0x70, 0x62, 0x34, 0xB0, 0xD0]);
    if harness.is_v5() {
        // PINGREQ with a reserved flag set makes the broker close the connection, possibly after a DISCONNECT. The
        // parser of this suite checks the flags of every packet from the broker, including DISCONNECT.
        client.send(&[0xC1, 0]).await;
        client.expect_close(&[0x81, 0x82]).await;
    }
}

async fn a_length_not_in_its_shortest_form_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let codes = &[0x81, 0x82];
    for bytes in
        [&[0xC0, 0x80, 0x00][..], &[0xC0, 0x80, 0x80, 0x80, 0x00], &[0xC0, 0x80, 0x80, 0x80, 0x80, 0x00]]
    {
        expect_close_after(&harness, bytes, codes).await;
    }
    // The property length of PUBLISH and SUBSCRIBE is not in its shortest form.
    for length in [&[0x80, 0x00][..], &[0x80, 0x80, 0x80, 0x80, 0x00]] {
        let publish = [&length_prefixed(topic.as_bytes()), length, b"x"].concat();
        expect_close_after(&harness, &packet_with_body(0x30, &publish), codes).await;
        let subscribe = [&[0, 1][..], length, &length_prefixed(topic.as_bytes()), &[0]].concat();
        expect_close_after(&harness, &packet_with_body(0x82, &subscribe), codes).await;
    }
    // The subscription identifier is not in its shortest form.
    let subscribe = [&[0, 1, 3, 0x0B, 0x81, 0x00][..], &length_prefixed(topic.as_bytes()), &[0]].concat();
    expect_close_after(&harness, &packet_with_body(0x82, &subscribe), codes).await;
}

/// Uses packet lengths just below and at the sizes where the length field needs another byte. The parser of this suite
/// rejects a length that is not in its shortest form.
async fn lengths_are_written_in_their_shortest_form(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("one", &topic, 0).await;
    // The length of the topic, the topic, and the property length.
    let head = 2 + topic.len() + 1;
    for len in [127, 128, 16_383, 16_384] {
        client.publish(&topic, vec![b'x'; len - head], 0).await;
        let message = client.receive().await;
        let mut expected = vec![0x30];
        expected.extend(variable_byte_integer(u32::try_from(len).expect("a length")));
        assert!(message.bytes.starts_with(&expected), "a body of {len} bytes: {:02x?}", &message.bytes[..5]);
    }
}
