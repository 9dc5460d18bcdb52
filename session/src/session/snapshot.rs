//! The interface between a session and its store: changes, current metadata, and restoring. The caller writes to the
//! store.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{PacketId, Will};

use crate::change_log::{Change, Queued};
use crate::config::Config;
use crate::inflight::{AckOutcome, Action, Slot};
use crate::stored_delivery::{Delivery, StoredDelivery};
use crate::subscriptions::GrantedOptions;

use super::Session;
use super::lifecycle::Lifecycle;

/// The data that a store keeps of a session besides deliveries, packet identifiers and subscriptions.
#[derive(Clone, Debug)]
pub struct SessionMetadata {
    /// Session expiry in seconds; `u32::MAX` means that the session never expires.
    pub session_expiry: u32,
    /// The will, until it is published or deleted.
    pub will: Option<Will>,
    /// Time at which a delayed will has to be published; `None` if there is no delayed will, or while a connection is
    /// attached.
    pub will_at: Option<Instant>,
    /// Time at which the session ends; `None` if it never ends, or while a connection is attached.
    pub expires_at: Option<Instant>,
    /// Whether a connection is attached.
    pub attached: bool,
}

/// The complete stored state of a session.
#[derive(Clone, Debug)]
pub struct SessionSnapshot {
    /// The metadata as last stored. If a connection was attached at that time, that connection no longer exists: the
    /// caller sets `will_at` and `expires_at`.
    pub metadata: SessionMetadata,
    /// The subscriptions.
    pub subscriptions: Vec<(SubscriptionFilter, GrantedOptions)>,
    /// The deliveries in the order of their message ids.
    pub deliveries: Vec<DeliverySnapshot>,
    /// Packet identifiers of the QoS 2 messages that the client has sent and not yet released.
    pub received: Vec<PacketId>,
}

/// One stored delivery.
#[derive(Clone, Debug)]
pub enum DeliverySnapshot {
    /// The delivery waits in the queue and was never sent.
    Waiting(Queued),
    /// The delivery was sent under this packet identifier; PUBACK or PUBREC was not received.
    Sent(Queued, PacketId),
    /// PUBREC was received for the delivery.
    Released {
        /// The id of the delivered message.
        message_id: u64,
        /// The packet identifier of the delivery.
        packet_id: PacketId,
        /// The position of this delivery in the order of PUBRECs.
        order: u32,
    },
}

impl Session {
    /// Restores a session from its stored state; no connection is attached.
    #[must_use]
    pub fn restore(id: u64, config: Arc<Config>, snapshot: SessionSnapshot) -> Self {
        let mut session = Self::new(id, config);
        let SessionSnapshot { metadata, subscriptions, deliveries, received } = snapshot;
        session.session_expiry = metadata.session_expiry;
        session.lifecycle =
            Lifecycle::Detached { will_at: metadata.will_at, expires_at: metadata.expires_at };
        session.will = metadata.will.map(Box::new);
        for (filter, granted) in subscriptions {
            // A restored subscription is kept even if the configured maximum is lower than when the subscription was
            // granted.
            let _ = session.subscriptions.insert(filter, granted, usize::MAX);
        }
        session.restore_deliveries(deliveries);
        if !received.is_empty() {
            session.receiving.get_or_insert_default().restore(received);
        }
        session.change_log = session.config.change_log.then(Box::default);
        session
    }

    /// Lets the change log use the memory of the empty list `list` until [`Session::take_changes`] returns that memory.
    pub fn borrow_scratch(&mut self, list: &mut Vec<Change>) {
        if let Some(change_log) = &mut self.change_log {
            change_log.borrow_scratch(list);
        }
    }

    /// Appends the changes since the last call to `into`, in order. A session that ends with its connection has no
    /// changes.
    pub fn take_changes(&mut self, into: &mut Vec<Change>) {
        let Some(change_log) = &mut self.change_log else { return };
        change_log.move_to(into);
        if change_log.is_closed() {
            self.change_log = None;
        }
    }

    /// Returns whether the session records its changes: the session outlives its connection, and [`Config::change_log`]
    /// is set.
    #[must_use]
    pub fn is_persistent(&self) -> bool {
        self.change_log.as_ref().is_some_and(|change_log| !change_log.is_closed())
    }

    /// Returns whether [`Session::take_changes`] would return any changes.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.change_log.as_ref().is_some_and(|change_log| !change_log.is_empty())
    }

    /// Returns the metadata to store at [`Change::Created`] and [`Change::MetadataChanged`].
    #[must_use]
    pub fn metadata(&self) -> SessionMetadata {
        let (will_at, expires_at) = match self.lifecycle {
            Lifecycle::Detached { will_at, expires_at } => (will_at, expires_at),
            Lifecycle::Ended | Lifecycle::Attached => (None, None),
        };
        SessionMetadata {
            session_expiry: self.session_expiry,
            will: self.will.as_deref().cloned(),
            will_at,
            expires_at,
            attached: self.is_attached(),
        }
    }

    /// Starts or stops recording changes when a connection is attached: a session that outlives the connection records
    /// its changes, other sessions do not. `fresh` is true if the session had no state before.
    pub(super) fn update_change_log(&mut self, fresh: bool) {
        if !self.config.change_log {
            return;
        }
        if self.session_expiry > 0 {
            let change_log = self.change_log.get_or_insert_default();
            change_log.open(if fresh { Change::Created } else { Change::MetadataChanged });
        } else if let Some(change_log) = &mut self.change_log {
            if !fresh {
                change_log.record_change(Change::Ended);
            }
            change_log.close();
        }
    }

    /// Converts a delivery to the form that the queue and the in-flight table store, and records it. `sent` is the
    /// packet identifier of the delivery if it is sent without waiting in the queue.
    pub(super) fn store(&mut self, delivery: &Delivery<'_>, sent: Option<PacketId>) -> StoredDelivery {
        match &mut self.change_log {
            None => StoredDelivery::new(delivery, sent.is_some()),
            Some(change_log) => change_log.record_queued(delivery, sent),
        }
    }

    pub(super) fn record_change(&mut self, change: Change) {
        if let Some(change_log) = &mut self.change_log {
            change_log.record_change(change);
        }
    }

    pub(super) fn record_sent(&mut self, stored: &StoredDelivery, packet_id: PacketId) {
        if stored.message_id() > 0 {
            self.record_change(Change::Sent { message_id: stored.message_id(), packet_id });
        }
    }

    pub(super) fn record_done(&mut self, message_id: u64) {
        if let Some(change_log) = &mut self.change_log {
            change_log.record_done(message_id);
        }
    }

    pub(super) fn record_outcome(&mut self, packet_id: PacketId, outcome: &AckOutcome) {
        let AckOutcome { message_id, order, .. } = *outcome;
        match outcome.action {
            Action::Complete => self.record_done(message_id),
            Action::Release if message_id > 0 => {
                self.record_change(Change::Released { message_id, packet_id, order })
            }
            _ => {}
        }
    }

    fn restore_deliveries(&mut self, deliveries: Vec<DeliverySnapshot>) {
        let mut open = Vec::new();
        let mut pubrec_count = 0;
        for delivery in deliveries {
            match delivery {
                DeliverySnapshot::Waiting(queued) => {
                    self.queue.get_or_insert_default().append(restore_delivery(&queued))
                }
                DeliverySnapshot::Sent(queued, packet_id) => {
                    open.push((packet_id, Slot::Published(restore_delivery(&queued))));
                }
                DeliverySnapshot::Released { message_id, packet_id, order } => {
                    pubrec_count = pubrec_count.max(order.wrapping_add(1));
                    open.push((packet_id, Slot::Released { order, counted: false, message_id }));
                }
            }
        }
        self.inflight.restore(open, pubrec_count);
    }
}

fn restore_delivery(queued: &Queued) -> StoredDelivery {
    let delivery = Delivery {
        message: &queued.message,
        qos: queued.qos,
        retain: queued.retain,
        subscription_identifiers: &queued.subscription_identifiers,
        shared_filter: queued.shared_filter.as_ref(),
    };
    StoredDelivery::logged(&delivery, false)
}
