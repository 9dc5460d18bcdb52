//! Every copy of a message handed to a session, and what became of it.

use tidegate_session::Drops;

/// Counts since the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::clients) struct Accounts {
    /// Copies handed to sessions.
    pub(in crate::clients) copies: u64,
    /// In the queues at this moment.
    pub(in crate::clients) queued: u64,
    /// Dropped as expired.
    pub(in crate::clients) expired: u64,
    /// Dropped as QoS 0 to a session without connection.
    pub(in crate::clients) offline: u64,
    /// Dropped by a full queue.
    pub(in crate::clients) queue_full: u64,
    /// Dropped at the end of a session.
    pub(in crate::clients) ended: u64,
    /// Dropped for any other reason.
    pub(in crate::clients) other: u64,
}

impl Accounts {
    pub(super) fn add(&mut self, drops: &Drops) {
        self.expired += drops.expired;
        self.offline += drops.offline;
        self.queue_full += drops.queue_full;
        self.ended += drops.ended;
        self.other += drops.too_large + drops.slow;
    }
}
