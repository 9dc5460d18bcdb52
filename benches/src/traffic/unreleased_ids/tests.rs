//! Tests of the QoS 2 handshake at the receiver.

use super::UnreleasedIds;

#[test]
fn a_released_packet_identifier_may_be_used_again() {
    let mut unreleased = UnreleasedIds::default();
    for _ in 0..2 {
        unreleased.receive(7);
        assert!(!unreleased.is_complete());
        unreleased.release(7);
    }
    assert!(unreleased.is_complete());
    assert_eq!(unreleased.faults(), 0);
}

#[test]
fn a_packet_identifier_must_not_be_reused_before_its_release() {
    let mut unreleased = UnreleasedIds::default();
    unreleased.receive(7);
    unreleased.receive(7);
    unreleased.release(7);
    assert_eq!(unreleased.faults(), 1);
}

#[test]
fn an_unexpected_pubrel_and_a_missing_pubrel_are_faults() {
    let mut unreleased = UnreleasedIds::default();
    unreleased.release(7);
    unreleased.receive(8);
    assert_eq!(unreleased.faults(), 2);
}
