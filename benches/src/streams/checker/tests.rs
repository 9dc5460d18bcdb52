//! Shared subscriptions: in which order members may receive messages.

use super::StreamChecker;
use crate::faults::Faults;
use crate::stamp::Stamp;
use crate::streams::Topology;
use crate::traffic::DeliveryChecker;

/// The number of deliveries and the faults of two publishers and three members after these deliveries, each given as publisher,
/// sequence number, member.
fn after(deliveries: &[(u32, u64, usize)], sent: [u64; 2]) -> (u64, Faults) {
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
fn members_may_overtake_each_other() {
    let (delivered, faults) = after(&[(0, 1, 0), (0, 0, 1), (1, 0, 0), (0, 2, 1)], [3, 1]);
    assert_eq!((delivered, faults), (4, Faults::default()));
}

#[test]
fn a_member_must_receive_the_messages_of_a_publisher_in_order() {
    let (delivered, faults) = after(&[(0, 1, 2), (0, 0, 2), (1, 0, 2)], [2, 1]);
    assert_eq!((delivered, faults), (3, Faults { out_of_order: 1, ..Faults::default() }));
}

#[test]
fn a_message_at_two_members_is_a_duplicate_and_at_none_is_lost() {
    let (delivered, faults) = after(&[(0, 0, 0), (0, 0, 1)], [2, 0]);
    assert_eq!((delivered, faults), (1, Faults { duplicated: 1, lost: 1, ..Faults::default() }));
}

#[test]
fn a_missing_message_is_outstanding_even_after_a_later_one_arrived() {
    let topology = Topology::Shared { publishers: 1, subscribers: 2 };
    let mut checker = StreamChecker::new(topology, vec!["a".to_owned()]);
    checker.record(0, b"a", &Stamp { run: 1, publisher: 0, sequence: 4, due: 0 });
    assert_eq!(checker.outstanding(0, 5), 4);
}
