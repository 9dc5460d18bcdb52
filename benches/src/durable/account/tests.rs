//! Which messages a session must get, when its publisher writes to several topics in turn.

use super::Account;
use crate::stamp::Stamp;
use crate::traffic::Book;

const PUBLISHERS: u32 = 2;
const SENT: u64 = 7;

/// Two publishers with three topics each, two sessions a topic.
fn account() -> Account {
    let topics = (0..6).map(|topic| format!("t/{topic}")).collect();
    Account::new(topics, 3, 2)
}

/// Delivers what every session must get of seven messages a publisher, but for those that `is_lost` tells by session and
/// sequence number.
fn deliver(account: &mut Account, is_lost: impl Fn(usize, u64) -> bool) {
    for publisher in 0..PUBLISHERS {
        for sequence in 0..SENT {
            let topic = publisher as usize * 3 + sequence as usize % 3;
            let stamp = Stamp { run: 1, publisher, sequence, due: 0 };
            for session in [topic * 2, topic * 2 + 1] {
                if !is_lost(session, sequence) {
                    account.record(session, format!("t/{topic}").as_bytes(), &stamp);
                }
            }
        }
    }
}

#[test]
fn each_session_gets_its_share() {
    let mut account = account();
    deliver(&mut account, |_, _| false);
    assert_eq!(account.delivered(), 2 * 2 * SENT);
    assert_eq!(account.close(&[SENT, SENT]).total(), 0);
    assert!(account.is_settled(0, SENT) && account.is_settled(1, SENT));
    assert_eq!([0, 1, 2].map(|topic| account.share(topic, SENT)), [3, 2, 2]);
}

#[test]
fn what_a_session_misses_is_lost() {
    let mut account = account();
    // The last message of the first topic, for its second session; and one from the midst, for a session of the other publisher.
    deliver(&mut account, |session, sequence| (session, sequence) == (1, 6) || (session, sequence) == (6, 3));
    let faults = account.close(&[SENT, SENT]);
    assert_eq!((faults.lost, faults.total()), (2, 2));
    assert!(!account.is_settled(0, SENT) && !account.is_settled(1, SENT));
    assert!(account.has_all(0, SENT) && !account.has_all(1, SENT));
}

#[test]
fn what_comes_twice_or_to_the_wrong_session_is_a_fault() {
    let mut account = account();
    deliver(&mut account, |_, _| false);
    let stamp = Stamp { run: 1, publisher: 0, sequence: 1, due: 0 };
    account.record(2, b"t/1", &stamp);
    account.record(4, b"t/1", &stamp);
    account.record(2, b"t/2", &stamp);
    let faults = account.close(&[SENT, SENT]);
    assert_eq!((faults.duplicated, faults.misdelivered, faults.total()), (1, 2, 3));
}
