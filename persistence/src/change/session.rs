//! The net effect of a batch on one session, without its entries.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_mqtt::PacketId;

use crate::record::{SessionId, SessionRecord, SubscriptionRecord};

/// The change of a session. If `deleted_first` is set, the session is deleted before the other fields are applied.
pub(crate) struct SessionChange {
    pub(crate) id: SessionId,
    /// Whether everything stored for the session is deleted.
    pub(crate) deleted_first: bool,
    /// The new record of the session, if it changes.
    pub(crate) record: Option<Box<SessionRecord>>,
    /// Changes of subscriptions, by filter. `None` deletes the subscription.
    pub(crate) subscriptions: BTreeMap<Arc<str>, Option<Box<SubscriptionRecord>>>,
    /// Changes of received packet ids. `false` deletes the packet id.
    pub(crate) received: BTreeMap<PacketId, bool>,
    /// Number of entries of this session in the change set.
    pub(super) entries: usize,
    /// Whether the session was closed after these changes. If the session was closed, another change with the same id
    /// follows in the list.
    pub(super) closed: bool,
}

impl SessionChange {
    pub(super) fn new(id: SessionId) -> Self {
        Self {
            id,
            deleted_first: false,
            record: None,
            subscriptions: BTreeMap::new(),
            received: BTreeMap::new(),
            entries: 0,
            closed: false,
        }
    }

    pub(super) fn deleted_first(id: SessionId) -> Self {
        Self { deleted_first: true, ..Self::new(id) }
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

    /// Whether there is nothing to write. Entries do not count.
    pub(super) fn is_empty(&self) -> bool {
        !self.deleted_first
            && self.record.is_none()
            && self.subscriptions.is_empty()
            && self.received.is_empty()
    }
}
