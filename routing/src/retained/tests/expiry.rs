//! Expired messages are not replayed, and they are removed.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::model::{message, message_expiring_at, replay, start, store};
use crate::Verdict;

#[test]
fn an_expired_message_is_left_out_and_removed() {
    let store = store();
    let now = start();
    let later = now + Duration::from_secs(10);
    assert_eq!(store.set(message_expiring_at("a/b", "x", Some(later))), Verdict::Stored);
    assert_eq!(store.set(message("a/c", "x")), Verdict::Stored);
    assert_eq!(replay(&store, "a/+", 9, now, || ()), ["a/b", "a/c"]);
    assert_eq!(store.len(), 2);
    assert_eq!(replay(&store, "a/+", 9, later, || ()), ["a/c"]);
    assert_eq!(store.len(), 1);
}

#[test]
fn sweeps_visit_all_topics_a_few_at_a_time() {
    let store = store();
    let now = start();
    let later = now + Duration::from_secs(10);
    for number in 0..1000 {
        let expires = (number % 2 == 0).then_some(later);
        assert_eq!(
            store.set(message_expiring_at(&format!("{}/{number}", number % 90), "x", expires)),
            Verdict::Stored
        );
    }
    assert_eq!(store.sweep(now, 5000), 0);
    let mut removed = 0;
    for _ in 0..12 {
        let once = store.sweep(later, 100);
        assert!(once <= 100);
        removed += once;
    }
    assert_eq!((removed, store.len()), (500, 500));
    assert_eq!(store.sweep(later, 5000), 0);
}

/// The expiry handler, which a store on disk uses, is called for messages that expire, and for no others.
#[test]
fn only_messages_removed_by_expiry_are_reported() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let reports = Arc::clone(&reported);
    let store = store().with_expiry_handler(move |message| reports.lock().push(message.topic().to_owned()));
    let now = start();
    let later = now + Duration::from_secs(10);
    for topic in ["a", "b", "c"] {
        assert_eq!(store.set(message_expiring_at(topic, "x", Some(later))), Verdict::Stored);
    }
    assert_eq!(store.set(message("c", "y")), Verdict::Replaced);
    assert_eq!(store.set(message("b", "")), Verdict::Removed);
    assert_eq!(store.set(message_expiring_at("d", "x", Some(later))), Verdict::Stored);
    assert_eq!(replay(&store, "a", 9, later, || ()), [""; 0]);
    assert_eq!(*reported.lock(), ["a"]);
    assert_eq!(store.sweep(later, 100), 1);
    assert_eq!(*reported.lock(), ["a", "d"]);
}
