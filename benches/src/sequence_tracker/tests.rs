//! Tests that each kind of fault in a stream is counted in the field of this kind.

use super::SequenceTracker;
use crate::faults::Faults;

fn faults_of(numbers: &[u64], sent: u64) -> Faults {
    let mut tracker = SequenceTracker::default();
    for number in numbers {
        tracker.record(*number);
    }
    tracker.final_faults(sent)
}

#[test]
fn a_stream_in_which_every_message_is_delivered_once_in_order_has_no_faults() {
    assert_eq!(faults_of(&[0, 1, 2, 3], 4), Faults::default());
}

#[test]
fn missing_messages_in_the_middle_and_at_the_end_are_lost() {
    assert_eq!(faults_of(&[0, 3], 6), Faults { lost: 4, ..Faults::default() });
}

#[test]
fn a_message_that_is_delivered_again_is_a_duplicate() {
    assert_eq!(faults_of(&[0, 1, 1, 0, 2], 3), Faults { duplicated: 2, ..Faults::default() });
}

#[test]
fn a_late_message_is_out_of_order_but_not_lost() {
    assert_eq!(faults_of(&[1, 0, 2], 3), Faults { out_of_order: 1, ..Faults::default() });
}

#[test]
fn a_late_message_that_is_delivered_twice_is_also_a_duplicate() {
    assert_eq!(faults_of(&[1, 0, 0, 2], 3), Faults { out_of_order: 1, duplicated: 1, ..Faults::default() });
}

#[test]
fn a_sequence_number_that_was_never_sent_is_corrupt() {
    assert_eq!(faults_of(&[0, 1, u64::MAX], 2), Faults { corrupt: 1, ..Faults::default() });
    assert_eq!(faults_of(&[0, 1, 2], 2), Faults { corrupt: 1, ..Faults::default() });
}
