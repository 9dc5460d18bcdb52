//! The record of a run: the messages that clients sent, those that the broker acknowledged, and those that subscribers
//! received. Each contradiction between these is recorded as a violation. The record contains only what clients can
//! observe.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use tidegate_mqtt::Publish;

mod lifetimes;
mod message;
mod retained;
mod subscriber;

use lifetimes::Lifetimes;
pub use lifetimes::{BRIEF_EXPIRY, BRIEF_TOPICS};
pub use message::MessageId;
use message::{Fate, Message};
use retained::{NewestAcknowledged, RetainedTopic};
use subscriber::Subscriber;

/// The record of one run.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Logical time, which rises with every entry.
    logical_time: u64,
    messages: BTreeMap<MessageId, Message>,
    subscribers: Vec<Subscriber>,
    retained: HashMap<String, RetainedTopic>,
    lifetimes: Lifetimes,
    /// For each sender, the sequence number below which the messages were removed from the ledger.
    settled_below: HashMap<usize, u64>,
    /// Number of acknowledgements that each sender has received.
    acknowledgements: BTreeMap<usize, u64>,
    /// Number of copies that clients have received.
    deliveries: u64,
    /// Number of times that the retained messages were compared with the acknowledged ones.
    observations: u64,
    refusals: u64,
    /// Number of disk faults that have begun, and whether the disk fails at present.
    disk_faults: (u64, bool),
    violations: Vec<String>,
}

impl Ledger {
    /// Adds a subscriber and returns its index.
    pub fn add_subscriber(&mut self, name: &str) -> usize {
        self.subscribers.push(Subscriber::new(name));
        self.subscribers.len() - 1
    }

    /// Adds a group of subscribers that share a subscription, and returns its index. A message must reach one of them.
    pub fn add_group(&mut self, name: &str) -> usize {
        self.subscribers.push(Subscriber::group(name));
        self.subscribers.len() - 1
    }

    /// Records that a client is about to send a message for the first time, or to send CONNECT with the message as its
    /// will.
    pub fn send(&mut self, id: MessageId, topic: &str, retain: bool, is_empty: bool) {
        let sent_at = self.tick();
        let topic = topic.to_owned();
        if retain {
            self.retained.entry(topic.clone()).or_default().send(id.sequence, is_empty);
        }
        let message = Message { topic, retain, is_empty, sent_at, is_repeated: false, fate: Fate::Open };
        self.messages.insert(id, message);
    }

    /// Records that a client is about to retransmit a message.
    pub fn record_retransmission(&mut self, id: MessageId) {
        if let Some(message) = self.messages.get_mut(&id) {
            message.is_repeated = true;
        }
    }

    /// Records that the broker has acknowledged the message, or must have published the will.
    pub fn acknowledge(&mut self, id: MessageId) {
        let now = self.tick();
        *self.acknowledgements.entry(id.sender).or_default() += 1;
        let Some(message) = self.messages.get_mut(&id) else { return };
        message.fate = Fate::Acknowledged(now);
        if message.topic.starts_with(BRIEF_TOPICS) {
            self.lifetimes.acknowledge(id, Instant::now());
        }
        if message.retain {
            self.retained.entry(message.topic.clone()).or_default().acknowledge(id.sequence);
        }
    }

    /// Records that the broker has refused the message with a reason code.
    pub fn refuse(&mut self, id: MessageId) {
        self.refusals += 1;
        let Some(message) = self.messages.get_mut(&id) else { return };
        message.fate = Fate::Refused;
        let is_delivered = self.subscribers.iter().any(|subscriber| subscriber.has_received(id));
        if is_delivered && !message.is_repeated {
            self.violate(format!("`{id}` was delivered, and refused afterwards"));
        }
    }

    /// Records that the broker may deliver the message, but need not.
    pub fn mark_optional(&mut self, id: MessageId) {
        if let Some(message) = self.messages.get_mut(&id) {
            message.fate = Fate::Optional;
        }
    }

    /// Records that a subscriber has received SUBACK.
    pub fn subscribe(&mut self, subscriber: usize, filter: &str) {
        let now = self.tick();
        self.subscribers[subscriber].subscribe(filter, now);
    }

    /// Records that a subscriber is about to send UNSUBSCRIBE.
    pub fn unsubscribe(&mut self, subscriber: usize, filter: &str) {
        let now = self.tick();
        self.subscribers[subscriber].unsubscribe(filter, now);
    }

    /// Records that a subscriber has received a copy of a message.
    pub fn deliver(&mut self, subscriber: usize, copy: &Publish) {
        self.tick();
        self.deliveries += 1;
        if copy.payload.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(&copy.payload).into_owned();
        let name = self.subscribers[subscriber].name.clone();
        let Some(id) = MessageId::parse(&copy.payload) else {
            return self.violate(format!("{name} received `{text}` on {}, which nobody sent", copy.topic));
        };
        if self.is_forgotten(id) {
            return;
        }
        let Some(message) = self.messages.get(&id).filter(|message| *message.topic == *copy.topic) else {
            return self.violate(format!("{name} received `{text}` on {}, which nobody sent", copy.topic));
        };
        if message.fate == Fate::Refused && !message.is_repeated {
            return self.violate(format!("{name} received `{id}`, which was refused"));
        }
        // A retained message that the broker sends for a new subscription is a separate delivery, even at QoS 2.
        if copy.retain {
            return;
        }
        let fault = self.subscribers[subscriber].receive(id, message, copy.qos.value());
        fault.into_iter().for_each(|fault| self.violate(fault));
    }

    /// Records that a client has received a copy of a message with a short expiry. The client began to connect at
    /// `connecting_at`, after a time without a connection. The broker may resend an expired message, but not send it
    /// for the first time.
    pub fn deliver_brief(&mut self, copy: &Publish, connecting_at: Instant) {
        self.deliveries += 1;
        let Some(id) = MessageId::parse(&copy.payload) else {
            return self.violate(format!("{:?} arrived on {}, which nobody sent", copy.payload, copy.topic));
        };
        if !copy.dup && self.lifetimes.is_over(id, connecting_at) {
            self.violate(format!("`{id}` was sent after it had expired"));
        }
    }

    /// Records a restart of the machine, which may have lengthened stored lifetimes by up to `time`.
    pub fn lengthen_lifetimes(&mut self, time: Duration) {
        self.lifetimes.lengthen(time);
    }

    /// Returns the newest acknowledged retained message of each topic, for [`Ledger::observe`].
    #[must_use]
    pub fn newest_acknowledged(&self) -> NewestAcknowledged {
        self.retained.iter().map(|(topic, retained)| (topic.clone(), retained.acknowledged())).collect()
    }

    /// Compares the retained messages `held` (sequence numbers by topic) that a new subscriber has received with the
    /// acknowledged ones, and records a violation for each wrong one. `newest_acknowledged` must have been taken before
    /// the subscriber subscribed.
    pub fn observe(&mut self, held: &HashMap<String, u64>, newest_acknowledged: &NewestAcknowledged) {
        self.observations += 1;
        let wrong = newest_acknowledged.iter().filter(|(topic, floor)| {
            let held = held.get(*topic).copied();
            self.retained.get(*topic).is_some_and(|topic| !topic.allows(held, **floor))
        });
        let faults: Vec<_> = wrong
            .map(|(topic, floor)| {
                let held = held.get(topic);
                format!("{topic} has the retained message {held:?}, but {floor} was acknowledged")
            })
            .collect();
        self.violations.extend(faults);
    }

    /// Records that the disk begins to fail.
    pub fn begin_disk_fault(&mut self) {
        self.disk_faults = (self.disk_faults.0 + 1, true);
    }

    /// Records that the disk works again and the broker stores messages again.
    pub fn end_disk_fault(&mut self) {
        self.disk_faults.1 = false;
    }

    /// Returns the number of disk faults so far, or `None` while the disk fails.
    #[must_use]
    pub fn disk_faults(&self) -> Option<u64> {
        let (count, is_failing) = self.disk_faults;
        (!is_failing).then_some(count)
    }

    /// Records that the broker broke a promise.
    pub fn violate(&mut self, violation: String) {
        self.violations.push(violation);
    }

    /// Removes the oldest messages of each sender up to the first that is unanswered or not yet received everywhere, so
    /// that long runs need a bounded amount of memory. Further copies of the removed messages are ignored.
    pub fn forget_settled(&mut self) {
        let mut open = HashMap::new();
        for (id, message) in &self.messages {
            if message.fate == Fate::Open || self.is_missed(*id, message) {
                open.entry(id.sender).or_insert(id.sequence);
            }
        }
        for id in self.messages.keys() {
            let below = open.get(&id.sender).copied().unwrap_or(id.sequence);
            self.settled_below.insert(id.sender, below);
        }
        let settled = &self.settled_below;
        let is_settled = |id: MessageId| id.sequence < settled.get(&id.sender).copied().unwrap_or_default();
        self.messages.retain(|id, _| !is_settled(*id));
        self.subscribers.iter_mut().for_each(|subscriber| subscriber.forget(is_settled));
        self.retained.values_mut().for_each(RetainedTopic::forget);
        self.lifetimes.forget(is_settled);
    }

    fn tick(&mut self) -> u64 {
        self.logical_time += 1;
        self.logical_time
    }

    fn is_missed(&self, id: MessageId, message: &Message) -> bool {
        self.subscribers.iter().any(|subscriber| subscriber.misses(id, message))
    }

    fn is_forgotten(&self, id: MessageId) -> bool {
        self.settled_below.get(&id.sender).is_some_and(|below| id.sequence < *below)
    }
}

mod report;
pub use report::Totals;

#[cfg(test)]
mod tests;
