//! Read-only queries. Results are returned in pages, each of which has a bounded cost.

use std::sync::Arc;

use tidegate_mqtt::topic::{Filter, SubscriptionFilter};
use tidegate_mqtt::{Message, ProtocolVersion};
use tidegate_routing::{Cursor, RetainedStore};
use tidegate_session::GrantedOptions;

use crate::broker::Broker;
use crate::session_handle::{SessionHandle, SessionKey};
use crate::tenant::Tenant;
use crate::turn::Turn;

/// One page of results.
#[derive(Debug)]
pub struct Page<T, C> {
    /// The results.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` after the last page.
    pub next: Option<C>,
}

/// A position in the list of sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionCursor {
    shard: usize,
    /// Sessions of the shard whose ids are not greater than this id are already listed.
    after: u64,
}

/// Information about a session at one moment.
#[derive(Debug, Clone)]
pub struct SessionInfo {
    /// The id of the session.
    pub id: u64,
    /// The tenant and client identifier of the session.
    pub key: SessionKey,
    /// The protocol version of the session's connection; `None` if it is not connected.
    pub version: Option<ProtocolVersion>,
    /// Session expiry interval in seconds; `u32::MAX` means never.
    pub session_expiry: u32,
    /// Number of subscriptions.
    pub subscriptions: usize,
    /// Number of QoS 1 and 2 messages that were sent to the client and are not fully acknowledged.
    pub inflight: u32,
    /// Number of messages in the queue.
    pub queued: usize,
    /// Size of the messages in the queue, in bytes.
    pub queued_bytes: usize,
}

/// Information about a subscription at one moment.
#[derive(Debug, Clone)]
pub struct SubscriptionInfo {
    /// The filter of the subscription.
    pub filter: SubscriptionFilter,
    /// The granted options.
    pub granted: GrantedOptions,
}

/// A retained message.
#[derive(Debug, Clone)]
pub struct RetainedInfo(pub Arc<Message>);

impl Broker {
    /// Lists sessions from `cursor` on, at most `limit`, in no particular order. A session that exists until the last
    /// page is listed exactly once.
    #[must_use]
    pub fn list_sessions(
        &self,
        turn: &mut Turn<'_>,
        cursor: SessionCursor,
        limit: usize,
    ) -> Page<SessionInfo, SessionCursor> {
        let SessionCursor { mut shard, mut after } = cursor;
        let mut items = Vec::new();
        while let Some(mut handles) = self.registry().sessions_of_shard(shard) {
            turn.budget.charge(u32::try_from(handles.len()).unwrap_or(u32::MAX));
            handles.retain(|handle| handle.id() > after);
            handles.sort_unstable_by_key(|handle| handle.id());
            for handle in &handles {
                if items.len() >= limit.max(1) {
                    return Page { items, next: Some(SessionCursor { shard, after }) };
                }
                after = handle.id();
                items.push(session_info(handle));
            }
            (shard, after) = (shard + 1, 0);
            if turn.budget.is_spent() {
                return Page { items, next: Some(SessionCursor { shard, after }) };
            }
        }
        Page { items, next: None }
    }

    /// Returns information about one session; `None` if it does not exist.
    #[must_use]
    pub fn session(&self, key: &SessionKey) -> Option<SessionInfo> {
        self.registry().get(key).map(|handle| session_info(&handle))
    }

    /// Lists at most `limit` subscriptions of a session whose filters are greater than `after`, in the order of their
    /// filters. The cost is bounded by the maximum number of subscriptions of a session.
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

    /// Lists the retained messages of a tenant whose topics match `filter`, from `cursor` on, at most `limit`.
    #[must_use]
    pub fn list_retained(
        &self,
        turn: &mut Turn<'_>,
        tenant: &Tenant,
        filter: &Filter,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Page<RetainedInfo, Cursor> {
        let mut cursor = cursor.unwrap_or_else(|| RetainedStore::cursor(filter));
        let mut items = Vec::new();
        tenant.retained.visit_next(&mut cursor, limit.max(1), turn.now, |message| {
            items.push(RetainedInfo(Arc::clone(message)));
            true
        });
        turn.budget.charge(u32::try_from(items.len()).unwrap_or(u32::MAX));
        let next = (!cursor.is_done()).then_some(cursor);
        Page { items, next }
    }
}

fn session_info(handle: &SessionHandle) -> SessionInfo {
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
