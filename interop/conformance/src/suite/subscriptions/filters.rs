//! Topic filters: where wildcards may stand.

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::Subscribe;

cases! {
    a_multi_level_wildcard_stands_alone_or_behind_a_slash_and_last: "MQTT5-4.7.1-1", "MQTT3-4.7.1-2", "TRAP5-5", "TRAP3-5";
    a_single_level_wildcard_fills_a_level: "MQTT5-4.7.1-2", "MQTT3-4.7.1-3", "TRAP5-5", "TRAP3-5";
    misplaced_wildcards_are_refused_in_unsubscribe: "TRAP5-5", "TRAP3-5";
    a_bare_multi_level_wildcard_is_taken [ALONE]: "MQTT5-4.7.1-1", "MQTT3-4.7.1-2";
    a_bare_single_level_wildcard_is_taken [ALONE]: "MQTT5-4.7.1-2", "MQTT3-4.7.1-3";
    a_wildcard_matches_levels: "MQTT5-4.7.1-1", "MQTT5-4.7.1-2", "MQTT3-4.7.1-2", "MQTT3-4.7.1-3", "TRAP5-1", "TRAP3-1";
    a_wildcard_matches_the_parent_level [ALONE]: "MQTT5-4.7.1-1", "MQTT3-4.7.1-2", "TRAP5-1", "TRAP3-1";
}

async fn a_multi_level_wildcard_stands_alone_or_behind_a_slash_and_last(lab: Lab) {
    for bad in ["a#", "a/b#", "a/#b", "a/#/b", "a/#/", "##", "a/##", "#+", "+#"] {
        lab.refuses_filter(lab.topic(bad)).await;
    }
    for bad in ["#/a", "#a", "##", "a#", "#/", "/#/a", "+/#/a"] {
        lab.refuses_filter(bad).await;
    }
}

async fn a_single_level_wildcard_fills_a_level(lab: Lab) {
    for bad in ["a+", "+a/b", "a/b+/c", "a/+b/c", "++", "a/++/b", "a+b", "+a"] {
        lab.refuses_filter(lab.topic(bad)).await;
    }
    for bad in ["a+", "+a", "++", "+a/b", "/+a", "+ "] {
        lab.refuses_filter(bad).await;
    }
}

async fn misplaced_wildcards_are_refused_in_unsubscribe(lab: Lab) {
    for bad in ["a#", "a/#/b", "a+", "+a/b"] {
        lab.refuses_unsubscribe(lab.topic(bad)).await;
    }
}

/// Brings all the other tests' messages too: only those of this test count.
async fn a_bare_multi_level_wildcard_is_taken(lab: Lab) {
    takes(&lab, "#", &["a", "a/b", "/a", "a/"].map(|name| lab.topic(name))).await;
}

async fn a_bare_single_level_wildcard_is_taken(lab: Lab) {
    let prefix = lab.client_id("");
    takes(&lab, "+", &[prefix]).await;
}

/// Subscribes to the filter, gets the messages of the topics.
async fn takes(lab: &Lab, filter: &str, topics: &[String]) {
    let mut client = lab.client("one").await;
    // No retained messages where that can be said.
    let options = if lab.is_v5() { 0x20 } else { 0 };
    assert_eq!(client.try_subscribe(filter, options).await, [0], "{filter}");
    lab.client("other").await.publish_all(topics).await;
    for topic in topics {
        while client.message().await.topic != *topic {}
    }
    client.unsubscribe(filter).await;
}

async fn a_wildcard_matches_levels(lab: Lab) {
    let prefix = lab.client_id("");
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
    let mut publisher = lab.client("publisher").await;
    let mut client = lab.client("one").await;
    for (filter, due) in table {
        let due: Vec<_> = due.iter().map(|name| format!("{prefix}{name}")).collect();
        matches(&mut client, &mut publisher, &format!("{prefix}{filter}"), &topics, &due).await;
    }
}

/// `a/#` matches `a`, `+/#` too; an empty first level is a level.
async fn a_wildcard_matches_the_parent_level(lab: Lab) {
    let prefix = lab.client_id("");
    let mut publisher = lab.client("publisher").await;
    let mut client = lab.client("one").await;
    let topics = ["", "x/", "/"].map(|front| format!("{front}{prefix}"));
    let [bare, below, slash] = topics.clone();
    let table = [
        (format!("{prefix}/#"), vec![bare.clone()]),
        (format!("+/{prefix}"), vec![below.clone(), slash.clone()]),
        (format!("+/{prefix}/#"), vec![below, slash.clone()]),
        (format!("/{prefix}/#"), vec![slash.clone()]),
        (format!("/{prefix}"), vec![slash]),
    ];
    for (filter, due) in table {
        matches(&mut client, &mut publisher, &filter, &topics, &due).await;
    }
    // A parent of two levels, and a retained message on it.
    let parent = lab.topic("a");
    publisher.publish_retained(&parent, "kept", 1).await;
    for filter in [lab.topic("a/#"), format!("{prefix}/+/#"), format!("{prefix}/#")] {
        let mut late = lab.subscriber("late", &filter, 0).await;
        assert_eq!(late.message().await.topic, parent, "{filter}");
        late.leave().await;
    }
    assert_eq!(client.exchange_subscribe(&Subscribe::new(1).filter("+/#", 0)).await.codes, [0]);
    publisher.publish_all(std::slice::from_ref(&bare)).await;
    while client.message().await.topic != bare {}
}

/// The filter brings the messages of `due`, each once, and no others of `topics`.
async fn matches(
    client: &mut Client,
    publisher: &mut Client,
    filter: &str,
    topics: &[String],
    due: &[String],
) {
    client.subscribe(filter, 0).await;
    publisher.publish_all(topics).await;
    let seen = client.receive_all().await;
    assert_eq!(
        seen.iter().map(|message| &message.topic).collect::<Vec<_>>(),
        Vec::from_iter(due),
        "{filter}"
    );
    client.unsubscribe(filter).await;
}
