//! Topic aliases for outgoing messages: chooses which topics get one, and remembers which ones the client knows. Writes
//! nothing.

use tidegate_mqtt::OutgoingAlias;

/// The aliases of one connection. `[MQTT5-3.1.2-26]` `[MQTT5-3.3.2-11]`
#[derive(Debug)]
pub(crate) struct Aliases {
    max: usize,
    /// Number of messages sent so far; the age of an alias is measured in messages.
    clock: u32,
    /// The entry at index 0 has alias 1.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    topic: Box<str>,
    /// The value of `clock` when the alias was last used.
    last_used: u32,
}

impl Aliases {
    /// Returns `None` if `max` is 0, that is, if client or configuration allow no aliases. `[MQTT5-3.1.2-27]`
    pub(crate) fn new(max: u16) -> Option<Self> {
        (max > 0).then(|| Self { max: usize::from(max), clock: 0, entries: Vec::new() })
    }

    /// Returns the alias for `topic`: the one it has, a free one, or that of a topic that was not used for long. The
    /// alias is valid after [`Aliases::commit`].
    pub(crate) fn choose(&self, topic: &str) -> Option<OutgoingAlias> {
        if topic.len() <= SHORT_TOPIC_MAX {
            return None;
        }
        let present = self.entries.iter().position(|entry| *entry.topic == *topic);
        let free = || (self.entries.len() < self.max).then_some(self.entries.len());
        let index = present.or_else(free).or_else(|| self.stale())?;
        Some(OutgoingAlias { value: u16::try_from(index + 1).ok()?, known: present.is_some() })
    }

    /// Called when a PUBLISH is written: from now on the client knows its alias, if it has one.
    pub(crate) fn commit(&mut self, alias: Option<OutgoingAlias>, topic: &str) {
        self.clock = self.clock.wrapping_add(1);
        let last_used = self.clock;
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

    /// The index of the least recently used alias, if at least [`STALE_AGE`] messages were sent since.
    fn stale(&self) -> Option<usize> {
        let age = |entry: &Entry| self.clock.wrapping_sub(entry.last_used);
        let (index, oldest) = self.entries.iter().enumerate().max_by_key(|(_, entry)| age(entry))?;
        (age(oldest) >= STALE_AGE).then_some(index)
    }
}

/// Topics of up to this many bytes get no alias, because the alias property is as long.
const SHORT_TOPIC_MAX: usize = 3;

/// Number of messages to other topics after which an alias may be given to another topic.
const STALE_AGE: u32 = 256;
