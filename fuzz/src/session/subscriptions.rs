//! Models the session's subscriptions.

use std::collections::BTreeMap;

use tidegate_mqtt::property::PacketContext;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{InvalidFilter, QoS, SubscribeEntry, SubscriptionOptions};
use tidegate_session::{Config, GrantedOptions, Session};

use super::harness::OpenConnection;
use super::operation::InboundOperation;

/// Model of the subscriptions: the granted options by filter.
#[derive(Default)]
pub(super) struct Subscriptions {
    granted: BTreeMap<SubscriptionFilter, GrantedOptions>,
}

impl Subscriptions {
    pub(super) fn apply_operation(
        &mut self,
        session: &mut Session,
        connection: &OpenConnection,
        config: &Config,
        operation: InboundOperation,
    ) {
        match operation {
            InboundOperation::Subscribe { filter, options, identifier } => {
                let entry = entry(filter, options, connection);
                let identifier = identifier.filter(|_| connection.negotiated.version.is_v5());
                self.subscribe(session, connection, config, entry, identifier);
            }
            InboundOperation::Unsubscribe { filter } => {
                let Ok(filter) = SubscriptionFilter::parse(filter) else { return };
                let existed = self.granted.remove(&filter).is_some();
                assert_eq!(session.unsubscribe(&filter), existed, "unsubscribing {filter}");
            }
            _ => {}
        }
    }

    /// Discards the subscriptions together with the session state. `removed` are the filters that the session reports
    /// as removed.
    pub(super) fn end(&mut self, removed: &[SubscriptionFilter]) {
        let mut removed = removed.to_vec();
        removed.sort_unstable();
        let expected: Vec<_> = std::mem::take(&mut self.granted).into_keys().collect();
        assert_eq!(removed, expected, "the subscriptions of the discarded session");
    }

    pub(super) fn check(&self, session: &Session) {
        assert_eq!(session.subscriptions().count(), self.granted.len());
        for (filter, granted) in &self.granted {
            assert_eq!(session.subscription(filter), Some(*granted), "{filter}");
        }
    }

    fn subscribe(
        &mut self,
        session: &mut Session,
        connection: &OpenConnection,
        config: &Config,
        entry: SubscribeEntry,
        identifier: Option<u32>,
    ) {
        let Ok(reason) = connection.inbound.check_subscribe(&entry, identifier) else { return };
        assert!(reason.may_appear_in(PacketContext::SubAck));
        let granted = QoS::try_from(reason.value()).ok();
        let (Some(qos), Ok(filter)) = (granted, entry.filter) else { return };
        assert!(
            qos <= config.qos_max && qos <= entry.options.qos,
            "the granted QoS is higher than requested or supported"
        );
        let options = SubscriptionOptions { qos, ..entry.options };
        let existed = self.granted.contains_key(&filter);
        let is_subscription_limit_reached = !existed && self.granted.len() >= config.subscriptions_max;
        let result = session.subscribe(filter.clone(), options, identifier);
        assert_eq!(
            result.ok(),
            (!is_subscription_limit_reached).then_some(existed),
            "subscribing to {filter}"
        );
        if !is_subscription_limit_reached {
            self.granted.insert(filter, GrantedOptions { options, identifier });
        }
    }
}

fn entry(filter: &str, options: u8, connection: &OpenConnection) -> SubscribeEntry {
    let plain = SubscriptionOptions::with_qos(QoS::ALL[usize::from(options) % 3]);
    let is_v5 = connection.negotiated.version.is_v5();
    let options =
        SubscriptionOptions { no_local: is_v5 && options & 0x10 != 0, retain_as_published: is_v5, ..plain };
    let filter =
        SubscriptionFilter::parse(filter).map_err(|error| InvalidFilter { text: filter.into(), error });
    SubscribeEntry { filter, options }
}
