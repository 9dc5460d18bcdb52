//! Tests the filters of shared subscriptions: `$share/`, a share name, a slash and a topic filter.

use crate::case::cases;
use crate::harness::Harness;

cases! {
    a_share_name_is_not_empty: "MQTT5-4.8.2-1", "TRAP5-39";
    a_share_name_has_no_wildcard_and_a_filter_follows_it: "MQTT5-4.8.2-2", "TRAP5-39";
    a_shared_filter_is_what_follows_the_name: "MQTT5-4.8.2-1", "MQTT5-4.8.2-2";
    an_invalid_shared_filter_is_refused_without_closing [TIDEGATE_ONLY]: "TRAP5-39";
}

async fn a_share_name_is_not_empty(harness: Harness) {
    for bad in ["$share//t", "$share//", "$share/", "$share//#", "$share///t"] {
        harness.expect_filter_refused(bad).await;
    }
}

async fn a_share_name_has_no_wildcard_and_a_filter_follows_it(harness: Harness) {
    let bad = [
        "$share/g",
        "$share/g/",
        "$share/g+/t",
        "$share/#/t",
        "$share/+/t",
        "$share/g#/t",
        "$share/#",
        "$share/+",
    ];
    for bad in bad.iter().chain(&["$share/g/t#", "$share/g/#/t", "$share/g/t+"]) {
        harness.expect_filter_refused(bad).await;
    }
}

async fn a_shared_filter_is_what_follows_the_name(harness: Harness) {
    let prefix = harness.client_id("");
    let topics =
        [harness.topic("a"), harness.topic("a/b"), format!("/{prefix}"), format!("$share/{prefix}/{prefix}")];
    let mut publisher = harness.client("publisher").await;
    // A share name may contain any character except slashes and wildcards.
    for name in [prefix.as_str(), "a b", "é", "$share", "g.1-x"] {
        for (filter, expected) in [
            (harness.topic("a"), &topics[..1]),
            (harness.topic("+"), &topics[..1]),
            (harness.topic("#"), &topics[..2]),
            (format!("/{prefix}"), &topics[2..3]),
        ] {
            let filter = format!("$share/{name}/{filter}");
            let mut client = harness.subscriber("one", &filter, 1).await;
            publisher.publish_all(&topics[..3]).await;
            assert_eq!(client.receive_payloads().await, expected, "{filter}");
            let unsuback = client.unsubscribe(&filter).await;
            assert_eq!(unsuback.codes, [0], "the subscription existed");
            publisher.publish_all(&topics[..3]).await;
            client.expect_no_message().await;
            client.disconnect().await;
        }
    }
}

async fn an_invalid_shared_filter_is_refused_without_closing(harness: Harness) {
    let mut client = harness.client("one").await;
    for bad in ["$share//t", "$share/g", "$share/g/", "$share/g+/t", "$share/#/t"] {
        assert_eq!(client.try_subscribe(bad, 1).await, [0x8F], "{bad}");
        assert_eq!(client.unsubscribe(bad).await.codes, [0x8F], "{bad}");
    }
}
