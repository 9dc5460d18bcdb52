//! Topic aliases towards one client: which topic gets one, and which the client knows. Writes nothing.

use tidegate_mqtt::OutgoingAlias;

/// The aliases of one connection. `[MQTT5-3.1.2-26]` `[MQTT5-3.3.2-11]`
#[derive(Debug)]
pub(crate) struct Aliases {
    max: usize,
    /// Counts the messages; a topic's age is measured by it.
    clock: u32,
    /// The entry at index 0 has alias 1.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    topic: Box<str>,
    used: u32,
}

impl Aliases {
    /// None when the client, or we, want no aliases. `[MQTT5-3.1.2-27]`
    pub(crate) fn new(max: u16) -> Option<Self> {
        (max > 0).then(|| Self { max: usize::from(max), clock: 0, entries: Vec::new() })
    }

    /// The alias for `topic`: its own, a free one, or that of a topic long unused. It holds once committed.
    pub(crate) fn choose(&self, topic: &str) -> Option<OutgoingAlias> {
        if topic.len() <= WORTH_MIN {
            return None;
        }
        let present = self.entries.iter().position(|entry| *entry.topic == *topic);
        let free = || (self.entries.len() < self.max).then_some(self.entries.len());
        let index = present.or_else(free).or_else(|| self.stale())?;
        Some(OutgoingAlias { value: u16::try_from(index + 1).ok()?, known: present.is_some() })
    }

    /// A PUBLISH is written: the client knows its alias, if it has one, from now on.
    pub(crate) fn commit(&mut self, alias: Option<OutgoingAlias>, topic: &str) {
        self.clock = self.clock.wrapping_add(1);
        let used = self.clock;
        let Some(alias) = alias else { return };
        match self.entries.get_mut(usize::from(alias.value) - 1) {
            Some(entry) if alias.known => entry.used = used,
            Some(entry) => *entry = Entry { topic: topic.into(), used },
            None => self.entries.push(Entry { topic: topic.into(), used }),
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        let topics: usize = self.entries.iter().map(|entry| entry.topic.len()).sum();
        size_of::<Self>() + self.entries.capacity() * size_of::<Entry>() + topics
    }

    /// The least recently used entry, when many messages went by since.
    fn stale(&self) -> Option<usize> {
        let age = |entry: &Entry| self.clock.wrapping_sub(entry.used);
        let (index, oldest) = self.entries.iter().enumerate().max_by_key(|(_, entry)| age(entry))?;
        (age(oldest) >= STALE_AGE).then_some(index)
    }
}

/// Topics up to this many bytes are no longer than the property that replaces them.
const WORTH_MIN: usize = 3;

/// Messages without its topic after which an alias may be given to another.
const STALE_AGE: u32 = 256;
