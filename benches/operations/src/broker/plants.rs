//! Cases with the 10,000 filters of [`crate::matching`], each with a separate subscriber: publishes to topics that
//! match three filters, and subscriptions that are made and removed.

use std::time::Duration;

use tidegate_broker::BrokerConfig;
use tidegate_mqtt::{AckKind, QoS};

use super::client::{Client, subscribe, unsubscribe};
use super::core::Core;
use crate::codec::publish;
use crate::matching::{PLANT_COUNT, filters, topics};
use crate::{Case, CaseSetup};

pub(super) const CASES: &[CaseSetup] = &[
    || publish_to_three("broker/QoS 0 to three of 10,000", QoS::AtMostOnce),
    || publish_to_three("broker/QoS 1 to three of 10,000", QoS::AtLeastOnce),
    subscribe_and_unsubscribe,
];

/// The subscribers in the order of their filters, and one more client, which publishes or subscribes in the measured
/// operation.
struct Fixture {
    core: Core,
    subscribers: Vec<Client>,
    other_client: Client,
}

impl Fixture {
    fn new() -> Self {
        let mut core = Core::new(BrokerConfig::default(), None);
        let mut subscribers = Vec::new();
        for (number, filter) in filters().enumerate() {
            let mut client = Client::connected(&mut core, &format!("subscriber-{number}"));
            client.subscribe(&mut core, &filter.to_string());
            subscribers.push(client);
        }
        let other_client = Client::connected(&mut core, "other");
        Self { core, subscribers, other_client }
    }
}

fn publish_to_three(name: &'static str, qos: QoS) -> Case {
    let Fixture { mut core, mut subscribers, other_client: mut publisher } = Fixture::new();
    let wires: Vec<_> = topics("plant", "temperature").iter().map(|topic| publish(topic, qos)).collect();
    let mut sent = 0;
    Case::batch(name, PLANT_COUNT, move || {
        for (wire, plant) in wires.iter().zip(subscribers.chunks_exact_mut(FILTERS_PER_PLANT)) {
            publisher.send(&mut core, wire);
            core.flush();
            if qos > QoS::AtMostOnce {
                let matching_subscribers = plant.iter_mut().skip(FILTERS_PER_PLANT - 3);
                matching_subscribers.for_each(|client| client.acknowledge(&mut core, AckKind::PubAck, 1));
            }
        }
        sent += u64::from(3 * PLANT_COUNT);
        assert_eq!(core.messages_sent(), sent);
    })
}

fn subscribe_and_unsubscribe() -> Case {
    let Fixture { mut core, subscribers, mut other_client } = Fixture::new();
    let filters = (0..PLANT_COUNT).map(|plant| format!("plant/{plant}/line/8/speed"));
    let wires: Vec<_> =
        filters.map(|filter| (subscribe(&filter, QoS::AtLeastOnce), unsubscribe(&filter))).collect();
    Case::batch("broker/SUBSCRIBE and UNSUBSCRIBE among 10,000", PLANT_COUNT, move || {
        for (subscribe, unsubscribe) in &wires {
            other_client.send(&mut core, subscribe);
            core.flush();
            other_client.send(&mut core, unsubscribe);
            core.flush();
        }
        core.advance_clock(Duration::from_secs(1));
        let _ = &subscribers;
    })
}

/// Number of filters per plant. The last three match the topic that is published to.
const FILTERS_PER_PLANT: usize = 10;
