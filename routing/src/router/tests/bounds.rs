//! The bounds of the configuration.

use super::model::{Id, filter, grant, subscribe};
use crate::{Config, Existed, Router, SubscribeError};

#[test]
fn too_many_levels_are_refused() {
    let router = Router::new(Config { levels_max: 3, ..Config::default() });
    subscribe(&router, "a/b/#", 1);
    let refused = router.subscribe(&filter("a/b/c/#"), Id(1), grant(0, false, false, 0));
    assert_eq!(refused, Err(SubscribeError::TooManyLevels));
    assert_eq!(router.route("a/b/c/d/e").deliveries.len(), 1);
}

#[test]
fn too_many_wildcards_are_refused() {
    let router = Router::new(Config { wildcards_max: 2, ..Config::default() });
    subscribe(&router, "+/+/a", 1);
    let refused = router.subscribe(&filter("$share/g/+/+/+"), Id(1), grant(0, false, false, 0));
    assert_eq!(refused, Err(SubscribeError::TooManyWildcards));
    assert_eq!(router.subscriptions(), 1);
}

#[test]
fn a_full_router_still_replaces_subscriptions() {
    let router = Router::new(Config { subscriptions_max: 2, ..Config::default() });
    subscribe(&router, "a/#", 1);
    subscribe(&router, "$share/g/a", 1);
    for text in ["a", "$share/g/a", "$share/h/a", "#"] {
        let refused = router.subscribe(&filter(text), Id(2), grant(0, false, false, 0));
        assert_eq!(refused, Err(SubscribeError::Full), "{text}");
    }
    for text in ["a/#", "$share/g/a"] {
        let replaced = router.subscribe(&filter(text), Id(1), grant(2, false, false, 0));
        assert_eq!(replaced, Ok(Existed(true)), "{text}");
    }
    assert!(router.unsubscribe(&filter("a/#"), 1));
    subscribe(&router, "#", 2);
}
