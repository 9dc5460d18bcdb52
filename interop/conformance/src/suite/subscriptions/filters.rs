//! Tests topic filters: where wildcards are allowed, and which topics they match.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::Subscribe;

cases! {
    a_multi_level_wildcard_is_last_and_alone_or_after_a_slash: "MQTT5-4.7.1-1", "MQTT3-4.7.1-2", "TRAP5-5", "TRAP3-5";
    a_single_level_wildcard_occupies_a_whole_level: "MQTT5-4.7.1-2", "MQTT3-4.7.1-3", "TRAP5-5", "TRAP3-5";
    misplaced_wildcards_are_refused_in_unsubscribe: "TRAP5-5", "TRAP3-5";
    a_bare_multi_level_wildcard_is_accepted [SEPARATE_BROKER]: "MQTT5-4.7.1-1", "MQTT3-4.7.1-2";
    a_bare_single_level_wildcard_is_accepted [SEPARATE_BROKER]: "MQTT5-4.7.1-2", "MQTT3-4.7.1-3";
    wildcards_match_levels: "MQTT5-4.7.1-1", "MQTT5-4.7.1-2", "MQTT3-4.7.1-2", "MQTT3-4.7.1-3", "TRAP5-1", "TRAP3-1";
    a_wildcard_matches_the_parent_level [SEPARATE_BROKER]: "MQTT5-4.7.1-1", "MQTT3-4.7.1-2", "TRAP5-1", "TRAP3-1";
}

async fn a_multi_level_wildcard_is_last_and_alone_or_after_a_slash(harness: Harness) {
    for bad in ["a#", "a/b#", "a/#b", "a/#/b", "a/#/", "##", "a/##", "#+", "+#"] {
        harness.expect_filter_refused(harness.topic(bad)).await;
    }
    for bad in ["#/a", "#a", "##", "a#", "#/", "/#/a", "+/#/a"] {
        harness.expect_filter_refused(bad).await;
    }
}

async fn a_single_level_wildcard_occupies_a_whole_level(harness: Harness) {
    for bad in ["a+", "+a/b", "a/b+/c", "a/+b/c", "++", "a/++/b", "a+b", "+a"] {
        harness.expect_filter_refused(harness.topic(bad)).await;
    }
    for bad in ["a+", "+a", "++", "+a/b", "/+a", "+ "] {
        harness.expect_filter_refused(bad).await;
    }
}

async fn misplaced_wildcards_are_refused_in_unsubscribe(harness: Harness) {
    for bad in ["a#", "a/#/b", "a+", "+a/b"] {
        harness.expect_unsubscribe_refused(harness.topic(bad)).await;
    }
}

/// The filter `#` also matches the messages of other tests, which this test ignores.
async fn a_bare_multi_level_wildcard_is_accepted(harness: Harness) {
    assert_filter_accepted(&harness, "#", &["a", "a/b", "/a", "a/"].map(|name| harness.topic(name))).await;
}

async fn a_bare_single_level_wildcard_is_accepted(harness: Harness) {
    let prefix = harness.client_id("");
    assert_filter_accepted(&harness, "+", &[prefix]).await;
}

/// Checks that the broker grants a subscription to `filter`, and delivers messages on all `topics` to it.
async fn assert_filter_accepted(harness: &Harness, filter: &str, topics: &[String]) {
    let mut client = harness.client("one").await;
    // In 5.0, the subscription asks for no retained messages (Retain Handling 2). In 3.1.1, that is not possible.
    let options = if harness.is_v5() { 0x20 } else { 0 };
    assert_eq!(client.try_subscribe(filter, options).await, [0], "{filter}");
    harness.client("other").await.publish_all(topics).await;
    for topic in topics {
        while client.next_message().await.topic != *topic {}
    }
    client.unsubscribe(filter).await;
}

async fn wildcards_match_levels(harness: Harness) {
    let prefix = harness.client_id("");
    let names = ["", "/a", "/", "/a/b", "/a/b/c", "/a/", "/b", "/b/b", "//b", "//", "/ab"];
    let topics: Vec<_> = names.iter().map(|name| format!("{prefix}{name}")).collect();
    let table: &[(&str, &[&str])] = &[
        ("/#", &["", "/a", "/", "/a/b", "/a/b/c", "/a/", "/b", "/b/b", "//b", "//", "/ab"]),
        ("/a/#", &["/a", "/a/b", "/a/b/c", "/a/"]),
        ("/a/b/#", &["/a/b", "/a/b/c"]),
        ("//#", &["/", "//b", "//"]),
        ("/+", &["/a", "/", "/b", "/ab"]),
        ("/+/b", &["/a/b", "/b/b", "//b"]),
        ("/a/+", &["/a/b", "/a/"]),
        ("/+/+", &["/a/b", "/a/", "/b/b", "//b", "//"]),
        ("/+/#", &["/a", "/", "/a/b", "/a/b/c", "/a/", "/b", "/b/b", "//b", "//", "/ab"]),
        ("/+/b/#", &["/a/b", "/a/b/c", "/b/b", "//b"]),
        ("/a/+/c", &["/a/b/c"]),
        ("/a/+/+", &["/a/b/c"]),
        ("//+", &["//b", "//"]),
        ("/a/+/#", &["/a/b", "/a/b/c", "/a/"]),
        ("/+/b/+", &["/a/b/c"]),
        ("", &[""]),
        ("/", &["/"]),
        ("/a", &["/a"]),
    ];
    let mut publisher = harness.client("publisher").await;
    let mut client = harness.client("one").await;
    for (filter, expected) in table {
        let expected: Vec<_> = expected.iter().map(|name| format!("{prefix}{name}")).collect();
        assert_matches(&mut client, &mut publisher, &format!("{prefix}{filter}"), &topics, &expected).await;
    }
}

/// The filters `a/#` and `+/#` also match the topic `a`. The empty level before a leading slash counts as a level.
async fn a_wildcard_matches_the_parent_level(harness: Harness) {
    let prefix = harness.client_id("");
    let mut publisher = harness.client("publisher").await;
    let mut client = harness.client("one").await;
    let topics = ["", "x/", "/"].map(|front| format!("{front}{prefix}"));
    let [bare, below, slash] = topics.clone();
    let table = [
        (format!("{prefix}/#"), vec![bare.clone()]),
        (format!("+/{prefix}"), vec![below.clone(), slash.clone()]),
        (format!("+/{prefix}/#"), vec![below, slash.clone()]),
        (format!("/{prefix}/#"), vec![slash.clone()]),
        (format!("/{prefix}"), vec![slash]),
    ];
    for (filter, expected) in table {
        assert_matches(&mut client, &mut publisher, &filter, &topics, &expected).await;
    }
    // The multi-level wildcard also matches a retained message on the parent topic, which has two levels.
    let parent = harness.topic("a");
    publisher.publish_retained(&parent, "kept", 1).await;
    for filter in [harness.topic("a/#"), format!("{prefix}/+/#"), format!("{prefix}/#")] {
        let mut late = harness.subscriber("late", &filter, 0).await;
        assert_eq!(late.next_message().await.topic, parent, "{filter}");
        late.disconnect().await;
    }
    assert_eq!(client.exchange_subscribe(&Subscribe::new(1).filter("+/#", 0)).await.codes, [0]);
    publisher.publish_all(std::slice::from_ref(&bare)).await;
    while client.next_message().await.topic != bare {}
}

/// Subscribes to `filter` and publishes to all `topics`. Checks that exactly the messages on the `expected` topics
/// arrive, each once.
async fn assert_matches(
    client: &mut Client,
    publisher: &mut Client,
    filter: &str,
    topics: &[String],
    expected: &[String],
) {
    client.subscribe(filter, 0).await;
    publisher.publish_all(topics).await;
    let seen = client.receive_all().await;
    assert_eq!(
        seen.iter().map(|message| &message.topic).collect::<Vec<_>>(),
        Vec::from_iter(expected),
        "{filter}"
    );
    client.unsubscribe(filter).await;
}
