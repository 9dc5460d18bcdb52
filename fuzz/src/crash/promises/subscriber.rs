//! The subscriptions of one client, as far as it can know.

use std::collections::BTreeMap;

use tidegate_mqtt::QoS;

/// A client as a subscriber.
#[derive(Default)]
pub(super) struct Subscriber {
    /// Counts its sessions.
    session: u32,
    /// The filters that may have a subscription.
    filters: BTreeMap<&'static str, Subscription>,
    /// When UNSUBACK came for the others.
    ended: BTreeMap<&'static str, u64>,
    /// Its former session may be a member of the group: the broker may not know that it has ended.
    pub(super) was_member: bool,
}

struct Subscription {
    /// The least QoS that it may have.
    qos: QoS,
    /// SUBACK came, and no UNSUBSCRIBE was sent since.
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

    /// UNSUBSCRIBE is sent; says whether there may be a subscription.
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

    /// The QoS that the subscriptions together grant at least, without the shared one; `None` if none is certain.
    pub(super) fn granted(&self, topic: &str) -> Option<QoS> {
        let certain = self.filters.iter().filter(|(filter, subscription)| {
            subscription.is_active && !is_shared(filter) && matches(filter, topic)
        });
        certain.map(|(_, subscription)| subscription.qos).max()
    }

    /// Whether a message that was sent at `sent_at` may come.
    pub(super) fn may_receive(&self, topic: &str, sent_at: u64) -> bool {
        let is_subscribed = self.filters.keys().any(|filter| matches(filter, topic));
        is_subscribed || self.ended.iter().any(|(filter, at)| matches(filter, topic) && *at >= sent_at)
    }

    /// Whether it may be a member of the group.
    pub(super) fn may_be_member(&self) -> bool {
        self.was_member || self.filters.keys().any(|filter| is_shared(filter))
    }

    /// Whether it certainly is.
    pub(super) fn is_member(&self) -> bool {
        self.filters.iter().any(|(filter, subscription)| is_shared(filter) && subscription.is_active)
    }

    /// Whether it knows its subscriptions.
    pub(super) fn is_certain(&self) -> bool {
        self.filters.values().all(|subscription| subscription.is_active)
    }
}

/// Whether the filter is that of the shared subscription.
pub(super) fn is_shared(filter: &str) -> bool {
    filter.starts_with(SHARE)
}

/// Whether a filter of these runs, which has a wildcard only at its end, matches a topic.
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    let filter = filter.strip_prefix(SHARE).unwrap_or(filter);
    match filter.strip_suffix(['+', '#']) {
        Some(prefix) => topic.starts_with(prefix),
        None => filter == topic,
    }
}

const SHARE: &str = "$share/g/";
