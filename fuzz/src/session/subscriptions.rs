//! The subscriptions that the session should remember.

use std::collections::BTreeMap;

use tidegate_mqtt::property::Place;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{InvalidFilter, QoS, SubscribeEntry, SubscriptionOptions};
use tidegate_session::{Config, GrantedOptions, Session};

use super::operation::OfInbound;
use super::world::Link;

/// Terms by filter.
#[derive(Default)]
pub(super) struct Subscriptions {
    terms: BTreeMap<SubscriptionFilter, GrantedOptions>,
}

impl Subscriptions {
    pub(super) fn apply(
        &mut self,
        session: &mut Session,
        link: &Link,
        config: &Config,
        operation: OfInbound,
    ) {
        match operation {
            OfInbound::Subscribe { filter, options, identifier } => {
                let entry = entry(filter, options, link);
                let identifier = identifier.filter(|_| link.negotiated.version.is_v5());
                self.subscribe(session, link, config, entry, identifier);
            }
            OfInbound::Unsubscribe { filter } => {
                let Ok(filter) = SubscriptionFilter::parse(filter) else { return };
                let existed = self.terms.remove(&filter).is_some();
                assert_eq!(session.unsubscribe(&filter), existed, "unsubscribing {filter}");
            }
            _ => {}
        }
    }

    /// The state is gone, and says which filters were in it.
    pub(super) fn end(&mut self, removed: &[SubscriptionFilter]) {
        let mut removed = removed.to_vec();
        removed.sort_unstable();
        let expected: Vec<_> = std::mem::take(&mut self.terms).into_keys().collect();
        assert_eq!(removed, expected, "subscriptions of the discarded state");
    }

    pub(super) fn check(&self, session: &Session) {
        assert_eq!(session.subscriptions().count(), self.terms.len());
        for (filter, terms) in &self.terms {
            assert_eq!(session.subscription(filter), Some(*terms), "{filter}");
        }
    }

    fn subscribe(
        &mut self,
        session: &mut Session,
        link: &Link,
        config: &Config,
        entry: SubscribeEntry,
        identifier: Option<u32>,
    ) {
        let Ok(reason) = link.connection.check_subscribe(&entry, identifier) else { return };
        assert!(reason.may_stand_in(Place::SubAck));
        let granted = QoS::try_from(reason.value()).ok();
        let (Some(qos), Ok(filter)) = (granted, entry.filter) else { return };
        assert!(qos <= config.qos_max && qos <= entry.options.qos, "more than asked for or served");
        let options = SubscriptionOptions { qos, ..entry.options };
        let existed = self.terms.contains_key(&filter);
        let is_full = !existed && self.terms.len() >= config.subscriptions_max;
        let result = session.subscribe(filter.clone(), options, identifier);
        assert_eq!(result.ok(), (!is_full).then_some(existed), "subscribing to {filter}");
        if !is_full {
            self.terms.insert(filter, GrantedOptions { options, identifier });
        }
    }
}

fn entry(filter: &str, options: u8, link: &Link) -> SubscribeEntry {
    let plain = SubscriptionOptions::of(QoS::ALL[usize::from(options) % 3]);
    let is_five = link.negotiated.version.is_v5();
    let options = SubscriptionOptions {
        no_local: is_five && options & 0x10 != 0,
        retain_as_published: is_five,
        ..plain
    };
    let filter =
        SubscriptionFilter::parse(filter).map_err(|error| InvalidFilter { text: filter.into(), error });
    SubscribeEntry { filter, options }
}
