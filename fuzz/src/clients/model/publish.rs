//! Who gets a message, and as what: sections 3.3 and 4.8 of MQTT 5.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use super::message::{Message, Owed};
use super::outbound::Fate;
use super::session::{Session, Subscription};
use super::{Model, Situation, number};
use crate::clients::broker::{Group, Report};
use crate::topics::naive;

impl Model {
    /// A message is published; what becomes of its copies.
    pub(super) fn publish(&mut self, message: &Rc<Message>, reports: &mut VecDeque<Report>) -> Vec<Fate> {
        if message.retain {
            self.retain(message);
        }
        let clients: Vec<usize> = self.sessions.keys().copied().collect();
        let mut fates = Vec::new();
        for client in clients {
            if let Some(owed) = self.copy_for(client, message) {
                fates.push(self.owe(client, owed));
            }
        }
        let mut shares = self.shares_of(&message.topic);
        while !shares.is_empty() {
            let Some(Report::Shared(group)) = reports.pop_front() else {
                panic!("nobody in {shares:?} gets the message")
            };
            assert!(message.is(&group), "{} gets another message: {:?}", group.share, group.message);
            assert!(shares.remove(&*group.share), "{} gets a message twice or does not match", group.share);
            fates.push(self.give_to_member(message, &group));
        }
        fates
    }

    /// A member of the group gets the message. `[MQTT5-4.8.2-3]`
    pub(super) fn give_to_member(&mut self, message: &Rc<Message>, group: &Group) -> Fate {
        let member = group.member.as_ref().unwrap_or_else(|| panic!("{} has members", group.share));
        let client = number(member);
        let members = self.members(&group.share);
        let session = self.session_mut(client);
        let Some(subscription) = session.subscriptions.get(&*group.share).copied() else {
            panic!("{member} is no member of {}", group.share)
        };
        let is_offline = session.connection.is_none();
        let has_both = session.outbound.owes(message);
        self.seen.note(Situation::Shared);
        self.seen.note_if(members > 1, Situation::SharedWithChoice);
        self.seen.note_if(is_offline, Situation::SharedToOffline);
        self.seen.note_if(has_both, Situation::SharedAndPlain);
        let owed = Owed {
            message: Rc::clone(message),
            qos: subscription.qos.min(message.qos),
            retain: subscription.retain_as_published && message.retain,
            identifiers: subscription.identifier.into_iter().collect(),
            share: Some(group.share.to_string()),
        };
        self.owe(client, owed)
    }

    /// How many members a group has.
    pub(super) fn members(&self, share: &str) -> usize {
        self.sessions.values().filter(|session| session.subscriptions.contains_key(share)).count()
    }

    fn owe(&mut self, client: usize, owed: Owed) -> Fate {
        let (now, queue) = (self.now, self.queue);
        let outbound = &mut self.session_mut(client).outbound;
        let is_exhausted = outbound.quota_left() == 0;
        let fate = outbound.owe(owed, now, queue);
        let is_open = self.session_mut(client).connection.is_some();
        self.account.copies += 1;
        self.account.count(fate);
        self.note_fate(fate);
        let is_held_back = is_open && fate == Fate::Waits;
        self.seen.note_if(is_held_back && is_exhausted, Situation::QuotaExhausted);
        self.seen.note_if(is_held_back && !is_exhausted, Situation::InflightFull);
        fate
    }

    fn note_fate(&mut self, fate: Fate) {
        let situation = match fate {
            Fate::Due | Fate::Waits => return,
            Fate::Displaces => Situation::QueueDropsOldest,
            Fate::Expired => Situation::MessageBornExpired,
            Fate::Offline => Situation::Offline,
            Fate::Full => Situation::QueueDropsNewest,
            Fate::Rejected => Situation::QueueRejects,
        };
        self.seen.note(situation);
    }

    /// The copy that a session gets by its own subscriptions: one, whatever many match, at the highest QoS of them.
    /// `[MQTT5-3.3.4-2]` `[MQTT5-3.3.4-3]` `[MQTT5-3.8.3-3]` `[MQTT5-3.3.1-12]` `[MQTT5-3.3.1-13]` `[MQTT3-3.3.5-1]`
    fn copy_for(&mut self, client: usize, message: &Rc<Message>) -> Option<Owed> {
        let all = matching(&self.sessions[&client], &message.topic);
        let is_own = message.publisher == client;
        let matching: Vec<_> = all.iter().filter(|subscription| !(is_own && subscription.no_local)).collect();
        self.seen.note_if(matching.len() < all.len(), Situation::NoLocal);
        let granted = matching.iter().map(|subscription| subscription.qos).max()?;
        let mut identifiers: Vec<u32> =
            matching.iter().filter_map(|subscription| subscription.identifier).collect();
        identifiers.sort_unstable();
        let retain = message.retain && matching.iter().any(|subscription| subscription.retain_as_published);
        self.seen.note_if(matching.len() > 1, Situation::Overlapping);
        self.seen.note_if(identifiers.len() > 1, Situation::SeveralIdentifiers);
        self.seen.note_if(retain, Situation::RetainAsPublished);
        let qos = granted.min(message.qos);
        Some(Owed { message: Rc::clone(message), qos, retain, identifiers, share: None })
    }

    /// The shared filters that match and have members.
    fn shares_of(&self, topic: &str) -> BTreeSet<String> {
        let filters = self.sessions.values().flat_map(|session| session.subscriptions.keys());
        let matches = |text: &&String| match naive::subscription_filter(text) {
            Some((Some(_), filter)) => naive::matches(filter, topic),
            _ => false,
        };
        filters.filter(matches).cloned().collect()
    }
}

/// The session's own subscriptions that match.
fn matching(session: &Session, topic: &str) -> Vec<Subscription> {
    let matches = |filter: &str| !filter.starts_with("$share/") && naive::matches(filter, topic);
    let matching = session.subscriptions.iter().filter(|(filter, _)| matches(filter));
    matching.map(|(_, subscription)| *subscription).collect()
}
