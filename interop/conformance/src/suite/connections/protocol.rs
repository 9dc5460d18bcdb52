//! Tests that the broker refuses protocol names and protocol versions that it does not support.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Version, length_prefixed, packet_with_body};

cases! {
    a_wrong_protocol_name_is_refused: "MQTT5-3.1.2-1", "MQTT3-3.1.2-1";
    an_unsupported_version_is_refused: "MQTT5-3.1.2-2", "MQTT3-3.1.2-2";
}

/// Encodes a CONNECT with the given protocol name and version. All other fields are valid.
fn connect(harness: &Harness, name: &[u8], level: u8) -> Vec<u8> {
    let client_id = length_prefixed(harness.client_id("one").as_bytes());
    let properties = if harness.is_v5() { &[0][..] } else { &[] };
    packet_with_body(0x10, &[&length_prefixed(name), &[level, 2, 0, 0][..], properties, &client_id].concat())
}

async fn a_wrong_protocol_name_is_refused(harness: Harness) {
    for name in [&b"MQTX"[..], b"mqtt", b"MQTTT", b"MQT", b"", b"MQIsdp", b"\xFF\xFE"] {
        if name == b"MQIsdp" && harness.is_v5() {
            continue; // The name of MQTT 3.1: this client cannot parse an answer of that version.
        }
        let bytes = connect(&harness, name, harness.version.level());
        let mut client = harness.connect("one").send_bytes(&bytes).await;
        let packets = client.wait_for_end().await;
        let is_accepted =
            packets.iter().any(|packet| packet.packet_type != PacketType::ConnAck || packet.code == 0);
        assert!(!is_accepted, "{name:?}: {packets:?}");
    }
    harness.client("one").await.ping().await;
}

async fn an_unsupported_version_is_refused(harness: Harness) {
    // The standard does not define the format of the answer to an unknown protocol version, so any of these formats is
    // accepted.
    let answers = if harness.version == Version::V5 {
        &[&[][..], &[0x20, 3, 0, 0x84, 0], &[0x20, 2, 0, 1], &[0x20, 2, 0, 0x84]][..]
    } else {
        &[&[0x20, 2, 0, 1][..]][..]
    };
    for level in [0, 6, 7, 255] {
        let bytes = connect(&harness, b"MQTT", level);
        let answer = harness.connect("one").send_bytes(&bytes).await.read_to_end().await;
        assert!(answers.contains(&answer.as_slice()), "level {level}: {answer:02x?}");
    }
    harness.client("one").await.ping().await;
}
