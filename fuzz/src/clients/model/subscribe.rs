//! SUBSCRIBE and UNSUBSCRIBE: sections 3.8 to 3.11 of MQTT 5.

use tidegate_mqtt::{
    Packet, ReasonCode, RetainHandling, SubAck, Subscribe, SubscribeEntry, UnsubAck, Unsubscribe,
};

use super::connection::Reply;
use super::session::Subscription;
use super::{Model, Situation};

impl Model {
    /// `[MQTT5-3.8.4-1]` `[MQTT5-3.8.4-6]`
    pub(super) fn subscribe(&mut self, client: usize, subscribe: &Subscribe) {
        let is_five = self.session_mut(client).version.is_v5();
        let mut reasons = Vec::new();
        for entry in &subscribe.filters {
            let is_shared = filter_text(entry).starts_with("$share/");
            // [MQTT5-3.8.3-4]
            if is_five && is_shared && entry.options.no_local {
                return self.violate(client, ReasonCode::ProtocolError);
            }
            let identifier = subscribe.identifier.filter(|_| is_five);
            self.subscribe_to(client, entry, identifier, is_shared);
            reasons.push(ReasonCode::granted(entry.options.qos));
        }
        let suback = SubAck { packet_id: subscribe.packet_id, reasons, properties: None };
        self.connection_mut(client).replies.push_back(Reply::Exactly(Packet::from(suback)));
    }

    /// `[MQTT5-3.10.4-1]` `[MQTT5-3.10.4-5]` `[MQTT5-3.11.3-1]`
    pub(super) fn unsubscribe(&mut self, client: usize, unsubscribe: &Unsubscribe) {
        let mut reasons = Vec::new();
        for filter in unsubscribe.filters.iter().flatten() {
            let text = filter.to_string();
            let existed = self.session_mut(client).subscriptions.remove(&text).is_some();
            self.seen.note_if(existed, Situation::Unsubscribed);
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

    /// Adds or replaces `[MQTT5-3.8.4-3]`; retained messages follow as asked for `[MQTT5-3.3.1-9]` `[MQTT5-3.3.1-10]`
    /// `[MQTT5-3.3.1-11]`, never to a shared subscription.
    fn subscribe_to(
        &mut self,
        client: usize,
        entry: &SubscribeEntry,
        identifier: Option<u32>,
        is_shared: bool,
    ) {
        let options = entry.options;
        let subscription = Subscription {
            qos: options.qos,
            no_local: options.no_local,
            retain_as_published: options.retain_as_published,
            identifier,
        };
        let text = filter_text(entry);
        let existed = self.session_mut(client).subscriptions.insert(text.clone(), subscription).is_some();
        self.seen.note_if(existed, Situation::SubscriptionReplaced);
        if is_shared {
            return;
        }
        match options.retain_handling {
            RetainHandling::Never => self.seen.note(Situation::ReplayNever),
            RetainHandling::SendIfNew if existed => self.seen.note(Situation::ReplayNotNew),
            _ => self.begin_replay(client, &text, subscription),
        }
    }
}

fn filter_text(entry: &SubscribeEntry) -> String {
    entry.filter.as_ref().expect("clients subscribe to good filters").to_string()
}
