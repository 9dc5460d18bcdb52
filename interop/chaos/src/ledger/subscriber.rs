//! The messages that one subscriber, or a group that shares a subscription, must receive, and those that it has
//! received.

use std::collections::HashMap;

use tidegate_mqtt::topic;

use super::message::{Fate, Message, MessageId};

/// The record of one subscriber.
#[derive(Debug, Default)]
pub struct Subscriber {
    pub(super) name: String,
    /// Whether this is a group. The messages that its members receive have no common order.
    is_group: bool,
    subscriptions: Vec<Subscription>,
    received: HashMap<MessageId, Copies>,
    /// The sequence number of the newest message received from each sender on each topic.
    newest: HashMap<(usize, String), u64>,
}

/// A subscription, from SUBACK to UNSUBSCRIBE.
#[derive(Debug)]
struct Subscription {
    filter: String,
    /// Logical time of SUBACK.
    from: u64,
    /// Logical time of UNSUBSCRIBE. `None` while the subscription exists.
    until: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Copies {
    /// Number of copies received at any QoS.
    all: u32,
    /// Number of copies received at QoS 2.
    exactly_once: u32,
}

impl Subscriber {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(super) fn group(name: &str) -> Self {
        Self { is_group: true, ..Self::new(name) }
    }

    /// Records that the subscriber has received SUBACK.
    pub(super) fn subscribe(&mut self, filter: &str, now: u64) {
        self.subscriptions.push(Subscription { filter: filter.to_owned(), from: now, until: None });
    }

    /// Records that the subscriber is about to send UNSUBSCRIBE.
    pub(super) fn unsubscribe(&mut self, filter: &str, now: u64) {
        let same = |open: &&mut Subscription| open.filter == filter && open.until.is_none();
        self.subscriptions.iter_mut().filter(same).for_each(|open| open.until = Some(now));
    }

    /// Whether the subscriber has at least `count` subscriptions.
    pub(super) fn has_subscriptions(&self, count: usize) -> bool {
        self.subscriptions.len() >= count
    }

    /// Records that the subscriber received a copy. Returns a description of the violation, if the copy is one.
    pub(super) fn receive(&mut self, id: MessageId, message: &Message, qos: u8) -> Option<String> {
        let copies = self.received.entry(id).or_default();
        copies.all += 1;
        copies.exactly_once += u32::from(qos == 2);
        if copies.exactly_once > 1 {
            return Some(format!("{} received QoS 2 message `{id}` twice", self.name));
        }
        if copies.all > 1 || self.is_group {
            return None;
        }
        let newest = self.newest.entry((id.sender, message.topic.clone())).or_default();
        if *newest > id.sequence {
            let (topic, name) = (&message.topic, &self.name);
            return Some(format!("{name} received `{id}` for the first time after `{newest}` on {topic}"));
        }
        *newest = id.sequence;
        None
    }

    pub(super) fn has_received(&self, id: MessageId) -> bool {
        self.received.contains_key(&id)
    }

    /// Whether the subscriber must receive the message and has not received it yet.
    pub(super) fn misses(&self, id: MessageId, message: &Message) -> bool {
        let Fate::Acknowledged(at) = message.fate else { return false };
        let covers = |subscription: &Subscription| {
            subscription.from < message.sent_at
                && subscription.until.is_none_or(|until| until > at)
                && topic::matches(&subscription.filter, &message.topic)
        };
        !message.is_empty && !self.has_received(id) && self.subscriptions.iter().any(covers)
    }

    pub(super) fn forget(&mut self, is_forgotten: impl Fn(MessageId) -> bool) {
        self.received.retain(|id, _| !is_forgotten(*id));
    }
}
