//! Builds routes.

use std::sync::Arc;

use tidegate_mqtt::topic::SubscriptionFilter;

use super::Router;
use crate::group::Group;
use crate::route::deliveries;
use crate::{Route, Subscriber};

impl<S: Subscriber> Router<S> {
    /// Builds the route of `topic`. Takes no lock. A subscription that exists during the whole call is always found,
    /// even while it is being replaced.
    pub fn route(&self, topic: &str) -> Route<S> {
        let guard = self.trie.guard();
        let matches = self.trie.matches(topic, &guard);
        let mut members = Vec::new();
        let mut groups = Vec::new();
        let mut filters = 0;
        for subscribers in matches.subscribers_by_filter.iter().copied().chain(matches.match_all.as_deref()) {
            let before = members.len();
            subscribers.collect(&mut members, &mut groups);
            filters += usize::from(members.len() > before);
        }
        Route { deliveries: deliveries(members, filters <= 1), groups }
    }

    /// Returns the group of a shared subscription. Callers use it to choose another member for a message.
    pub fn group(&self, filter: &SubscriptionFilter) -> Option<Arc<Group<S>>> {
        self.groups.pin().get(filter).cloned()
    }
}
