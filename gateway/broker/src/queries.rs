//! Read-only queries, page by page: each page has a bounded cost.

use std::sync::Arc;

use tidegate_mqtt::topic::{Filter, SubscriptionFilter};
use tidegate_mqtt::{Message, ProtocolVersion};
use tidegate_routing::{Cursor, RetainedStore};
use tidegate_session::GrantedOptions;

use crate::broker::Broker;
use crate::session_handle::{SessionHandle, SessionKey};
use crate::turn::Turn;

/// One page of results.
#[derive(Debug)]
pub struct Page<T, C> {
    /// The results.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<C>,
}

/// A place in the list of sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionCursor {
    shard: usize,
    /// Sessions of the shard with ids up to this one are done.
    after: u64,
}

/// A session at one moment.
#[derive(Debug, Clone)]
pub struct SessionInfo {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub key: SessionKey,
    /// The version that its connection speaks, while there is one.
    pub version: Option<ProtocolVersion>,
    /// Session expiry in seconds; `u32::MAX` is never.
    pub session_expiry: u32,
    /// Its subscriptions.
    pub subscriptions: usize,
    /// QoS 1 and 2 messages that the client has not completed.
    pub inflight: u32,
    /// Messages in the queue, and their bytes.
    pub queued: usize,
    /// Bytes of the messages in the queue.
    pub queued_bytes: usize,
}

/// A subscription at one moment.
#[derive(Debug, Clone)]
pub struct SubscriptionInfo {
    /// Its filter.
    pub filter: SubscriptionFilter,
    /// What it was granted.
    pub granted: GrantedOptions,
}

/// A retained message.
#[derive(Debug, Clone)]
pub struct RetainedInfo(pub Arc<Message>);

impl Broker {
    /// Sessions from `cursor` on, at most `limit`, in no order. A session that exists throughout is listed exactly once.
    #[must_use]
    pub fn list_sessions(
        &self,
        turn: &mut Turn<'_>,
        cursor: SessionCursor,
        limit: usize,
    ) -> Page<SessionInfo, SessionCursor> {
        let SessionCursor { mut shard, mut after } = cursor;
        let mut items = Vec::new();
        while let Some(mut handles) = self.registry().shard(shard) {
            turn.budget.charge(u32::try_from(handles.len()).unwrap_or(u32::MAX));
            handles.retain(|handle| handle.id() > after);
            handles.sort_unstable_by_key(|handle| handle.id());
            for handle in &handles {
                if items.len() >= limit.max(1) {
                    return Page { items, next: Some(SessionCursor { shard, after }) };
                }
                after = handle.id();
                items.push(info(handle));
            }
            (shard, after) = (shard + 1, 0);
            if turn.budget.is_spent() {
                return Page { items, next: Some(SessionCursor { shard, after }) };
            }
        }
        Page { items, next: None }
    }

    /// One session.
    #[must_use]
    pub fn session(&self, key: &SessionKey) -> Option<SessionInfo> {
        self.registry().get(key).map(|handle| info(&handle))
    }

    /// Subscriptions of a session in the order of their filters: those after `after`, at most `limit`. The cost is bounded by the
    /// session's bound on subscriptions.
    #[must_use]
    pub fn list_subscriptions(
        &self,
        turn: &mut Turn<'_>,
        key: &SessionKey,
        after: Option<&SubscriptionFilter>,
        limit: usize,
    ) -> Page<SubscriptionInfo, SubscriptionFilter> {
        let Some(handle) = self.registry().get(key) else { return Page { items: Vec::new(), next: None } };
        let mut all: Vec<_> = handle.lock().session.subscriptions().collect();
        turn.budget.charge(u32::try_from(all.len()).unwrap_or(u32::MAX));
        all.retain(|(filter, _)| after.is_none_or(|after| filter > after));
        all.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let has_more = all.len() > limit.max(1);
        all.truncate(limit.max(1));
        let next = all.last().filter(|_| has_more).map(|(filter, _)| filter.clone());
        let items = all.into_iter().map(|(filter, granted)| SubscriptionInfo { filter, granted }).collect();
        Page { items, next }
    }

    /// Retained messages of the default tenant whose topics match `filter`, from `cursor` on, at most `limit`.
    #[must_use]
    pub fn list_retained(
        &self,
        turn: &mut Turn<'_>,
        filter: &Filter,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Page<RetainedInfo, Cursor> {
        let mut cursor = cursor.unwrap_or_else(|| RetainedStore::cursor(filter));
        let mut items = Vec::new();
        self.tenant().retained.give(&mut cursor, limit.max(1), turn.now, |message| {
            items.push(RetainedInfo(Arc::clone(message)));
            true
        });
        turn.budget.charge(u32::try_from(items.len()).unwrap_or(u32::MAX));
        let next = (!cursor.done()).then_some(cursor);
        Page { items, next }
    }
}

fn info(handle: &SessionHandle) -> SessionInfo {
    let state = handle.lock();
    SessionInfo {
        id: handle.id(),
        key: handle.key().clone(),
        version: state.session.version(),
        session_expiry: state.session.metadata().session_expiry,
        subscriptions: state.session.subscriptions().count(),
        inflight: state.session.inflight(),
        queued: state.session.queued(),
        queued_bytes: state.session.queued_bytes(),
    }
}
