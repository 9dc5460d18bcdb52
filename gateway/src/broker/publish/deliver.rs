//! Messages into one session's outbox, under one lock.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::MutexGuard;
use tidegate_mqtt::{Message, QoS};
use tidegate_routing::Grants;
use tidegate_session::{Delivery, Verdict};

use crate::broker::{Broker, SessionHandle, SessionStore, State};
use crate::cores::Core;

/// What a subscriber gets of a route: its grant, merged over its subscriptions.
#[derive(Clone, Copy)]
pub(super) struct DeliveryOptions<'a> {
    pub(super) qos: QoS,
    pub(super) retain_as_published: bool,
    pub(super) identifiers: &'a [u32],
    /// The text of the shared filter by which it comes.
    pub(super) name: Option<&'a Arc<str>>,
}

impl<'a> From<Grants<'a>> for DeliveryOptions<'a> {
    fn from(grants: Grants<'a>) -> Self {
        Self {
            qos: grants.qos,
            retain_as_published: grants.retain_as_published,
            identifiers: grants.identifiers,
            name: None,
        }
    }
}

/// Hands messages to one session; the verdict is that of the last.
pub(super) fn deliver(
    broker: &Broker,
    core: &mut Core,
    handle: &Arc<SessionHandle>,
    share: DeliveryOptions<'_>,
    messages: &[Arc<Message>],
    now: Instant,
) -> Verdict {
    deliver_locked(broker, core, handle, handle.lock(), share, messages, now)
}

/// The same under a lock that is held already.
pub(super) fn deliver_locked(
    broker: &Broker,
    core: &mut Core,
    handle: &Arc<SessionHandle>,
    mut state: MutexGuard<'_, State>,
    share: DeliveryOptions<'_>,
    messages: &[Arc<Message>],
    now: Instant,
) -> Verdict {
    let store = broker.store().filter(|_| share.qos > QoS::AtMostOnce && state.session.is_persistent());
    if store.is_some() {
        SessionStore::lend(core, &mut state.session);
    }
    let mut last = Verdict::Queued;
    let mut waits = false;
    for message in messages {
        // By a shared subscription it may come beside the others of the session.
        let copy_with_new_id =
            store.filter(|_| share.name.is_some()).map(|store| store.copy_with_new_id(message));
        let message = copy_with_new_id.as_ref().unwrap_or(message);
        if let Some(store) = store {
            store.assign_id(message);
        }
        let delivery = Delivery {
            message,
            qos: share.qos.min(message.qos()),
            retain: share.retain_as_published && message.retain(),
            identifiers: share.identifiers,
            share: share.name,
        };
        last = state.session.push(&delivery, now);
        waits |= last == Verdict::Sent;
        count(core, last, 1);
    }
    core.counters.add_drops(&state.session.take_drops());
    broker.save_changes(core, handle, &mut state, now);
    drop(state);
    if waits {
        core.mark_dirty(handle);
    }
    last
}

/// Counts copies; a drop is in the session's own count.
pub(super) fn count(core: &Core, verdict: Verdict, messages_scratch: u64) {
    match verdict {
        Verdict::Sent => core.counters.messages_sent.add(messages_scratch),
        Verdict::Queued => core.counters.messages_queued.add(messages_scratch),
        _ => {}
    }
}
