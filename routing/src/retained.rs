//! Retained messages: the last message of each topic. Messages that match a filter are found in steps of bounded work.
//! The store keeps messages only in memory and does not persist them.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};
use tidegate_mqtt::Message;
use tidegate_mqtt::topic;

mod config;
mod cursor;
mod key;
mod pattern;
mod replay;
mod shard;
mod sweep;
#[cfg(test)]
mod tests;

pub use config::RetainedConfig;
pub use cursor::Cursor;

use key::Key;
use shard::Shard;

/// The retained messages in ordered maps (shards). The first level of the topic selects the shard. Each shard has its
/// own lock, which is held only for a bounded time.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::time::Instant;
///
/// use tidegate_mqtt::topic::{Filter, Name};
/// use tidegate_mqtt::{Message, MessageParts, QoS};
/// use tidegate_routing::{RetainedConfig, RetainedStore, Verdict};
///
/// let store = RetainedStore::new(RetainedConfig::default());
/// let message = Message::from_parts(&MessageParts {
///     topic: &Name::parse("rooms/1/temperature")?,
///     properties: &[],
///     payload: b"21.5",
///     qos: QoS::AtLeastOnce,
///     retain: true,
///     publisher: 7,
///     expires_at: None,
/// });
/// assert_eq!(store.set(Arc::new(message)), Verdict::Stored);
///
/// // A new subscription receives the matching messages in steps of at most 100.
/// let mut cursor = RetainedStore::cursor(&Filter::parse("rooms/#")?);
/// let mut found = Vec::new();
/// while !cursor.is_done() {
///     found.extend(store.next(&mut cursor, 100, Instant::now()));
/// }
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].payload(), b"21.5");
/// # Ok::<(), tidegate_mqtt::topic::TopicError>(())
/// ```
pub struct RetainedStore {
    config: RetainedConfig,
    hasher: foldhash::quality::RandomState,
    shards: Box<[RwLock<Shard>]>,
    len: AtomicUsize,
    bytes: AtomicUsize,
    /// The point at which the next sweep continues.
    sweep_position: Mutex<sweep::SweepPosition>,
    /// Called for each message that is removed because it has expired.
    expiry_handler: Option<Box<ExpiryHandler>>,
}

/// Function called for an expired message; set with [`RetainedStore::with_expiry_handler`].
type ExpiryHandler = dyn Fn(&Message) + Send + Sync;

/// The outcome of [`RetainedStore::set`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The message is stored; its topic had no retained message before.
    Stored,
    /// The message replaces the earlier message of its topic `[MQTT5-3.3.1-5]`.
    Replaced,
    /// The payload is empty: the retained message of the topic was removed `[MQTT5-3.3.1-6]`.
    Removed,
    /// The payload is empty, and the topic had no retained message.
    Absent,
    /// The message would exceed a bound of the configuration. Nothing was changed.
    Full,
}

impl RetainedStore {
    /// Creates an empty store.
    pub fn new(config: RetainedConfig) -> Self {
        Self {
            shards: (0..SHARD_COUNT).map(|_| RwLock::default()).collect(),
            hasher: foldhash::quality::RandomState::default(),
            config,
            len: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            sweep_position: Mutex::default(),
            expiry_handler: None,
        }
    }

    /// Sets the function that is called for each message removed because it has expired. The call happens before
    /// another message of the same topic can be set.
    #[must_use]
    pub fn with_expiry_handler(self, handler: impl Fn(&Message) + Send + Sync + 'static) -> Self {
        Self { expiry_handler: Some(Box::new(handler)), ..self }
    }

    /// Stores `message` as the last message of its topic. A message with an empty payload removes the topic's message
    /// `[MQTT5-3.3.1-6]` `[MQTT3-3.3.1-10]` and is not stored itself `[MQTT5-3.3.1-7]` `[MQTT3-3.3.1-11]`.
    pub fn set(&self, message: Arc<Message>) -> Verdict {
        self.set_then(message, |_| ())
    }

    /// Like [`Self::set`], but also calls `then` with the outcome, before another message of the topic can be set.
    pub fn set_then(&self, message: Arc<Message>, then: impl FnOnce(Verdict)) -> Verdict {
        let key = Key::from_topic(message.topic());
        let Some(shard) = self.shards.get(self.shard_index(message.topic())) else { return Verdict::Full };
        let mut shard = shard.write();
        let verdict = self.replace_message(&mut shard, key, message);
        then(verdict);
        verdict
    }

    fn replace_message(&self, shard: &mut Shard, key: Key, message: Arc<Message>) -> Verdict {
        let old = shard.get(&key).map(|old| key.cost(old));
        if message.payload().is_empty() {
            return if self.remove_message(shard, &key) { Verdict::Removed } else { Verdict::Absent };
        }
        let new = key.cost(&message);
        if !self.try_reserve(old, new) {
            return Verdict::Full;
        }
        shard.insert(key, message);
        if old.is_some() { Verdict::Replaced } else { Verdict::Stored }
    }

    /// Returns the retained message of one topic, even if the message has expired.
    pub fn get(&self, name: &str) -> Option<Arc<Message>> {
        self.shards.get(self.shard_index(name))?.read().get(&Key::from_topic(name)).cloned()
    }

    /// Returns the number of retained messages.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Returns whether the store holds no messages.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of bytes in use: messages, keys and an estimate of the overhead of the maps.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Counts a message of `new` bytes that replaces a message of `old` bytes (`None` if its topic has none). If that
    /// would exceed a bound, returns false and counts nothing. Replacing a message with one that is not larger always
    /// succeeds.
    fn try_reserve(&self, old: Option<usize>, new: usize) -> bool {
        let added = usize::from(old.is_none());
        let grown = new.saturating_sub(old.unwrap_or_default());
        let bytes = self.bytes.fetch_add(grown, Ordering::Relaxed) + grown;
        let len = self.len.fetch_add(added, Ordering::Relaxed) + added;
        let over_limit =
            (added > 0 && len > self.config.messages_max) || (grown > 0 && bytes > self.config.bytes_max);
        if over_limit {
            self.bytes.fetch_sub(grown, Ordering::Relaxed);
            self.len.fetch_sub(added, Ordering::Relaxed);
        } else {
            self.bytes.fetch_sub(old.unwrap_or_default().saturating_sub(new), Ordering::Relaxed);
        }
        !over_limit
    }

    fn remove_message(&self, shard: &mut Shard, key: &Key) -> bool {
        let Some(message) = shard.remove(key) else { return false };
        self.bytes.fetch_sub(key.cost(&message), Ordering::Relaxed);
        self.len.fetch_sub(1, Ordering::Relaxed);
        true
    }

    fn shard_index(&self, name: &str) -> usize {
        self.shard_index_of_level(topic::levels(name).next().unwrap_or_default().as_bytes())
    }

    fn shard_index_of_level(&self, first: &[u8]) -> usize {
        usize::try_from(self.hasher.hash_one(first) % SHARD_COUNT).unwrap_or_default()
    }
}

/// Number of shards. A replay whose filter begins with a wildcard visits all shards. With more shards than cores, two
/// cores that store retained messages rarely need the same one.
const SHARD_COUNT: u64 = 64;
