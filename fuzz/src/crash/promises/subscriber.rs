//! The subscriptions of one client, as far as the client can know them.

use std::collections::BTreeMap;

use tidegate_mqtt::QoS;

/// State of a client's session and subscriptions.
#[derive(Default)]
pub(super) struct Subscriber {
    /// Number of sessions so far.
    session: u32,
    /// Filters that may have a subscription.
    filters: BTreeMap<&'static str, Subscription>,
    /// Step at which UNSUBACK arrived, for filters without a subscription.
    ended: BTreeMap<&'static str, u64>,
    /// Whether the former session may still be a member of the share group, because the broker may not have noticed its
    /// end.
    pub(super) was_member: bool,
}

struct Subscription {
    /// The lowest QoS that may be granted.
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

    /// Records an UNSUBSCRIBE; returns true if a subscription may exist.
    pub(super) fn deactivate(&mut self, filter: &'static str) -> bool {
        let subscription = self.filters.get_mut(filter);
        subscription.map(|subscription| subscription.is_active = false).is_some()
    }

    pub(super) fn deactivate_all(&mut self) {
        self.filters.values_mut().for_each(|subscription| subscription.is_active = false);
    }

    pub(super) fn remove(&mut self, filter: &'static str, now: u64) {
        if self.filters.remove(filter).is_some() {
            self.ended.insert(filter, now);
        }
    }

    pub(super) fn session(&self) -> u32 {
        self.session
    }

    /// The lowest QoS that the subscriptions grant together, without the shared one; `None` if no subscription is
    /// certain.
    pub(super) fn granted(&self, topic: &str) -> Option<QoS> {
        let certain = self.filters.iter().filter(|(filter, subscription)| {
            subscription.is_active && !is_shared(filter) && matches(filter, topic)
        });
        certain.map(|(_, subscription)| subscription.qos).max()
    }

    /// Returns true if a message that was sent at step `sent_at` may be delivered.
    pub(super) fn may_receive(&self, topic: &str, sent_at: u64) -> bool {
        let is_subscribed = self.filters.keys().any(|filter| matches(filter, topic));
        is_subscribed || self.ended.iter().any(|(filter, at)| matches(filter, topic) && *at >= sent_at)
    }

    /// Returns true if the client may be a member of the share group.
    pub(super) fn may_be_member(&self) -> bool {
        self.was_member || self.filters.keys().any(|filter| is_shared(filter))
    }

    /// Returns true if the client is certainly a member of the share group.
    pub(super) fn is_member(&self) -> bool {
        self.filters.iter().any(|(filter, subscription)| is_shared(filter) && subscription.is_active)
    }

    /// Returns true if no SUBSCRIBE or UNSUBSCRIBE is unanswered.
    pub(super) fn is_certain(&self) -> bool {
        self.filters.values().all(|subscription| subscription.is_active)
    }
}

/// Returns true if the filter is that of the shared subscription.
pub(super) fn is_shared(filter: &str) -> bool {
    filter.starts_with(SHARE)
}

/// Returns true if a filter matches a topic. The filters of these runs have wildcards only at their ends.
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    let filter = filter.strip_prefix(SHARE).unwrap_or(filter);
    match filter.strip_suffix(['+', '#']) {
        Some(prefix) => topic.starts_with(prefix),
        None => filter == topic,
    }
}

const SHARE: &str = "$share/g/";
