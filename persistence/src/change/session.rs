//! The net effect of a batch on one session, but for its entries.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_mqtt::PacketId;

use crate::record::{SessionId, SessionRecord, SubscriptionRecord};

/// What becomes of a session. `wiped` comes first, the rest after it.
pub(crate) struct SessionChange {
    pub(crate) id: SessionId,
    /// Everything of it that is on disk goes.
    pub(crate) wiped: bool,
    pub(crate) record: Option<Box<SessionRecord>>,
    /// By filter; `None` removes.
    pub(crate) subscriptions: BTreeMap<Arc<str>, Option<Box<SubscriptionRecord>>>,
    /// False removes.
    pub(crate) received: BTreeMap<PacketId, bool>,
    /// Entries of it that change.
    pub(super) entries: usize,
    /// It was closed after all this: another follows under the same id.
    pub(super) closed: bool,
}

impl SessionChange {
    pub(super) fn new(id: SessionId) -> Self {
        Self {
            id,
            wiped: false,
            record: None,
            subscriptions: BTreeMap::new(),
            received: BTreeMap::new(),
            entries: 0,
            closed: false,
        }
    }

    pub(super) fn wiped(id: SessionId) -> Self {
        Self { wiped: true, ..Self::new(id) }
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

    /// Nothing is to be written, but for entries.
    pub(super) fn is_empty(&self) -> bool {
        !self.wiped && self.record.is_none() && self.subscriptions.is_empty() && self.received.is_empty()
    }
}
