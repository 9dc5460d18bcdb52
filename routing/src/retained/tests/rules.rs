//! Setting, replacing and removing messages, what each filter finds, and the bounds.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tidegate_mqtt::topic::Filter;

use super::super::key::Key;
use super::model::{message, replay, start, store};
use crate::{RetainedConfig, RetainedStore, Verdict};

#[test]
fn the_last_message_of_a_topic_is_kept() {
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
fn an_empty_payload_removes_the_message() {
    // [MQTT5-3.3.1-6] [MQTT5-3.3.1-7]
    let store = store();
    assert_eq!(store.set(message("a", "")), Verdict::Absent);
    assert_eq!(store.set(message("a", "x")), Verdict::Stored);
    assert_eq!(store.set(message("a", "")), Verdict::Removed);
    assert_eq!((store.len(), store.bytes()), (0, 0));
    assert!(store.get("a").is_none());
}

#[test]
fn a_replay_returns_the_messages_that_match_the_filter() {
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

/// The cursor skips all topics below a level that cannot match, instead of examining them one by one.
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
    assert_eq!(calls, 1, "one call cannot examine all 20,020 topics");
}

#[test]
fn messages_that_would_exceed_a_bound_are_refused() {
    let store = RetainedStore::new(RetainedConfig { messages_max: 2, ..RetainedConfig::default() });
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

#[test]
fn bytes_counts_messages_keys_and_map_entries() {
    let store = store();
    assert!(store.is_empty());
    let mut expected = 0;
    for (topic, payload) in [("a", "x"), ("long/topic/name", "longer payload")] {
        let message = message(topic, payload);
        expected += message.size() + topic.len() + 64;
        assert_eq!(store.set(message), Verdict::Stored);
        assert_eq!(store.bytes(), expected);
    }
    assert!(!store.is_empty());
}

#[test]
fn one_call_examines_a_bounded_number_of_topics() {
    let store = store();
    for number in 0..1000 {
        assert_eq!(store.set(message(&format!("a/{number}/y"), "x")), Verdict::Stored);
    }
    let mut calls = 0;
    assert!(replay(&store, "a/+/x", 1, start(), || calls += 1).is_empty());
    assert_eq!(calls, 4, "a call examines 256 topics, plus one for each message it may pass on");
}

/// After a sweep or replay has found an expired message and before it removes that message, another thread may replace
/// the message.
#[test]
fn a_newer_message_is_not_removed_instead_of_the_expired_one() {
    let store = store();
    let (former, latter) = (message("a", "former"), message("a", "latter"));
    assert_eq!(store.set(Arc::clone(&former)), Verdict::Stored);
    assert_eq!(store.set(Arc::clone(&latter)), Verdict::Replaced);
    let key = Key::from_topic("a");
    let mut shard = store.shards[store.shard_index("a")].write();
    assert!(!store.remove_if_current(&mut shard, &key, &former));
    assert!(shard.contains_key(&key));
    assert!(store.remove_if_current(&mut shard, &key, &latter));
    assert!(!shard.contains_key(&key));
}

#[test]
fn topics_are_spread_over_shards_by_their_first_level() {
    let store = store();
    for number in 0..1000 {
        assert_eq!(store.set(message(&format!("{number}/a"), "x")), Verdict::Stored);
    }
    let longest = store.shards.iter().map(|shard| shard.read().len()).max();
    assert!(longest < Some(50), "{longest:?} of 1,000 topics in one of 64 shards");
}

/// A message that another thread adds is counted briefly before the store refuses it.
#[test]
fn replacing_succeeds_while_an_addition_is_being_refused() {
    let config = RetainedConfig { messages_max: 1, bytes_max: 10_000 };
    let store = RetainedStore::new(config);
    assert_eq!(store.set(message("a", "one")), Verdict::Stored);
    store.len.fetch_add(1, Ordering::Relaxed);
    store.bytes.fetch_add(10_000, Ordering::Relaxed);
    assert_eq!(store.set(message("a", "two")), Verdict::Replaced);
    assert_eq!(store.set(message("a", "longer")), Verdict::Full);
    store.bytes.fetch_sub(10_000, Ordering::Relaxed);
    assert_eq!(store.set(message("a", "longer")), Verdict::Replaced);
}

#[test]
fn a_stopped_replay_continues_where_it_stopped() {
    let store = store();
    let topics: Vec<_> = (0..200).map(|number| format!("{}/{number}", number % 7)).collect();
    for topic in &topics {
        assert_eq!(store.set(message(topic, "x")), Verdict::Stored);
    }
    let mut cursor = RetainedStore::cursor(&Filter::parse("#").unwrap());
    let mut found = Vec::new();
    while !cursor.is_done() {
        let before = found.len();
        store.visit_next(&mut cursor, 100, start(), |message| {
            found.push(message.topic().to_string());
            found.len() < before + 3
        });
        assert!(found.len() <= before + 3, "nothing is passed on after `take` returned false");
        assert!(found.len() <= topics.len(), "no message is passed on twice");
    }
    found.sort_unstable();
    let mut expected = topics;
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn may_match_is_false_when_no_message_can_match() {
    let store = store();
    let may_match = |filter: &str| store.may_match(&Filter::parse(filter).unwrap());
    assert!(!["#", "+/b", "a/#", "a/b"].into_iter().any(may_match));
    assert_eq!(store.set(message("a/b/c", "x")), Verdict::Stored);
    assert!(["#", "+/b", "a/#", "a/+/c", "a/b/c"].into_iter().all(may_match));
    assert!(!["a/b", "a/b/c/d", "a/c/#", "b/+", "a/bb/#"].into_iter().any(may_match));
}
