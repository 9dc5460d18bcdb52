//! Keep alive: a silent client is cut off after one and a half times the interval.

use std::time::{Duration, Instant};

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::Will;

cases! {
    a_silent_client_is_cut_off_after_one_and_a_half_keep_alives: "MQTT5-3.1.2-22", "MQTT5-3.2.2-22", "MQTT3-3.1.2-24";
}

async fn a_silent_client_is_cut_off_after_one_and_a_half_keep_alives(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = lab.subscriber("watcher", &topic, 0).await;
    let begun = Instant::now();
    let mut silent = lab.connect("silent").keep_alive(2).will(Will::new(&topic, "gone")).open().await;
    silent.is_cut_off(&[0x8D]).await;
    assert!(begun.elapsed() >= Duration::from_secs(3), "after {:?}", begun.elapsed());
    assert_eq!(watcher.receive().await.payload, b"gone");
}
