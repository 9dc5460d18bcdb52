//! Replays while another thread sets and removes messages.

use std::collections::BTreeSet;

use super::model::{message, replay, start, store};
use crate::Verdict;
use crate::finished_flag::FinishedFlag;

#[test]
fn a_replay_during_writes_returns_each_staying_message_exactly_once() {
    let store = store();
    for number in 0..500 {
        assert_eq!(store.set(message(&format!("a/{number}/staying"), "x")), Verdict::Stored);
    }
    let finished = FinishedFlag::default();
    std::thread::scope(|scope| {
        let _end = finished.set_on_drop();
        scope.spawn(|| {
            let mut number = 0;
            while !finished.is_set() {
                number = (number + 7) % 500;
                let _ = store.set(message(&format!("a/{number}/passing"), "x"));
                let _ = store.set(message(&format!("a/{number}/staying"), "y"));
                let _ = store.set(message(&format!("a/{}/passing", (number + 250) % 500), ""));
            }
        });
        for filter in ["a/+/staying", "a/#", "+/+/+", "#"].repeat(10) {
            let found = replay(&store, filter, 9, start(), || ());
            let once: BTreeSet<_> = found.iter().collect();
            assert_eq!(once.len(), found.len(), "{filter}");
            let staying = found.iter().filter(|name| name.ends_with("/staying")).count();
            assert_eq!(staying, 500, "{filter}");
        }
    });
}
