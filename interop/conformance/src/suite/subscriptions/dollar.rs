//! Topics that begin with `$`: out of reach of wildcards in front, and of clients.

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Kind, Publish, Will};

cases! {
    a_wildcard_in_front_does_not_catch_dollar_topics [ALONE]: "MQTT5-4.7.2-1", "MQTT3-4.7.2-1", "TRAP5-2", "TRAP3-2";
    a_shared_wildcard_in_front_does_not_catch_dollar_topics [ALONE]: "MQTT5-4.7.2-1", "TRAP5-2";
    a_wildcard_and_sys_together_are_two_subscriptions [ALONE]: "MQTT5-4.7.2-1", "MQTT3-4.7.2-1", "TRAP5-2", "TRAP3-2", "TRAP5-3", "TRAP3-3";
    clients_cannot_publish_to_dollar_topics [OWN]: "TRAP5-4", "TRAP3-4";
}

/// Publishes to a topic with `$` in front, if the broker lets a client do that; many do not, in a way of their own.
async fn try_publish(lab: &Lab, publish: Publish) {
    let mut client = lab.client("daring").await;
    client.send(&publish.qos(1, 1).encode(lab.version)).await;
    let answer = client.try_next().await;
    let is_answer = |kind| matches!(kind, Kind::PubAck | Kind::Disconnect);
    assert!(answer.as_ref().is_none_or(|answer| is_answer(answer.kind)), "{answer:?}");
}

/// Topics of this test that begin with `$`, and one that does not.
fn topics(lab: &Lab) -> ([String; 2], String) {
    let prefix = lab.client_id("");
    ([format!("${prefix}/{prefix}"), format!("$SYS/{prefix}")], format!("plain/{prefix}"))
}

/// What clients with wildcards in front subscribe to. Those that end in `#` or begin with it see other tests too.
fn fronts(lab: &Lab) -> Vec<String> {
    let prefix = lab.client_id("");
    vec![format!("+/{prefix}"), format!("+/{prefix}/#"), "+/+".to_owned(), "+/#".to_owned(), "#".to_owned()]
}

/// Reads up to the message of the plain topic: none before it began with `$`.
async fn hears_no_dollar(client: &mut Client, plain: &str) {
    loop {
        let message = client.message().await;
        assert!(!message.topic.starts_with('$'), "{} came", message.topic);
        if message.topic == plain {
            return;
        }
    }
}

async fn a_wildcard_in_front_does_not_catch_dollar_topics(lab: Lab) {
    let (dollars, plain) = topics(&lab);
    for front in fronts(&lab) {
        let mut client = lab.subscriber("one", &front, 0).await;
        for dollar in &dollars {
            try_publish(&lab, Publish::new(dollar, "x")).await;
        }
        lab.client("other").await.publish(&plain, "x", 1).await;
        hears_no_dollar(&mut client, &plain).await;
        client.unsubscribe(&front).await;
        client.leave().await;
    }
    // Retained ones.
    for dollar in &dollars {
        try_publish(&lab, Publish::new(dollar, "x").retain()).await;
    }
    lab.client("other").await.publish_retained(&plain, "x", 1).await;
    let prefix = lab.client_id("");
    let mut client = lab.subscriber("one", format!("+/{prefix}"), 0).await;
    hears_no_dollar(&mut client, &plain).await;
    client.hears_nothing().await;
    for dollar in &dollars {
        try_publish(&lab, Publish::new(dollar, "").retain()).await;
    }
}

async fn a_shared_wildcard_in_front_does_not_catch_dollar_topics(lab: Lab) {
    let (dollars, plain) = topics(&lab);
    for front in fronts(&lab) {
        let filter = format!("$share/{}/{front}", lab.client_id(""));
        let mut client = lab.subscriber("one", &filter, 0).await;
        for dollar in &dollars {
            try_publish(&lab, Publish::new(dollar, "x")).await;
        }
        lab.client("other").await.publish(&plain, "x", 1).await;
        hears_no_dollar(&mut client, &plain).await;
        client.unsubscribe(&filter).await;
        client.leave().await;
    }
}

/// A broker that has topics below `$SYS` sends them to this client because of the second subscription alone.
async fn a_wildcard_and_sys_together_are_two_subscriptions(lab: Lab) {
    let prefix = lab.client_id("");
    let plain = format!("plain/{prefix}");
    let mut client = lab.subscriber("one", format!("+/{prefix}"), 0).await;
    client.subscribe("$SYS/#", 0).await;
    let mut sys_alone = lab.subscriber("two", "$SYS/#", 0).await;
    let mut other = lab.client("other").await;
    other.publish(&plain, "x", 1).await;
    let seen = client.receive_all().await;
    let plains = seen.iter().filter(|message| message.topic == plain).count();
    assert_eq!(plains, 1, "the wildcard brings what it matches");
    let has_sys = !sys_alone.receive_all().await.is_empty();
    if has_sys && seen.iter().all(|message| message.topic == plain) {
        while !client.message().await.topic.starts_with("$SYS/") {}
    }
    client.unsubscribe("$SYS/#").await;
    client.receive_all().await;
    other.publish(&plain, "y", 1).await;
    assert_eq!(client.receive_payloads().await, ["y"], "the wildcard alone brings nothing below $SYS");
}

/// Tidegate keeps these topics for itself: 0x87 in 5.0, an acknowledgement that leads nowhere before.
async fn clients_cannot_publish_to_dollar_topics(lab: Lab) {
    let (dollars, _) = topics(&lab);
    for topic in &dollars {
        let mut watcher = lab.subscriber("watcher", topic, 2).await;
        let mut client = lab.client("one").await;
        for qos in 0..=2 {
            let due = if lab.is_v5() && qos > 0 { 0x87 } else { 0 };
            assert_eq!(client.publish(topic, "x", qos).await, due);
            assert_eq!(client.publish_retained(topic, "x", qos).await, due);
        }
        lab.connect("dying").will(Will::new(topic, "gone").retain()).open().await.cut().await;
        watcher.hears_nothing().await;
        lab.subscriber("late", topic, 2).await.hears_nothing().await;
        watcher.leave().await;
    }
}
