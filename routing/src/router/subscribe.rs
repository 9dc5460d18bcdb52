//! Adds and removes subscriptions.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tidegate_mqtt::topic::SubscriptionFilter;

use super::{Existed, Router, SubscribeError, WriterState};
use crate::group::Group;
use crate::subscription::Member;
use crate::trie::Subscribers;
use crate::{Grant, Subscriber};

impl<S: Subscriber> Router<S> {
    /// Adds a subscription, or replaces this session's existing subscription to the same filter `[MQTT5-3.8.4-3]`
    /// `[MQTT3-3.8.4-3]`. The subscription is in effect when the method returns.
    ///
    /// # Errors
    /// Returns the bound of the configuration that the subscription would exceed. In this case nothing was changed.
    pub fn subscribe(
        &self,
        filter: &SubscriptionFilter,
        subscriber: S,
        grant: Grant,
    ) -> Result<Existed, SubscribeError> {
        self.check(filter)?;
        let member = Member { subscriber, grant };
        let mut writer = self.writer.lock();
        let full = self.subscriptions() >= self.config.subscriptions_max;
        if full && !self.has_subscription(filter, member.subscriber.id()) {
            return Err(SubscribeError::Full);
        }
        let existed = match filter.is_shared() {
            true => self.join(filter, member, &mut writer),
            false => self.add(filter, member),
        };
        self.subscription_count.fetch_add(usize::from(!existed), Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::Release);
        Ok(Existed(existed))
    }

    /// Ends a subscription. Returns false if the session had no subscription to this filter. Routes built before may
    /// still lead to the subscriber.
    pub fn unsubscribe(&self, filter: &SubscriptionFilter, subscriber_id: u64) -> bool {
        let _writer = self.writer.lock();
        let existed = match filter.is_shared() {
            true => self.leave(filter, subscriber_id),
            false => self.remove(filter, subscriber_id),
        };
        if existed {
            self.subscription_count.fetch_sub(1, Ordering::Relaxed);
            self.generation.fetch_add(1, Ordering::Release);
        }
        existed
    }

    fn check(&self, filter: &SubscriptionFilter) -> Result<(), SubscribeError> {
        let count = |wanted| filter.filter.bytes().filter(|byte| *byte == wanted).count();
        if count(b'/') + 1 > self.config.levels_max {
            return Err(SubscribeError::TooManyLevels);
        }
        // In a filter, every `+` occupies a whole level, so the number of `+` characters is the number of wildcards.
        if count(b'+') > self.config.wildcards_max {
            return Err(SubscribeError::TooManyWildcards);
        }
        Ok(())
    }

    /// Returns whether this session has a subscription to exactly this filter.
    fn has_subscription(&self, filter: &SubscriptionFilter, subscriber_id: u64) -> bool {
        if filter.is_shared() {
            return self.group(filter).is_some_and(|group| group.contains(subscriber_id));
        }
        self.trie.inspect(&filter.filter, |subscribers| subscribers.members().contains(subscriber_id))
    }

    fn add(&self, filter: &SubscriptionFilter, member: Member<S>) -> bool {
        let change = |subscribers: &Subscribers<S>| {
            let first = subscribers.members_len() == 0;
            let (members, existed) = subscribers.members().insert(member);
            Some((subscribers.with_members(members), (existed, first)))
        };
        let (existed, first) = self.trie.change(&filter.filter.shared(), change).unwrap_or_default();
        self.filter_count.fetch_add(usize::from(first), Ordering::Relaxed);
        existed
    }

    fn remove(&self, filter: &SubscriptionFilter, subscriber_id: u64) -> bool {
        let change = |subscribers: &Subscribers<S>| {
            let members = subscribers.members().remove(subscriber_id)?;
            let last = members.empties_set();
            Some((subscribers.with_members(members), last))
        };
        let last = self.trie.change(&filter.filter.shared(), change);
        self.filter_count.fetch_sub(usize::from(last == Some(true)), Ordering::Relaxed);
        last.is_some()
    }

    fn join(&self, filter: &SubscriptionFilter, member: Member<S>, writer: &mut WriterState) -> bool {
        if let Some(group) = self.group(filter) {
            return group.join(member);
        }
        writer.last_group_serial += 1;
        let group = Arc::new(Group::new(filter.clone(), writer.last_group_serial, &self.config));
        group.join(member);
        self.groups.pin().insert(filter.clone(), Arc::clone(&group));
        self.trie.change(&filter.filter.shared(), |subscribers| {
            let (groups, existed) = subscribers.groups().insert(group);
            Some((subscribers.with_groups(groups), existed))
        });
        self.filter_count.fetch_add(1, Ordering::Relaxed);
        false
    }

    fn leave(&self, filter: &SubscriptionFilter, subscriber_id: u64) -> bool {
        let Some(group) = self.group(filter) else { return false };
        if !group.leave(subscriber_id) {
            return false;
        }
        if group.is_empty() {
            self.trie.change(&filter.filter.shared(), |subscribers| {
                let groups = subscribers.groups().remove(group.serial())?;
                Some((subscribers.with_groups(groups), ()))
            });
            self.groups.pin().remove(filter);
            self.filter_count.fetch_sub(1, Ordering::Relaxed);
        }
        true
    }
}
