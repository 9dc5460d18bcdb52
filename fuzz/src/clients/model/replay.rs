//! Retained messages, and which of them a new subscription brings: section 3.3.1.3 of MQTT 5.

use std::collections::BTreeSet;
use std::rc::Rc;

use tidegate_mqtt::Publish;

use super::message::{Message, MessageCopy};
use super::session::Subscription;
use super::{Model, Situation};
use crate::topics::naive;

/// The retained messages that one SUBSCRIBE must still bring. They may come in any order, and as late as the client's
/// acknowledgements allow. They stay due when the connection ends, as long as the subscription exists.
pub(super) struct Replay {
    pub(super) filter: String,
    subscription: Subscription,
    /// Topics whose message must come.
    due: BTreeSet<String>,
    /// Topics whose message may come: it changed since the SUBSCRIBE, or it is unclear which SUBSCRIBE brought it before.
    possible: BTreeSet<String>,
}

impl Model {
    /// Retained messages follow a SUBSCRIBE. `[MQTT5-3.3.1-9]` `[MQTT5-3.8.3-3]`
    pub(super) fn begin_replay(&mut self, client: usize, filter: &str, subscription: Subscription) {
        let matching = self.retained.values().filter(|message| naive::matches(filter, &message.topic));
        let matching: Vec<_> = matching.cloned().collect();
        let expired = matching.iter().any(|message| message.is_expired(self.now));
        let is_wanted = |message: &&Rc<Message>| !(subscription.no_local && message.publisher == client);
        let due = matching.iter().filter(is_wanted).map(|message| message.topic.clone()).collect();
        self.cancel_replay(client, filter);
        let replay = Replay { filter: filter.to_owned(), subscription, due, possible: BTreeSet::new() };
        self.session_mut(client).replays.push(replay);
        self.situations.note_if(expired, Situation::RetainedExpired);
    }

    /// The replay for this filter ends, if there is one. If another replay brings the same messages, it is unclear which of the two
    /// brought them so far: the other one may still bring them.
    pub(super) fn cancel_replay(&mut self, client: usize, filter: &str) {
        let replays = &mut self.session_mut(client).replays;
        let Some(index) = replays.iter().position(|replay| replay.filter == filter) else { return };
        let cancelled = replays.swap_remove(index);
        self.doubt_others(client, &cancelled.filter);
    }

    /// A SUBSCRIBE that asks for no retained messages replaces the subscription: what is still due is sent with the new options.
    pub(super) fn alter_replay(&mut self, client: usize, filter: &str, subscription: Subscription) {
        let replays = &mut self.session_mut(client).replays;
        let Some(index) = replays.iter().position(|replay| replay.filter == filter) else { return };
        let mut altered = replays.swap_remove(index);
        self.doubt_others(client, filter);
        let others: Vec<_> =
            self.session_mut(client).replays.iter().map(|other| other.filter.clone()).collect();
        let had_no_local = std::mem::replace(&mut altered.subscription, subscription).no_local;
        for (topic, message) in &self.retained {
            let is_own = message.publisher == client;
            if is_own && subscription.no_local {
                altered.due.remove(topic);
                altered.possible.remove(topic);
            } else if (is_own && had_no_local) || others.iter().any(|other| naive::matches(other, topic)) {
                altered.doubt(topic);
            }
        }
        self.session_mut(client).replays.push(altered);
        self.situations.note(Situation::ReplayAltered);
    }

    /// `[MQTT5-3.3.1-5]` `[MQTT5-3.3.1-6]` `[MQTT5-3.3.1-7]`
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
            replay.doubt(topic);
        }
        self.situations.note_if(changes, Situation::ReplayTouched);
    }

    /// If `publish` is a retained message that a SUBSCRIBE brings, its copy. `[MQTT5-3.3.1-8]`
    pub(super) fn take_replayed(&mut self, client: usize, publish: &Publish) -> Option<MessageCopy> {
        let Self { now, ref retained, ref mut sessions, .. } = *self;
        let session = sessions.get_mut(&client)?;
        let message = retained.get(&publish.topic).filter(|message| !message.is_expired(now))?;
        let (topic, version) = (&message.topic, session.version);
        let is_own = message.publisher == client;
        let mut fitting: Vec<_> = session.replays.iter_mut().collect();
        fitting.retain(|replay| {
            replay.may_bring(topic, is_own) && replay.copy(message).fits(publish, version, now)
        });
        // The same message may be due and possible: the due one is taken first.
        let index = fitting.iter().position(|replay| replay.due.contains(topic)).unwrap_or(0);
        let replay = (!fitting.is_empty()).then(|| fitting.swap_remove(index))?;
        let mut copy = replay.copy(message);
        let _ = replay.due.remove(topic) || replay.possible.remove(topic);
        let others = fitting.iter().map(|other| other.copy(message).identifiers);
        copy.other_identifiers = others.filter(|identifiers| *identifiers != copy.identifiers).collect();
        if !copy.other_identifiers.is_empty() {
            fitting.into_iter().chain([replay]).for_each(|replay| replay.doubt(topic));
        }
        self.account.copies += 1;
        self.account.totals.messages_sent += 1;
        self.situations.note(Situation::Replayed);
        Some(copy)
    }

    /// A client that keeps up has received everything.
    pub(super) fn check_replays(&mut self, client: usize) {
        let Self { now, retained, sessions, .. } = self;
        let session = sessions.get_mut(&client).expect("the session that is checked");
        let keeps_up = session.outbound.has_room() && session.outbound.waiting.is_empty();
        let exists = |topic: &&String| retained.get(*topic).is_some_and(|message| !message.is_expired(*now));
        let missing: Vec<_> = session.replays.iter().flat_map(|replay| &replay.due).filter(exists).collect();
        let is_held_back = !missing.is_empty();
        assert!(!keeps_up || !is_held_back, "retained messages on {missing:?} do not come [MQTT5-3.3.1-9]");
        if keeps_up {
            session.replays.clear();
        }
        self.situations.note_if(is_held_back, Situation::ReplayHeldBack);
    }

    /// What `filter` matches may have come through it rather than through the other replays of the client.
    fn doubt_others(&mut self, client: usize, filter: &str) {
        let topics = self.retained.keys().filter(|topic| naive::matches(filter, topic));
        let topics: Vec<_> = topics.cloned().collect();
        let replays = &mut self.session_mut(client).replays;
        for topic in &topics {
            replays.iter_mut().for_each(|replay| replay.doubt(topic));
        }
    }
}

impl Replay {
    /// The message on this topic may come, but need not.
    fn doubt(&mut self, topic: &String) {
        if naive::matches(&self.filter, topic) {
            self.due.remove(topic);
            self.possible.insert(topic.clone());
        }
    }

    /// Whether the message on this topic may come. `is_own`: the client published it itself.
    fn may_bring(&self, topic: &String, is_own: bool) -> bool {
        let is_excluded = is_own && self.subscription.no_local;
        !is_excluded && (self.due.contains(topic) || self.possible.contains(topic))
    }

    /// What the client gets of `message`. RETAIN is 1, because the subscription is the cause `[MQTT5-3.3.1-8]`.
    fn copy(&self, message: &Rc<Message>) -> MessageCopy {
        MessageCopy {
            message: Rc::clone(message),
            qos: self.subscription.qos.min(message.qos),
            retain: true,
            identifiers: self.subscription.identifier.into_iter().collect(),
            other_identifiers: Vec::new(),
            share: None,
        }
    }
}
