//! Topic aliases for outgoing messages: chooses which topics get an alias, and records which aliases were already sent
//! to the client. The outbox writes the packets.

use tidegate_mqtt::OutgoingAlias;

/// The aliases of one connection. `[MQTT5-3.1.2-26]` `[MQTT5-3.3.2-11]`
#[derive(Debug)]
pub(crate) struct Aliases {
    alias_max: usize,
    /// Number of messages sent so far; the age of an alias is measured in messages.
    message_count: u32,
    /// The entry at index 0 has alias 1.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    topic: Box<str>,
    /// The value of `message_count` when the alias was last used.
    last_used: u32,
}

impl Aliases {
    /// Creates the alias table; `None` if `max` is 0, that is, if the client or the configuration allows no aliases.
    /// `[MQTT5-3.1.2-27]`
    pub(crate) fn new(max: u16) -> Option<Self> {
        (max > 0).then(|| Self { alias_max: usize::from(max), message_count: 0, entries: Vec::new() })
    }

    /// Returns the alias for `topic`: its current alias, a free alias, or the alias of a topic that has not been used
    /// for a long time. The alias is valid after [`Aliases::commit`].
    pub(crate) fn choose(&self, topic: &str) -> Option<OutgoingAlias> {
        if topic.len() <= SHORT_TOPIC_MAX {
            return None;
        }
        let present = self.entries.iter().position(|entry| *entry.topic == *topic);
        let free = || (self.entries.len() < self.alias_max).then_some(self.entries.len());
        let index = present.or_else(free).or_else(|| self.stale_index())?;
        Some(OutgoingAlias { value: u16::try_from(index + 1).ok()?, known: present.is_some() })
    }

    /// Records that a PUBLISH was written: if the PUBLISH has an alias, the client knows that alias from now on.
    pub(crate) fn commit(&mut self, alias: Option<OutgoingAlias>, topic: &str) {
        self.message_count = self.message_count.wrapping_add(1);
        let last_used = self.message_count;
        let Some(alias) = alias else { return };
        match self.entries.get_mut(usize::from(alias.value) - 1) {
            Some(entry) if alias.known => entry.last_used = last_used,
            Some(entry) => *entry = Entry { topic: topic.into(), last_used },
            None => self.entries.push(Entry { topic: topic.into(), last_used }),
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        let topics: usize = self.entries.iter().map(|entry| entry.topic.len()).sum();
        size_of::<Self>() + self.entries.capacity() * size_of::<Entry>() + topics
    }

    /// Returns the index of the least recently used alias if at least [`STALE_AGE`] messages were sent since its last
    /// use.
    fn stale_index(&self) -> Option<usize> {
        let age = |entry: &Entry| self.message_count.wrapping_sub(entry.last_used);
        let (index, oldest) = self.entries.iter().enumerate().max_by_key(|(_, entry)| age(entry))?;
        (age(oldest) >= STALE_AGE).then_some(index)
    }
}

/// Maximum length in bytes of a topic without an alias. For such a topic, the alias property would be as long as the
/// topic.
const SHORT_TOPIC_MAX: usize = 3;

/// Number of messages after the last use of an alias after which the alias may be given to another topic. Topics that
/// alternate would otherwise take each other's alias with every message.
const STALE_AGE: u32 = 256;
