//! The counters of the broker: every received, sent and dropped message, drops by reason, and connections. Each core
//! has its own set of counters for each tenant; the totals are their sums.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_limits::Refusal;
use tidegate_session::Drops;

use crate::tenant::TenantId;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// The counters of one tenant on one core. Only this core writes them; any thread may read them.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub $name: Counter,)+ }

        /// Sums over all cores at one moment, of one tenant or of all.
        #[derive(Debug, Default, Clone, PartialEq, Eq)]
        pub struct Totals { $($(#[$doc])* pub $name: u64,)+ }

        impl Totals {
            /// Adds the counters of one tenant on one core.
            pub fn add(&mut self, counters: &Counters) {
                $(self.$name += counters.$name.read();)+
            }

            /// Returns the names and values, in the order of declaration.
            #[must_use]
            pub fn list(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)+]
            }
        }
    };
}

counters! {
    /// PUBLISH packets accepted from clients, not counting retransmissions at QoS 2.
    messages_received,
    /// Copies sent to a connected client without waiting in the queue of its session.
    messages_sent,
    /// Copies that had to wait in the queue of a session.
    messages_queued,
    /// Copies that a sink accepted.
    forwarded_to_sinks,
    /// Copies that a sink refused, because it has no room.
    refused_by_sinks,
    /// Copies that were sent to another node.
    forwarded_to_nodes,
    /// Copies for another node that the connection between the nodes refused, because it has no room.
    refused_by_nodes,
    /// Messages that matched no subscription.
    unmatched,
    /// Messages refused on arrival: a topic that clients may not publish to.
    refused_topic,
    /// Messages, wills and subscriptions refused: a hook did not authorise them.
    refused_unauthorized,
    /// Retained messages not kept: a limit on retained messages is reached or the store is full.
    refused_retained,
    /// Changes that the store did not accept because it has failed. Operations that depend on these changes are never
    /// acknowledged.
    store_refused,
    /// Messages, wills and subscriptions refused because the store is full or has failed.
    refused_store,
    /// Copies dropped: the receiver is offline and the message has QoS 0.
    dropped_offline,
    /// QoS 0 copies dropped: the receiver reads too slowly.
    dropped_slow,
    /// Copies dropped: the session's queue is full.
    dropped_queue_full,
    /// Copies dropped: expired before they could be sent.
    dropped_expired,
    /// Copies dropped: larger than the receiver's maximum packet size.
    dropped_too_large,
    /// Copies dropped: a hook did not allow their delivery.
    dropped_unauthorized,
    /// Copies that were queued or unacknowledged when their session ended.
    dropped_ended,
    /// Messages for a shared subscription of which no member could accept the message.
    dropped_no_member,
    /// Connections that completed CONNECT.
    connections_accepted,
    /// Connections whose CONNECT was refused or did not arrive.
    connections_refused,
    /// Connections whose client could not be authenticated, or is not allowed to connect.
    connections_unauthorized,
    /// Connections closed for breaking a rule of the protocol.
    connections_violated,
    /// Connections closed because the client sent nothing for one and a half times the keep alive.
    connections_silent,
    /// Connections closed, or refused at CONNECT, because there was not enough memory for what the client sent.
    connections_out_of_memory,
    /// Moves of a connection to another core.
    connections_moved,
    /// Sessions taken over by another connection.
    takeovers,
    /// Wills published.
    wills_published,
}

/// The counters of one core, by tenant. Events before the tenant of a connection is known are counted for the default
/// tenant.
#[derive(Debug)]
pub struct CoreCounters {
    default: Counters,
    /// The counters of the other tenants that this core has worked for.
    others: Box<[OnceLock<Box<Counters>>]>,
}

impl CoreCounters {
    /// Creates the counters of a core that works for at most `tenants_max` tenants.
    #[must_use]
    pub fn new(tenants_max: usize) -> Self {
        let others = (1..tenants_max).map(|_| OnceLock::new()).collect();
        Self { default: Counters::default(), others }
    }

    /// Returns the counters of the default tenant.
    #[must_use]
    pub fn default_tenant(&self) -> &Counters {
        &self.default
    }

    /// Returns the counters of a tenant.
    #[must_use]
    pub fn of(&self, tenant: TenantId) -> &Counters {
        let other = tenant.index().checked_sub(1).and_then(|index| self.others.get(index));
        other.map_or(&self.default, |counters| counters.get_or_init(Box::default))
    }

    /// Returns the counters of a tenant if this core has worked for it.
    #[must_use]
    pub fn find(&self, tenant: TenantId) -> Option<&Counters> {
        match tenant.index().checked_sub(1) {
            None => Some(&self.default),
            Some(index) => self.others.get(index)?.get().map(|counters| &**counters),
        }
    }

    /// Adds the counters of all tenants to `totals`.
    pub fn add_all_to(&self, totals: &mut Totals) {
        totals.add(&self.default);
        self.others.iter().filter_map(OnceLock::get).for_each(|counters| totals.add(counters));
    }
}

/// One number that a single core adds to.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`. Only the owning core adds, so no read-modify-write is needed.
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }

    /// Returns the current value.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Counts a connection whose client was not admitted.
    pub fn add_refused_connection(&self, refusal: Refusal) {
        self.connections_refused.add(1);
        match refusal {
            Refusal::StoreFull | Refusal::StoreFailed => self.refused_store.add(1),
            Refusal::BadCredentials | Refusal::NotAuthorized | Refusal::Banned => {
                self.connections_unauthorized.add(1);
            }
            _ => {}
        }
    }

    /// Adds the messages that a session dropped itself, after they had been accepted for it.
    pub fn add_drops(&self, drops: &Drops) {
        self.dropped_offline.add(drops.offline);
        self.dropped_slow.add(drops.slow);
        self.dropped_queue_full.add(drops.queue_full);
        self.dropped_expired.add(drops.expired);
        self.dropped_too_large.add(drops.too_large);
        self.dropped_ended.add(drops.ended);
    }
}
