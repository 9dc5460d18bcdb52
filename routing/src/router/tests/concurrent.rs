//! Routes that are built while other threads change subscriptions.

use super::model::{Id, filter, grant, subscribe};
use crate::finished_flag::FinishedFlag;
use crate::{Config, Router};

/// Filters whose subscriptions always exist. The test replaces these subscriptions one after the other, with varying
/// options.
const PERMANENT_FILTERS: [&str; 6] = ["a/b/c", "a/+/c", "a/#", "#", "+/b/+", "a/b/#"];

/// Filters whose subscriptions are added and removed, so that neighbouring nodes and branches are created and removed.
const CHANGING_FILTERS: [&str; 8] = ["a/b", "a/b/+", "a/+/+", "a", "+/b/c", "+/+/c/d", "a/b/c/d/+", "+/#"];

fn missing_subscriber(router: &Router<Id>) -> Option<u64> {
    let route = router.route("a/b/c");
    let found = |id: u64| route.deliveries.iter().any(|delivery| delivery.subscriber.0 == id);
    (0..PERMANENT_FILTERS.len() as u64).find(|id| !found(*id))
}

fn change_subscriptions(router: &Router<Id>, finished: &FinishedFlag, seed: u64) {
    let _end = finished.set_on_drop();
    let mut number = seed;
    for round in 0..15_000_u64 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let text = CHANGING_FILTERS[(number >> 33) as usize % CHANGING_FILTERS.len()];
        let id = 100 + (number >> 50) % 40;
        if number & (1 << 40) == 0 {
            subscribe(router, text, id);
        } else {
            router.unsubscribe(&filter(text), id);
        }
        let replaced = round as usize % PERMANENT_FILTERS.len();
        let options = grant((number >> 20) as u8 % 3, false, number & 1 == 0, (number >> 8) as u32 % 4);
        assert!(
            router.subscribe(&filter(PERMANENT_FILTERS[replaced]), Id(replaced as u64), options).unwrap().0
        );
        subscribe(router, &format!("x/{seed}/{round}"), 1);
    }
}

#[test]
fn subscriptions_that_stay_are_always_found() {
    let router = Router::new(Config::default());
    for (id, text) in (0..).zip(PERMANENT_FILTERS) {
        subscribe(&router, text, id);
    }
    let finished = [FinishedFlag::default(), FinishedFlag::default()];
    std::thread::scope(|scope| {
        for (seed, finished) in (1..).zip(&finished) {
            let router = &router;
            scope.spawn(move || change_subscriptions(router, finished, seed));
        }
        for _ in 0..2 {
            scope.spawn(|| {
                while finished.iter().any(|finished| !finished.is_set()) {
                    assert_eq!(missing_subscriber(&router), None);
                }
            });
        }
    });
    assert_eq!(missing_subscriber(&router), None);
}

#[test]
fn a_group_is_found_while_members_come_and_go() {
    let router = Router::new(Config::default());
    let shared = filter("$share/g/a/+");
    subscribe(&router, "$share/g/a/+", 0);
    let finished = FinishedFlag::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _end = finished.set_on_drop();
            for round in 0..20_000 {
                subscribe(&router, "$share/g/a/+", 1 + round % 30);
                router.unsubscribe(&shared, 1 + (round * 7) % 30);
                subscribe(&router, "a/+", round % 5);
                router.unsubscribe(&filter("a/+"), (round * 3) % 5);
            }
        });
        while !finished.is_set() {
            let route = router.route("a/b");
            assert_eq!(route.groups.len(), 1);
            let state = |_: &Id| crate::MemberState { online: true, inflight: 0 };
            assert!(route.groups[0].pick(1, 1, None, state).is_some());
        }
    });
}
