//! The lifetimes of messages with a short expiry, in the real time of the clients.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::MessageId;

/// Determines until when the broker may send each message for the first time.
#[derive(Debug, Default)]
pub struct Lifetimes {
    /// When each message was acknowledged, and the value of `lengthened` at that time.
    acknowledged: HashMap<MessageId, (Instant, Duration)>,
    /// The time by which restarts of the machine may have lengthened lifetimes so far.
    lengthened: Duration,
}

impl Lifetimes {
    /// Records that the broker has acknowledged a message. The lifetime of the message began earlier, when the broker
    /// received it.
    pub(super) fn acknowledge(&mut self, id: MessageId, now: Instant) {
        self.acknowledged.insert(id, (now, self.lengthened));
    }

    pub(super) fn lengthen(&mut self, time: Duration) {
        self.lengthened += time;
    }

    /// Whether the message has certainly expired at this time.
    pub(super) fn is_over(&self, id: MessageId, at: Instant) -> bool {
        self.acknowledged.get(&id).is_some_and(|(acknowledged_at, before)| {
            let expiry = Duration::from_secs(BRIEF_EXPIRY.into());
            at.saturating_duration_since(*acknowledged_at)
                > expiry + ROUNDING_TOLERANCE + (self.lengthened - *before)
        })
    }

    pub(super) fn forget(&mut self, is_forgotten: impl Fn(MessageId) -> bool) {
        self.acknowledged.retain(|id, _| !is_forgotten(*id));
    }
}

/// The Message Expiry Interval of messages with a short expiry, in seconds.
pub const BRIEF_EXPIRY: u32 = 1;
/// The beginning of the topics of messages with a short expiry.
pub const BRIEF_TOPICS: &str = "brief/";
/// Time after its expiry during which a message may still be sent for the first time. Broker and clients read the same
/// clock, so this covers only rounding.
const ROUNDING_TOLERANCE: Duration = Duration::from_millis(500);
