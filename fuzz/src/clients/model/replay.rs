//! Retained messages, and which of them a new subscription brings: section 3.3.1.3 of MQTT 5.

use std::collections::BTreeSet;
use std::rc::Rc;

use tidegate_mqtt::Publish;

use super::message::{Message, Owed};
use super::session::Subscription;
use super::{Model, Situation};
use crate::clients::broker::ConnectionId;
use crate::topics::naive;

/// The retained messages that one SUBSCRIBE has still to bring. They may come in any order, and as late as the client's
/// acknowledgements ask for; the connection's end is theirs.
pub(super) struct Replay {
    pub(super) filter: String,
    subscription: Subscription,
    /// Topics whose message has to come.
    owed: BTreeSet<String>,
    /// Topics whose message may come: it changed since the SUBSCRIBE, or another session of the same client published
    /// it, which No Local may or may not mean.
    possible: BTreeSet<String>,
}

impl Model {
    /// Retained messages follow a SUBSCRIBE. `[MQTT5-3.3.1-9]`
    pub(super) fn begin_replay(&mut self, client: usize, filter: &str, subscription: Subscription) {
        let Self { now, ref retained, ref sessions, .. } = *self;
        let session = &sessions[&client];
        let matching = retained.values().filter(|message| naive::matches(filter, &message.topic));
        let mut replay = Replay {
            filter: filter.to_owned(),
            subscription,
            owed: BTreeSet::new(),
            possible: BTreeSet::new(),
        };
        let mut expired = false;
        for message in matching {
            expired |= message.is_expired(now);
            let is_own = subscription.no_local && message.publisher == client;
            match is_own.then_some(message.publisher_serial) {
                None => replay.owed.insert(message.topic.clone()),
                Some(serial) if serial != session.serial => replay.possible.insert(message.topic.clone()),
                Some(_) => false,
            };
        }
        self.cancel_replay(client, filter);
        self.connection_mut(client).replays.push(replay);
        self.seen.note_if(expired, Situation::RetainedExpired);
    }

    /// The replay for this filter, if there is one, ends. Where it and another one bring the same, nobody can tell which
    /// of them did so before: then that other may bring it yet, or may have brought it.
    pub(super) fn cancel_replay(&mut self, client: usize, filter: &str) {
        let topics: Vec<String> = self.retained.keys().cloned().collect();
        let replays = &mut self.connection_mut(client).replays;
        let Some(place) = replays.iter().position(|replay| replay.filter == filter) else { return };
        let cancelled = replays.swap_remove(place);
        for topic in topics.iter().filter(|topic| naive::matches(&cancelled.filter, topic)) {
            replays.iter_mut().for_each(|replay| replay.doubt(topic));
        }
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
        situation.into_iter().for_each(|situation| self.seen.note(situation));
        let replays = self.connections.values_mut().flat_map(|connection| &mut connection.replays);
        let mut touched = false;
        for replay in replays {
            touched |= replay.owed.contains(topic);
            replay.doubt(topic);
        }
        self.seen.note_if(touched, Situation::ReplayTouched);
    }

    /// Whether `publish` is a retained message that a SUBSCRIBE brings: then its copy. `[MQTT5-3.3.1-8]`
    pub(super) fn take_replayed(&mut self, id: ConnectionId, publish: &Publish) -> Option<Owed> {
        let Self { now, ref retained, .. } = *self;
        let connection = self.connections.get_mut(&id)?;
        let message = retained.get(&publish.topic).filter(|message| !message.is_expired(now))?;
        let version = connection.version;
        let fits = |replay: &&mut Replay| replay.copy(message).fits(publish, version, now);
        let fitting: Vec<_> = connection.replays.iter_mut().filter(fits).collect();
        // What has to come goes before what may come: they may be the same.
        let owes = |replay: &&mut Replay| replay.owed.contains(&message.topic);
        let (owing, others): (Vec<_>, Vec<_>) = fitting.into_iter().partition(owes);
        let may = |replay: &&mut Replay| replay.possible.contains(&message.topic);
        let replay = owing.into_iter().chain(others.into_iter().filter(may)).next()?;
        let owed = replay.copy(message);
        let _ = replay.owed.remove(&message.topic) || replay.possible.remove(&message.topic);
        self.account.copies += 1;
        self.seen.note(Situation::Replayed);
        Some(owed)
    }

    /// A client that keeps up has got everything.
    pub(super) fn check_replays(&mut self, client: usize) {
        let Self { now, retained, sessions, connections, .. } = self;
        let session = &sessions[&client];
        let keeps_up = session.outbound.has_room() && session.outbound.waiting.is_empty();
        let connection = session.connection.and_then(|id| connections.get_mut(&id)).expect("it is open");
        let is_there =
            |topic: &&String| retained.get(*topic).is_some_and(|message| !message.is_expired(*now));
        let owed = connection.replays.iter().flat_map(|replay| &replay.owed);
        let missing: Vec<_> = owed.filter(is_there).collect();
        let is_held_back = !missing.is_empty();
        assert!(!keeps_up || !is_held_back, "retained messages on {missing:?} do not come [MQTT5-3.3.1-9]");
        if keeps_up {
            connection.replays.clear();
        }
        self.seen.note_if(is_held_back, Situation::ReplayHeldBack);
    }
}

impl Replay {
    /// The message on this topic may come, and need not.
    fn doubt(&mut self, topic: &String) {
        if naive::matches(&self.filter, topic) {
            self.owed.remove(topic);
            self.possible.insert(topic.clone());
        }
    }

    /// What the client gets of `message`. RETAIN is 1, since the subscription is the cause `[MQTT5-3.3.1-8]`.
    fn copy(&self, message: &Rc<Message>) -> Owed {
        Owed {
            message: Rc::clone(message),
            qos: self.subscription.qos.min(message.qos),
            retain: true,
            identifiers: self.subscription.identifier.into_iter().collect(),
            share: None,
        }
    }
}
