//! Protocol name and protocol version: only those that are served are.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Version, frame, text};

cases! {
    a_wrong_protocol_name_is_refused: "MQTT5-3.1.2-1", "MQTT3-3.1.2-1";
    a_version_that_is_not_served_is_refused: "MQTT5-3.1.2-2", "MQTT3-3.1.2-2";
}

/// A CONNECT with a name and a version, otherwise as it should be.
fn connect(lab: &Lab, name: &[u8], level: u8) -> Vec<u8> {
    let client_id = text(lab.client_id("one").as_bytes());
    let properties = if lab.is_v5() { &[0][..] } else { &[] };
    frame(0x10, &[&text(name), &[level, 2, 0, 0][..], properties, &client_id].concat())
}

async fn a_wrong_protocol_name_is_refused(lab: Lab) {
    for name in [&b"MQTX"[..], b"mqtt", b"MQTTT", b"MQT", b"", b"MQIsdp", b"\xFF\xFE"] {
        if name == b"MQIsdp" && lab.is_v5() {
            continue; // The name of 3.1, whose form the answer has.
        }
        let bytes = connect(&lab, name, lab.version.level());
        let mut client = lab.connect("one").send_as(&bytes).await;
        let packets = client.wait_for_end().await;
        let served = packets.iter().any(|packet| packet.kind != Kind::ConnAck || packet.code == 0);
        assert!(!served, "{name:?}: {packets:?}");
    }
    lab.client("one").await.ping().await;
}

async fn a_version_that_is_not_served_is_refused(lab: Lab) {
    // Which version the answer is in is not said: the client's is not known.
    let answers = if lab.version == Version::V5 {
        &[&[][..], &[0x20, 3, 0, 0x84, 0], &[0x20, 2, 0, 1], &[0x20, 2, 0, 0x84]][..]
    } else {
        &[&[0x20, 2, 0, 1][..]][..]
    };
    for level in [0, 6, 7, 255] {
        let bytes = connect(&lab, b"MQTT", level);
        let answer = lab.connect("one").send_as(&bytes).await.bytes_to_end().await;
        assert!(answers.contains(&answer.as_slice()), "level {level}: {answer:02x?}");
    }
    lab.client("one").await.ping().await;
}
