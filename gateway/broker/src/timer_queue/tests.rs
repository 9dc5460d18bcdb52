//! Order and resolution of timers.

use std::time::{Duration, Instant};

use super::{TICK, Timer, TimerGrid, TimerQueue};

#[test]
fn timers_are_never_early_and_less_than_a_tick_late() {
    let origin = Instant::now();
    let grid = TimerGrid::new(origin);
    for millis in [0, 1, 249, 250, 251, 10_000, 10_001] {
        let due = origin + Duration::from_millis(millis);
        let at = grid.time(due, origin);
        assert!(at >= due && at < due + TICK, "{millis} ms");
    }
}

#[test]
fn timers_fire_in_order_and_only_when_due() {
    let origin = Instant::now();
    let mut timers = TimerQueue::default();
    assert!(timers.insert(Timer { at: origin + Duration::from_secs(2), session: 1 }));
    assert!(timers.insert(Timer { at: origin + Duration::from_secs(1), session: 2 }));
    assert!(!timers.insert(Timer { at: origin + Duration::from_secs(3), session: 3 }));
    assert!(timers.take_due(origin).is_none());
    let due = origin + Duration::from_secs(2);
    let order: Vec<_> = std::iter::from_fn(|| timers.take_due(due)).map(|timer| timer.session).collect();
    assert_eq!(order, [2, 1]);
    assert_eq!(timers.next(), Some(origin + Duration::from_secs(3)));
}

#[test]
fn a_timer_due_in_a_day_is_checked_within_61_seconds() {
    let origin = Instant::now();
    let at = TimerGrid::new(origin).time(origin + Duration::from_secs(86_400), origin);
    assert!(at <= origin + Duration::from_secs(61));
}
