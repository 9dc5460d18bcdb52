//! The net effect of a batch on one session.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
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

    pub(crate) fn subscribe(&mut self, record: Box<SubscriptionRecord>) {
        self.subscriptions.insert(Arc::clone(&record.filter), Some(record));
    }

    pub(crate) fn unsubscribe(&mut self, filter: Arc<str>) {
        self.subscriptions.insert(filter, None);
    }

    pub(super) fn receive(&mut self, packet_id: PacketId) {
        self.received.insert(packet_id, true);
    }

    pub(super) fn release(&mut self, packet_id: PacketId) {
        self.received.insert(packet_id, false);
    }

    /// Nothing is to be written.
    pub(super) fn is_void(&self) -> bool {
        !self.wiped
            && self.record.is_none()
            && self.subscriptions.is_empty()
            && self.entries.is_empty()
            && self.received.is_empty()
    }

    /// Says whether the entry held a body of the change before, and whether it does now; so do the next.
    pub(super) fn enqueue(&mut self, key: EntryKey, record: EntryRecord) -> (bool, bool) {
        let holds = record.state.holds_body();
        match self.entries.entry((key.message, key.ordinal)) {
            Entry::Vacant(place) => {
                place.insert(EntryChange::fresh(record));
                (false, holds)
            }
            Entry::Occupied(mut place) => {
                let held = place.get().holds_body();
                place.get_mut().enqueue(record);
                (held, holds)
            }
        }
    }

    pub(super) fn advance(&mut self, key: EntryKey, state: EntryState) -> (bool, bool) {
        match self.entries.entry((key.message, key.ordinal)) {
            Entry::Vacant(place) => {
                place.insert(EntryChange::Advance(state));
                (false, false)
            }
            Entry::Occupied(mut place) => {
                let held = place.get().holds_body();
                place.get_mut().advance(state);
                (held, place.get().holds_body())
            }
        }
    }

    pub(super) fn complete(&mut self, key: EntryKey) -> bool {
        match self.entries.entry((key.message, key.ordinal)) {
            Entry::Vacant(place) => {
                place.insert(EntryChange::Delete);
                false
            }
            Entry::Occupied(mut place) => {
                let held = place.get().holds_body();
                if let EntryChange::Put { fresh: true, .. } = place.get() {
                    place.remove();
                } else {
                    place.insert(EntryChange::Delete);
                }
                held
            }
        }
    }
}
