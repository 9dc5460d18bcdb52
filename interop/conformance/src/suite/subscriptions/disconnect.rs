//! DISCONNECT from the client: what it does to the will, and what is none.

use crate::case::cases;
use crate::client::{Client, MALFORMED};
use crate::lab::Lab;
use crate::wire::{Kind, Publish, Will, frame};

cases! {
    disconnect_with_other_flags_is_none: "MQTT5-3.14.1-1", "MQTT3-3.14.1-1";
    disconnect_with_a_reason_that_is_not_listed_is_none: "MQTT5-3.14.2-1";
    disconnect_deletes_the_will: "MQTT5-3.14.4-3", "MQTT3-3.14.4-3";
    disconnect_with_another_reason_keeps_the_will: "MQTT5-3.14.4-3";
    nothing_is_carried_out_behind_disconnect: "MQTT5-3.14.4-1", "MQTT3-3.14.4-2";
    the_broker_closes_after_disconnect: "MQTT5-3.14.4-2", "MQTT3-3.14.4-1";
}

/// A client with a will to a topic, and a watcher of that topic.
async fn pair(lab: &Lab) -> (Client, Client) {
    let topic = lab.topic("will");
    let watcher = lab.subscriber("watcher", &topic, 1).await;
    let client = lab.connect("one").will(Will::new(&topic, "gone").qos(1)).open().await;
    (client, watcher)
}

async fn disconnect_with_other_flags_is_none(lab: Lab) {
    for first in [0xE1, 0xE2, 0xE4, 0xE8, 0xEF] {
        let (mut client, mut watcher) = pair(&lab).await;
        client.send(&[first, 0]).await;
        client.is_cut_off_unanswered(MALFORMED).await;
        assert_eq!(watcher.receive().await.payload, b"gone", "it was no DISCONNECT");
        watcher.leave().await;
    }
}

async fn disconnect_with_a_reason_that_is_not_listed_is_none(lab: Lab) {
    // Not in use; a server's; of other packets; beyond the last.
    for code in [0x05, 0x01, 0x10, 0x92, 0xA3, 0xFF] {
        let (mut client, mut watcher) = pair(&lab).await;
        client.send(&[0xE0, 1, code]).await;
        client.is_cut_off_unanswered(MALFORMED).await;
        assert_eq!(watcher.receive().await.payload, b"gone", "{code:#04x} is no DISCONNECT");
        watcher.leave().await;
    }
}

async fn disconnect_deletes_the_will(lab: Lab) {
    let forms: &[&[u8]] = if lab.is_v5() { &[&[], &[0], &[0, 0]] } else { &[&[]] };
    for form in forms {
        let (mut client, mut watcher) = pair(&lab).await;
        client.send(&frame(0xE0, form)).await;
        assert!(client.wait_for_end().await.is_empty(), "closed without a word");
        lab.hears_no_will(&mut watcher).await;
        watcher.leave().await;
    }
    // Not even when the session that it belonged to goes on and ends later.
    let topic = lab.topic("later");
    let mut watcher = lab.subscriber("watcher", &topic, 1).await;
    let client = lab.connect("two").clean(false).expiry(1).will(Will::new(&topic, "gone")).open().await;
    client.leave().await;
    lab.pass(2).await;
    lab.hears_no_will(&mut watcher).await;
}

async fn disconnect_with_another_reason_keeps_the_will(lab: Lab) {
    for code in [0x04, 0x80, 0x81, 0x8D] {
        let (mut client, mut watcher) = pair(&lab).await;
        client.send(&[0xE0, 1, code]).await;
        client.is_cut_off(&[]).await;
        assert_eq!(watcher.receive().await.payload, b"gone", "DISCONNECT with {code:#04x}");
        watcher.leave().await;
    }
}

async fn nothing_is_carried_out_behind_disconnect(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = lab.subscriber("watcher", &topic, 1).await;
    for qos in 0..=1 {
        let mut client = lab.client("one").await;
        let late = Publish::new(&topic, "late").qos(qos, u16::from(qos)).encode(lab.version);
        client.send(&[&[0xE0, 0], &*late, &[0xC0, 0]].concat()).await;
        let answers = client.wait_for_end().await;
        assert!(answers.iter().all(|answer| answer.kind == Kind::Disconnect), "{answers:?}");
        watcher.hears_nothing().await;
    }
}

async fn the_broker_closes_after_disconnect(lab: Lab) {
    let mut client = lab.client("one").await;
    client.send(&[0xE0, 0]).await;
    // We keep our side open: the end is the broker's doing.
    assert!(client.wait_for_end().await.is_empty(), "closed without a word");
}
