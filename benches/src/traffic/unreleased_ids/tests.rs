//! Handshakes of QoS 2 at the receiving end.

use super::UnreleasedIds;

#[test]
fn a_released_id_may_come_again() {
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
fn an_id_that_is_open_must_not_come_again() {
    let mut unreleased = UnreleasedIds::default();
    unreleased.receive(7);
    unreleased.receive(7);
    unreleased.release(7);
    assert_eq!(unreleased.faults(), 1);
}

#[test]
fn a_release_of_nothing_and_a_missing_release_are_faults() {
    let mut unreleased = UnreleasedIds::default();
    unreleased.release(7);
    unreleased.receive(8);
    assert_eq!(unreleased.faults(), 2);
}
