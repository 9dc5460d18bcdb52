//! Models SUBSCRIBE and UNSUBSCRIBE: sections 3.8 to 3.11 of MQTT 5.

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Packet, ReasonCode, RetainHandling, SubAck, Subscribe, SubscribeEntry, UnsubAck, Unsubscribe,
};

use super::connection::Reply;
use super::session::Subscription;
use super::{Model, Situation};

impl Model {
    /// Handles a SUBSCRIBE. `[MQTT5-3.8.4-1]` `[MQTT5-3.8.4-6]`
    pub(super) fn subscribe(&mut self, client: usize, subscribe: &Subscribe) {
        let is_v5 = self.session_mut(client).version.is_v5();
        let mut reasons = Vec::new();
        for entry in &subscribe.filters {
            // No Local on a shared subscription is a protocol violation [MQTT5-3.8.3-4].
            if is_v5 && filter(entry).is_shared() && entry.options.no_local {
                return self.violate(client, ReasonCode::ProtocolError);
            }
            let identifier = subscribe.identifier.filter(|_| is_v5);
            self.subscribe_to(client, entry, identifier);
            reasons.push(ReasonCode::granted(entry.options.qos));
        }
        let suback = SubAck { packet_id: subscribe.packet_id, reasons, properties: None };
        self.connection_mut(client).replies.push_back(Reply::Exactly(Packet::from(suback)));
    }

    /// Handles an UNSUBSCRIBE. `[MQTT5-3.10.4-1]` `[MQTT5-3.10.4-5]` `[MQTT5-3.11.3-1]`
    pub(super) fn unsubscribe(&mut self, client: usize, unsubscribe: &Unsubscribe) {
        let mut reasons = Vec::new();
        for filter in unsubscribe.filters.iter().flatten() {
            let text = filter.to_string();
            let session = self.session_mut(client);
            let (ids, existed) = (session.ids, session.subscriptions.remove(&text).is_some());
            self.groups.unsubscribe(&text, ids);
            self.situations.note_if(existed, Situation::Unsubscribed);
            self.cancel_replay(client, &text);
            reasons.push(if existed { ReasonCode::Success } else { ReasonCode::NoSubscriptionExisted });
        }
        let connection = self.connection_mut(client);
        if !connection.version.is_v5() {
            reasons.clear();
        }
        let unsuback = UnsubAck { packet_id: unsubscribe.packet_id, reasons, properties: None };
        connection.replies.push_back(Reply::Exactly(Packet::from(unsuback)));
    }

    /// Makes or replaces a subscription `[MQTT5-3.8.4-3]`. An ordinary subscription then gets retained messages as its
    /// Retain Handling requests `[MQTT5-3.3.1-9]` `[MQTT5-3.3.1-10]` `[MQTT5-3.3.1-11]`; a shared subscription gets
    /// none.
    fn subscribe_to(&mut self, client: usize, entry: &SubscribeEntry, identifier: Option<u32>) {
        let (filter, options) = (filter(entry), entry.options);
        let subscription = Subscription {
            qos: options.qos,
            no_local: options.no_local,
            retain_as_published: options.retain_as_published,
            identifier,
        };
        let text = filter.to_string();
        let session = self.session_mut(client);
        let (ids, existed) =
            (session.ids, session.subscriptions.insert(text.clone(), subscription).is_some());
        self.groups.subscribe(filter, ids, client);
        self.situations.note_if(existed, Situation::SubscriptionReplaced);
        if filter.is_shared() {
            return;
        }
        let situation = match options.retain_handling {
            RetainHandling::Never => Situation::ReplayNever,
            RetainHandling::SendIfNew if existed => Situation::ReplayNotNew,
            _ => return self.begin_replay(client, &text, subscription),
        };
        self.situations.note(situation);
        self.change_replay_options(client, &text, subscription);
    }
}

fn filter(entry: &SubscribeEntry) -> &SubscriptionFilter {
    entry.filter.as_ref().expect("clients subscribe to valid filters")
}
