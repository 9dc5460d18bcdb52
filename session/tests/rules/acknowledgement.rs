//! Unexpected acknowledgements: late acknowledgements are ignored; acknowledgements that do not fit the QoS of the
//! message are a violation.

use tidegate_mqtt::{Ack, AckKind, QoS, ReasonCode};
use tidegate_session::{Cause, Violation};

use crate::pair::{SessionUnderTest, id, persistent_connect};

fn handle(pair: &mut SessionUnderTest, kind: AckKind, packet_id: u16) -> Result<(), Violation> {
    pair.session.handle_ack(&Ack::new(kind, id(packet_id), ReasonCode::Success), pair.now)
}

#[test]
fn acknowledgements_of_unknown_identifiers_are_ignored() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::AtLeastOnce);
    for packet_id in [2, 100, 65_535] {
        assert_eq!(handle(&mut pair, AckKind::PubAck, packet_id), Ok(()));
        assert_eq!(handle(&mut pair, AckKind::PubComp, packet_id), Ok(()));
    }
    assert_eq!(pair.session.inflight(), 1);
}

#[test]
fn an_acknowledgement_of_the_wrong_kind_for_the_qos_is_a_violation() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("one", QoS::AtLeastOnce);
    let _ = pair.push("two", QoS::ExactlyOnce);
    for (kind, packet_id) in
        [(AckKind::PubRec, 1), (AckKind::PubComp, 1), (AckKind::PubAck, 2), (AckKind::PubComp, 2)]
    {
        assert_eq!(handle(&mut pair, kind, packet_id), Err(Violation::WrongAcknowledgement), "{kind:?}");
    }
}

#[test]
fn pubrel_to_the_sender_is_a_violation() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    assert_eq!(handle(&mut pair, AckKind::PubRel, 1), Err(Violation::PacketOutOfPlace));
}

#[test]
fn acknowledgements_without_a_connection_are_ignored() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::AtLeastOnce);
    pair.detach(Cause::Closed);
    assert_eq!(handle(&mut pair, AckKind::PubAck, 1), Ok(()));
    assert_eq!(pair.session.inflight(), 1);
}
