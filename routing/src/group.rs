//! The group of a shared subscription: its members, and the choice of the member that receives a message. The trie
//! decides which groups match a topic.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use arc_swap::ArcSwap;
use tidegate_mqtt::topic::SubscriptionFilter;

use crate::subscriber_set::{Keyed, SetUpdate, SubscriberSet};
use crate::subscription::Member;
use crate::{Config, Grant, Strategy, Subscriber};

mod pick;
#[cfg(test)]
mod tests;

/// All sessions that share one subscription. Each message goes to one of these sessions `[MQTT5-4.8.2-3]`. Sessions can
/// join and leave while routes hold the group.
pub struct Group<S> {
    filter: SubscriptionFilter,
    name: Arc<str>,
    /// See [`Self::serial`].
    serial: u64,
    strategy: Strategy,
    candidates_max: usize,
    /// The position after the member chosen last, at which the next search begins (`RoundRobin` and `LeastInflight`).
    next_position: AtomicUsize,
    members: ArcSwap<SubscriberSet<Member<S>>>,
}

/// The current state of a group member, supplied by the caller of [`Group::pick`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberState {
    /// Whether the member is connected.
    pub online: bool,
    /// Number of messages that were sent to the member and are not acknowledged.
    pub inflight: u32,
}

/// The member chosen to receive a message.
#[derive(Clone, Debug)]
pub struct Picked<S> {
    /// The handle of the member's session.
    pub subscriber: S,
    /// The options granted to the member's subscription.
    pub grant: Grant,
}

impl<S: Subscriber> Group<S> {
    pub(crate) fn new(filter: SubscriptionFilter, serial: u64, config: &Config) -> Self {
        Self {
            name: filter.to_string().into(),
            filter,
            serial,
            strategy: config.shared_strategy,
            candidates_max: config.candidates_max.max(1),
            next_position: AtomicUsize::new(0),
            members: ArcSwap::from_pointee(SubscriberSet::Empty),
        }
    }

    /// Returns the shared subscription's filter.
    pub fn filter(&self) -> &SubscriptionFilter {
        &self.filter
    }

    /// Returns the text of [`Self::filter`], including `$share/`.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Returns the number of members.
    pub fn len(&self) -> usize {
        self.members.load().len()
    }

    /// Returns whether the group has no members. New routes contain no empty groups.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether the session with the id `subscriber_id` is a member of the group.
    pub(crate) fn contains(&self, subscriber_id: u64) -> bool {
        self.members.load().contains(subscriber_id)
    }

    /// Returns the number of the group, which is unique within the router and never reused.
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// Adds a member or replaces its grant. A session counts as one member, however often it subscribes. Returns
    /// whether the session was already a member. Only one thread at a time may change a group.
    pub(crate) fn join(&self, member: Member<S>) -> bool {
        let (update, existed) = self.members.load().insert(member);
        self.apply_update(update);
        existed
    }

    /// Removes a member. Returns false if the session was not a member. Only one thread at a time may change a group.
    pub(crate) fn leave(&self, subscriber_id: u64) -> bool {
        let Some(update) = self.members.load().remove(subscriber_id) else { return false };
        self.apply_update(update);
        true
    }

    fn apply_update(&self, update: SetUpdate<Member<S>>) {
        if let SetUpdate::Replace(members) = update {
            self.members.store(Arc::new(members));
        }
    }
}

impl<S> Keyed for Arc<Group<S>> {
    fn key(&self) -> u64 {
        self.serial
    }
}

impl<S> std::fmt::Debug for Group<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Group").field("name", &self.name).finish_non_exhaustive()
    }
}
