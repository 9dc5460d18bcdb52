//! The 10,000 filters of [`crate::matching`], each subscribed to by another client: publishes that three of them match, and
//! subscriptions that are made and removed.

use std::time::Duration;

use tidegate_broker::BrokerConfig;
use tidegate_mqtt::{AckKind, QoS};

use super::client::{Client, subscribe, unsubscribe};
use super::core::Core;
use crate::codec::publish;
use crate::matching::{PLANTS, filters, topics};
use crate::{Case, Make};

pub(super) const CASES: &[Make] = &[
    || publish_to_three("broker/QoS 0 to three of 10,000", QoS::AtMostOnce),
    || publish_to_three("broker/QoS 1 to three of 10,000", QoS::AtLeastOnce),
    subscribe_and_unsubscribe,
];

/// The subscribers in the order of their filters, and one more client.
struct Scene {
    core: Core,
    subscribers: Vec<Client>,
    other: Client,
}

impl Scene {
    fn new() -> Self {
        let mut core = Core::new(BrokerConfig::default(), None);
        let mut subscribers = Vec::new();
        for (number, filter) in filters().enumerate() {
            let mut client = Client::connected(&mut core, &format!("subscriber-{number}"));
            client.subscribe(&mut core, &filter.to_string());
            subscribers.push(client);
        }
        let other = Client::connected(&mut core, "other");
        Self { core, subscribers, other }
    }
}

fn publish_to_three(name: &'static str, qos: QoS) -> Case {
    let Scene { mut core, mut subscribers, other: mut publisher } = Scene::new();
    let wires: Vec<_> = topics("plant", "temperature").iter().map(|topic| publish(topic, qos)).collect();
    let mut sent = 0;
    Case::many(name, PLANTS, move || {
        for (wire, plant) in wires.iter().zip(subscribers.chunks_exact_mut(FILTERS)) {
            publisher.send(&mut core, wire);
            core.flush();
            if qos > QoS::AtMostOnce {
                let three = plant.iter_mut().skip(FILTERS - 3);
                three.for_each(|client| client.acknowledge(&mut core, AckKind::PubAck, 1));
            }
        }
        sent += u64::from(3 * PLANTS);
        assert_eq!(core.messages_sent(), sent);
    })
}

fn subscribe_and_unsubscribe() -> Case {
    let Scene { mut core, subscribers, mut other } = Scene::new();
    let filters = (0..PLANTS).map(|plant| format!("plant/{plant}/line/8/speed"));
    let wires: Vec<_> =
        filters.map(|filter| (subscribe(&filter, QoS::AtLeastOnce), unsubscribe(&filter))).collect();
    Case::many("broker/SUBSCRIBE and UNSUBSCRIBE among 10,000", PLANTS, move || {
        for (subscribe, unsubscribe) in &wires {
            other.send(&mut core, subscribe);
            core.flush();
            other.send(&mut core, unsubscribe);
            core.flush();
        }
        core.pass(Duration::from_secs(1));
        let _ = &subscribers;
    })
}

/// Filters per plant. The last three match the topic that is published to.
const FILTERS: usize = 10;
