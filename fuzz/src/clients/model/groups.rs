//! Models which member of a shared subscription gets a message. MQTT leaves the choice to the broker, whose configured
//! strategy determines the member. The model has its own routing table with the same subscriptions. With this table, it
//! predicts the choice and checks what the strategies promise.

use std::collections::BTreeMap;

use tidegate_broker::Random;
use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_routing::{Grant, MemberState, Router, Strategy, Subscriber};

use super::Model;
use super::session::Session;
use crate::clients::core::SessionIds;
use crate::clients::setup::Setup;

/// Predicts which members the broker must choose.
pub(super) struct Groups {
    strategy: Strategy,
    router: Router<Member>,
    /// Random source that produces the same numbers as the random source of the broker.
    random: Random,
}

/// A session as the model's routing table stores it.
#[derive(Clone, Copy)]
struct Member {
    ids: SessionIds,
    client: usize,
}

impl Subscriber for Member {
    fn id(&self) -> u64 {
        self.ids.subscriber
    }

    fn publisher(&self) -> u64 {
        self.ids.publisher
    }
}

impl Groups {
    pub(super) fn new(setup: &Setup) -> Self {
        let routing = setup.routing();
        Self {
            strategy: routing.shared_strategy,
            router: Router::new(routing),
            random: Random::new(setup.seed),
        }
    }

    /// Makes or replaces a subscription of a client.
    pub(super) fn subscribe(&self, filter: &SubscriptionFilter, ids: SessionIds, client: usize) {
        // The choice of a member does not depend on the options of subscriptions.
        let grant =
            Grant { qos: QoS::AtMostOnce, no_local: false, retain_as_published: false, identifier: None };
        let subscribed = self.router.subscribe(filter, Member { ids, client }, grant);
        assert!(subscribed.is_ok(), "{filter} exceeds no bound");
    }

    /// Removes a subscription of a session.
    pub(super) fn unsubscribe(&self, filter: &str, ids: SessionIds) {
        let filter = SubscriptionFilter::parse(filter).expect("a valid filter");
        self.router.unsubscribe(&filter, ids.subscriber);
    }

    /// Returns the shared filters that match a topic, in the order in which the broker delivers to them.
    pub(super) fn matching(&self, topic: &str) -> Vec<String> {
        self.router.route(topic).groups.iter().map(|group| group.name().to_string()).collect()
    }

    fn pick(
        &mut self,
        shared_filter: &str,
        publisher: u64,
        excluded: Option<u64>,
        sessions: &BTreeMap<usize, Session>,
    ) -> Option<usize> {
        let group = self.router.group(&SubscriptionFilter::parse(shared_filter).expect("a valid filter"))?;
        let random = self.random.next_number();
        let state = |member: &Member| {
            let session = &sessions[&member.client];
            let inflight = session.outbound.inflight_len().try_into().expect("few messages are in flight");
            MemberState { online: session.connection.is_some(), inflight }
        };
        group.pick(publisher, random, excluded, state).map(|picked| picked.subscriber.client)
    }
}

impl Model {
    /// Returns the member of a shared subscription that gets a message. The session with the subscriber id `excluded`
    /// never gets the message. `[MQTT5-4.8.2-3]`
    pub(super) fn pick_member(
        &mut self,
        shared_filter: &str,
        publisher: usize,
        excluded: Option<u64>,
    ) -> Option<usize> {
        let publisher = self.publishers[&publisher];
        let picked = self.groups.pick(shared_filter, publisher, excluded, &self.sessions);
        let is_candidate = |session: &&Session| {
            session.subscriptions.contains_key(shared_filter) && Some(session.ids.subscriber) != excluded
        };
        let candidates: Vec<_> = self.sessions.values().filter(is_candidate).collect();
        let Some(client) = picked else {
            assert!(candidates.is_empty(), "{shared_filter} has members, and none of them gets the message");
            return None;
        };
        let member = &self.sessions[&client];
        assert!(is_candidate(&member), "c{client} may not get a message of {shared_filter}");
        let is_online = |session: &&&Session| session.connection.is_some();
        let online: Vec<_> = candidates.iter().filter(is_online).collect();
        let prefers_online = member.connection.is_some() || online.is_empty();
        assert!(prefers_online, "c{client} is offline, and other members of {shared_filter} are online");
        if self.groups.strategy == Strategy::LeastInflight && member.connection.is_some() {
            let least = online.iter().map(|session| session.outbound.inflight_len()).min();
            assert_eq!(
                Some(member.outbound.inflight_len()),
                least,
                "messages in flight to a member of {shared_filter}"
            );
        }
        picked
    }
}
