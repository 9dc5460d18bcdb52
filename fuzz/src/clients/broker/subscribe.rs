//! SUBSCRIBE and UNSUBSCRIBE: into the session and the routing table, acknowledged, then retained messages.

use std::num::NonZeroU32;

use tidegate_mqtt::{
    Packet, ReasonCode, RetainHandling, SubAck, Subscribe, SubscribeEntry, UnsubAck, Unsubscribe,
};
use tidegate_routing::Grant;

use super::end::End;
use super::{Broker, ConnectionId, Member};

impl Broker {
    pub(super) fn handle_subscribe(&mut self, id: ConnectionId, subscribe: &Subscribe) -> Result<(), End> {
        let mut reasons = Vec::new();
        for entry in &subscribe.filters {
            reasons.push(self.subscribe(id, entry, subscribe.identifier)?);
        }
        let suback = SubAck { packet_id: subscribe.packet_id, reasons, properties: None };
        self.reply(id, &Packet::from(suback));
        Ok(())
    }

    fn subscribe(
        &mut self,
        id: ConnectionId,
        entry: &SubscribeEntry,
        identifier: Option<u32>,
    ) -> Result<ReasonCode, End> {
        let line = self.line(id);
        let number = line.number;
        let granted = line.connection.check_subscribe(entry, identifier)?;
        let Some(filter) = entry.filter.as_ref().ok().filter(|_| !granted.is_error()) else {
            return Ok(granted);
        };
        let options = entry.options;
        let grant = Grant {
            qos: options.qos,
            no_local: options.no_local,
            retain_as_published: options.retain_as_published,
            identifier: identifier.and_then(NonZeroU32::new),
        };
        let Ok(existed) = self.session(number).subscribe(filter.clone(), options, identifier) else {
            return Ok(ReasonCode::QuotaExceeded);
        };
        let routed = self.router.subscribe(filter, Member(number), grant);
        assert_eq!(routed.map(|routed| routed.0), Ok(existed), "session and router disagree on {filter}");
        if is_replay_wanted(options.retain_handling, existed) && filter.share.is_none() {
            self.line(id).replays.begin(filter, &grant);
        }
        Ok(granted)
    }

    pub(super) fn handle_unsubscribe(
        &mut self,
        id: ConnectionId,
        unsubscribe: &Unsubscribe,
    ) -> Result<(), End> {
        let number = self.line(id).number;
        let mut reasons = Vec::new();
        for filter in &unsubscribe.filters {
            let Ok(filter) = filter else {
                reasons.push(ReasonCode::TopicFilterInvalid);
                continue;
            };
            let existed = self.session(number).unsubscribe(filter);
            self.router.unsubscribe(filter, number);
            self.line(id).replays.cancel(filter);
            reasons.push(if existed { ReasonCode::Success } else { ReasonCode::NoSubscriptionExisted });
        }
        let unsuback = UnsubAck { packet_id: unsubscribe.packet_id, reasons, properties: None };
        self.reply(id, &Packet::from(unsuback));
        Ok(())
    }
}

/// `[MQTT5-3.3.1-9]` `[MQTT5-3.3.1-10]` `[MQTT5-3.3.1-11]`
fn is_replay_wanted(handling: RetainHandling, existed: bool) -> bool {
    match handling {
        RetainHandling::Send => true,
        RetainHandling::SendIfNew => !existed,
        RetainHandling::Never => false,
    }
}
