//! Gives back memory that nobody asks for: expired messages, in waiting queues and retained, and replaced routing entries.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use crate::broker::Broker;
use crate::cores::with_core;

/// Puts what restored sessions wait for on the agenda: wills and ends.
pub(super) async fn resume(broker: Arc<Broker>) {
    let now = Instant::now();
    broker.registry().for_each(|handle| with_core(|core| broker.resume(core, handle, now)));
}

/// Sweeps for ever, a little at a time.
pub(super) async fn run(broker: Arc<Broker>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let retained = &broker.tenant().retained;
        for _ in 0..retained.len().div_ceil(RETAINED_MAX) {
            retained.sweep(now, RETAINED_MAX);
            tokio::task::yield_now().await;
        }
        broker.tenant().router.reclaim();
        broker.registry().for_each(|handle| {
            let mut state = handle.lock();
            if state.connection.is_none() {
                state.session.sweep(now);
                let drops = state.session.take_drops();
                with_core(|core| {
                    core.counters.add_drops(&drops);
                    broker.save_changes(core, handle, &mut state, now);
                });
            }
        });
    }
}

/// How long an expired message may hold its memory beyond its time.
const EVERY: Duration = Duration::from_secs(30);
/// Retained messages looked at in one go.
const RETAINED_MAX: usize = 1024;
