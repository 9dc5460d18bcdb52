//! SUBSCRIBE and UNSUBSCRIBE: into the session and the routing table under one lock, acknowledged, then retained messages.

use std::num::NonZeroU32;
use std::sync::Arc;

use tidegate_mqtt::{
    Packet, ReasonCode, RetainHandling, SubAck, Subscribe, SubscribeEntry, UnsubAck, Unsubscribe,
};
use tidegate_routing::Grant;

use super::{Driver, End};
use crate::broker::Member;
use crate::cores::Core;

impl Driver {
    pub(super) fn handle_subscribe(&mut self, core: &mut Core, subscribe: &Subscribe) -> Result<(), End> {
        let mut reasons = Vec::with_capacity(subscribe.filters.len());
        for entry in &subscribe.filters {
            reasons.push(self.subscribe(entry, subscribe.identifier)?);
        }
        // In effect before it is acknowledged [MQTT5-3.8.4-1].
        self.reply(
            core,
            &Packet::SubAck(SubAck { packet_id: subscribe.packet_id, reasons, properties: None }),
        )
    }

    fn subscribe(&mut self, entry: &SubscribeEntry, identifier: Option<u32>) -> Result<ReasonCode, End> {
        let granted = self.connection.check_subscribe(entry, identifier)?;
        if granted.is_error() {
            return Ok(granted);
        }
        let Ok(filter) = &entry.filter else { return Ok(ReasonCode::TopicFilterInvalid) };
        let mut options = entry.options;
        options.qos = options.qos.min(self.broker.config().session.qos_max);
        let grant = Grant {
            qos: options.qos,
            no_local: options.no_local,
            retain_as_published: options.retain_as_published,
            identifier: identifier.and_then(NonZeroU32::new),
        };
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        let existed = match state.session.subscribe(filter.clone(), options, identifier) {
            Ok(existed) => existed,
            Err(_) => return Ok(ReasonCode::QuotaExceeded),
        };
        let member = Member(Arc::clone(&self.seat));
        if let Err(error) = self.seat.realm().router.subscribe(filter, member, grant) {
            state.session.unsubscribe(filter);
            return Ok(error.reason());
        }
        if is_replay_wanted(options.retain_handling, existed) && filter.share.is_none() {
            state.replays.get_or_insert_default().begin(filter, &grant);
            self.replaying = true;
        }
        Ok(granted)
    }

    pub(super) fn handle_unsubscribe(
        &mut self,
        core: &mut Core,
        unsubscribe: &Unsubscribe,
    ) -> Result<(), End> {
        let mut reasons = Vec::with_capacity(unsubscribe.filters.len());
        for filter in &unsubscribe.filters {
            let Ok(filter) = filter else {
                reasons.push(ReasonCode::TopicFilterInvalid);
                continue;
            };
            let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
            let existed = state.session.unsubscribe(filter);
            self.seat.realm().router.unsubscribe(filter, self.seat.id());
            if let Some(replays) = &mut state.replays {
                replays.cancel(filter);
            }
            drop(state);
            reasons.push(if existed { ReasonCode::Success } else { ReasonCode::NoSubscriptionExisted });
        }
        self.reply(
            core,
            &Packet::UnsubAck(UnsubAck { packet_id: unsubscribe.packet_id, reasons, properties: None }),
        )
    }
}

/// Whether retained messages follow `[MQTT5-3.3.1-9]` `[MQTT5-3.3.1-10]` `[MQTT5-3.3.1-11]`; a shared subscription never
/// gets any `[MQTT5-4.8.2]`.
fn is_replay_wanted(handling: RetainHandling, existed: bool) -> bool {
    match handling {
        RetainHandling::Send => true,
        RetainHandling::SendIfNew => !existed,
        RetainHandling::Never => false,
    }
}
