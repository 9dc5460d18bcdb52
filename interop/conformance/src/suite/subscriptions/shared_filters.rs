//! The filters of shared subscriptions: `$share/`, a name, a filter.

use crate::case::cases;
use crate::lab::Lab;

cases! {
    a_share_name_is_not_empty: "MQTT5-4.8.2-1", "TRAP5-39";
    a_share_name_has_no_wildcard_and_a_filter_follows_it: "MQTT5-4.8.2-2", "TRAP5-39";
    a_shared_filter_is_what_follows_the_name: "MQTT5-4.8.2-1", "MQTT5-4.8.2-2";
    a_bad_shared_filter_is_refused_alone [OWN]: "TRAP5-39";
}

async fn a_share_name_is_not_empty(lab: Lab) {
    for bad in ["$share//t", "$share//", "$share/", "$share//#", "$share///t"] {
        lab.refuses_filter(bad).await;
    }
}

async fn a_share_name_has_no_wildcard_and_a_filter_follows_it(lab: Lab) {
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
        lab.refuses_filter(bad).await;
    }
}

async fn a_shared_filter_is_what_follows_the_name(lab: Lab) {
    let prefix = lab.client_id("");
    let topics =
        [lab.topic("a"), lab.topic("a/b"), format!("/{prefix}"), format!("$share/{prefix}/{prefix}")];
    let mut publisher = lab.client("publisher").await;
    // Names of letters, of anything else but a slash and wildcards.
    for name in [prefix.as_str(), "a b", "é", "$share", "g.1-x"] {
        for (filter, due) in [
            (lab.topic("a"), &topics[..1]),
            (lab.topic("+"), &topics[..1]),
            (lab.topic("#"), &topics[..2]),
            (format!("/{prefix}"), &topics[2..3]),
        ] {
            let filter = format!("$share/{name}/{filter}");
            let mut client = lab.subscriber("one", &filter, 1).await;
            publisher.publish_all(&topics[..3]).await;
            assert_eq!(client.receive_payloads().await, due, "{filter}");
            let unsuback = client.unsubscribe(&filter).await;
            assert_eq!(unsuback.codes, [0], "it was there");
            publisher.publish_all(&topics[..3]).await;
            client.hears_nothing().await;
            client.leave().await;
        }
    }
}

async fn a_bad_shared_filter_is_refused_alone(lab: Lab) {
    let mut client = lab.client("one").await;
    for bad in ["$share//t", "$share/g", "$share/g/", "$share/g+/t", "$share/#/t"] {
        assert_eq!(client.try_subscribe(bad, 1).await, [0x8F], "{bad}");
        assert_eq!(client.unsubscribe(bad).await.codes, [0x8F], "{bad}");
    }
}
