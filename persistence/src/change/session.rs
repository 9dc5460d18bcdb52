//! The net effect of a batch on one session.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;
use tidegate_mqtt::PacketId;

use super::EntryChange;
use crate::operation::EntryKey;
use crate::record::{EntryRecord, EntryState, MessageNumber, SessionRecord, SubscriptionRecord};

/// What becomes of a session. `wiped` comes first, the rest after it.
#[derive(Default)]
pub(crate) struct SessionChange {
    /// Everything of it that is on disk goes.
    pub(crate) wiped: bool,
    pub(crate) record: Option<Box<SessionRecord>>,
    /// By filter; `None` removes.
    pub(crate) subscriptions: BTreeMap<Arc<str>, Option<Box<SubscriptionRecord>>>,
    pub(crate) entries: HashMap<(MessageNumber, u16), EntryChange>,
    /// False removes.
    pub(crate) received: BTreeMap<PacketId, bool>,
}

impl SessionChange {
    pub(super) fn closed() -> Self {
        Self { wiped: true, ..Self::default() }
    }

    pub(super) fn subscribe(&mut self, record: Box<SubscriptionRecord>) {
        self.subscriptions.insert(Arc::clone(&record.filter), Some(record));
    }

    pub(super) fn unsubscribe(&mut self, filter: Arc<str>) {
        self.subscriptions.insert(filter, None);
    }

    pub(super) fn receive(&mut self, packet_id: PacketId) {
        self.received.insert(packet_id, true);
    }

    pub(super) fn release(&mut self, packet_id: PacketId) {
        self.received.insert(packet_id, false);
    }

    pub(super) fn enqueue(&mut self, key: EntryKey, record: EntryRecord) {
        let slot = self.entries.entry((key.message, key.ordinal));
        slot.and_modify(|change| change.enqueue(&record)).or_insert_with(|| EntryChange::fresh(record));
    }

    pub(super) fn advance(&mut self, key: EntryKey, state: EntryState) {
        let slot = self.entries.entry((key.message, key.ordinal));
        slot.and_modify(|change| change.advance(state)).or_insert(EntryChange::Advance(state));
    }

    pub(super) fn complete(&mut self, key: EntryKey) {
        let place = (key.message, key.ordinal);
        match self.entries.get(&place) {
            Some(EntryChange::Put { fresh: true, .. }) => self.entries.remove(&place),
            _ => self.entries.insert(place, EntryChange::Delete),
        };
    }
}
