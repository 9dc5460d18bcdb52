//! Compares the router with a list of subscriptions.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::{self, SubscriptionFilter};
use tidegate_routing::{
    Config, Delivery, Existed, Grant, Route, Router, Strategy, SubscribeError, Subscriber,
};

use super::operation::{Change, NAMES};
use crate::source::Source;

/// A subscriber, which consists only of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SubscriberId(pub(super) u64);

impl Subscriber for SubscriberId {
    fn id(&self) -> u64 {
        self.0
    }
}

/// The router and its model.
pub(super) struct Subscriptions {
    pub(super) router: Router<SubscriberId>,
    pub(super) config: Config,
    /// Model of the router: the granted options by filter and subscriber.
    pub(super) model: BTreeMap<(SubscriptionFilter, u64), Grant>,
}

/// Merged grants of a subscriber: QoS, Retain As Published, and the subscription identifiers in ascending order.
type Granted = (QoS, bool, Vec<u32>);

impl Subscriptions {
    pub(super) fn new(source: &mut Source<'_>) -> Self {
        let strategies = [Strategy::RoundRobin, Strategy::Random, Strategy::Sticky, Strategy::LeastInflight];
        let config = Config {
            levels_max: source.pick(&[128, 128, 128, 3, 1]),
            wildcards_max: source.pick(&[16, 16, 16, 1, 0]),
            subscriptions_max: source.pick(&[1000, 1000, 1000, 4, 0]),
            shared_strategy: source.pick(&strategies),
            candidates_max: source.pick(&[1024, 1024, 2]),
        };
        Self { router: Router::new(config.clone()), config, model: BTreeMap::new() }
    }

    pub(super) fn apply_change(&mut self, change: Change) {
        match change {
            Change::Subscribe { filter, subscriber, grant } => {
                self.subscribe(&parse(filter), subscriber, grant)
            }
            Change::Unsubscribe { filter, subscriber } => self.unsubscribe(&parse(filter), subscriber),
            Change::Route { name } => self.check_route(name),
            Change::UnsubscribeAll { subscriber } => self.unsubscribe_all(subscriber),
            Change::Many { filter, first, count, step, unsubscribes } => {
                let filter = parse(filter);
                for subscriber in (0..count).map(|nth| first + nth * step) {
                    match unsubscribes {
                        true => self.unsubscribe(&filter, subscriber),
                        false => self.subscribe(&filter, subscriber, DEFAULT_GRANT),
                    }
                }
            }
        }
        self.check_counts();
    }

    /// Removes all subscriptions and checks that no message has a receiver afterwards.
    pub(super) fn finish(&mut self) {
        NAMES.iter().for_each(|name| self.check_route(name));
        let subscribers: BTreeSet<u64> = self.model.keys().map(|(_, subscriber)| *subscriber).collect();
        subscribers.into_iter().for_each(|subscriber| self.unsubscribe_all(subscriber));
        self.check_counts();
        NAMES.iter().for_each(|name| self.check_route(name));
        self.router.reclaim();
    }

    fn subscribe(&mut self, filter: &SubscriptionFilter, subscriber: u64, grant: Grant) {
        let before = self.router.generation();
        let key = (filter.clone(), subscriber);
        let expected = match self.refusal(&key) {
            Some(error) => Err(error),
            None => Ok(Existed(self.model.contains_key(&key))),
        };
        let result = self.router.subscribe(filter, SubscriberId(subscriber), grant);
        assert_eq!(result, expected, "subscribing {subscriber} to {filter}");
        if result.is_ok() {
            self.model.insert(key, grant);
            assert_ne!(self.router.generation(), before, "the generation does not change");
        }
    }

    fn refusal(&self, key: &(SubscriptionFilter, u64)) -> Option<SubscribeError> {
        let levels: Vec<_> = key.0.filter.split('/').collect();
        let wildcards = levels.iter().filter(|level| **level == "+").count();
        if levels.len() > self.config.levels_max {
            return Some(SubscribeError::TooManyLevels);
        }
        if wildcards > self.config.wildcards_max {
            return Some(SubscribeError::TooManyWildcards);
        }
        let is_full = self.model.len() >= self.config.subscriptions_max && !self.model.contains_key(key);
        is_full.then_some(SubscribeError::Full)
    }

    fn unsubscribe(&mut self, filter: &SubscriptionFilter, subscriber: u64) {
        let before = self.router.generation();
        let existed = self.model.remove(&(filter.clone(), subscriber)).is_some();
        assert_eq!(
            self.router.unsubscribe(filter, subscriber),
            existed,
            "unsubscribing {subscriber} from {filter}"
        );
        assert!(!existed || self.router.generation() != before, "the generation does not change");
    }

    fn unsubscribe_all(&mut self, subscriber: u64) {
        let filters: Vec<_> =
            self.model.keys().filter(|key| key.1 == subscriber).map(|key| key.0.clone()).collect();
        filters.iter().for_each(|filter| self.unsubscribe(filter, subscriber));
    }

    fn check_counts(&self) {
        let filters: BTreeSet<_> = self.model.keys().map(|(filter, _)| filter).collect();
        assert_eq!(self.router.filters(), filters.len());
        assert_eq!(self.router.subscriptions(), self.model.len());
    }

    fn check_route(&self, name: &str) {
        let route = self.router.route(name);
        let matching = self.matching(name);
        let routed: BTreeSet<u64> = route.deliveries.iter().map(|delivery| delivery.subscriber.0).collect();
        assert_eq!(routed.len(), route.deliveries.len(), "a subscriber is routed twice");
        assert!(routed.iter().eq(matching.keys()), "{name}: {routed:?}, expected {:?}", matching.keys());
        for delivery in &route.deliveries {
            check_delivery(name, delivery, &matching[&delivery.subscriber.0]);
        }
        self.check_groups(name, &route);
    }

    fn check_groups(&self, name: &str, route: &Route<SubscriberId>) {
        let mut expected: BTreeMap<String, usize> = BTreeMap::new();
        for (filter, _) in self.model.keys().filter(|(filter, _)| filter.is_shared()) {
            if topic::matches(&filter.filter, name) {
                *expected.entry(filter.to_string()).or_default() += 1;
            }
        }
        let groups: BTreeMap<_, _> =
            route.groups.iter().map(|group| (group.name().to_string(), group.len())).collect();
        assert_eq!(groups.len(), route.groups.len(), "a group is routed twice");
        assert_eq!(groups, expected, "the groups of {name}");
    }

    /// Returns the grants of the matching ordinary subscriptions, by subscriber.
    fn matching(&self, name: &str) -> BTreeMap<u64, Vec<Grant>> {
        let mut matching: BTreeMap<u64, Vec<Grant>> = BTreeMap::new();
        for ((filter, id), grant) in &self.model {
            if !filter.is_shared() && topic::matches(&filter.filter, name) {
                matching.entry(*id).or_default().push(*grant);
            }
        }
        matching
    }
}

fn check_delivery(name: &str, delivery: &Delivery<SubscriberId>, grants: &[Grant]) {
    let id = delivery.subscriber.0;
    let routed = granted(delivery.qos, delivery.retain_as_published, &delivery.subscription_identifiers);
    assert_eq!(Some(routed), expected(grants, false), "{name} to {id}");
    for publisher in [id, id + 1] {
        let for_publisher = delivery.for_publisher(publisher);
        let routed =
            for_publisher.map(|all| granted(all.qos, all.retain_as_published, all.subscription_identifiers));
        assert_eq!(routed, expected(grants, publisher == id), "{name} from {publisher} to {id}");
    }
}

/// Returns the merged grant for a message. `is_own` is true if the subscriber itself published the message.
fn expected(grants: &[Grant], is_own: bool) -> Option<Granted> {
    let grants: Vec<&Grant> = grants.iter().filter(|grant| !(is_own && grant.no_local)).collect();
    let qos = grants.iter().map(|grant| grant.qos).max()?;
    let subscription_identifiers: Vec<u32> =
        grants.iter().filter_map(|grant| grant.identifier).map(u32::from).collect();
    Some(granted(qos, grants.iter().any(|grant| grant.retain_as_published), &subscription_identifiers))
}

pub(super) fn parse(filter: &str) -> SubscriptionFilter {
    SubscriptionFilter::parse(filter).expect("the filters are valid")
}

fn granted(qos: QoS, retain_as_published: bool, subscription_identifiers: &[u32]) -> Granted {
    let mut subscription_identifiers = subscription_identifiers.to_vec();
    subscription_identifiers.sort_unstable();
    (qos, retain_as_published, subscription_identifiers)
}

/// The grant of each subscriber that `Change::Many` adds.
const DEFAULT_GRANT: Grant =
    Grant { qos: QoS::AtLeastOnce, no_local: false, retain_as_published: false, identifier: None };
