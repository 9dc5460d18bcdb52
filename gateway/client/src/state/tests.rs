//! The client's session state, without a connection.

use tidegate_mqtt::{Ack, AckKind, PacketId, Publish, QoS, ReasonCode};

use super::{AckOutcome, Retransmission, State};

fn send(state: &mut State, qos: QoS) -> u16 {
    let packet_id = state.next_id().unwrap();
    state.record_sent(packet_id, Publish { qos, packet_id: Some(packet_id), ..Publish::new("a", "") });
    packet_id.get()
}

fn acknowledge(state: &mut State, kind: AckKind, packet_id: u16) -> AckOutcome {
    state.acknowledge(&Ack::new(kind, PacketId::new(packet_id).unwrap(), ReasonCode::Success))
}

fn open(state: &State) -> Vec<u16> {
    state.open().map(PacketId::get).collect()
}

/// Tests every acknowledgement in every state of a message.
#[test]
fn acknowledgements_are_handled_by_message_state() {
    use AckKind::{PubAck, PubComp, PubRec};
    use AckOutcome::{Done, Release, Unknown};
    let cases = [
        (QoS::AtLeastOnce, &[][..], PubAck, Done),
        (QoS::AtLeastOnce, &[], PubRec, Unknown),
        (QoS::AtLeastOnce, &[], PubComp, Unknown),
        (QoS::ExactlyOnce, &[], PubAck, Unknown),
        (QoS::ExactlyOnce, &[], PubRec, Release),
        (QoS::ExactlyOnce, &[], PubComp, Unknown),
        (QoS::ExactlyOnce, &[PubRec], PubAck, Unknown),
        (QoS::ExactlyOnce, &[PubRec], PubRec, Release),
        (QoS::ExactlyOnce, &[PubRec], PubComp, Done),
    ];
    for (qos, before, kind, expected) in cases {
        let mut state = State::default();
        let packet_id = send(&mut state, qos);
        for kind in before {
            acknowledge(&mut state, *kind, packet_id);
        }
        assert_eq!(acknowledge(&mut state, kind, packet_id + 1), Unknown);
        assert_eq!(acknowledge(&mut state, kind, packet_id), expected, "{qos:?} {before:?} {kind:?}");
        assert_eq!(open(&state).is_empty(), expected == Done, "{qos:?} {before:?} {kind:?}");
    }
}

#[test]
fn packet_identifiers_wrap_around_and_skip_those_in_use() {
    let mut state = State::default();
    let first = send(&mut state, QoS::AtLeastOnce);
    for expected in 2..=u16::MAX {
        assert_eq!(send(&mut state, QoS::AtLeastOnce), expected);
        assert_eq!(acknowledge(&mut state, AckKind::PubAck, expected), AckOutcome::Done);
    }
    assert_eq!((first, send(&mut state, QoS::AtLeastOnce)), (1, 2));
    assert_eq!(open(&state), [1, 2]);
}

#[test]
fn no_identifier_is_available_when_all_are_in_use() {
    let mut state = State::default();
    for _ in 1..=u16::MAX {
        send(&mut state, QoS::AtLeastOnce);
    }
    assert_eq!(state.next_id(), None);
    acknowledge(&mut state, AckKind::PubAck, 500);
    assert_eq!(state.next_id(), PacketId::new(500));
}

#[test]
fn messages_are_found_among_gaps_in_the_identifiers() {
    let mut state = State::default();
    for _ in 1..=50 {
        send(&mut state, QoS::AtLeastOnce);
    }
    for packet_id in [10, 11, 30, 1, 50] {
        assert_eq!(acknowledge(&mut state, AckKind::PubAck, packet_id), AckOutcome::Done);
        assert_eq!(acknowledge(&mut state, AckKind::PubAck, packet_id), AckOutcome::Unknown);
    }
    let expected: Vec<u16> = (2..50).filter(|id| ![10, 11, 30].contains(id)).collect();
    assert_eq!(open(&state), expected);
    for packet_id in expected {
        assert_eq!(acknowledge(&mut state, AckKind::PubAck, packet_id), AckOutcome::Done, "{packet_id}");
    }
}

#[test]
fn a_message_is_not_retransmitted_on_the_same_connection() {
    let mut state = State::default();
    send(&mut state, QoS::AtLeastOnce);
    assert!(state.next_retransmission().is_none());
    state.resume(true);
    assert!(matches!(state.next_retransmission(), Some(Retransmission::Publish(message)) if message.dup));
    assert!(state.next_retransmission().is_none());
}
