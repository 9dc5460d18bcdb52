//! Acknowledgements out of place: late ones are ignored, ones of another QoS are a violation.

use tidegate_mqtt::{Ack, AckKind, QoS, ReasonCode};
use tidegate_session::{Cause, Violation};

use crate::pair::{Pair, id, lasting};

fn handle(pair: &mut Pair, kind: AckKind, packet_id: u16) -> Result<(), Violation> {
    pair.session.handle_ack(&Ack::new(kind, id(packet_id), ReasonCode::Success), pair.now)
}

#[test]
fn unknown_identifiers_change_nothing() {
    let mut pair = Pair::new(lasting());
    let _ = pair.push("a", QoS::AtLeastOnce);
    for packet_id in [2, 100, 65_535] {
        assert_eq!(handle(&mut pair, AckKind::PubAck, packet_id), Ok(()));
        assert_eq!(handle(&mut pair, AckKind::PubComp, packet_id), Ok(()));
    }
    assert_eq!(pair.session.inflight(), 1);
}

#[test]
fn of_another_qos_they_are_a_violation() {
    let mut pair = Pair::new(lasting());
    let _ = pair.push("one", QoS::AtLeastOnce);
    let _ = pair.push("two", QoS::ExactlyOnce);
    for (kind, packet_id) in
        [(AckKind::PubRec, 1), (AckKind::PubComp, 1), (AckKind::PubAck, 2), (AckKind::PubComp, 2)]
    {
        assert_eq!(handle(&mut pair, kind, packet_id), Err(Violation::WrongAcknowledgement), "{kind:?}");
    }
}

#[test]
fn pubrel_is_not_for_the_sender() {
    let mut pair = Pair::new(lasting());
    assert_eq!(handle(&mut pair, AckKind::PubRel, 1), Err(Violation::PacketOutOfPlace));
}

#[test]
fn without_a_connection_nothing_happens() {
    let mut pair = Pair::new(lasting());
    let _ = pair.push("a", QoS::AtLeastOnce);
    pair.detach(Cause::Closed);
    assert_eq!(handle(&mut pair, AckKind::PubAck, 1), Ok(()));
    assert_eq!(pair.session.inflight(), 1);
}
