//! A second connection under a client identifier ends the first, and gets what belongs to the session.

use super::watcher;
use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Kind, Publish, Version, Will, ack};

cases! {
    a_new_connection_ends_the_old_one: "MQTT5-3.1.4-3", "MQTT3-3.1.4-2", "TRAP5-63";
    a_takeover_publishes_the_will: "MQTT5-3.1.2-8", "MQTT5-3.1.4-3", "MQTT3-3.1.2-8", "MQTT3-3.1.4-2", "TRAP5-51", "TRAP5-52", "TRAP3-52";
    a_takeover_in_time_cancels_a_delayed_will: "MQTT5-3.1.3-9", "MQTT5-3.1.4-3";
    a_clean_start_discards_the_session_of_a_live_connection: "MQTT5-3.1.4-4", "MQTT5-3.1.2-4", "MQTT5-3.2.2-2", "MQTT3-3.1.4-3", "MQTT3-3.1.2-6", "MQTT3-3.2.2-1", "TRAP5-103", "TRAP3-103";
    an_unclean_start_takes_the_session_of_a_live_connection: "MQTT5-3.1.4-4", "MQTT5-3.1.2-5", "MQTT5-3.2.2-3", "MQTT3-3.1.4-3", "MQTT3-3.1.2-4", "MQTT3-3.2.2-2";
    the_old_connection_does_nothing_more: "MQTT5-3.1.4-3", "TRAP5-64", "TRAP3-64";
    many_takeovers_leave_one_connection_and_a_will_for_each_other: "MQTT5-3.1.4-3", "MQTT3-3.1.4-2", "TRAP5-64", "TRAP3-64";
    a_takeover_works_across_versions: "MQTT5-3.1.4-3", "MQTT3-3.1.4-2";
}

async fn a_new_connection_ends_the_old_one(lab: Lab) {
    for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut old = lab.connect("one").clean(first).expiry(60).open().await;
        old.ping().await;
        let mut new = lab.connect("one").clean(second).open().await;
        old.is_told(0x8E).await;
        new.ping().await;
        new.leave().await;
    }
}

async fn a_takeover_publishes_the_will(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
        let opening = lab.connect("one").clean(first).will(Will::new(&topic, "old"));
        let mut old = if first { opening } else { opening.expiry(60) }.open().await;
        let new = lab.connect("one").clean(second).will(Will::new(&topic, "new")).open().await;
        old.is_cut_off(&[0x8E]).await;
        assert_eq!(watcher.receive().await.payload, b"old");
        lab.hears_no_will(&mut watcher).await;
        new.leave().await;
        lab.hears_no_will(&mut watcher).await;
    }
}

async fn a_takeover_in_time_cancels_a_delayed_will(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = lab.subscriber("watcher", &topic, 1).await;
    let delayed = || lab.connect("one").will(Will::new(&topic, "old").delay(1));
    let mut old = delayed().kept().open().await;
    let mut new = lab.connect("one").kept().open().await;
    old.is_cut_off(&[0x8E]).await;
    lab.pass(2).await;
    watcher.hears_nothing().await;
    new.ping().await;
    new.leave().await;
    // A clean start ends the session, and with it the delay.
    let will = Will::new(&topic, "old").delay(600);
    let mut old = lab.connect("one").kept().will(will).open().await;
    let _new = lab.connect("one").open().await;
    old.is_cut_off(&[0x8E]).await;
    assert_eq!(watcher.receive().await.payload, b"old");
}

async fn a_clean_start_discards_the_session_of_a_live_connection(lab: Lab) {
    let topic = lab.topic("a");
    let mut old = lab.connect("one").kept().open().await;
    old.subscribe(&topic, 1).await;
    let mut other = lab.client("other").await;
    other.publish(&topic, "open", 1).await;
    old.message().await;
    let (mut new, connack) = lab.connect("one").expiry(60).accepted().await;
    assert!(!connack.session_present);
    old.is_cut_off(&[0x8E]).await;
    other.publish(&topic, "live", 1).await;
    new.hears_nothing().await;
}

async fn an_unclean_start_takes_the_session_of_a_live_connection(lab: Lab) {
    let topic = lab.topic("a");
    let mut old = lab.connect("one").kept().open().await;
    old.subscribe(&topic, 2).await;
    let mut other = lab.client("other").await;
    other.publish(&topic, "open", 1).await;
    let open = old.message().await;
    let (mut new, connack) = lab.connect("one").kept().accepted().await;
    assert!(connack.session_present);
    old.is_cut_off(&[0x8E]).await;
    let again = new.receive().await;
    assert_eq!((again.id, again.dup, again.payload.as_slice()), (open.id, true, &b"open"[..]));
    other.publish(&topic, "live", 2).await;
    assert_eq!(new.receive().await.payload, b"live");
}

/// Once the new connection has its CONNACK, publishes and acknowledgements of the old one come too late.
async fn the_old_connection_does_nothing_more(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = lab.subscriber("watcher", lab.topic("stray"), 1).await;
    let mut old = lab.connect("one").kept().open().await;
    old.subscribe(&topic, 1).await;
    let mut other = lab.client("other").await;
    other.publish(&topic, "open", 1).await;
    let open = old.message().await;
    let mut new = lab.connect("one").kept().open().await;
    let stray = Publish::new(lab.topic("stray"), "stray").qos(1, 1).encode(lab.version);
    old.send(&[ack(0x40, open.id, 0), stray, vec![0xE0, 0]].concat()).await;
    old.wait_for_end().await;
    assert_eq!(new.message().await.id, open.id);
    // It is still open: a third connection gets it once more.
    new.cut().await;
    let mut third = lab.connect("one").kept().open().await;
    assert_eq!(third.receive().await.id, open.id);
    watcher.hears_nothing().await;
    third.ping().await;
}

async fn many_takeovers_leave_one_connection_and_a_will_for_each_other(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    let mut clients: Vec<Client> = Vec::new();
    // None waits for the end of the one before.
    for number in 0..COUNT {
        clients.push(lab.connect("one").kept().will(Will::new(&topic, [number]).qos(1)).open().await);
    }
    let mut last = clients.pop().expect("the last");
    for mut client in clients {
        client.is_cut_off_unanswered(&[0x8E]).await;
    }
    let mut wills = Vec::new();
    for _ in 1..COUNT {
        wills.extend(watcher.receive().await.payload);
    }
    wills.sort_unstable();
    assert_eq!(wills, Vec::from_iter(0..COUNT - 1), "one for each");
    lab.hears_no_will(&mut watcher).await;
    last.subscribe(lab.topic("a"), 1).await;
    last.publish(lab.topic("a"), "echo", 1).await;
    assert_eq!(last.receive().await.payload, b"echo");
}

async fn a_takeover_works_across_versions(lab: Lab) {
    let topic = lab.topic("a");
    let other = if lab.is_v5() { Version::V3 } else { Version::V5 };
    let mut old = lab.connect("one").kept().open().await;
    old.subscribe(&topic, 1).await;
    let (mut new, connack) = lab.connect("one").version(other).kept().accepted().await;
    assert!(connack.session_present, "one session for all versions");
    old.is_cut_off_unanswered(&[0x8E]).await;
    new.publish(&topic, "echo", 1).await;
    let message = new.receive().await;
    assert_eq!((message.kind, message.payload.as_slice()), (Kind::Publish, &b"echo"[..]));
}

const COUNT: u8 = 12;
