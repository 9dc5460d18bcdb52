//! Tests the Will Delay Interval: the will is delayed at most until the session ends, and a client that resumes its
//! session before the delay is over cancels the will.

use std::time::{Duration, Instant};

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::Will;

cases! {
    a_delayed_will_is_published_after_its_delay: "MQTT5-3.1.2-8", "TRAP5-55";
    resuming_in_time_cancels_a_delayed_will: "MQTT5-3.1.3-9", "MQTT5-3.1.2-8", "TRAP5-54";
    a_clean_start_publishes_a_delayed_will_at_once: "MQTT5-3.1.3-9", "TRAP5-54";
    the_end_of_the_session_publishes_a_delayed_will: "MQTT5-3.1.2-8", "MQTT5-4.1.0-2";
    without_a_session_a_delayed_will_is_published_at_once: "MQTT5-3.1.2-8", "TRAP5-53";
}

/// Connects a client that subscribes to the topic of the will only, and not to the topic of
/// [`Harness::wait_by_broker_clock`].
async fn watcher(harness: &Harness) -> Client {
    harness.subscriber("watcher", harness.topic("will"), 1).await
}

fn will(harness: &Harness, seconds: u32) -> Will {
    Will::new(harness.topic("will"), "gone").delay(seconds)
}

async fn a_delayed_will_is_published_after_its_delay(harness: Harness) {
    let mut watcher = watcher(&harness).await;
    let started = Instant::now();
    harness.connect("one").persistent().will(will(&harness, 2)).open().await.drop_connection().await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    assert!(started.elapsed() >= Duration::from_secs(2), "after {:?}", started.elapsed());
    // The session still exists, but its will has been published.
    let (client, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(connack.session_present);
    client.drop_connection().await;
    harness.expect_no_will(&mut watcher).await;
}

async fn resuming_in_time_cancels_a_delayed_will(harness: Harness) {
    let mut watcher = watcher(&harness).await;
    // The delay of 15 s is long enough for the client to resume its session in time, even on a busy machine.
    let first = harness.connect("one").persistent().will(will(&harness, 15)).open().await;
    first.drop_connection().await;
    let (mut second, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(connack.session_present);
    harness.wait_by_broker_clock(16).await;
    harness.expect_no_will(&mut watcher).await;
    second.ping().await;
    second.drop_connection().await;
    harness.expect_no_will(&mut watcher).await;
}

async fn a_clean_start_publishes_a_delayed_will_at_once(harness: Harness) {
    let mut watcher = watcher(&harness).await;
    harness.connect("one").persistent().will(will(&harness, 600)).open().await.drop_connection().await;
    watcher.expect_no_message().await;
    let (_client, connack) = harness.connect("one").open_with_connack().await;
    assert!(!connack.session_present);
    assert_eq!(watcher.receive().await.payload, b"gone");
}

async fn the_end_of_the_session_publishes_a_delayed_will(harness: Harness) {
    let mut watcher = watcher(&harness).await;
    let started = Instant::now();
    harness
        .connect("one")
        .clean(false)
        .expiry(2)
        .will(will(&harness, 600))
        .open()
        .await
        .drop_connection()
        .await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    assert!(started.elapsed() >= Duration::from_secs(2), "after {:?}", started.elapsed());
    let (_client, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(!connack.session_present, "the session has ended");
}

async fn without_a_session_a_delayed_will_is_published_at_once(harness: Harness) {
    let mut watcher = watcher(&harness).await;
    let builder = || harness.connect("one").will(will(&harness, 600));
    builder().open().await.drop_connection().await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    // A delayed will is also published at once if its connection is taken over and its session ends.
    let mut first = builder().open().await;
    let _second = harness.connect("one").clean(false).open().await;
    first.expect_close(&[0x8E]).await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    // A delayed will is also published at once if the client sends DISCONNECT with Will Message (0x04) and ends its
    // session.
    let client = harness.connect("two").persistent().will(will(&harness, 600)).open().await;
    let ends_now = crate::wire::Properties::default().number(crate::wire::property::SESSION_EXPIRY, 0);
    client.disconnect_with(4, &ends_now).await;
    assert_eq!(watcher.receive().await.payload, b"gone");
}
