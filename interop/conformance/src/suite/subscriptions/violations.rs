//! Tests protocol violations: each one closes the connection on which it arrives, and no other connection.

use crate::case::cases;
use crate::client::{MALFORMED, PROTOCOL_ERROR};
use crate::harness::Harness;
use crate::wire::{Connect, Publish, Subscribe, Unsubscribe, Will, ack, packet_with_body};

cases! {
    a_violation_ends_its_own_connection: "MQTT3-4.8.0-1", "TRAP5-108", "TRAP5-109";
    before_version_5_a_malformed_connect_gets_no_answer: "MQTT3-4.8.0-1", "TRAP3-109";
    a_will_qos_of_3_is_malformed: "TRAP5-108";
}

/// Returns packets that violate the protocol in both versions, each with the best reason code. Other files test
/// violations of MQTT 3.1.1 alone.
fn violations(harness: &Harness) -> Vec<(Vec<u8>, u8)> {
    let topic = harness.topic("a");
    let version = harness.version;
    let good = Publish::new(&topic, "x").qos(1, 1).encode(version);
    vec![
        (harness.connect("one").connect.encode(), 0x82),
        (packet_with_body(0x00, &[]), 0x81),
        (packet_with_body(0x20, if harness.is_v5() { &[0, 0, 0] } else { &[0, 0] }), 0x82),
        (packet_with_body(0xD0, &[]), 0x82),
        (packet_with_body(0xC1, &[]), 0x81),
        (packet_with_body(0xC0, &[0]), 0x81),
        ([&[0xC0][..], &[0xFF; 4], &[0x01]].concat(), 0x81),
        (Subscribe::new(0).filter(&topic, 0).encode(version), 0x82),
        (Subscribe::new(1).encode(version), 0x82),
        (Subscribe::new(1).filter(&topic, 3).encode(version), 0x82),
        (Subscribe::new(1).filter(b"\xFF", 0).encode(version), 0x81),
        (Unsubscribe::new(0).filter(&topic).encode(version), 0x82),
        (Unsubscribe::new(1).encode(version), 0x82),
        (Publish::new(&topic, "x").qos(3, 1).encode(version), 0x81),
        (Publish::new(&topic, "x").qos(1, 0).encode(version), 0x82),
        ([&[0x38], &good[1..]].concat(), 0x81),
        (ack(0x60, 1, 0), 0x81),
        (ack(0x42, 1, 0), 0x81),
    ]
}

async fn a_violation_ends_its_own_connection(harness: Harness) {
    let topic = harness.topic("observer");
    let mut observer = harness.subscriber("observer", &topic, 1).await;
    for (bytes, code) in violations(&harness) {
        let codes = if code == 0x81 { MALFORMED } else { PROTOCOL_ERROR };
        harness.expect_close_after(&bytes, codes).await;
        observer.publish(&topic, "x", 1).await;
        assert_eq!(observer.receive_payloads().await, ["x"], "other connections still work");
    }
}

/// MQTT 3.1.1 defines return codes for a few refusals, but none for a malformed CONNECT.
async fn before_version_5_a_malformed_connect_gets_no_answer(harness: Harness) {
    let connect = harness.connect("one").connect;
    let client_id = [&[0, 1], &b"c"[..]].concat();
    let malformed = [
        connect.encode_with(0x03, &client_id),
        connect.encode_with(0x1E, &client_id),
        connect.encode_with(0x42, &client_id),
        connect.encode_with(0x22, &client_id),
        connect.encode_with(0x02, &[0, 9, b'c']),
        connect.encode_with(0x02, &[0, 1, 0xFF]),
        connect.encode_with(0x02, &[&*client_id, &[0]].concat()),
        packet_with_body(0x12, &connect.encode()[2..]),
        vec![0xC0, 0],
    ];
    for bytes in malformed {
        harness.connect("one").expect_bytes_refused(&bytes, &[]).await;
    }
}

/// The Will QoS in the connect flags is 3, which is not a valid QoS.
async fn a_will_qos_of_3_is_malformed(harness: Harness) {
    let will = Will::new(harness.topic("will"), "gone").qos(3);
    let connect = Connect { will: Some(will), ..harness.connect("one").connect };
    harness.connect("one").expect_bytes_refused(&connect.encode(), MALFORMED).await;
}
