//! How long a session lasts: its connection, its expiry interval, and what DISCONNECT makes of that.

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Kind, Properties, Publish, Version, Will, ack, property};

cases! {
    a_session_outlives_its_connection: "MQTT5-3.1.2-23", "MQTT5-3.1.2-5", "MQTT5-3.2.2-3", "MQTT3-3.1.2-4", "MQTT3-3.1.2-5", "MQTT3-3.2.2-2", "MQTT3-4.1.0-1", "TRAP5-62";
    open_messages_of_the_client_outlive_its_connection: "MQTT5-3.1.2-23", "MQTT3-4.1.0-1", "TRAP5-62";
    a_session_lasts_as_long_as_its_connection: "MQTT5-4.1.0-1", "MQTT3-4.1.0-1", "MQTT3-4.1.0-2";
    a_session_ends_when_its_expiry_is_over: "MQTT5-4.1.0-2", "MQTT5-3.2.2-3";
    a_clean_session_ends_with_its_connection: "MQTT3-4.1.0-2", "MQTT3-3.1.2-6", "MQTT5-4.1.0-2";
    disconnect_shortens_the_expiry: "MQTT5-4.1.0-2", "TRAP5-59";
    disconnect_lengthens_the_expiry: "MQTT5-4.1.0-2", "TRAP5-59";
    an_expiry_in_disconnect_after_none_in_connect_is_an_error: "TRAP5-60";
    without_an_expiry_a_session_ends_with_its_connection: "TRAP5-61", "MQTT5-4.1.0-2", "MQTT5-3.2.2-3";
}

async fn a_session_outlives_its_connection(lab: Lab) {
    let (topic, second) = (lab.topic("a"), lab.topic("b/+"));
    let mut client = lab.connect("one").kept().open().await;
    client.subscribe(&topic, 2).await;
    client.subscribe(&second, 1).await;
    let mut other = lab.client("other").await;
    // One message in each state: sent, received, waiting.
    other.publish(&topic, "sent", 1).await;
    let sent = client.message().await;
    other.publish(&topic, "received", 2).await;
    let received = client.message().await;
    client.send(&ack(0x50, received.id, 0)).await;
    client.answer(Kind::PubRel, received.id).await;
    client.cut().await;
    other.publish(&topic, "waiting", 2).await;
    other.publish(lab.topic("b/c"), "waiting too", 1).await;
    let (mut client, connack) = lab.connect("one").kept().accepted().await;
    assert!(connack.session_present);
    let again = client.receive().await;
    assert_eq!((again.id, again.dup, again.payload.as_slice()), (sent.id, true, &b"sent"[..]));
    client.answer(Kind::PubRel, received.id).await;
    client.send(&ack(0x70, received.id, 0)).await;
    let mut waited = vec![client.receive().await.payload, client.receive().await.payload];
    waited.sort();
    assert_eq!(waited, [&b"waiting"[..], b"waiting too"]);
    client.hears_nothing().await;
}

async fn open_messages_of_the_client_outlive_its_connection(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = lab.subscriber("watcher", &topic, 2).await;
    let mut client = lab.connect("one").kept().open().await;
    client.send(&Publish::new(&topic, "once").qos(2, 7).encode(lab.version)).await;
    client.answer(Kind::PubRec, 7).await;
    client.cut().await;
    let mut client = lab.connect("one").kept().open().await;
    client.send(&Publish::new(&topic, "once").qos(2, 7).dup().encode(lab.version)).await;
    client.answer(Kind::PubRec, 7).await;
    client.send(&ack(0x62, 7, 0)).await;
    assert_eq!(client.answer(Kind::PubComp, 7).await, 0, "the identifier is known");
    assert_eq!(watcher.receive().await.payload, b"once");
    watcher.hears_nothing().await;
}

async fn a_session_lasts_as_long_as_its_connection(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.subscriber("one", &topic, 2).await;
    let mut other = lab.client("other").await;
    other.publish(&topic, "open", 1).await;
    let open = client.message().await;
    client.send(&Publish::new(lab.topic("b"), "").qos(2, 9).encode(lab.version)).await;
    client.answer(Kind::PubRec, 9).await;
    lab.pass(2).await;
    other.publish(&topic, "live", 2).await;
    let live = client.message().await;
    assert_ne!(live.id, open.id, "taken until it is acknowledged");
    client.acknowledge(&live).await;
    client.acknowledge(&open).await;
    client.send(&ack(0x62, 9, 0)).await;
    assert_eq!(client.answer(Kind::PubComp, 9).await, 0, "the identifier is known");
    client.hears_nothing().await;
}

/// A session with a subscription, the connection of which is cut; what was published then is not there for the next.
async fn is_gone(lab: &Lab, client: Client, wait: u32) {
    client.cut().await;
    lab.pass(wait).await;
    starts_anew(lab).await;
}

/// Nothing is left of the session "one": neither messages nor the subscription to "a".
async fn starts_anew(lab: &Lab) {
    let mut other = lab.client("other").await;
    other.publish(lab.topic("a"), "lost", 1).await;
    let (mut client, connack) = lab.connect("one").kept().accepted().await;
    assert!(!connack.session_present, "the session is over");
    other.publish(lab.topic("a"), "live", 1).await;
    client.hears_nothing().await;
    client.leave_for_good().await;
}

impl Client {
    /// Leaves and takes its session with it, in 5.0.
    async fn leave_for_good(self) {
        let ends_now = Properties::default().number(property::SESSION_EXPIRY, 0);
        self.leave_with_expiry(&ends_now).await;
    }

    async fn leave_with_expiry(self, expiry: &Properties) {
        if self.version == Version::V5 { self.leave_with(0, expiry).await } else { self.leave().await }
    }
}

async fn a_session_ends_when_its_expiry_is_over(lab: Lab) {
    let will = lab.topic("will");
    let mut watcher = lab.subscriber("watcher", &will, 1).await;
    let held = Will::new(&will, "held").delay(600);
    let mut client = lab.connect("one").clean(false).expiry(1).will(held).open().await;
    client.subscribe(lab.topic("a"), 1).await;
    is_gone(&lab, client, 2).await;
    assert_eq!(watcher.receive().await.payload, b"held");
}

async fn a_clean_session_ends_with_its_connection(lab: Lab) {
    let mut client = lab.client("one").await;
    client.subscribe(lab.topic("a"), 1).await;
    client.publish(lab.topic("a"), "echo", 1).await;
    client.receive().await;
    client.cut().await;
    starts_anew(&lab).await;
}

async fn disconnect_shortens_the_expiry(lab: Lab) {
    // To nothing.
    let mut client = lab.connect("one").kept().open().await;
    client.subscribe(lab.topic("a"), 1).await;
    client.leave_for_good().await;
    starts_anew(&lab).await;
    // To a second.
    let mut client = lab.connect("one").kept().open().await;
    client.subscribe(lab.topic("a"), 1).await;
    client.leave_with(0, &Properties::default().number(property::SESSION_EXPIRY, 1)).await;
    lab.pass(2).await;
    starts_anew(&lab).await;
}

async fn disconnect_lengthens_the_expiry(lab: Lab) {
    let mut client = lab.connect("one").clean(false).expiry(1).open().await;
    client.subscribe(lab.topic("a"), 1).await;
    client.leave_with(0, &Properties::default().number(property::SESSION_EXPIRY, 600)).await;
    lab.pass(2).await;
    lab.client("other").await.publish(lab.topic("a"), "kept", 1).await;
    let (mut client, connack) = lab.connect("one").kept().accepted().await;
    assert!(connack.session_present, "the later word counts");
    assert_eq!(client.receive().await.payload, b"kept");
}

async fn an_expiry_in_disconnect_after_none_in_connect_is_an_error(lab: Lab) {
    let will = lab.topic("will");
    let mut watcher = lab.subscriber("watcher", &will, 1).await;
    for expiry in [1, 60, u32::MAX] {
        let mut client = lab.connect("one").will(Will::new(&will, "gone")).open().await;
        client.subscribe(lab.topic("a"), 1).await;
        let raised = Properties::default().number(property::SESSION_EXPIRY, expiry);
        client.send(&crate::wire::disconnect(0, &raised)).await;
        client.is_cut_off_unanswered(&[0x82]).await;
        assert_eq!(watcher.receive().await.payload, b"gone");
        starts_anew(&lab).await;
    }
    // None after none is fine.
    let client = lab.connect("one").will(Will::new(&will, "gone")).open().await;
    client.leave_for_good().await;
    lab.hears_no_will(&mut watcher).await;
}

async fn without_an_expiry_a_session_ends_with_its_connection(lab: Lab) {
    for opening in [lab.connect("one").clean(false), lab.connect("one").clean(false).expiry(0)] {
        let mut client = opening.open().await;
        client.subscribe(lab.topic("a"), 1).await;
        client.cut().await;
        starts_anew(&lab).await;
    }
    // The same CONNECT of 3.1.1 begins a session that stays.
    let opening = || lab.connect("three").version(Version::V3).clean(false);
    opening().open().await.leave().await;
    assert!(opening().accepted().await.1.session_present);
}
