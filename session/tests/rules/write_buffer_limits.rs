//! If a client does not read, its QoS 1 and 2 messages wait in the queue and QoS 0 messages are dropped and counted;
//! control packets are still written.

use tidegate_limits::memory;
use tidegate_mqtt::{AckKind, Connect, Packet, PacketId, QoS, ReasonCode, SubAck, UnsubAck};
use tidegate_session::{Config, DropReason, Verdict};

use crate::pair::{SessionUnderTest, message, persistent_connect};

fn pair() -> SessionUnderTest {
    let config = Config { pending_bytes_high: 1000, pending_bytes_max: 2000, ..Config::default() };
    SessionUnderTest::with(config, persistent_connect())
}

#[test]
fn qos_1_and_2_messages_are_queued_above_pending_bytes_high_and_sent_below() {
    let mut pair = pair();
    let large = message("a", &[0; 1100], None);
    assert_eq!(pair.push_message(&large, QoS::AtLeastOnce), Verdict::Sent);
    assert_eq!(pair.push("b", QoS::AtLeastOnce), Verdict::Queued);
    assert_eq!(pair.push("c", QoS::ExactlyOnce), Verdict::Queued);
    pair.session.send_waiting(pair.now);
    assert_eq!(pair.session.queued(), 2);
    assert_eq!(pair.topics(), ["a"]);
    pair.session.send_waiting(pair.now);
    assert_eq!(pair.topics(), ["b", "c"]);
}

#[test]
fn qos_0_messages_are_dropped_above_pending_bytes_max() {
    let mut pair = pair();
    let large = message("a", &[0; 900], None);
    for _ in 0..2 {
        assert_eq!(pair.push_message(&large, QoS::AtMostOnce), Verdict::Sent);
    }
    assert_eq!(pair.push_message(&large, QoS::AtMostOnce), Verdict::Dropped(DropReason::Slow));
    assert_eq!(pair.session.push_encoded(&[0; 900], 5, 180), Verdict::Dropped(DropReason::Slow));
    assert_eq!(pair.session.take_drops().slow, 6);
    assert_eq!(pair.session.send(&Packet::PingResp), Ok(true));
    assert!(pair.session.write_buffer().len() <= 2000);
}

#[test]
fn frames_that_do_not_all_fit_are_pushed_individually_or_dropped() {
    let mut pair = pair();
    assert_eq!(pair.session.push_encoded(&[0x30; 2100], 3, 700), Verdict::PushOneByOne);
    assert_eq!(
        pair.session.push_encoded(&[0x30; 2100], 1, 2100),
        Verdict::Dropped(DropReason::Slow),
        "a single frame cannot be sent in part"
    );
    assert_eq!(pair.session.push_encoded(&[0x30; 1000], 1, 1000), Verdict::Sent);
    assert_eq!(
        pair.session.push_encoded(&[0x30; 1100], 2, 550),
        Verdict::PushOneByOne,
        "half of the write buffer is free"
    );
    assert_eq!(pair.session.push_encoded(&[0x30; 1], 1, 1), Verdict::Sent);
    assert_eq!(
        pair.session.push_encoded(&[0x30; 1100], 2, 550),
        Verdict::Dropped(DropReason::Slow),
        "the client reads too slowly"
    );
    assert_eq!(pair.session.take_drops().slow, 3);
}

#[test]
fn large_payloads_are_shared_not_copied() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let large = message("a", &vec![7; 100_000], None);
    let before = pair.session.memory();
    for _ in 0..5 {
        let _ = pair.push_message(&large, QoS::AtMostOnce);
    }
    assert!(pair.session.write_buffer().len() > 500_000);
    assert!(pair.session.memory() - before < 2000);
    let published = pair.published();
    assert_eq!(published.len(), 5);
    assert!(published.iter().all(|publish| publish.payload.len() == 100_000));
}

#[test]
fn the_limit_pending_bytes_high_is_exact() {
    for (payload, verdict) in [(990, Verdict::Sent), (991, Verdict::Queued)] {
        let mut pair = pair();
        // Fixed header 3, topic 2 + 1, identifier 2, property length 1.
        let filler = message("a", &vec![0; payload], None);
        assert_eq!(pair.push_message(&filler, QoS::AtLeastOnce), Verdict::Sent);
        assert_eq!(pair.session.write_buffer().len(), payload + 9);
        assert_eq!(pair.push("b", QoS::AtLeastOnce), verdict);
    }
}

#[test]
fn the_limit_pending_bytes_max_is_exact() {
    // With topic aliases, the size is computed exactly. Fixed header 3, topic 2 + 1, property length 1, payload 993.
    let connect = Connect { topic_alias_maximum: Some(10), ..persistent_connect() };
    let mut pair = SessionUnderTest::with(Config { pending_bytes_max: 2000, ..Config::default() }, connect);
    let half = message("a", &[0; 993], None);
    for verdict in [Verdict::Sent, Verdict::Sent, Verdict::Dropped(DropReason::Slow)] {
        assert_eq!(pair.push_message(&half, QoS::AtMostOnce), verdict);
    }
    assert_eq!(pair.session.write_buffer().len(), 2000);
}

#[test]
fn the_limit_pending_bytes_max_is_exact_for_frames() {
    let mut pair = pair();
    for verdict in [Verdict::Sent, Verdict::Sent, Verdict::Dropped(DropReason::Slow)] {
        assert_eq!(pair.session.push_encoded(&[0x30; 1000], 1, 1000), verdict);
    }
}

#[test]
fn a_new_message_does_not_overtake_queued_messages() {
    let mut pair = pair();
    let large = message("a", &[0; 1100], None);
    let _ = pair.push_message(&large, QoS::AtLeastOnce);
    let _ = pair.push("b", QoS::AtLeastOnce);
    assert_eq!(pair.topics(), ["a"]);
    assert!(
        pair.session.has_room(),
        "the bytes were taken, but the messages in the queue have not been sent yet"
    );
    assert_eq!(pair.push("c", QoS::AtLeastOnce), Verdict::Queued, "[MQTT5-4.6.0-5]");
    pair.session.send_waiting(pair.now);
    assert_eq!(pair.topics(), ["b", "c"]);
}

#[test]
fn a_long_queue_is_sent_completely_and_in_order() {
    let mut pair =
        SessionUnderTest::with(Config { inflight_max: 10, ..Config::default() }, persistent_connect());
    let expected: Vec<_> = (0..500).map(|number| format!("t{number}")).collect();
    for topic in &expected {
        let _ = pair.push(topic, QoS::AtLeastOnce);
    }
    let mut found = Vec::new();
    for _ in 0..expected.len() {
        for (topic, packet_id, _) in pair.summary() {
            found.push(topic);
            pair.acknowledge(AckKind::PubAck, packet_id);
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn a_large_answer_without_memory_is_an_error_and_leaves_the_write_buffer_unchanged() {
    let mut pair = pair();
    let (packet_id, reasons) = (PacketId::MIN, vec![ReasonCode::Success; memory::LARGE_ALLOCATION_MIN]);
    let suback = SubAck { packet_id, reasons: reasons.clone(), properties: None };
    let unsuback = UnsubAck { packet_id, reasons, properties: None };
    for answer in [Packet::SubAck(suback), Packet::UnsubAck(unsuback)] {
        let limit = memory::simulate_limit(memory::LARGE_ALLOCATION_MIN);
        assert_eq!(pair.session.send(&answer), Err(memory::OutOfMemory));
        assert!(pair.session.write_buffer().is_empty());
        drop(limit);
        assert_eq!(pair.session.send(&answer), Ok(true));
        assert_eq!(pair.received(), [answer]);
    }
}
