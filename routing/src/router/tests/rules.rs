//! Rules of the specification about matching, one per test.

use super::model::{Id, filter, grant, subscribe, view};
use crate::{Config, Existed, Router};

fn matching_subscriber_ids(filters: &[&str], topic: &str) -> Vec<u64> {
    let router = Router::new(Config::default());
    for (id, text) in (0..).zip(filters) {
        subscribe(&router, text, id);
    }
    view(&router.route(topic)).deliveries.into_keys().collect()
}

#[test]
fn the_multi_level_wildcard_includes_its_parent_level() {
    assert_eq!(matching_subscriber_ids(&["a/#", "+/#", "#", "a/+", "a"], "a"), [0, 1, 2, 4]);
}

#[test]
fn wildcards_do_not_match_a_leading_dollar() {
    // [MQTT5-4.7.2-1]
    assert_eq!(
        matching_subscriber_ids(&["#", "+/x", "+/#", "$SYS/#", "$SYS/+", "$SYS/x"], "$SYS/x"),
        [3, 4, 5]
    );
    assert_eq!(matching_subscriber_ids(&["a/#", "a/+"], "a/$x"), [0, 1]);
}

#[test]
fn shared_wildcards_do_not_match_a_leading_dollar() {
    let router = Router::new(Config::default());
    subscribe(&router, "$share/g/#", 1);
    subscribe(&router, "$share/g/+/x", 1);
    assert!(router.route("$SYS/x").groups.is_empty());
    assert_eq!(router.route("a/x").groups.len(), 2);
}

#[test]
fn empty_levels_count_as_levels() {
    assert_eq!(matching_subscriber_ids(&["/a", "+/a", "+/+", "a", "/+", "//a"], "/a"), [0, 1, 2, 4]);
    assert_eq!(matching_subscriber_ids(&["a/", "a/+", "a", "a/#"], "a/"), [0, 1, 3]);
}

#[test]
fn a_repeated_subscription_replaces_all_of_the_earlier_one() {
    let router = Router::new(Config::default());
    let filter = filter("a/+");
    assert_eq!(router.subscribe(&filter, Id(1), grant(2, true, true, 7)), Ok(Existed(false)));
    assert_eq!(router.subscribe(&filter, Id(1), grant(0, false, false, 0)), Ok(Existed(true)));
    let route = router.route("a/b");
    assert_eq!(route.deliveries.len(), 1);
    let delivery = &route.deliveries[0];
    assert_eq!(
        (delivery.qos.value(), delivery.retain_as_published, delivery.subscription_identifiers.len()),
        (0, false, 0)
    );
    assert!(delivery.for_publisher(1).is_some());
    assert_eq!(router.subscriptions(), 1);
}

#[test]
fn shared_and_ordinary_subscriptions_of_one_session_are_independent() {
    let router = Router::new(Config::default());
    subscribe(&router, "$share/g/a", 1);
    subscribe(&router, "a", 1);
    let route = router.route("a");
    assert_eq!((route.deliveries.len(), route.groups.len()), (1, 1));
}

#[test]
fn a_group_is_removed_when_its_last_member_leaves() {
    let router = Router::new(Config::default());
    let shared = filter("$share/g/a");
    subscribe(&router, "$share/g/a", 1);
    subscribe(&router, "$share/g/a", 2);
    subscribe(&router, "$share/g/a", 2);
    assert_eq!(router.group(&shared).unwrap().len(), 2);
    assert!(router.unsubscribe(&shared, 2));
    assert!(!router.unsubscribe(&shared, 2));
    assert_eq!(router.route("a").groups.len(), 1);
    assert!(router.unsubscribe(&shared, 1));
    assert!(router.route("a").groups.is_empty());
    assert!(router.group(&shared).is_none());
}
