//! Models retained messages, and which of them a new subscription brings: section 3.3.1.3 of MQTT 5.

use std::collections::BTreeSet;
use std::rc::Rc;

use tidegate_mqtt::Publish;

use super::message::{Message, MessageCopy};
use super::session::Subscription;
use super::{Model, Situation};
use crate::topics::naive;

/// The retained messages that one SUBSCRIBE must still bring. The messages may arrive in any order, and only when the
/// client's acknowledgements leave room for them. The messages stay due after the end of the connection, as long as the
/// subscription exists.
pub(super) struct Replay {
    pub(super) filter: String,
    subscription: Subscription,
    /// Topics whose retained message must arrive.
    due: BTreeSet<String>,
    /// Topics whose retained message may or may not arrive: the message changed since the SUBSCRIBE, or the model
    /// cannot tell which SUBSCRIBE brought it.
    optional: BTreeSet<String>,
}

impl Model {
    /// Begins the delivery of retained messages after a SUBSCRIBE. `[MQTT5-3.3.1-9]` `[MQTT5-3.8.3-3]`
    pub(super) fn begin_replay(&mut self, client: usize, filter: &str, subscription: Subscription) {
        let matching = self.retained.values().filter(|message| naive::matches(filter, &message.topic));
        let matching: Vec<_> = matching.cloned().collect();
        let expired = matching.iter().any(|message| message.is_expired(self.now));
        let is_wanted = |message: &&Rc<Message>| !(subscription.no_local && message.publisher == client);
        let due = matching.iter().filter(is_wanted).map(|message| message.topic.clone()).collect();
        self.cancel_replay(client, filter);
        let replay = Replay { filter: filter.to_owned(), subscription, due, optional: BTreeSet::new() };
        self.session_mut(client).replays.push(replay);
        self.situations.note_if(expired, Situation::RetainedExpired);
    }

    /// Ends the replay for this filter, if there is one. If another replay brings the same messages, the model cannot
    /// tell which of the two replays brought the messages so far; these messages become optional for the other replay.
    pub(super) fn cancel_replay(&mut self, client: usize, filter: &str) {
        let replays = &mut self.session_mut(client).replays;
        let Some(index) = replays.iter().position(|replay| replay.filter == filter) else { return };
        let cancelled = replays.swap_remove(index);
        self.make_matching_optional(client, &cancelled.filter);
    }

    /// Replaces the subscription of a replay after a SUBSCRIBE that requests no retained messages. The messages that
    /// are still due are sent with the new options.
    pub(super) fn change_replay_options(&mut self, client: usize, filter: &str, subscription: Subscription) {
        let replays = &mut self.session_mut(client).replays;
        let Some(index) = replays.iter().position(|replay| replay.filter == filter) else { return };
        let mut changed = replays.swap_remove(index);
        self.make_matching_optional(client, filter);
        let others: Vec<_> =
            self.session_mut(client).replays.iter().map(|other| other.filter.clone()).collect();
        let had_no_local = std::mem::replace(&mut changed.subscription, subscription).no_local;
        for (topic, message) in &self.retained {
            let is_own = message.publisher == client;
            if is_own && subscription.no_local {
                changed.due.remove(topic);
                changed.optional.remove(topic);
            } else if (is_own && had_no_local) || others.iter().any(|other| naive::matches(other, topic)) {
                changed.make_optional(topic);
            }
        }
        self.session_mut(client).replays.push(changed);
        self.situations.note(Situation::ReplayOptionsChanged);
    }

    /// Stores, replaces or removes a retained message. `[MQTT5-3.3.1-5]` `[MQTT5-3.3.1-6]` `[MQTT5-3.3.1-7]`
    pub(super) fn retain(&mut self, message: &Rc<Message>) {
        let topic = &message.topic;
        let situation = if message.payload.is_empty() {
            let removed = self.retained.remove(topic).is_some();
            removed.then_some(Situation::RetainedRemoved)
        } else {
            let replaced = self.retained.insert(topic.clone(), Rc::clone(message)).is_some();
            Some(if replaced { Situation::RetainedReplaced } else { Situation::Retained })
        };
        situation.into_iter().for_each(|situation| self.situations.note(situation));
        let replays = self.sessions.values_mut().flat_map(|session| &mut session.replays);
        let mut changes = false;
        for replay in replays {
            changes |= replay.due.contains(topic);
            replay.make_optional(topic);
        }
        self.situations.note_if(changes, Situation::ReplayMessageChanged);
    }

    /// Returns the copy of a retained message that a SUBSCRIBE brings, if `publish` is one. `[MQTT5-3.3.1-8]`
    pub(super) fn take_replayed(&mut self, client: usize, publish: &Publish) -> Option<MessageCopy> {
        let Self { now, ref retained, ref mut sessions, .. } = *self;
        let session = sessions.get_mut(&client)?;
        let message = retained.get(&publish.topic).filter(|message| !message.is_expired(now))?;
        let (topic, version) = (&message.topic, session.version);
        let is_own = message.publisher == client;
        let mut fitting: Vec<_> = session.replays.iter_mut().collect();
        fitting.retain(|replay| {
            replay.may_bring(topic, is_own) && replay.copy_of(message).matches(publish, version, now)
        });
        // The message may be due in one replay and optional in another replay. The replay in which the message is due
        // takes precedence.
        let index = fitting.iter().position(|replay| replay.due.contains(topic)).unwrap_or(0);
        let replay = (!fitting.is_empty()).then(|| fitting.swap_remove(index))?;
        let mut copy = replay.copy_of(message);
        let _ = replay.due.remove(topic) || replay.optional.remove(topic);
        let others = fitting.iter().map(|other| other.copy_of(message).subscription_identifiers);
        copy.alternative_identifiers = others
            .filter(|subscription_identifiers| *subscription_identifiers != copy.subscription_identifiers)
            .collect();
        if !copy.alternative_identifiers.is_empty() {
            fitting.into_iter().chain([replay]).for_each(|replay| replay.make_optional(topic));
        }
        self.account.copies += 1;
        self.account.totals.messages_sent += 1;
        self.situations.note(Situation::Replayed);
        Some(copy)
    }

    /// Checks that a client without waiting messages has received all retained messages that were due.
    pub(super) fn check_replays(&mut self, client: usize) {
        let Self { now, retained, sessions, .. } = self;
        let session = sessions.get_mut(&client).expect("the session that is checked");
        let keeps_up = session.outbound.can_send_now() && session.outbound.waiting.is_empty();
        let exists = |topic: &&String| retained.get(*topic).is_some_and(|message| !message.is_expired(*now));
        let missing: Vec<_> = session.replays.iter().flat_map(|replay| &replay.due).filter(exists).collect();
        let is_held_back = !missing.is_empty();
        assert!(!keeps_up || !is_held_back, "retained messages on {missing:?} do not come [MQTT5-3.3.1-9]");
        if keeps_up {
            session.replays.clear();
        }
        self.situations.note_if(is_held_back, Situation::ReplayHeldBack);
    }

    /// Makes the messages that match `filter` optional in all replays of the client, because `filter` may have brought
    /// them instead.
    fn make_matching_optional(&mut self, client: usize, filter: &str) {
        let topics = self.retained.keys().filter(|topic| naive::matches(filter, topic));
        let topics: Vec<_> = topics.cloned().collect();
        let replays = &mut self.session_mut(client).replays;
        for topic in &topics {
            replays.iter_mut().for_each(|replay| replay.make_optional(topic));
        }
    }
}

impl Replay {
    /// Makes the message on this topic optional: it may or may not arrive.
    fn make_optional(&mut self, topic: &String) {
        if naive::matches(&self.filter, topic) {
            self.due.remove(topic);
            self.optional.insert(topic.clone());
        }
    }

    /// Returns whether the message on this topic may arrive. `is_own` is true if the client itself published the
    /// message.
    fn may_bring(&self, topic: &String, is_own: bool) -> bool {
        let is_excluded = is_own && self.subscription.no_local;
        !is_excluded && (self.due.contains(topic) || self.optional.contains(topic))
    }

    /// Returns the copy of `message` that the client gets. RETAIN is 1, because the message is sent for a new
    /// subscription `[MQTT5-3.3.1-8]`.
    fn copy_of(&self, message: &Rc<Message>) -> MessageCopy {
        MessageCopy {
            message: Rc::clone(message),
            qos: self.subscription.qos.min(message.qos),
            retain: true,
            subscription_identifiers: self.subscription.identifier.into_iter().collect(),
            alternative_identifiers: Vec::new(),
            shared_filter: None,
        }
    }
}
