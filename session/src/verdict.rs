//! What became of a message handed to a session, and the count of what was dropped.

/// What became of a message handed to a session.
#[must_use = "a dropped message is counted by someone"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is among the pending bytes, or deferred until a commit.
    Sent,
    /// It waits in the queue.
    Queued,
    /// It was dropped, and counted in the session's [`Drops`].
    Dropped(Drop),
    /// Nothing was done: these frames have to be pushed one by one.
    Individually,
}

/// Why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Drop {
    /// Its expiry interval had passed before it was first sent. `[MQTT5-3.3.2-5]`
    Expired,
    /// It exceeds the client's Maximum Packet Size. `[MQTT5-3.1.2-25]`
    TooLarge,
    /// The queue was full, and its policy drops messages.
    QueueFull,
    /// The queue was full, and its policy tells the publisher so (0x97).
    Rejected,
    /// QoS 0 towards a client that does not keep up.
    Slow,
    /// QoS 0 towards a client that is not connected.
    Offline,
    /// It was queued or unacknowledged when the session ended.
    Ended,
}

/// Messages dropped by a session, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drops {
    /// Dropped as [`Drop::Expired`].
    pub expired: u64,
    /// Dropped as [`Drop::TooLarge`].
    pub too_large: u64,
    /// Dropped as [`Drop::QueueFull`] or [`Drop::Rejected`].
    pub queue_full: u64,
    /// Dropped as [`Drop::Slow`].
    pub slow: u64,
    /// Dropped as [`Drop::Offline`].
    pub offline: u64,
    /// Dropped as [`Drop::Ended`].
    pub ended: u64,
}

impl Drops {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.expired + self.too_large + self.queue_full + self.slow + self.offline + self.ended
    }

    pub(crate) fn add(&mut self, reason: Drop, count: u64) {
        let counter = match reason {
            Drop::Expired => &mut self.expired,
            Drop::TooLarge => &mut self.too_large,
            Drop::QueueFull | Drop::Rejected => &mut self.queue_full,
            Drop::Slow => &mut self.slow,
            Drop::Offline => &mut self.offline,
            Drop::Ended => &mut self.ended,
        };
        *counter += count;
    }
}

#[cfg(test)]
mod tests;
