//! Handshakes of QoS 2 at the receiving end.

use super::Releases;

#[test]
fn a_released_id_may_come_again() {
    let mut releases = Releases::default();
    for _ in 0..2 {
        releases.receive(7);
        assert!(!releases.is_settled());
        releases.release(7);
    }
    assert!(releases.is_settled());
    assert_eq!(releases.faults(), 0);
}

#[test]
fn an_id_that_is_open_must_not_come_again() {
    let mut releases = Releases::default();
    releases.receive(7);
    releases.receive(7);
    releases.release(7);
    assert_eq!(releases.faults(), 1);
}

#[test]
fn a_release_of_nothing_and_a_missing_release_are_faults() {
    let mut releases = Releases::default();
    releases.release(7);
    releases.receive(8);
    assert_eq!(releases.faults(), 2);
}
