//! Periodically frees memory that no other operation frees: expired messages in the queues of disconnected sessions,
//! expired retained messages, and replaced routing entries.

use std::sync::Arc;
use std::time::Duration;

use tidegate_broker::Broker;
use tokio::time::{MissedTickBehavior, interval};

use crate::clock;
use crate::cores::with_core;

/// Schedules the delayed wills and the expiry of restored sessions.
pub(super) async fn schedule_restored(broker: Arc<Broker>) {
    with_core(|core| core.run_turn(clock::now(), |turn, _| broker.schedule_restored(turn)));
}

/// Every `SWEEP_INTERVAL`, removes expired messages and frees replaced routing entries. Connections of the core are
/// served between the turns of a sweep. Never returns.
pub(super) async fn run(broker: Arc<Broker>) {
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for _ in 0..broker.retained_sweep_count(RETAINED_MAX) {
            with_core(|core| {
                core.run_turn(clock::now(), |turn, _| broker.sweep_retained(turn, RETAINED_MAX))
            });
            tokio::task::yield_now().await;
        }
        let mut next = Some(0);
        while let Some(shard) = next {
            next =
                with_core(|core| core.run_turn(clock::now(), |turn, _| broker.sweep_sessions(turn, shard)));
            tokio::task::yield_now().await;
        }
    }
}

/// Time between two sweeps. An expired message may occupy memory for about this time. A shorter interval would free
/// memory sooner, but would check each retained message more often.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);
/// Maximum number of retained messages of each tenant that are checked per turn.
const RETAINED_MAX: usize = 1024;
