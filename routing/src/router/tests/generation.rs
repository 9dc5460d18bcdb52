//! The generation shows when a stored route is out of date.

use super::model::{filter, subscribe};
use crate::finished_flag::FinishedFlag;
use crate::{Config, Router};

#[test]
fn the_generation_changes_if_and_only_if_subscriptions_change() {
    let router = Router::new(Config::default());
    let mut last = router.generation();
    let mut changed = || std::mem::replace(&mut last, router.generation()) != router.generation();
    subscribe(&router, "a", 1);
    assert!(changed());
    subscribe(&router, "a", 1);
    assert!(changed(), "options may have changed");
    subscribe(&router, "$share/g/a", 1);
    assert!(changed());
    assert_eq!(router.route("a").deliveries.len(), 1);
    assert!(!router.unsubscribe(&filter("b"), 1));
    assert!(!changed());
    assert!(router.unsubscribe(&filter("$share/g/a"), 1));
    assert!(changed());
    assert!(router.unsubscribe(&filter("a"), 1));
    assert!(changed());
}

/// A reader that reads the generation of a change also finds the changed subscription.
#[test]
fn a_change_is_visible_before_its_generation() {
    for _ in 0..50 {
        let router = Router::new(Config::default());
        let finished = FinishedFlag::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _end = finished.set_on_drop();
                (0..400).for_each(|id| subscribe(&router, if id % 2 == 0 { "a/+/c" } else { "a/b/#" }, id));
            });
            while !finished.is_set() {
                let generation = router.generation();
                let found = router.route("a/b/c").deliveries.len() as u64;
                assert!(found >= generation, "{found} subscribers of {generation}");
            }
        });
        assert_eq!(router.route("a/b/c").deliveries.len() as u64, router.generation());
    }
}
