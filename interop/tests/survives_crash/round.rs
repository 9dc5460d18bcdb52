//! Parts of a round: the moment of the end, and what is looked at after it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_gateway::client::Client;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::{message, subscribe};
use tokio::sync::Notify;

use crate::publisher::Publisher;

/// The moment in which the broker is killed: after some acknowledgements.
pub struct Moment {
    enough: u64,
    acknowledged: AtomicU64,
    has_come: Notify,
}

impl Moment {
    pub fn new(enough: u64) -> Self {
        let moment = Self { enough, acknowledged: AtomicU64::new(0), has_come: Notify::new() };
        if enough == 0 {
            moment.has_come.notify_one();
        }
        moment
    }

    pub fn count(&self) {
        if self.acknowledged.fetch_add(1, Ordering::Relaxed) + 1 == self.enough {
            self.has_come.notify_one();
        }
    }

    pub async fn come(&self) {
        within_deadline("enough acknowledgements", self.has_come.notified()).await;
    }
}

/// Each topic has the retained message that was acknowledged last, or one that was sent after it.
pub async fn check_retained(watcher: &mut Client, publishers: &[Publisher]) {
    subscribe(watcher, "crash/+", 0).await;
    let mut missing: BTreeMap<_, _> =
        publishers.iter().filter_map(|publisher| Some((publisher.topic(), publisher.retained()?))).collect();
    within_deadline("the retained messages", async {
        while !missing.is_empty() {
            let message = watcher.message().await.expect("the connection");
            let number: u32 = String::from_utf8_lossy(&message.payload).parse().expect("a number");
            assert!(message.retain, "nobody publishes now: {message:?}");
            if let Some(least) = missing.remove(&*message.topic) {
                assert!(number >= least, "{}: {number} retained, {least} acknowledged", message.topic);
            }
        }
    })
    .await;
}

/// One to a filter that was unsubscribed in this round, then one to a filter that was subscribed.
pub async fn publish_extras(watcher: &mut Client, round: u64) {
    for round in [round.checked_sub(1), Some(round)].into_iter().flatten() {
        let extra = message(&extra(round), "extra", 1);
        let id = watcher.publish(extra).await.expect("the connection").expect("an identifier");
        watcher.acknowledged(id).await.expect("PUBACK");
    }
}

pub fn extra(round: u64) -> String {
    format!("extra/{round}")
}

/// A number without a pattern.
pub fn random(round: u64) -> u64 {
    let mut mixed = round.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 27;
    mixed.wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}
