//! Checks which message is retained for a topic at the end of a run.

use super::{Message, MessageNumber, Promises};

impl Promises {
    /// Checks the retained message of a topic. Panics if `found` cannot be this message because a later message was
    /// acknowledged.
    pub(in crate::crash) fn check_retained(&self, topic: &str, found: Option<MessageNumber>) {
        let messages = || self.messages.iter().filter(|message| message.retain && message.topic == topic);
        let overwritten_at = messages().filter(|message| message.is_promised).map(|message| message.sent_at);
        let last = overwritten_at.max();
        let is_possible = |message: &Message| {
            let closed_at = message.closed_at;
            last.is_none_or(|last| closed_at.is_none_or(|closed_at| closed_at >= last))
        };
        let possible = match found {
            Some(number) => is_possible(&self.messages[number.0]),
            None => last.is_none() || messages().any(|message| message.is_empty && is_possible(message)),
        };
        assert!(possible, "the retained message of {topic} is {found:?}");
    }
}
