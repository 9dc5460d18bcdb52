//! The lifetimes of messages with a short expiry, in the real time of the clients.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::MessageId;

/// The times until which the broker may send messages for the first time.
#[derive(Debug, Default)]
pub struct Lifetimes {
    /// When each message was acknowledged, and the value of `lengthened` at that time.
    acknowledged: HashMap<MessageId, (Instant, Duration)>,
    /// The time by which restarts of the machine may have lengthened lifetimes so far.
    lengthened: Duration,
}

impl Lifetimes {
    /// Records that the broker has acknowledged a message. It has received the message before.
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
            at.saturating_duration_since(*acknowledged_at) > expiry + BOUND + (self.lengthened - *before)
        })
    }

    pub(super) fn forget(&mut self, is_forgotten: impl Fn(MessageId) -> bool) {
        self.acknowledged.retain(|id, _| !is_forgotten(*id));
    }
}

/// The Message Expiry Interval of these messages, in seconds.
pub const BRIEF_EXPIRY: u32 = 1;
/// The beginning of the topics of these messages.
pub const BRIEF_TOPICS: &str = "brief/";
/// Time by which a message may be sent later than it expires. The broker's clocks and those of the clients are the same, so this
/// only covers rounding.
const BOUND: Duration = Duration::from_millis(500);
