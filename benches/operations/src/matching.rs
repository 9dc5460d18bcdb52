//! Matching topics against one filter and against 10,000 filters, and making and removing a subscription among 10,000.

use std::hint::black_box;
use std::sync::Arc;

use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::{self, SubscriptionFilter};
use tidegate_routing::{Config, Grant, Router, Subscriber};

use crate::{Case, CaseSetup};

pub(crate) const CASES: &[CaseSetup] = &[
    || matches("match/literal filter", "plant/7/line/3/temperature"),
    || matches("match/filter with +", "plant/+/line/+/temperature"),
    || matches("match/filter with #", "plant/7/#"),
    || route("match/10,000 filters, a literal and one with # match", "plant", "speed"),
    || route("match/10,000 filters, three with wildcards match", "plant", "temperature"),
    || route("match/10,000 filters, none matches", "office", "speed"),
    subscribe,
];

/// A subscriber, like the broker's session handle.
#[derive(Clone)]
struct Handle(Arc<u64>);

impl Subscriber for Handle {
    fn id(&self) -> u64 {
        *self.0
    }
}

const GRANT: Grant =
    Grant { qos: QoS::AtLeastOnce, no_local: false, retain_as_published: false, identifier: None };

/// Number of plants. With many plants, the effect of the random hash seeds averages out.
pub(crate) const PLANT_COUNT: u32 = 1000;

/// Returns one topic for each number of a plant. The topics begin with `site` and end with `value`.
pub(crate) fn topics(site: &str, value: &str) -> Vec<String> {
    (0..PLANT_COUNT).map(|number| format!("{site}/{number}/line/3/{value}")).collect()
}

/// Returns ten filters for each plant. The last three filters of a plant have wildcards.
pub(crate) fn filters() -> impl Iterator<Item = SubscriptionFilter> {
    (0..PLANT_COUNT).flat_map(|plant| {
        (0..7)
            .map(move |line| format!("plant/{plant}/line/{line}/speed"))
            .chain([
                format!("plant/{plant}/+/3/temperature"),
                format!("plant/{plant}/line/#"),
                format!("plant/{plant}/+/+/temperature"),
            ])
            .map(|text| filter(&text))
    })
}

fn filter(text: &str) -> SubscriptionFilter {
    SubscriptionFilter::parse(text).expect("a filter")
}

fn filled_router() -> Router<Handle> {
    let router = Router::new(Config::default());
    for (id, filter) in (0..).zip(filters()) {
        router.subscribe(&filter, Handle(Arc::new(id)), GRANT).expect("room for it");
    }
    router
}

fn matches(name: &'static str, filter: &'static str) -> Case {
    Case::single(name, move || {
        assert!(topic::matches(black_box(filter), black_box("plant/7/line/3/temperature")));
    })
}

fn route(name: &'static str, site: &'static str, value: &'static str) -> Case {
    let router = filled_router();
    let topics = topics(site, value);
    Case::batch(name, PLANT_COUNT, move || {
        for topic in &topics {
            black_box(router.route(black_box(topic)));
        }
    })
}

fn subscribe() -> Case {
    let router = filled_router();
    let handle = Handle(Arc::new(1_000_000));
    let mut number = 0;
    Case::single("match/subscribe and unsubscribe among 10,000", move || {
        number += 1;
        let filter = filter(&format!("plant/{}/line/8/{number}", number % 1000));
        router.subscribe(&filter, handle.clone(), GRANT).expect("room for it");
        assert!(router.unsubscribe(&filter, 1_000_000));
    })
}
