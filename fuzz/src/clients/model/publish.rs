//! Models which sessions get a message, and in which form: sections 3.3 and 4.8 of MQTT 5.

use std::collections::BTreeSet;
use std::rc::Rc;

use tidegate_mqtt::{ProtocolVersion, QoS};

use super::message::{Message, MessageCopy};
use super::outbound::Verdict;
use super::session::{Session, Subscription};
use super::{Model, Situation};
use crate::topics::naive;

impl Model {
    /// Publishes a message. Returns the verdicts on the copies of the message. `frame` is the protocol version of the
    /// PUBLISH, if the broker may copy its frame unchanged to receivers.
    pub(super) fn publish(&mut self, message: &Rc<Message>, frame: Option<ProtocolVersion>) -> Vec<Verdict> {
        if message.retain {
            self.retain(message);
        }
        let clients: Vec<usize> = self.sessions.keys().copied().collect();
        let mut verdicts = Vec::new();
        for client in clients {
            if let Some(copy) = self.copy_for(client, message) {
                let takes_frame = self.takes_frame(client, &copy, frame);
                let verdict = self.deliver(client, copy);
                self.situations.note_if(takes_frame && verdict == Verdict::Due, Situation::FrameCopied);
                verdicts.push(verdict);
            }
        }
        let shares = self.groups.matching(&message.topic);
        assert_eq!(shares.iter().cloned().collect::<BTreeSet<_>>(), self.shares_of(&message.topic));
        for shared_filter in shares {
            let verdict = self.deliver_to_group(&shared_filter, message, None);
            verdicts.push(verdict.unwrap_or_else(|| panic!("{shared_filter} has no members")));
        }
        self.account.totals.unmatched += u64::from(verdicts.is_empty());
        verdicts
    }

    /// Delivers the message to one member of the shared subscription. Returns `None` if the subscription has no member
    /// besides `excluded`. `[MQTT5-4.8.2-3]`
    pub(super) fn deliver_to_group(
        &mut self,
        shared_filter: &str,
        message: &Rc<Message>,
        excluded: Option<u64>,
    ) -> Option<Verdict> {
        let Some(client) = self.pick_member(shared_filter, message.publisher, excluded) else {
            self.account.totals.dropped_no_member += 1;
            return None;
        };
        let members = self
            .sessions
            .values()
            .filter(|session| session.subscriptions.contains_key(shared_filter))
            .count();
        let session = &self.sessions[&client];
        let subscription = session.subscriptions[shared_filter];
        let is_offline = session.connection.is_none();
        let has_both = session.outbound.has_ordinary_copy(message);
        self.situations.note(Situation::Shared);
        self.situations.note_if(members > 1, Situation::SharedWithChoice);
        self.situations.note_if(is_offline, Situation::SharedToOffline);
        self.situations.note_if(has_both, Situation::SharedAndPlain);
        let copy = MessageCopy {
            message: Rc::clone(message),
            qos: subscription.qos.min(message.qos),
            retain: subscription.retain_as_published && message.retain,
            subscription_identifiers: subscription.identifier.into_iter().collect(),
            alternative_identifiers: Vec::new(),
            shared_filter: Some(shared_filter.to_owned()),
        };
        Some(self.deliver(client, copy))
    }

    fn deliver(&mut self, client: usize, copy: MessageCopy) -> Verdict {
        let (now, queue) = (self.now, self.queue);
        let outbound = &mut self.session_mut(client).outbound;
        let (is_open, is_exhausted) = (outbound.is_open(), outbound.quota_left() == 0);
        let verdict = outbound.deliver(copy, now, queue);
        self.count_expired(client);
        self.account.add_copy(verdict);
        self.note_verdict(verdict);
        let is_held_back = is_open && verdict == Verdict::Waits;
        self.situations.note_if(is_held_back && is_exhausted, Situation::QuotaExhausted);
        self.situations.note_if(is_held_back && !is_exhausted, Situation::InflightFull);
        verdict
    }

    fn note_verdict(&mut self, verdict: Verdict) {
        let situation = match verdict {
            Verdict::Due | Verdict::Waits => return,
            Verdict::DropsOldest => Situation::QueueDropsOldest,
            Verdict::Expired => Situation::MessagePublishedExpired,
            Verdict::Offline => Situation::QoS0Offline,
            Verdict::Full => Situation::QueueDropsNewest,
            Verdict::Rejected => Situation::QueueRejects,
        };
        self.situations.note(situation);
    }

    /// Returns whether the broker may write the frame of a PUBLISH of this version unchanged to the client.
    fn takes_frame(&self, client: usize, copy: &MessageCopy, frame: Option<ProtocolVersion>) -> bool {
        let session = &self.sessions[&client];
        let is_same = frame.is_some_and(|version| version.is_v5() == session.version.is_v5());
        is_same
            && session.expiry == 0
            && copy.qos == QoS::AtLeastOnce
            && copy.subscription_identifiers.is_empty()
    }

    /// Returns the copy that a session gets through its ordinary subscriptions: a single copy, at the highest QoS of
    /// the matching subscriptions. `[MQTT5-3.3.4-2]` `[MQTT5-3.3.4-3]` `[MQTT5-3.8.3-3]` `[MQTT5-3.3.1-12]`
    /// `[MQTT5-3.3.1-13]` `[MQTT3-3.3.5-1]`
    fn copy_for(&mut self, client: usize, message: &Rc<Message>) -> Option<MessageCopy> {
        let all = matching(&self.sessions[&client], &message.topic);
        let is_own = message.publisher == client;
        let matching: Vec<_> = all.iter().filter(|subscription| !(is_own && subscription.no_local)).collect();
        self.situations.note_if(matching.len() < all.len(), Situation::NoLocal);
        let granted = matching.iter().map(|subscription| subscription.qos).max()?;
        let mut subscription_identifiers: Vec<u32> =
            matching.iter().filter_map(|subscription| subscription.identifier).collect();
        subscription_identifiers.sort_unstable();
        let retain = message.retain && matching.iter().any(|subscription| subscription.retain_as_published);
        self.situations.note_if(matching.len() > 1, Situation::OverlappingSubscriptions);
        self.situations.note_if(subscription_identifiers.len() > 1, Situation::SeveralIdentifiers);
        self.situations.note_if(retain, Situation::RetainAsPublished);
        let qos = granted.min(message.qos);
        let message = Rc::clone(message);
        Some(MessageCopy {
            message,
            qos,
            retain,
            subscription_identifiers,
            alternative_identifiers: Vec::new(),
            shared_filter: None,
        })
    }

    /// Returns the shared filters that match `topic` and have members.
    pub(in crate::clients) fn shares_of(&self, topic: &str) -> BTreeSet<String> {
        let filters = self.sessions.values().flat_map(|session| session.subscriptions.keys());
        let matches = |text: &&String| match naive::subscription_filter(text) {
            Some((Some(_), filter)) => naive::matches(filter, topic),
            _ => false,
        };
        filters.filter(matches).cloned().collect()
    }
}

/// Returns the session's ordinary subscriptions that match `topic`.
fn matching(session: &Session, topic: &str) -> Vec<Subscription> {
    let matches = |filter: &str| !filter.starts_with("$share/") && naive::matches(filter, topic);
    let matching = session.subscriptions.iter().filter(|(filter, _)| matches(filter));
    matching.map(|(_, subscription)| *subscription).collect()
}
