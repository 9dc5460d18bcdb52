//! Replays compared with the naive matcher, with changes between the calls.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tidegate_mqtt::topic::{self, Filter};

use super::model::{message, replay, start, store};
use crate::Verdict;

fn topics() -> impl Strategy<Value = String> {
    "((\\$?[ab]|[ab!]{0,2}|~)/){0,4}(\\$?[abc]|\u{1}|a-b)".prop_map(String::from)
}

fn filters() -> impl Strategy<Value = String> {
    "((\\$?[ab]|[ab!]{0,2}|~|\\+)/){0,4}([abc]|\\+|#|a-b)".prop_map(String::from)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_replay_returns_the_messages_that_match(
        stored in prop::collection::btree_set(topics(), 0..80),
        filters in prop::collection::vec(filters(), 1..8),
        max in 1..7usize,
    ) {
        let store = store();
        for topic in &stored {
            prop_assert_eq!(store.set(message(topic, "x")), Verdict::Stored);
        }
        for filter in &filters {
            let expected: Vec<_> = stored.iter().filter(|name| topic::matches(filter, name)).cloned().collect();
            prop_assert_eq!(&replay(&store, filter, max, start(), || ()), &expected, "{}", filter);
            let may_match = store.may_match(&Filter::parse(filter).unwrap());
            prop_assert!(may_match || expected.is_empty(), "{}", filter);
            prop_assert!(may_match != expected.is_empty() || filter.contains(['+', '#']), "{}", filter);
        }
    }

    #[test]
    fn messages_that_stay_are_replayed_exactly_once(
        staying in prop::collection::btree_set(topics(), 0..40),
        passing in prop::collection::vec((topics(), any::<bool>()), 1..80),
        filter in filters(),
        max in 1..4usize,
    ) {
        let store = store();
        for topic in &staying {
            prop_assert_eq!(store.set(message(topic, "x")), Verdict::Stored);
        }
        let mut changes = passing.iter().cycle();
        let found = replay(&store, &filter, max, start(), || {
            for (topic, remove) in changes.by_ref().take(3) {
                let remove = *remove && !staying.contains(topic);
                let _ = store.set(message(topic, if remove { "" } else { "y" }));
            }
        });
        let once: BTreeSet<_> = found.iter().cloned().collect();
        prop_assert_eq!(once.len(), found.len(), "no message is replayed twice");
        prop_assert!(found.iter().all(|name| topic::matches(&filter, name)));
        let expected = staying.iter().filter(|name| topic::matches(&filter, name));
        prop_assert!(expected.into_iter().all(|name| once.contains(name)));
    }
}
