//! SUBSCRIBE and UNSUBSCRIBE: into the session and the routing table under one lock, acknowledged, then retained messages.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Packet, ReasonCode, RetainHandling, SubAck, Subscribe, SubscribeEntry, UnsubAck, Unsubscribe,
};
use tidegate_session::GrantedOptions;

use super::{Driver, End, Reply};
use crate::broker::{SessionStore, State};
use crate::cores::Core;

impl Driver {
    pub(super) fn handle_subscribe(&mut self, core: &mut Core, subscribe: &Subscribe) -> Result<(), End> {
        let mut reasons = Vec::with_capacity(subscribe.filters.len());
        core.take_owed();
        for entry in &subscribe.filters {
            reasons.push(self.subscribe(core, entry, subscribe.identifier)?);
        }
        // In effect before it is acknowledged [MQTT5-3.8.4-1].
        let suback = SubAck { packet_id: subscribe.packet_id, reasons, properties: None };
        self.confirm(core, Packet::SubAck(suback))
    }

    fn subscribe(
        &mut self,
        core: &mut Core,
        entry: &SubscribeEntry,
        identifier: Option<u32>,
    ) -> Result<ReasonCode, End> {
        let granted = self.connection.check_subscribe(entry, identifier)?;
        if granted.is_error() {
            return Ok(granted);
        }
        let Ok(filter) = &entry.filter else { return Ok(ReasonCode::TopicFilterInvalid) };
        let mut options = entry.options;
        options.qos = options.qos.min(self.broker.config().session.qos_max);
        let terms = GrantedOptions { options, identifier };
        let mut state = self.handle.own(self.epoch).ok_or_else(End::taken_over)?;
        let existed = match self.take_up(core, &mut state, filter, &terms) {
            Ok(existed) => existed,
            Err(reason) => return Ok(reason),
        };
        self.replaying |= self.owe_retained(&mut state, filter, &terms, existed);
        Ok(granted)
    }

    /// Whether retained messages are owed anew. What is owed from before comes under the terms of now, and not where it would be
    /// asked for anew and there is none.
    fn owe_retained(
        &self,
        state: &mut State,
        filter: &SubscriptionFilter,
        terms: &GrantedOptions,
        existed: bool,
    ) -> bool {
        let wanted = is_replay_wanted(terms.options.retain_handling, existed) && filter.share.is_none();
        // Most new subscriptions find nothing; who is told so holds nothing.
        if wanted && self.handle.tenant().retained.may_match(&filter.filter) {
            state.replays.get_or_insert_default().begin(filter, terms);
            return true;
        }
        if let Some(replays) = state.replays.as_mut().filter(|_| existed) {
            if wanted { replays.cancel(filter) } else { replays.alter(filter, terms) }
        }
        false
    }

    /// Into the session, the routing table and the store, or nowhere. Says whether it was there before.
    fn take_up(
        &self,
        core: &mut Core,
        state: &mut State,
        filter: &SubscriptionFilter,
        terms: &GrantedOptions,
    ) -> Result<bool, ReasonCode> {
        let store = self.broker.store().filter(|_| state.session.is_persistent());
        if store.is_some_and(SessionStore::is_refusing) {
            core.counters.refused_store.add(1);
            return Err(ReasonCode::QuotaExceeded);
        }
        let existed = state.session.subscribe(filter.clone(), terms.options, terms.identifier);
        let existed = existed.map_err(|_| ReasonCode::QuotaExceeded)?;
        if let Err(error) = self.broker.route(&self.handle, filter, terms) {
            state.session.unsubscribe(filter);
            return Err(error.reason());
        }
        if let Some(store) = store {
            store.subscribe(core, &self.handle, filter, terms);
        }
        Ok(existed)
    }

    pub(super) fn handle_unsubscribe(
        &mut self,
        core: &mut Core,
        unsubscribe: &Unsubscribe,
    ) -> Result<(), End> {
        let mut reasons = Vec::with_capacity(unsubscribe.filters.len());
        core.take_owed();
        for filter in &unsubscribe.filters {
            let Ok(filter) = filter else {
                reasons.push(ReasonCode::TopicFilterInvalid);
                continue;
            };
            let mut state = self.handle.own(self.epoch).ok_or_else(End::taken_over)?;
            let existed = state.session.unsubscribe(filter);
            self.handle.tenant().router.unsubscribe(filter, self.handle.id());
            if let Some(store) = self.broker.store().filter(|_| existed && state.session.is_persistent()) {
                store.unsubscribe(core, &self.handle, filter);
            }
            if let Some(replays) = &mut state.replays {
                replays.cancel(filter);
            }
            drop(state);
            reasons.push(if existed { ReasonCode::Success } else { ReasonCode::NoSubscriptionExisted });
        }
        let unsuback = UnsubAck { packet_id: unsubscribe.packet_id, reasons, properties: None };
        self.confirm(core, Packet::UnsubAck(unsuback))
    }

    /// Answers a request once what it changed is kept.
    fn confirm(&mut self, core: &mut Core, answer: Packet) -> Result<(), End> {
        let commit = core.take_owed();
        let handle = Arc::clone(&self.handle);
        let mut state = handle.own(self.epoch).ok_or_else(End::taken_over)?;
        self.answer(core, &mut state, commit, Reply::Packet(Box::new(answer)), Instant::now())?;
        drop(state);
        core.mark_dirty(&handle);
        Ok(())
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
