//! A naive router: a list of subscriptions, each compared with the topic by [`topic::matches`].

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::{self, SubscriptionFilter};

use crate::{Grant, MemberState, Route, Router, Subscriber};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(pub(super) u64);

impl Subscriber for Id {
    fn id(&self) -> u64 {
        self.0
    }
}

pub(super) fn filter(text: &str) -> SubscriptionFilter {
    SubscriptionFilter::parse(text).unwrap()
}

pub(super) fn grant(qos: u8, no_local: bool, retain_as_published: bool, identifier: u32) -> Grant {
    let qos = QoS::try_from(qos).unwrap();
    Grant { qos, no_local, retain_as_published, identifier: NonZeroU32::new(identifier) }
}

/// The options of one delivery: QoS, Retain As Published, sorted subscription identifiers.
pub(super) type Granted = (QoS, bool, Vec<u32>);

/// A route in a form that can be compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RouteView {
    /// By subscriber id: the options for messages of other publishers, and the options for the subscriber's own
    /// messages.
    pub(super) deliveries: BTreeMap<u64, (Option<Granted>, Option<Granted>)>,
    pub(super) groups: BTreeMap<String, BTreeSet<u64>>,
}

#[derive(Default)]
pub(super) struct Model(pub(super) BTreeMap<(String, u64), Grant>);

impl Model {
    pub(super) fn view(&self, name: &str) -> RouteView {
        let mut view = RouteView::default();
        let mut plain: BTreeMap<u64, Vec<Grant>> = BTreeMap::new();
        for ((text, id), grant) in &self.0 {
            let subscription = filter(text);
            match topic::matches(&subscription.filter, name) {
                false => {}
                true if subscription.is_shared() => {
                    view.groups.entry(text.clone()).or_default().insert(*id);
                }
                true => plain.entry(*id).or_default().push(*grant),
            }
        }
        for (id, grants) in plain {
            let others = granted(grants.iter());
            let own = granted(grants.iter().filter(|grant| !grant.no_local));
            view.deliveries.insert(id, (others, own));
        }
        view
    }
}

fn granted<'g>(grants: impl Iterator<Item = &'g Grant> + Clone) -> Option<Granted> {
    let qos = grants.clone().map(|grant| grant.qos).max()?;
    let retain = grants.clone().any(|grant| grant.retain_as_published);
    let mut subscription_identifiers: Vec<_> =
        grants.filter_map(|grant| grant.identifier).map(u32::from).collect();
    subscription_identifiers.sort_unstable();
    Some((qos, retain, subscription_identifiers))
}

pub(super) fn view(route: &Route<Id>) -> RouteView {
    let mut view = RouteView::default();
    for delivery in &route.deliveries {
        let id = delivery.subscriber.0;
        let of = |publisher| {
            delivery.for_publisher(publisher).map(|grants| {
                let mut subscription_identifiers = grants.subscription_identifiers.to_vec();
                subscription_identifiers.sort_unstable();
                (grants.qos, grants.retain_as_published, subscription_identifiers)
            })
        };
        let twice = view.deliveries.insert(id, (of(id + 1_000_000), of(id)));
        assert!(twice.is_none(), "a subscriber has one delivery");
    }
    for group in &route.groups {
        let online = |_: &Id| MemberState { online: true, inflight: 0 };
        let picks = (0..group.len()).filter_map(|_| group.pick(0, 0, None, online));
        let twice =
            view.groups.insert(group.name().to_string(), picks.map(|picked| picked.subscriber.0).collect());
        assert!(twice.is_none(), "a route contains each group once");
    }
    view
}

pub(super) fn subscribe(router: &Router<Id>, text: &str, id: u64) {
    router.subscribe(&filter(text), Id(id), grant(1, false, false, 0)).unwrap();
}
