//! What a session did with a pushed message, and the numbers of dropped messages.

/// What a session did with a pushed message.
#[must_use = "the caller may have to count a dropped message or tell its publisher"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The message is in the write buffer, or it waits for a commit and is then moved to the write buffer.
    Sent,
    /// The message waits in the queue.
    Queued,
    /// The message was dropped and counted in the session's [`Drops`].
    Dropped(DropReason),
    /// The session did nothing: the caller has to push the frames one by one.
    PushOneByOne,
}

/// Why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The message's expiry interval passed before the message was first sent. `[MQTT5-3.3.2-5]`
    Expired,
    /// The message exceeds the client's Maximum Packet Size. `[MQTT5-3.1.2-25]`
    TooLarge,
    /// The queue was full, and the overflow policy is to drop a message.
    QueueFull,
    /// The queue was full, and the overflow policy is to report this to the publisher (0x97).
    Rejected,
    /// A QoS 0 message, and the client reads too slowly.
    Slow,
    /// A QoS 0 message, and the client is not connected.
    Offline,
    /// The message was queued or unacknowledged when the session ended.
    Ended,
}

/// Numbers of messages dropped by a session, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drops {
    /// Number of messages dropped as [`DropReason::Expired`].
    pub expired: u64,
    /// Number of messages dropped as [`DropReason::TooLarge`].
    pub too_large: u64,
    /// Number of messages dropped as [`DropReason::QueueFull`] or [`DropReason::Rejected`].
    pub queue_full: u64,
    /// Number of messages dropped as [`DropReason::Slow`].
    pub slow: u64,
    /// Number of messages dropped as [`DropReason::Offline`].
    pub offline: u64,
    /// Number of messages dropped as [`DropReason::Ended`].
    pub ended: u64,
}

impl Drops {
    /// Returns the sum over all reasons.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.expired + self.too_large + self.queue_full + self.slow + self.offline + self.ended
    }

    pub(crate) fn add(&mut self, reason: DropReason, count: u64) {
        let counter = match reason {
            DropReason::Expired => &mut self.expired,
            DropReason::TooLarge => &mut self.too_large,
            DropReason::QueueFull | DropReason::Rejected => &mut self.queue_full,
            DropReason::Slow => &mut self.slow,
            DropReason::Offline => &mut self.offline,
            DropReason::Ended => &mut self.ended,
        };
        *counter += count;
    }
}

#[cfg(test)]
mod tests;
