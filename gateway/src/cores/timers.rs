//! The timer task of one core.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tidegate_broker::Broker;

use super::context::with_core;
use crate::clock;

/// Fires timers when they are due. Never returns.
pub(super) async fn run(broker: Arc<Broker>) {
    let mut sleep = pin!(tokio::time::sleep(Duration::ZERO));
    poll_fn(|context| {
        loop {
            let next = with_core(|core| {
                if core.timer_task.as_ref().is_none_or(|task| !task.will_wake(context.waker())) {
                    core.timer_task = Some(context.waker().clone());
                }
                fire(&broker, core);
                core.timers.next()
            });
            let Some(at) = next else { return Poll::Pending };
            sleep.as_mut().reset(tokio::time::Instant::now() + clock::until(at));
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

fn fire(broker: &Broker, core: &mut super::Core) {
    let now = clock::now();
    while let Some(timer) = core.timers.take_due(now) {
        // No answer to a client depends on the commit of a timeout.
        let _ = core.run_turn(now, |turn, _| broker.timeout(turn, timer));
    }
}
