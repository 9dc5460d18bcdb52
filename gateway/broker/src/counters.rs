//! What the broker counted: every message in, out and dropped, the drops by reason. One set a core; a total is their sum.

use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_session::Drops;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// The counters of one core. Written by its core, read by anyone.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub $name: Counter,)+ }

        /// Sums over all cores at one moment.
        #[derive(Debug, Default, Clone, PartialEq, Eq)]
        pub struct Totals { $($(#[$doc])* pub $name: u64,)+ }

        impl Totals {
            /// Adds what one core counted.
            pub fn add(&mut self, counters: &Counters) {
                $(self.$name += counters.$name.read();)+
            }

            /// Names and values, in the order of declaration.
            #[must_use]
            pub fn list(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)+]
            }
        }
    };
}

counters! {
    /// PUBLISH packets accepted from clients, repeats of QoS 2 left out.
    messages_received,
    /// Copies written at once towards a connected client, at its QoS.
    messages_sent,
    /// Copies that had to wait in the queue of a session first.
    messages_queued,
    /// Messages that matched no subscription.
    unmatched,
    /// Messages refused on arrival: a topic that clients may not publish to.
    refused_topic,
    /// Retained messages not kept: the store is full.
    refused_retained,
    /// Changes that the store did not take; what depends on them is never acknowledged.
    store_refused,
    /// Messages refused since the store has no room or failed.
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
    /// Copies that waited in a session, or were unacknowledged, when it ended.
    dropped_ended,
    /// Messages for a shared subscription without a member to take them.
    dropped_no_member,
    /// Connections that completed CONNECT.
    connections_accepted,
    /// Connections whose CONNECT was refused.
    connections_refused,
    /// Connections closed for breaking a rule of the protocol.
    connections_violated,
    /// Connections closed since the keep alive time passed in silence.
    connections_silent,
    /// Connections closed, or refused, since there was not enough memory for what the client sent.
    connections_out_of_memory,
    /// Times that a connection went to another core.
    connections_moved,
    /// Sessions continued by another connection while one was open.
    takeovers,
    /// Wills published.
    wills_published,
}

/// One number that a single core adds to.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`. Only the owning core adds, so no read-modify-write is needed.
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }

    /// The value now.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Counts what a session dropped on its own, after the message had been accepted for it.
    pub fn add_drops(&self, drops: &Drops) {
        self.dropped_offline.add(drops.offline);
        self.dropped_slow.add(drops.slow);
        self.dropped_queue_full.add(drops.queue_full);
        self.dropped_expired.add(drops.expired);
        self.dropped_too_large.add(drops.too_large);
        self.dropped_ended.add(drops.ended);
    }
}
