//! The order on resume: CONNACK, PUBRELs in the order of the PUBRECs, PUBLISHes oldest first, the queue, new messages.
//! [MQTT5-3.2.0-1] [MQTT5-4.4.0-1] [MQTT5-4.6.0-5] [MQTT3-4.6.0-1] [MQTT3-4.6.0-4]

use tidegate_mqtt::{Ack, AckKind, Packet, PacketId, QoS, ReasonCode};
use tidegate_session::{Cause, Verdict};

use crate::pair::{SessionUnderTest, negotiate, persistent_connect};

#[test]
fn on_resume_pubrels_are_sent_before_resent_queued_and_new_messages() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    for topic in ["t1", "t2", "t3", "t4", "t5"] {
        let _ = pair.push(topic, QoS::ExactlyOnce);
    }
    let _ = pair.received();
    for packet_id in [4, 2] {
        pair.acknowledge(AckKind::PubRec, packet_id);
    }
    pair.detach(Cause::Closed);
    assert_eq!(pair.push("queued", QoS::AtLeastOnce), Verdict::Queued);
    pair.connect(persistent_connect());
    let _ = pair.push("live", QoS::AtLeastOnce);
    let describe = |packet: Packet| match packet {
        Packet::Ack(ack) => format!("{:?} {}", ack.kind, ack.packet_id),
        Packet::Publish(publish) => {
            format!("{} {} {}", publish.topic, publish.packet_id.unwrap(), publish.dup)
        }
        other => panic!("{other:?}"),
    };
    let found: Vec<_> = pair.received().into_iter().map(describe).collect();
    let expected =
        ["PubRel 4", "PubRel 2", "t1 1 true", "t3 3 true", "t5 5 true", "queued 6 false", "live 7 false"];
    assert_eq!(found, expected);
}

#[test]
fn nothing_is_sent_before_connack() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("resent", QoS::AtLeastOnce);
    pair.detach(Cause::Closed);
    let negotiated = negotiate(persistent_connect(), &pair.config);
    let attached = pair.session.attach(&negotiated, pair.now);
    assert!(matches!(pair.push("zero", QoS::AtMostOnce), Verdict::Dropped(_)));
    assert_eq!(pair.push("one", QoS::AtLeastOnce), Verdict::Queued);
    assert!(pair.session.write_buffer().is_empty());
    assert_eq!(
        pair.session.send(&negotiated.connack(attached.session_present, &pair.config).into()),
        Ok(true)
    );
    pair.session.resume(pair.now);
    let packets = pair.received();
    assert!(matches!(packets.as_slice(), [Packet::ConnAck(_), Packet::Publish(_), Packet::Publish(_)]));
}

#[test]
fn bytes_of_one_connection_are_never_sent_on_the_next() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::AtMostOnce);
    let batch = pair.session.write_buffer().take(Vec::new());
    let _ = pair.push("b", QoS::AtMostOnce);
    pair.detach(Cause::Closed);
    assert_eq!(pair.topics(), ["b"], "its last bytes can be taken");
    pair.connect(persistent_connect());
    pair.session.write_buffer().put_back(batch).unwrap();
    assert!(pair.session.write_buffer().is_empty());
}

#[test]
fn an_unwritten_batch_is_dropped_after_the_connection_ended() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::AtMostOnce);
    let batch = pair.session.write_buffer().take(Vec::new());
    pair.detach(Cause::Closed);
    pair.session.write_buffer().put_back(batch).unwrap();
    assert!(pair.session.write_buffer().is_empty());
}

#[test]
fn a_message_acknowledged_before_it_is_resent_is_not_resent() {
    let mut connect = persistent_connect();
    connect.receive_maximum = Some(1);
    let mut pair = SessionUnderTest::new(persistent_connect());
    for topic in ["t1", "t2", "t3"] {
        let _ = pair.push(topic, QoS::AtLeastOnce);
    }
    pair.detach(Cause::Closed);
    pair.connect(connect);
    pair.acknowledge(AckKind::PubAck, 2);
    pair.acknowledge(AckKind::PubAck, 1);
    let topics = pair.topics();
    assert_eq!(topics, ["t1", "t3"]);
}

#[test]
fn a_new_message_does_not_overtake_messages_to_be_resent() {
    let config = tidegate_session::Config { pending_bytes_high: 1, ..tidegate_session::Config::default() };
    let mut pair = SessionUnderTest::with(config, persistent_connect());
    for topic in ["t1", "t2"] {
        let _ = pair.push(topic, QoS::AtLeastOnce);
        assert_eq!(pair.topics(), [topic]);
    }
    pair.detach(Cause::Closed);
    pair.connect(persistent_connect());
    assert_eq!(pair.topics(), ["t1"], "no more than the high mark allows");
    assert_eq!(pair.push("live", QoS::AtLeastOnce), Verdict::Queued);
    for topic in ["t2", "live"] {
        pair.session.send_waiting(pair.now);
        assert_eq!(pair.topics(), [topic]);
    }
}

#[test]
fn messages_are_resent_once_per_connection() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::AtLeastOnce);
    pair.detach(Cause::Closed);
    pair.session.resume(pair.now);
    assert_eq!(
        pair.topics(),
        ["a"],
        "these bytes were in the write buffer; without a connection nothing is resent"
    );
    pair.connect(persistent_connect());
    assert_eq!(pair.summary(), [("a".to_owned(), 1, true)]);
    pair.session.resume(pair.now);
    assert!(pair.published().is_empty(), "[MQTT5-4.4.0-1]");
}

#[test]
fn without_a_connection_nothing_is_written() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    pair.detach(Cause::Closed);
    assert_eq!(pair.session.send(&Packet::PingResp), Ok(false));
    let puback = Ack::new(AckKind::PubAck, PacketId::MIN, ReasonCode::Success);
    assert!(!pair.session.send_ack(&puback));
    assert!(pair.session.write_buffer().is_empty());
}
