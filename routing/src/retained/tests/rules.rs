//! Setting, replacing, removing; what each filter finds; bounds.

use super::model::{message, replay, start, store};
use crate::{RetainedConfig, RetainedStore, Verdict};

#[test]
fn the_last_message_of_a_topic_stays() {
    let store = store();
    assert_eq!(store.set(message("a/b", "one")), Verdict::Stored);
    assert_eq!(store.set(message("a/b", "three")), Verdict::Replaced);
    assert_eq!(store.get("a/b").unwrap().payload(), b"three");
    assert_eq!(store.len(), 1);
    let bytes = store.bytes();
    assert_eq!(store.set(message("a/b", "1")), Verdict::Replaced);
    assert_eq!(store.bytes(), bytes - 4);
}

#[test]
fn an_empty_payload_removes() {
    // [MQTT5-3.3.1-6] [MQTT5-3.3.1-7]
    let store = store();
    assert_eq!(store.set(message("a", "")), Verdict::Absent);
    assert_eq!(store.set(message("a", "x")), Verdict::Stored);
    assert_eq!(store.set(message("a", "")), Verdict::Removed);
    assert_eq!((store.len(), store.bytes()), (0, 0));
    assert!(store.get("a").is_none());
}

#[test]
fn filters_find_what_they_match() {
    let store = store();
    let topics = ["$SYS/a", "/a", "a", "a-b", "a/", "a/b", "a/b/c", "a/c/c", "a!/b", "b/b/c", "a/b/c/d"];
    for topic in topics {
        assert_eq!(store.set(message(topic, "x")), Verdict::Stored);
    }
    for filter in
        ["#", "+", "a/#", "+/#", "a/+/c", "+/b/#", "$SYS/#", "/#", "+/+", "a/b", "+/+/c", "x", "a/+/+/+"]
    {
        let mut expected: Vec<_> =
            topics.into_iter().filter(|topic| tidegate_mqtt::topic::matches(filter, topic)).collect();
        expected.sort_unstable();
        assert_eq!(replay(&store, filter, 2, start(), || ()), expected, "{filter}");
    }
}

/// The cursor jumps: what lies below a level that cannot match is not looked at one by one.
#[test]
fn subtrees_that_cannot_match_are_skipped() {
    let store = store();
    for device in 0..20 {
        for value in 0..1000 {
            assert_eq!(store.set(message(&format!("a/{device}/values/{value}"), "x")), Verdict::Stored);
        }
        assert_eq!(store.set(message(&format!("a/{device}/status"), "x")), Verdict::Stored);
    }
    let mut calls = 0;
    assert_eq!(replay(&store, "a/+/status", 100, start(), || calls += 1).len(), 20);
    assert_eq!(calls, 1, "20,020 topics cannot be looked at in one call");
}

#[test]
fn bounds_refuse_what_would_grow() {
    let store = RetainedStore::new(RetainedConfig { len_max: 2, ..RetainedConfig::default() });
    assert_eq!(store.set(message("a", "x")), Verdict::Stored);
    assert_eq!(store.set(message("b", "x")), Verdict::Stored);
    assert_eq!(store.set(message("c", "x")), Verdict::Full);
    assert_eq!(store.set(message("a", "longer")), Verdict::Replaced);
    assert_eq!(store.len(), 2);

    let bytes_max = store.bytes();
    let store = RetainedStore::new(RetainedConfig { bytes_max, ..RetainedConfig::default() });
    assert_eq!(store.set(message("a", "longer")), Verdict::Stored);
    assert_eq!(store.set(message("b", "x")), Verdict::Stored);
    assert_eq!(store.set(message("b", "xy")), Verdict::Full);
    assert_eq!(store.set(message("a", "long")), Verdict::Replaced);
    assert_eq!(store.set(message("b", "xy")), Verdict::Replaced);
    assert!(store.bytes() <= bytes_max);
}
