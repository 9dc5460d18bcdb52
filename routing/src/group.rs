//! The group of a shared subscription: its members, and whose turn it is. Not: which groups match a topic.

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

/// All sessions that share one subscription `[MQTT5-4.8.2-3]`: each message goes to one of them. Members come and go
/// while routes hold the group.
pub struct Group<S> {
    filter: SubscriptionFilter,
    name: Arc<str>,
    serial: u64,
    strategy: Strategy,
    candidates_max: usize,
    turn: AtomicUsize,
    members: ArcSwap<SubscriberSet<Member<S>>>,
}

/// What the caller knows about a member at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberState {
    /// A connection is attached.
    pub online: bool,
    /// Messages sent and not acknowledged.
    pub inflight: u32,
}

/// The member that gets the message.
#[derive(Clone, Debug)]
pub struct Picked<S> {
    /// Its handle.
    pub subscriber: S,
    /// What it was granted.
    pub grant: Grant,
}

impl<S: Subscriber> Group<S> {
    pub(crate) fn new(filter: SubscriptionFilter, serial: u64, config: &Config) -> Self {
        Self {
            name: filter.to_string().into(),
            filter,
            serial,
            strategy: config.strategy,
            candidates_max: config.candidates_max.max(1),
            turn: AtomicUsize::new(0),
            members: ArcSwap::from_pointee(SubscriberSet::Empty),
        }
    }

    /// What the members subscribe to.
    pub fn filter(&self) -> &SubscriptionFilter {
        &self.filter
    }

    /// The text of [`Self::filter`], with `$share/`.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.load().len()
    }

    /// True when the last member has left: the group is no longer part of any new route.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True for a member.
    pub(crate) fn contains(&self, subscriber_id: u64) -> bool {
        self.members.load().contains(subscriber_id)
    }

    /// Its number: unique within the router, never used twice.
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// One membership a session, however often it subscribes. True if it was a member before. One writer at a time.
    pub(crate) fn join(&self, member: Member<S>) -> bool {
        let (update, existed) = self.members.load().insert(member);
        self.apply(update);
        existed
    }

    /// False if it was no member. One writer at a time.
    pub(crate) fn leave(&self, subscriber_id: u64) -> bool {
        let Some(update) = self.members.load().remove(subscriber_id) else { return false };
        self.apply(update);
        true
    }

    fn apply(&self, update: SetUpdate<Member<S>>) {
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
