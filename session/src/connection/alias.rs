//! The topic aliases that a client has set on its connection. Aliases for outgoing messages are in `outbox/alias.rs`.

use crate::violation::Violation;

/// Topics indexed by alias - 1; the list is as long as the highest alias used. `[MQTT5-3.3.2-7]` `[MQTT5-3.3.2-12]`
#[derive(Debug, Default)]
pub(super) struct Aliases {
    topics: Vec<Box<str>>,
}

impl Aliases {
    /// Returns the topic of a PUBLISH with `alias`. If `topic` is not empty, records `topic` under the alias.
    pub(super) fn resolve(&mut self, alias: u16, topic: &str, maximum: u16) -> Result<&str, Violation> {
        if maximum == 0 {
            return Err(Violation::AliasNotAnnounced);
        }
        if alias == 0 || alias > maximum {
            return Err(Violation::AliasOutOfRange);
        }
        let index = usize::from(alias) - 1;
        if !topic.is_empty() {
            self.record(index, topic);
        }
        match self.topics.get(index) {
            Some(topic) if !topic.is_empty() => Ok(topic),
            _ => Err(Violation::AliasUnknown),
        }
    }

    fn record(&mut self, index: usize, topic: &str) {
        if self.topics.len() <= index {
            self.topics.resize_with(index + 1, Box::default);
        }
        if let Some(slot) = self.topics.get_mut(index)
            && **slot != *topic
        {
            *slot = topic.into();
        }
    }
}
