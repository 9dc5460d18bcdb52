//! Restores sessions, subscriptions and retained messages from the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Message, PacketId};
use tidegate_persistence::{
    Clock, EntryKey, EntryRecord, EntryState, Item, MessageRecord, Progress, SessionId, SessionRecord,
    SessionState, SubscriptionRecord,
};
use tidegate_routing::Verdict;
use tidegate_session::{DeliverySnapshot, GrantedOptions, Queued, Session, SessionMetadata, SessionSnapshot};

use super::convert;
use super::restore_error::RestoreError;
use crate::broker::Broker;
use crate::session_handle::{SessionHandle, SessionKey};
use crate::tenant::{Tenant, Tenants};

/// The state read from the store so far.
struct Restoring<'a> {
    clock: Clock,
    tenants: &'a Tenants,
    /// Sessions in the order of their ids, so that a restored broker selects receivers in the same order each time.
    sessions: BTreeMap<SessionId, (SessionRecord, SessionSnapshot)>,
    /// The messages of the entries, by message id.
    messages: HashMap<u64, Arc<Message>>,
    /// The first fault found.
    fault: Option<RestoreError>,
    /// Retained messages that have expired, with the names of their tenants.
    expired: Vec<(Arc<str>, Arc<Message>)>,
    /// Number of retained messages above the limits, which were lowered. These messages stay in the store but are not
    /// loaded.
    not_loaded: u64,
}

impl Broker {
    /// Restores all state from the store. Call it once, before the first connection.
    ///
    /// # Errors
    /// If the store cannot be read, or if a record cannot be restored.
    pub fn restore(&self) -> Result<(), RestoreError> {
        let Some(store) = self.durability.store() else { return Ok(()) };
        let mut restoring = Restoring {
            clock: *store.clock(),
            tenants: &self.tenants,
            sessions: BTreeMap::new(),
            messages: HashMap::new(),
            fault: None,
            expired: Vec::new(),
            not_loaded: 0,
        };
        store.engine().load(&mut |item, progress| {
            restoring.take(item);
            log_progress(progress);
        })?;
        if let Some(fault) = restoring.fault {
            return Err(fault);
        }
        let forget = store.retained_expiry_handler();
        restoring.expired.iter().for_each(|(tenant, message)| forget(tenant, message));
        if restoring.not_loaded > 0 {
            tracing::warn!(
                messages = restoring.not_loaded,
                "retained messages above the limits are not loaded; they stay in the store"
            );
        }
        let sessions = restoring.sessions.len();
        let mut disconnected = Vec::new();
        for (id, (record, snapshot)) in restoring.sessions {
            let was_attached = record.state == SessionState::Attached;
            let handle = self.restore_session(id, record, snapshot)?;
            if was_attached {
                disconnected.push(convert::open(store.clock(), &handle, &handle.lock().session));
            }
        }
        // The connections ended with the broker. Their ends are stored now, so that session expiry and will delay count
        // from this start, and not again from every later start. No promise to a client depends on the result of
        // `append`.
        let _ = store.engine().append(&mut disconnected);
        let retained: usize = self.tenants.iter().map(|tenant| tenant.retained.len()).sum();
        tracing::info!(sessions, retained, "restored");
        Ok(())
    }

    fn restore_session(
        &self,
        id: SessionId,
        record: SessionRecord,
        snapshot: SessionSnapshot,
    ) -> Result<Arc<SessionHandle>, RestoreError> {
        let key = SessionKey { tenant: record.tenant, client_id: record.client_id };
        let subscriptions = snapshot.subscriptions.clone();
        let session = Session::restore(id.0, Arc::clone(&self.config().session), snapshot);
        let tenant = tenant(&self.tenants, &key.tenant).map_err(RestoreError::Record)?;
        let context = self.restored_context(tenant, &key);
        let handle = Arc::new(SessionHandle::new(self.registry().hash(key), context, session));
        self.registry().enter(handle.key().clone(), |_| Arc::clone(&handle), |_| ());
        for (filter, granted) in subscriptions {
            self.route(&handle, &filter, &granted).map_err(|error| {
                RestoreError::Record(format!("the subscription to {filter} cannot be routed: {error}"))
            })?;
        }
        Ok(handle)
    }
}

impl Restoring<'_> {
    fn take(&mut self, item: Item<'_>) {
        let result = match item {
            Item::Session(id, record) => {
                self.take_session(id, record);
                Ok(())
            }
            Item::Subscription(id, record) => self.take_subscription(id, &record),
            Item::Message(message_id, record) => self.message(&record, message_id.0).map(|message| {
                self.messages.insert(message_id.0, message);
            }),
            Item::Entry(key, record) => self.take_entry(key, record),
            Item::Received(id, packet_id) => self.take_received(id, packet_id),
            Item::Retained { tenant, message } => self.take_retained(tenant, &message),
        };
        if let Err(fault) = result {
            self.fault.get_or_insert(RestoreError::Record(fault));
        }
    }

    fn take_session(&mut self, id: SessionId, record: SessionRecord) {
        let metadata = self.metadata(&record);
        let snapshot = SessionSnapshot {
            metadata,
            subscriptions: Vec::new(),
            deliveries: Vec::new(),
            received: Vec::new(),
        };
        self.sessions.insert(id, (record, snapshot));
    }

    /// Returns the metadata of a session. A session that was connected when the broker stopped counts as disconnected
    /// now.
    fn metadata(&self, record: &SessionRecord) -> SessionMetadata {
        let after = |seconds: u32| self.clock.now.checked_add(Duration::from_secs(seconds.into()));
        let (will_at, expires_at) = match record.state {
            SessionState::Attached => {
                let expiry = record.session_expiry;
                let delay = record.will.as_ref().map(|will| will.delay.min(expiry));
                (delay.and_then(after), if expiry == u32::MAX { None } else { after(expiry) })
            }
            SessionState::Waiting { will_at, ends_at } => {
                (will_at.and_then(|at| self.clock.instant(at)), ends_at.and_then(|at| self.clock.instant(at)))
            }
        };
        SessionMetadata {
            session_expiry: record.session_expiry,
            will: record.will.as_deref().cloned(),
            will_at,
            expires_at,
            attached: false,
        }
    }

    fn take_subscription(&mut self, id: SessionId, record: &SubscriptionRecord) -> Result<(), String> {
        let filter = SubscriptionFilter::parse(&record.filter)
            .map_err(|error| format!("invalid subscription filter {}: {error}", record.filter))?;
        let granted = GrantedOptions { options: record.options, identifier: record.identifier };
        self.snapshot(id)?.subscriptions.push((filter, granted));
        Ok(())
    }

    fn take_entry(&mut self, key: EntryKey, record: EntryRecord) -> Result<(), String> {
        let EntryRecord { qos, retain, subscription_identifiers, shared_filter, state } = record;
        let message_id = key.message.0;
        let message = self.messages.get(&message_id).cloned();
        let queued = move || {
            let message =
                message.ok_or_else(|| format!("the message {message_id} of a session's entry is missing"))?;
            let queued = Queued { message_id, message, qos, retain, subscription_identifiers, shared_filter };
            Ok::<_, String>(queued)
        };
        let delivery = match state {
            EntryState::Queued => DeliverySnapshot::Waiting(queued()?),
            EntryState::Sent { packet_id } => DeliverySnapshot::Sent(queued()?, packet_id),
            EntryState::Released { packet_id, order } => {
                let order = u32::try_from(order).unwrap_or(u32::MAX);
                DeliverySnapshot::Released { message_id, packet_id, order }
            }
        };
        self.snapshot(key.session)?.deliveries.push(delivery);
        Ok(())
    }

    fn take_retained(&mut self, name: &str, record: &MessageRecord<'_>) -> Result<(), String> {
        let message = self.message(record, 0)?;
        let tenant = tenant(self.tenants, name)?;
        if message.is_expired(self.clock.now) {
            self.expired.push((Arc::clone(tenant.name()), message));
        } else if tenant.retained.set(message) == Verdict::Full {
            self.not_loaded += 1;
        }
        Ok(())
    }

    fn take_received(&mut self, id: SessionId, packet_id: PacketId) -> Result<(), String> {
        self.snapshot(id)?.received.push(packet_id);
        Ok(())
    }

    fn snapshot(&mut self, id: SessionId) -> Result<&mut SessionSnapshot, String> {
        let snapshot = self.sessions.get_mut(&id).map(|(_, snapshot)| snapshot);
        snapshot.ok_or_else(|| format!("a record belongs to session {}, which does not exist", id.0))
    }

    fn message(&self, record: &MessageRecord<'_>, message_id: u64) -> Result<Arc<Message>, String> {
        let message = record.to_message(&self.clock);
        let message =
            message.ok_or_else(|| format!("a message has the invalid topic name {}", record.topic))?;
        Ok(Arc::new(message.with_id(message_id)))
    }
}

/// Returns the tenant with this name. Creates it if it does not exist.
fn tenant<'a>(tenants: &'a Tenants, name: &str) -> Result<&'a Arc<Tenant>, String> {
    tenants.get_or_create(name).map_err(|_| format!("there are too many tenants for the tenant {name}"))
}

fn log_progress(progress: Progress) {
    if progress.done.is_multiple_of(PROGRESS_INTERVAL) {
        tracing::info!(done = progress.done, total = progress.total, "restoring");
    }
}

/// Number of records between two progress messages in the log. Restoring a store of millions of records then logs a few
/// lines.
const PROGRESS_INTERVAL: u64 = 250_000;
