//! Which member each strategy chooses.

use std::cell::Cell;
use std::collections::BTreeMap;

use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;

use super::{Group, MemberState};
use crate::subscription::Member;
use crate::{Config, Grant, Strategy, Subscriber};

#[derive(Clone)]
struct Id(u64);

impl Subscriber for Id {
    fn id(&self) -> u64 {
        self.0
    }
}

const GRANT: Grant =
    Grant { qos: QoS::AtLeastOnce, no_local: false, retain_as_published: false, identifier: None };

fn group(strategy: Strategy, members: u64) -> Group<Id> {
    let filter = SubscriptionFilter::parse("$share/g/a/#").unwrap();
    let group = Group::new(filter, 1, &Config { shared_strategy: strategy, ..Config::default() });
    for id in 0..members {
        assert!(!group.join(Member { subscriber: Id(id), grant: GRANT }));
    }
    group
}

/// Returns a round-robin group with this `candidates_max`.
fn group_with_candidates(candidates_max: usize, members: u64) -> Group<Id> {
    Group { candidates_max, ..group(Strategy::RoundRobin, members) }
}

fn online(_: &Id) -> MemberState {
    MemberState { online: true, inflight: 0 }
}

fn pick_counts(picks: impl Iterator<Item = u64>) -> BTreeMap<u64, u32> {
    picks.fold(BTreeMap::new(), |mut counts, id| {
        *counts.entry(id).or_default() += 1;
        counts
    })
}

#[test]
fn round_robin_gives_each_member_the_same_number_of_messages() {
    let group = group(Strategy::RoundRobin, 7);
    let counts = pick_counts((0..70).map(|_| group.pick(1, 0, None, online).unwrap().subscriber.0));
    assert_eq!(counts, (0..7).map(|id| (id, 10)).collect());
}

#[test]
fn round_robin_gives_each_online_member_the_same_number_of_messages() {
    let group = group(Strategy::RoundRobin, 5);
    let state = |id: &Id| MemberState { online: id.0 < 3, inflight: 0 };
    let counts = pick_counts((0..30).map(|_| group.pick(1, 0, None, state).unwrap().subscriber.0));
    assert_eq!(counts, (0..3).map(|id| (id, 10)).collect());
}

#[test]
fn an_offline_member_is_chosen_when_no_member_is_online() {
    for strategy in [Strategy::RoundRobin, Strategy::Random, Strategy::Sticky, Strategy::LeastInflight] {
        let group = group(strategy, 5);
        let offline = |_: &Id| MemberState { online: false, inflight: 3 };
        assert!(group.pick(1, 5, None, offline).is_some(), "{strategy:?}");
        let one = |id: &Id| MemberState { online: id.0 == 4, inflight: 9 };
        assert_eq!(group.pick(1, 5, None, one).unwrap().subscriber.0, 4, "{strategy:?}");
    }
}

#[test]
fn the_excluded_member_is_not_chosen() {
    let group = group(Strategy::RoundRobin, 2);
    assert!((0..10).all(|_| group.pick(1, 0, Some(0), online).unwrap().subscriber.0 == 1));
    assert!(group.leave(1));
    assert!(group.pick(1, 0, Some(0), online).is_none());
}

#[test]
fn the_random_strategy_follows_the_given_number() {
    let group = group(Strategy::Random, 4);
    let counts = pick_counts((0..40).map(|random| group.pick(1, random, None, online).unwrap().subscriber.0));
    assert_eq!(counts, (0..4).map(|id| (id, 10)).collect());
}

#[test]
fn sticky_keeps_a_publisher_on_its_member_while_the_member_stays() {
    let group = group(Strategy::Sticky, 8);
    let before: Vec<_> =
        (0..200).map(|publisher| group.pick(publisher, 0, None, online).unwrap().subscriber.0).collect();
    assert!(pick_counts(before.iter().copied()).len() == 8, "publishers are spread");
    assert!(group.leave(3));
    for (publisher, member) in (0..).zip(before) {
        let now = group.pick(publisher, 7, None, online).unwrap().subscriber.0;
        assert!(now == member || member == 3);
        assert_ne!(now, 3);
    }
}

#[test]
fn least_inflight_picks_the_member_with_the_fewest_messages_and_rotates_among_equals() {
    let group = group(Strategy::LeastInflight, 6);
    let state = |id: &Id| MemberState { online: true, inflight: if id.0 < 2 { 1 } else { 5 } };
    let counts = pick_counts((0..20).map(|_| group.pick(1, 0, None, state).unwrap().subscriber.0));
    assert_eq!(counts, (0..2).map(|id| (id, 10)).collect());
    let idle = |id: &Id| MemberState { online: true, inflight: u32::from(id.0 != 4) };
    assert_eq!(group.pick(1, 0, None, idle).unwrap().subscriber.0, 4);
}

#[test]
fn a_session_that_joins_twice_is_one_member() {
    let group = group(Strategy::RoundRobin, 3);
    let grant = Grant { qos: QoS::ExactlyOnce, ..GRANT };
    assert!(group.join(Member { subscriber: Id(1), grant }));
    assert_eq!(group.len(), 3);
    let granted =
        (0..3).map(|_| group.pick(1, 0, None, online).unwrap()).find(|picked| picked.subscriber.0 == 1);
    assert_eq!(granted.unwrap().grant.qos, QoS::ExactlyOnce);
    assert!(group.leave(1));
    assert!(!group.leave(1));
    assert_eq!(group.len(), 2);
}

#[test]
fn every_random_number_picks_a_member() {
    let group = group(Strategy::Random, 3);
    for random in [0, 1, u64::MAX - 1, u64::MAX] {
        assert_eq!(group.pick(1, random, None, online).unwrap().subscriber.0, random % 3);
    }
}

#[test]
fn sticky_spreads_publishers_evenly() {
    let group = group(Strategy::Sticky, 8);
    let counts =
        pick_counts((0..8000).map(|publisher| group.pick(publisher, 0, None, online).unwrap().subscriber.0));
    assert!(counts.values().all(|count| (800..1200).contains(count)), "{counts:?}");
}

#[test]
fn no_more_than_candidates_max_members_are_examined() {
    let group = group_with_candidates(3, 10);
    let examined = Cell::new(0);
    let offline = |_: &Id| {
        examined.set(examined.get() + 1);
        MemberState { online: false, inflight: 0 }
    };
    assert!(group.pick(1, 0, None, offline).is_some());
    assert_eq!(examined.get(), 3);
}

#[test]
fn a_member_is_found_even_beyond_candidates_max() {
    let group = group_with_candidates(1, 3);
    for excluded in (0..3).chain(0..3) {
        let picked = group.pick(1, 0, Some(excluded), online).unwrap();
        assert_ne!(picked.subscriber.0, excluded, "[MQTT5-4.8.2-4]");
    }
}
