//! The subscriptions of one client, as far as the packets of the client determine them.

use std::collections::BTreeMap;

use tidegate_mqtt::QoS;

/// State of a client's session and subscriptions.
#[derive(Default)]
pub(super) struct Subscriber {
    /// Number of sessions so far.
    session: u32,
    /// Filters that may have a subscription.
    filters: BTreeMap<&'static str, Subscription>,
    /// Step at which UNSUBACK arrived, by filter, for filters without a subscription.
    ended: BTreeMap<&'static str, u64>,
    /// Whether the client's former session may still be a member of the shared subscription, because the broker may not
    /// have handled the end of that session.
    pub(super) was_member: bool,
}

struct Subscription {
    /// The lowest QoS that the broker may have granted.
    qos: QoS,
    /// Whether SUBACK arrived and no UNSUBSCRIBE was sent since.
    is_active: bool,
}

impl Subscriber {
    pub(super) fn begin(&mut self) {
        *self = Self { session: self.session + 1, ..Self::default() };
    }

    pub(super) fn subscribe(&mut self, filter: &'static str, qos: QoS) {
        let subscription = self.filters.entry(filter).or_insert(Subscription { qos, is_active: false });
        subscription.qos = subscription.qos.min(qos);
    }

    pub(super) fn activate(&mut self, filter: &'static str, qos: QoS) {
        self.filters.insert(filter, Subscription { qos, is_active: true });
    }

    /// Records an UNSUBSCRIBE. Returns whether a subscription may exist.
    pub(super) fn deactivate(&mut self, filter: &'static str) -> bool {
        let subscription = self.filters.get_mut(filter);
        subscription.map(|subscription| subscription.is_active = false).is_some()
    }

    pub(super) fn deactivate_all(&mut self) {
        self.filters.values_mut().for_each(|subscription| subscription.is_active = false);
    }

    pub(super) fn remove_subscription(&mut self, filter: &'static str, now: u64) {
        if self.filters.remove(filter).is_some() {
            self.ended.insert(filter, now);
        }
    }

    pub(super) fn session(&self) -> u32 {
        self.session
    }

    /// Returns the QoS that the ordinary subscriptions grant at least, or `None` if it is not certain that a
    /// subscription exists.
    pub(super) fn certain_qos(&self, topic: &str) -> Option<QoS> {
        let certain = self.filters.iter().filter(|(filter, subscription)| {
            subscription.is_active && !is_shared(filter) && matches(filter, topic)
        });
        certain.map(|(_, subscription)| subscription.qos).max()
    }

    /// Returns whether the client may receive a message on `topic` that was sent at step `sent_at`.
    pub(super) fn may_receive(&self, topic: &str, sent_at: u64) -> bool {
        let is_subscribed = self.filters.keys().any(|filter| matches(filter, topic));
        is_subscribed || self.ended.iter().any(|(filter, at)| matches(filter, topic) && *at >= sent_at)
    }

    /// Returns whether the client may be a member of the shared subscription.
    pub(super) fn may_be_member(&self) -> bool {
        self.was_member || self.filters.keys().any(|filter| is_shared(filter))
    }

    /// Returns whether the client is certainly a member of the shared subscription.
    pub(super) fn is_certain_member(&self) -> bool {
        self.filters.iter().any(|(filter, subscription)| is_shared(filter) && subscription.is_active)
    }

    /// Returns whether every SUBSCRIBE and UNSUBSCRIBE is acknowledged.
    pub(super) fn is_certain(&self) -> bool {
        self.filters.values().all(|subscription| subscription.is_active)
    }
}

/// Returns whether the filter is that of the shared subscription.
pub(super) fn is_shared(filter: &str) -> bool {
    filter.starts_with(SHARE)
}

/// Returns whether the filter matches the topic. The filters of the crash runs have wildcards only at their ends.
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    let filter = filter.strip_prefix(SHARE).unwrap_or(filter);
    match filter.strip_suffix(['+', '#']) {
        Some(prefix) => topic.starts_with(prefix),
        None => filter == topic,
    }
}

const SHARE: &str = "$share/g/";
