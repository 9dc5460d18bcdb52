//! Tests of the order in which members of a shared subscription may receive messages.

use super::StreamChecker;
use crate::faults::Faults;
use crate::stamp::Stamp;
use crate::streams::Topology;
use crate::traffic::DeliveryChecker;

/// Returns the number of deliveries and the faults after these deliveries from two publishers to three members. Each
/// delivery consists of the publisher, the sequence number and the member.
fn check_deliveries(deliveries: &[(u32, u64, usize)], sent: [u64; 2]) -> (u64, Faults) {
    let topics = ["a", "b"].map(str::to_owned);
    let topology = Topology::Shared { publishers: 2, subscribers: 3 };
    let mut checker = StreamChecker::new(topology, topics.to_vec());
    for (publisher, sequence, member) in deliveries {
        let topic = if *publisher == 0 { "a" } else { "b" };
        let stamp = Stamp { run: 1, publisher: *publisher, sequence: *sequence, due: 0 };
        checker.record(*member, topic.as_bytes(), &stamp);
    }
    (checker.delivered(), checker.final_faults(&sent))
}

#[test]
fn members_of_a_shared_subscription_may_overtake_each_other() {
    let (delivered, faults) = check_deliveries(&[(0, 1, 0), (0, 0, 1), (1, 0, 0), (0, 2, 1)], [3, 1]);
    assert_eq!((delivered, faults), (4, Faults::default()));
}

#[test]
fn a_member_must_receive_the_messages_of_a_publisher_in_order() {
    let (delivered, faults) = check_deliveries(&[(0, 1, 2), (0, 0, 2), (1, 0, 2)], [2, 1]);
    assert_eq!((delivered, faults), (3, Faults { out_of_order: 1, ..Faults::default() }));
}

#[test]
fn a_message_that_two_members_receive_is_a_duplicate_and_one_that_none_receives_is_lost() {
    let (delivered, faults) = check_deliveries(&[(0, 0, 0), (0, 0, 1)], [2, 0]);
    assert_eq!((delivered, faults), (1, Faults { duplicated: 1, lost: 1, ..Faults::default() }));
}

#[test]
fn a_missing_message_is_outstanding_even_after_a_later_one_arrived() {
    let topology = Topology::Shared { publishers: 1, subscribers: 2 };
    let mut checker = StreamChecker::new(topology, vec!["a".to_owned()]);
    checker.record(0, b"a", &Stamp { run: 1, publisher: 0, sequence: 4, due: 0 });
    assert_eq!(checker.outstanding(0, 5), 4);
}
