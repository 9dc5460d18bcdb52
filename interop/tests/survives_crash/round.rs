//! Parts of a round: the trigger that kills the broker, and the checks after the restart.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_client::Client;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, subscribe};
use tokio::sync::Notify;

use crate::publisher::Publisher;

/// Triggers the kill of the broker after `threshold` acknowledgements.
pub struct KillTrigger {
    threshold: u64,
    acknowledged: AtomicU64,
    reached: Notify,
}

impl KillTrigger {
    pub fn new(threshold: u64) -> Self {
        let trigger = Self { threshold, acknowledged: AtomicU64::new(0), reached: Notify::new() };
        if threshold == 0 {
            trigger.reached.notify_one();
        }
        trigger
    }

    pub fn record_acknowledgement(&self) {
        if self.acknowledged.fetch_add(1, Ordering::Relaxed) + 1 == self.threshold {
            self.reached.notify_one();
        }
    }

    pub async fn wait(&self) {
        within_deadline("enough acknowledgements", self.reached.notified()).await;
    }
}

/// Checks that each topic has the retained message that was acknowledged last, or a newer one.
pub async fn check_retained(observer: &mut Client, publishers: &[Publisher]) {
    subscribe(observer, "crash/+", 0).await;
    let mut missing: BTreeMap<_, _> =
        publishers.iter().filter_map(|publisher| Some((publisher.topic(), publisher.retained()?))).collect();
    within_deadline("the retained messages", async {
        while !missing.is_empty() {
            let message = observer.message().await.expect("an open connection");
            let number: u32 = String::from_utf8_lossy(&message.payload).parse().expect("a number");
            assert!(message.retain, "not a retained message: {message:?}");
            if let Some(expected_min) = missing.remove(&*message.topic) {
                assert!(
                    number >= expected_min,
                    "{}: message {number} is retained, but {expected_min} was acknowledged",
                    message.topic
                );
            }
        }
    })
    .await;
}

/// Publishes a message to the topic of the previous round, which was unsubscribed in this round, and then a message to
/// the topic of this round.
pub async fn publish_to_round_topics(observer: &mut Client, round: u64) {
    for round in [round.checked_sub(1), Some(round)].into_iter().flatten() {
        let message = message(&round_topic(round), "round", 1);
        let id = observer.publish(message).await.expect("an open connection").expect("a packet id");
        observer.acknowledged(id).await.expect("PUBACK");
    }
}

/// Returns the topic of a round. The subscriber `online` subscribes to the topic in this round and unsubscribes from it
/// in the next round.
pub fn round_topic(round: u64) -> String {
    format!("round/{round}")
}

/// Returns a pseudo-random number that depends only on the round.
pub fn pseudo_random(round: u64) -> u64 {
    let mut mixed = round.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 27;
    mixed.wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}
