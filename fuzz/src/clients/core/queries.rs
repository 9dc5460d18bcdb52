//! What the broker tells about itself: its counters, and its sessions.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_broker::{SessionHandle, SessionInfo, SessionKey, Totals};
use tidegate_mqtt::topic::Filter;

use super::Core;

impl Core {
    /// Everything that was counted so far.
    pub(in crate::clients) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        totals.add(&self.workspace.counters);
        totals
    }

    /// The session of a client, if it has one.
    pub(in crate::clients) fn session(&self, client_id: &str) -> Option<SessionInfo> {
        self.broker.session(&self.key(client_id))
    }

    /// The ids by which a client's session is known as a subscriber and as a publisher.
    pub(in crate::clients) fn ids(&self, client_id: &str) -> Option<SessionIds> {
        let handle = self.handle(client_id)?;
        Some(SessionIds { subscriber: handle.id(), publisher: handle.publisher() })
    }

    /// Whether the session of a client holds a will that is neither published nor deleted.
    pub(in crate::clients) fn has_will(&self, client_id: &str) -> bool {
        let metadata = self.handle(client_id).map(|handle| handle.lock().session.metadata());
        metadata.is_some_and(|metadata| metadata.will.is_some())
    }

    /// Number of sessions.
    pub(in crate::clients) fn sessions(&self) -> usize {
        self.broker.registry().len()
    }

    /// Number of subscriptions in the routing table.
    pub(in crate::clients) fn subscriptions(&self) -> usize {
        self.broker.tenant().router.subscriptions()
    }

    /// The payloads of the retained messages that match `filter` and have not expired, by topic.
    pub(in crate::clients) fn retained(&mut self, filter: &str) -> BTreeMap<String, Vec<u8>> {
        let filter = Filter::parse(filter).expect("a valid filter");
        let mut retained = BTreeMap::new();
        let mut cursor = None;
        loop {
            let mut turn = self.workspace.turn(self.now, self.turn_budget);
            let page = self.broker.list_retained(&mut turn, &filter, cursor, PAGE_LEN);
            let entry =
                |info: &tidegate_broker::RetainedInfo| (info.0.topic().to_owned(), info.0.payload().to_vec());
            retained.extend(page.items.iter().map(entry));
            match page.next {
                None => return retained,
                next => cursor = next,
            }
        }
    }

    fn handle(&self, client_id: &str) -> Option<Arc<SessionHandle>> {
        self.broker.registry().get(&self.key(client_id))
    }

    fn key(&self, client_id: &str) -> SessionKey {
        SessionKey { tenant: Arc::clone(self.broker.tenant().name()), client_id: Arc::from(client_id) }
    }
}

/// The ids of a session in the routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clients) struct SessionIds {
    pub(in crate::clients) subscriber: u64,
    pub(in crate::clients) publisher: u64,
}

/// Retained messages listed at a time.
const PAGE_LEN: usize = 3;
