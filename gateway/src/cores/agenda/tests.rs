//! Order and grain of the agenda.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_routing::{Config as RoutingConfig, RetainedConfig, RetainedStore};

use super::Agenda;
use crate::broker::{Realm, Seat, SessionKey};

fn seat(id: u64) -> Seat {
    let realm = Realm::new(
        1,
        Arc::from("t"),
        RoutingConfig::default(),
        RetainedStore::new(RetainedConfig::default()),
    );
    let key = SessionKey { tenant: Arc::from("t"), client_id: Arc::from("c") };
    Seat::new(id, key, Arc::new(realm), Arc::default())
}

#[test]
fn nothing_is_early_and_at_most_a_tick_late() {
    let origin = Instant::now();
    let agenda = Agenda::new(origin);
    for millis in [0, 1, 249, 250, 251, 10_000, 10_001] {
        let due = origin + Duration::from_millis(millis);
        let at = agenda.round_up(due);
        assert!(at >= due && at < due + super::TICK, "{millis} ms");
    }
}

#[test]
fn the_earliest_comes_first_and_only_when_due() {
    let origin = Instant::now();
    let mut agenda = Agenda::new(origin);
    let (late, early) = (seat(1), seat(2));
    agenda.schedule(&late, &mut late.lock(), origin + Duration::from_secs(2), origin);
    agenda.schedule(&early, &mut early.lock(), origin + Duration::from_secs(1), origin);
    assert!(agenda.take_due(origin).is_none());
    let (_, first) = agenda.take_due(origin + Duration::from_secs(5)).unwrap();
    assert_eq!(first, early.id());
    let (_, second) = agenda.take_due(origin + Duration::from_secs(5)).unwrap();
    assert_eq!(second, late.id());
    assert!(agenda.take_due(origin + Duration::from_secs(5)).is_none());
}

#[test]
fn a_seat_that_is_looked_at_earlier_gets_no_further_entry() {
    let origin = Instant::now();
    let mut agenda = Agenda::new(origin);
    let seat = seat(1);
    agenda.schedule(&seat, &mut seat.lock(), origin + Duration::from_secs(1), origin);
    agenda.schedule(&seat, &mut seat.lock(), origin + Duration::from_secs(9), origin);
    assert!(agenda.take_due(origin + Duration::from_secs(20)).is_some());
    assert!(agenda.take_due(origin + Duration::from_secs(20)).is_none());
}

#[test]
fn what_is_due_in_a_day_is_looked_at_within_a_minute() {
    let origin = Instant::now();
    let mut agenda = Agenda::new(origin);
    let seat = seat(7);
    agenda.schedule(&seat, &mut seat.lock(), origin + Duration::from_secs(86_400), origin);
    assert_eq!(agenda.take_due(origin + Duration::from_secs(61)).map(|(_, session)| session), Some(7));
}
