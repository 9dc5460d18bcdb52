//! Frees memory that nobody asks for: expired messages, in the queues of sessions without a connection and retained, and
//! replaced routing entries.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_broker::Broker;
use tokio::time::{MissedTickBehavior, interval};

use crate::cores::with_core;

/// Schedules what restored sessions wait for: delayed wills and expiry.
pub(super) async fn schedule_restored(broker: Arc<Broker>) {
    with_core(|core| core.run_turn(Instant::now(), |turn, _| broker.schedule_restored(turn)));
}

/// Sweeps for ever, a little at a time.
pub(super) async fn run(broker: Arc<Broker>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for _ in 0..broker.retained_sweeps(RETAINED_MAX) {
            with_core(|core| {
                core.run_turn(Instant::now(), |turn, _| broker.sweep_retained(turn, RETAINED_MAX))
            });
            tokio::task::yield_now().await;
        }
        let mut next = Some(0);
        while let Some(shard) = next {
            next =
                with_core(|core| core.run_turn(Instant::now(), |turn, _| broker.sweep_sessions(turn, shard)));
            tokio::task::yield_now().await;
        }
    }
}

/// How long an expired message may hold its memory after its expiry.
const EVERY: Duration = Duration::from_secs(30);
/// Retained messages looked at in one turn.
const RETAINED_MAX: usize = 1024;
