//! Reads the broker's counters, sessions and retained messages, which the model checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_broker::{SessionHandle, SessionInfo, SessionKey, Totals};
use tidegate_mqtt::topic::Filter;

use super::Core;

impl Core {
    /// Returns the broker's counters.
    pub(in crate::clients) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.workspace.counters.add_all_to(&mut totals);
        totals
    }

    /// Returns the session of a client, if there is one.
    pub(in crate::clients) fn session(&self, client_id: &str) -> Option<SessionInfo> {
        self.broker.session(&self.key(client_id))
    }

    /// Returns the ids by which the routing table identifies a client's session as a subscriber and as a publisher.
    pub(in crate::clients) fn ids(&self, client_id: &str) -> Option<SessionIds> {
        let handle = self.handle(client_id)?;
        Some(SessionIds { subscriber: handle.id(), publisher: handle.publisher() })
    }

    /// Returns whether the session of a client has a will that is neither published nor deleted.
    pub(in crate::clients) fn has_will(&self, client_id: &str) -> bool {
        let metadata = self.handle(client_id).map(|handle| handle.lock().session.metadata());
        metadata.is_some_and(|metadata| metadata.will.is_some())
    }

    /// Returns the number of sessions.
    pub(in crate::clients) fn sessions(&self) -> usize {
        self.broker.registry().len()
    }

    /// Returns the number of subscriptions in the routing table.
    pub(in crate::clients) fn subscriptions(&self) -> usize {
        self.broker.tenant().router.subscriptions()
    }

    /// Returns the payloads of the retained messages that match `filter` and have not expired, by topic.
    pub(in crate::clients) fn retained(&mut self, filter: &str) -> BTreeMap<String, Vec<u8>> {
        let filter = Filter::parse(filter).expect("a valid filter");
        let mut retained = BTreeMap::new();
        let mut cursor = None;
        loop {
            let mut turn = self.workspace.turn(self.now, self.turn_budget);
            let page = self.broker.list_retained(&mut turn, self.broker.tenant(), &filter, cursor, PAGE_LEN);
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

/// The ids by which the routing table identifies a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clients) struct SessionIds {
    pub(in crate::clients) subscriber: u64,
    pub(in crate::clients) publisher: u64,
}

/// Maximum number of retained messages per page.
const PAGE_LEN: usize = 3;
