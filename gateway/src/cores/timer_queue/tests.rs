//! Order and grain of the agenda.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_routing::{Config as RoutingConfig, RetainedConfig, RetainedStore};

use super::TimerQueue;
use crate::broker::{SessionHandle, SessionKey, Tenant};

fn handle(id: u64) -> SessionHandle {
    let tenant = Tenant::new(
        1,
        Arc::from("t"),
        RoutingConfig::default(),
        RetainedStore::new(RetainedConfig::default()),
    );
    let key = SessionKey { tenant: Arc::from("t"), client_id: Arc::from("c") };
    SessionHandle::new(id, key, Arc::new(tenant), Arc::default())
}

#[test]
fn nothing_is_early_and_at_most_a_tick_late() {
    let origin = Instant::now();
    let timers = TimerQueue::new(origin);
    for millis in [0, 1, 249, 250, 251, 10_000, 10_001] {
        let due = origin + Duration::from_millis(millis);
        let at = timers.round_up(due);
        assert!(at >= due && at < due + super::TICK, "{millis} ms");
    }
}

#[test]
fn the_earliest_comes_first_and_only_when_due() {
    let origin = Instant::now();
    let mut timers = TimerQueue::new(origin);
    let (late, early) = (handle(1), handle(2));
    timers.schedule(&late, &mut late.lock(), origin + Duration::from_secs(2), origin);
    timers.schedule(&early, &mut early.lock(), origin + Duration::from_secs(1), origin);
    assert!(timers.take_due(origin).is_none());
    let (_, first) = timers.take_due(origin + Duration::from_secs(5)).unwrap();
    assert_eq!(first, early.id());
    let (_, second) = timers.take_due(origin + Duration::from_secs(5)).unwrap();
    assert_eq!(second, late.id());
    assert!(timers.take_due(origin + Duration::from_secs(5)).is_none());
}

#[test]
fn a_seat_that_is_looked_at_earlier_gets_no_further_entry() {
    let origin = Instant::now();
    let mut timers = TimerQueue::new(origin);
    let handle = handle(1);
    timers.schedule(&handle, &mut handle.lock(), origin + Duration::from_secs(1), origin);
    timers.schedule(&handle, &mut handle.lock(), origin + Duration::from_secs(9), origin);
    assert!(timers.take_due(origin + Duration::from_secs(20)).is_some());
    assert!(timers.take_due(origin + Duration::from_secs(20)).is_none());
}

#[test]
fn what_is_due_in_a_day_is_looked_at_within_a_minute() {
    let origin = Instant::now();
    let mut timers = TimerQueue::new(origin);
    let handle = handle(7);
    timers.schedule(&handle, &mut handle.lock(), origin + Duration::from_secs(86_400), origin);
    assert_eq!(timers.take_due(origin + Duration::from_secs(61)).map(|(_, session)| session), Some(7));
}
