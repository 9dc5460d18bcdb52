//! Tests of publish batches: which frames can be added to a batch, and how frames are re-encoded for the other wire
//! class.

use std::time::Instant;

use tidegate_mqtt::frame::{self, Frame, Next};
use tidegate_mqtt::{OutgoingPublish, PacketId, ProtocolVersion, PublishView, QoS};

use super::{PublishBatch, RawFrames};

fn encode(version: ProtocolVersion, topics: &[&str]) -> Vec<u8> {
    encode_at(version, QoS::AtMostOnce, topics)
}

/// Encodes one PUBLISH per topic. Above QoS 0, packet identifiers start at 100.
fn encode_at(version: ProtocolVersion, qos: QoS, topics: &[&str]) -> Vec<u8> {
    let mut wire = Vec::new();
    for (index, topic) in topics.iter().enumerate() {
        let payload = vec![b'x'; index % 10 * 100];
        let packet_id = PacketId::new(100 + u16::try_from(index).unwrap()).filter(|_| qos > QoS::AtMostOnce);
        let outgoing = OutgoingPublish { qos, packet_id, ..OutgoingPublish::plain(topic, &payload) };
        outgoing.encode(version, &mut wire);
    }
    wire
}

fn packet_ids(raw: &RawFrames<'_>) -> Vec<u16> {
    let packet_id = |at: &usize| u16::from_be_bytes([raw.wire[*at], raw.wire[*at + 1]]);
    raw.packet_ids.iter().map(packet_id).collect()
}

fn views(wire: &[u8], version: ProtocolVersion) -> Vec<PublishView<'_>> {
    let mut rest = wire;
    let mut frames: Vec<Frame<'_>> = Vec::new();
    while let Ok(Next::Frame(packet)) = frame::next(rest, version, u32::MAX) {
        frames.push(packet);
        rest = &rest[packet.wire.len()..];
    }
    frames.iter().map(|frame| PublishView::parse(frame, version).unwrap()).collect()
}

#[test]
fn adjacent_frames_to_one_topic_join_a_batch() {
    let bytes = encode(ProtocolVersion::V5, &["a", "a", "a", "b"]);
    let views = views(&bytes, ProtocolVersion::V5);
    let mut batch = PublishBatch::new(&bytes);
    assert_eq!(views.iter().map(|view| batch.extend(view)).collect::<Vec<_>>(), [true, true, true, false]);
    let raw = batch.raw().unwrap();
    let len = views[..3].iter().map(|view| view.wire.len()).sum::<usize>();
    assert_eq!((raw.wire, raw.count, raw.largest_size), (&bytes[..len], 3, views[2].wire.len()));
}

#[test]
fn frames_that_are_not_adjacent_are_copied_together() {
    let bytes = encode_at(ProtocolVersion::V5, QoS::AtLeastOnce, &["a", "b", "a", "a"]);
    let views = views(&bytes, ProtocolVersion::V5);
    let mut batch = PublishBatch::new(&bytes);
    for index in [0, 2, 3] {
        assert!(batch.extend(&views[index]));
    }
    let raw = batch.raw().unwrap();
    assert_eq!(raw.wire, [views[0].wire, views[2].wire, views[3].wire].concat());
    assert_eq!(packet_ids(&raw), [100, 102, 103]);
    assert_eq!((raw.count, raw.largest_size), (3, views[3].wire.len()));
    batch.clear();
    assert!(batch.extend(&views[1]));
    assert_eq!(batch.raw().unwrap().wire, views[1].wire, "`clear` has removed the earlier frames");
}

#[test]
fn frames_are_transcribed_to_the_other_wire_class() {
    let (five, three) = (ProtocolVersion::V5, ProtocolVersion::V3_1_1);
    let topics = ["a", "a", "a"];
    for (from, to) in [(five, three), (three, five)] {
        let bytes = encode(from, &topics);
        let mut batch = PublishBatch::new(&bytes);
        assert!(views(&bytes, from).iter().all(|view| batch.extend(view)));
        let (transcribed, largest_size) = batch.raw().unwrap().transcribe(from, to);
        assert_eq!(transcribed, encode(to, &topics));
        assert_eq!(largest_size, views(&transcribed, to)[2].wire.len());
    }
}

#[test]
fn messages_and_frames_do_not_mix() {
    let bytes = encode(ProtocolVersion::V5, &["a", "a"]);
    let views = views(&bytes, ProtocolVersion::V5);
    let mut batch = PublishBatch::new(&bytes);
    batch.begin("a");
    batch.push(&views[0], 1, Instant::now()).unwrap();
    assert!(!batch.extend(&views[1]));
    assert!(batch.holds("a") && !batch.holds("b"));
    assert_eq!((batch.len(), batch.topic()), (1, Some("a")));
}

#[test]
fn a_batch_records_the_offsets_of_its_packet_identifiers() {
    let bytes = encode_at(ProtocolVersion::V5, QoS::AtLeastOnce, &["a", "a", "a"]);
    let views = views(&bytes, ProtocolVersion::V5);
    let mut batch = PublishBatch::new(&bytes);
    assert!(views.iter().all(|view| batch.extend(view)));
    let raw = batch.raw().unwrap();
    assert_eq!(packet_ids(&raw), [100, 101, 102]);
    batch.clear();
    assert!(batch.extend(&views[1]));
    assert_eq!(batch.raw().unwrap().packet_ids, [5], "`clear` has removed the earlier frames");
}

#[test]
fn frames_of_another_qos_do_not_join_a_batch() {
    let mut bytes = encode(ProtocolVersion::V5, &["a"]);
    bytes.extend(encode_at(ProtocolVersion::V5, QoS::AtLeastOnce, &["a"]));
    let views = views(&bytes, ProtocolVersion::V5);
    let mut batch = PublishBatch::new(&bytes);
    assert!(batch.extend(&views[0]));
    assert!(!batch.extend(&views[1]));
}

#[test]
fn a_batch_of_frames_with_packet_identifiers_is_limited() {
    let topics = vec!["a"; 200];
    let bytes = encode_at(ProtocolVersion::V5, QoS::AtLeastOnce, &topics);
    let mut batch = PublishBatch::new(&bytes);
    let joined = views(&bytes, ProtocolVersion::V5)
        .iter()
        .take_while(|view| !batch.is_full() && batch.extend(view))
        .count();
    assert_eq!((joined, batch.len()), (128, 128));
}

#[test]
fn only_small_publishes_of_qos_0_or_1_are_copied_as_frames() {
    let takes = |qos, payload_size: usize, rejects_each| {
        let payload = vec![b'x'; payload_size];
        let packet_id = PacketId::new(1).filter(|_| qos > QoS::AtMostOnce);
        let outgoing = OutgoingPublish { qos, packet_id, ..OutgoingPublish::plain("a", &payload) };
        let mut bytes = Vec::new();
        outgoing.encode(ProtocolVersion::V5, &mut bytes);
        RawFrames::accepts(&views(&bytes, ProtocolVersion::V5)[0], rejects_each)
    };
    assert!(takes(QoS::AtMostOnce, 1024, false) && takes(QoS::AtMostOnce, 0, true));
    assert!(takes(QoS::AtLeastOnce, 1024, false));
    assert!(!takes(QoS::AtLeastOnce, 0, true), "each message may be rejected on its own");
    assert!(!takes(QoS::AtLeastOnce, 1025, false) && !takes(QoS::AtMostOnce, 1025, false));
    assert!(!takes(QoS::ExactlyOnce, 0, false));
}
