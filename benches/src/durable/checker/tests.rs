//! Tests of which messages a session must receive when its publisher publishes to several topics in turn.

use super::SessionChecker;
use crate::stamp::Stamp;
use crate::traffic::DeliveryChecker;

const PUBLISHERS: u32 = 2;
const SENT: u64 = 7;

/// Creates a checker for two publishers with three topics each and two sessions per topic.
fn checker() -> SessionChecker {
    let topics = (0..6).map(|topic| format!("t/{topic}")).collect();
    SessionChecker::new(topics, 3, 2)
}

/// Delivers to every session the messages of its topic, out of the seven messages of each publisher. Omits the
/// deliveries for which `is_lost`, called with the session and the sequence number, returns true.
fn deliver(checker: &mut SessionChecker, is_lost: impl Fn(usize, u64) -> bool) {
    for publisher in 0..PUBLISHERS {
        for sequence in 0..SENT {
            let topic = publisher as usize * 3 + sequence as usize % 3;
            let stamp = Stamp { run: 1, publisher, sequence, due: 0 };
            for session in [topic * 2, topic * 2 + 1] {
                if !is_lost(session, sequence) {
                    checker.record(session, format!("t/{topic}").as_bytes(), &stamp);
                }
            }
        }
    }
}

#[test]
fn a_session_must_receive_the_messages_of_its_topic() {
    let mut checker = checker();
    deliver(&mut checker, |_, _| false);
    assert_eq!(checker.delivered(), 2 * 2 * SENT);
    assert_eq!(checker.final_faults(&[SENT, SENT]).total(), 0);
    assert!(checker.is_complete(0, SENT) && checker.is_complete(1, SENT));
    assert_eq!([0, 1, 2].map(|topic| checker.messages_of_topic(topic, SENT)), [3, 2, 2]);
}

#[test]
fn a_message_that_a_session_did_not_receive_is_lost() {
    let mut checker = checker();
    // Two messages are lost: the last message of the first topic at the second session of that topic, and a message in
    // the middle at a session of the other publisher.
    deliver(&mut checker, |session, sequence| (session, sequence) == (1, 6) || (session, sequence) == (6, 3));
    let faults = checker.final_faults(&[SENT, SENT]);
    assert_eq!((faults.lost, faults.total()), (2, 2));
    assert!(!checker.is_complete(0, SENT) && !checker.is_complete(1, SENT));
    assert!(checker.has_all_messages(0, SENT) && !checker.has_all_messages(1, SENT));
}

#[test]
fn a_duplicate_and_a_message_for_another_session_are_faults() {
    let mut checker = checker();
    deliver(&mut checker, |_, _| false);
    let stamp = Stamp { run: 1, publisher: 0, sequence: 1, due: 0 };
    checker.record(2, b"t/1", &stamp);
    checker.record(4, b"t/1", &stamp);
    checker.record(2, b"t/2", &stamp);
    let faults = checker.final_faults(&[SENT, SENT]);
    assert_eq!((faults.duplicated, faults.misdelivered, faults.total()), (1, 2, 3));
}
