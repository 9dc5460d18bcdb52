//! Will Delay Interval: the will waits, as long as the session does; who resumes in time takes it back.

use std::time::{Duration, Instant};

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::Will;

cases! {
    a_delayed_will_comes_after_its_delay: "MQTT5-3.1.2-8", "TRAP5-55";
    resuming_in_time_cancels_a_delayed_will: "MQTT5-3.1.3-9", "MQTT5-3.1.2-8", "TRAP5-54";
    a_clean_start_makes_a_delayed_will_due: "MQTT5-3.1.3-9", "TRAP5-54";
    the_end_of_the_session_makes_a_delayed_will_due: "MQTT5-3.1.2-8", "MQTT5-4.1.0-2";
    without_a_session_a_will_does_not_wait: "MQTT5-3.1.2-8", "TRAP5-53";
}

/// Subscribed to the will's topic alone: the clock of [`Lab::pass`] is another.
async fn watcher(lab: &Lab) -> Client {
    lab.subscriber("watcher", lab.topic("will"), 1).await
}

fn will(lab: &Lab, seconds: u32) -> Will {
    Will::new(lab.topic("will"), "gone").delay(seconds)
}

async fn a_delayed_will_comes_after_its_delay(lab: Lab) {
    let mut watcher = watcher(&lab).await;
    let begun = Instant::now();
    lab.connect("one").kept().will(will(&lab, 2)).open().await.cut().await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    assert!(begun.elapsed() >= Duration::from_secs(2), "after {:?}", begun.elapsed());
    // The session is still there, and its will is spent.
    let (client, connack) = lab.connect("one").kept().accepted().await;
    assert!(connack.session_present);
    client.cut().await;
    lab.hears_no_will(&mut watcher).await;
}

async fn resuming_in_time_cancels_a_delayed_will(lab: Lab) {
    let mut watcher = watcher(&lab).await;
    // Long enough to resume in time on a busy machine.
    let first = lab.connect("one").kept().will(will(&lab, 15)).open().await;
    first.cut().await;
    let (mut second, connack) = lab.connect("one").kept().accepted().await;
    assert!(connack.session_present);
    lab.pass(16).await;
    lab.hears_no_will(&mut watcher).await;
    second.ping().await;
    second.cut().await;
    lab.hears_no_will(&mut watcher).await;
}

async fn a_clean_start_makes_a_delayed_will_due(lab: Lab) {
    let mut watcher = watcher(&lab).await;
    lab.connect("one").kept().will(will(&lab, 600)).open().await.cut().await;
    watcher.hears_nothing().await;
    let (_client, connack) = lab.connect("one").accepted().await;
    assert!(!connack.session_present);
    assert_eq!(watcher.receive().await.payload, b"gone");
}

async fn the_end_of_the_session_makes_a_delayed_will_due(lab: Lab) {
    let mut watcher = watcher(&lab).await;
    let begun = Instant::now();
    lab.connect("one").clean(false).expiry(2).will(will(&lab, 600)).open().await.cut().await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    assert!(begun.elapsed() >= Duration::from_secs(2), "after {:?}", begun.elapsed());
    let (_client, connack) = lab.connect("one").kept().accepted().await;
    assert!(!connack.session_present, "the session is over");
}

async fn without_a_session_a_will_does_not_wait(lab: Lab) {
    let mut watcher = watcher(&lab).await;
    let opening = || lab.connect("one").will(will(&lab, 600));
    opening().open().await.cut().await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    // The same when the connection is taken over.
    let mut first = opening().open().await;
    let _second = lab.connect("one").clean(false).open().await;
    first.is_cut_off(&[0x8E]).await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    // And when the client ends its session with a DISCONNECT that keeps the will.
    let client = lab.connect("two").kept().will(will(&lab, 600)).open().await;
    let ends_now = crate::wire::Properties::default().number(crate::wire::property::SESSION_EXPIRY, 0);
    client.leave_with(4, &ends_now).await;
    assert_eq!(watcher.receive().await.payload, b"gone");
}
