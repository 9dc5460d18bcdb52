//! Where every copy of a message went, as it should be.

use super::outbound::Fate;

/// Counts since the beginning.
#[derive(Clone, Debug, Default)]
pub(in crate::clients) struct Account {
    /// Copies that sessions had to get.
    pub(in crate::clients) copies: u64,
    /// Written at QoS 0, or completed by their receivers.
    pub(in crate::clients) delivered: u64,
    /// Expired before they were first sent.
    pub(in crate::clients) expired: u64,
    /// QoS 0 for a session without connection.
    pub(in crate::clients) offline: u64,
    /// Dropped by a full queue.
    pub(in crate::clients) queue_full: u64,
    /// Lost with their session.
    pub(in crate::clients) ended: u64,
    /// Left by an ended session for others of its group.
    pub(in crate::clients) orphaned: u64,
}

impl Account {
    /// All copies that are not open any more.
    pub(in crate::clients) fn settled(&self) -> u64 {
        self.delivered + self.expired + self.offline + self.queue_full + self.ended + self.orphaned
    }
}

impl Account {
    /// What a new copy came to at once.
    pub(super) fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Due | Fate::Waits => {}
            Fate::Displaces | Fate::Full | Fate::Rejected => self.queue_full += 1,
            Fate::Expired => self.expired += 1,
            Fate::Offline => self.offline += 1,
        }
    }
}
