//! Compares the retained store with a map, also while the store changes during a replay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::topic::{self, Filter, Name};
use tidegate_mqtt::{Message, MessageParts, QoS};
use tidegate_routing::{Cursor, RetainedConfig, RetainedStore, Verdict};

use super::operation::{NAMES, RetainedOperation};
use crate::source::Source;

/// The store, and its model: the last message of each topic, including expired messages.
pub(super) struct Retained {
    store: RetainedStore,
    len_max: usize,
    model: BTreeMap<&'static str, Arc<Message>>,
    replay: Option<Replay>,
    now: Instant,
}

/// A replay in progress.
struct Replay {
    filter: Filter,
    cursor: Cursor,
    /// Topics whose messages the replay must bring, because they are retained during the whole replay.
    due: BTreeSet<&'static str>,
    /// Topics whose messages the replay has brought so far.
    replayed: BTreeSet<String>,
    /// Number of calls of the replay so far.
    calls: usize,
}

impl Retained {
    pub(super) fn new(source: &mut Source<'_>) -> Self {
        let len_max = source.pick(&[1000, 1000, 3, 0]);
        let store = RetainedStore::new(RetainedConfig { messages_max: len_max, bytes_max: 1 << 20 });
        Self { store, len_max, model: BTreeMap::new(), replay: None, now: Instant::now() }
    }

    pub(super) fn apply_change(&mut self, operation: RetainedOperation) {
        match operation {
            RetainedOperation::Set { name, size, expiry } => self.set(name, size, expiry),
            RetainedOperation::BeginReplay { filter } => self.begin_replay(filter),
            RetainedOperation::NextMessages { max } => self.continue_replay(max),
            RetainedOperation::AdvanceClock { seconds } => self.advance_clock(seconds),
            RetainedOperation::Sweep { max } => {
                let before = self.store.len();
                assert_eq!(before - self.store.sweep(self.now, max), self.store.len());
            }
        }
        self.check();
    }

    /// Completes the replay in progress, and checks that a sweep leaves no expired message.
    pub(super) fn finish(&mut self) {
        while self.replay.is_some() {
            self.continue_replay(2);
        }
        self.advance_clock(5);
        let _removed = self.store.sweep(self.now, usize::MAX);
        self.check();
        assert_eq!(self.store.len(), self.model.len(), "a complete sweep leaves expired messages");
        let names: Vec<_> = self.model.keys().copied().collect();
        names.into_iter().for_each(|name| self.set(name, 0, None));
        assert_eq!((self.store.len(), self.store.bytes()), (0, 0), "the store is not empty");
    }

    fn set(&mut self, name: &'static str, size: usize, expiry: Option<u32>) {
        let message = self.message(name, size, expiry);
        let (present, len) = (self.store.get(name).is_some(), self.store.len());
        let verdict = self.store.set(Arc::clone(&message));
        let expected = match (size, present) {
            (0, true) => Verdict::Removed,
            (0, false) => Verdict::Absent,
            (_, true) => Verdict::Replaced,
            (_, false) if len >= self.len_max => Verdict::Full,
            (_, false) => Verdict::Stored,
        };
        assert_eq!(verdict, expected, "setting {name}");
        match verdict {
            Verdict::Stored | Verdict::Replaced => drop(self.model.insert(name, message)),
            Verdict::Removed => drop(self.model.remove(name)),
            _ => return,
        }
        if let Some(replay) = &mut self.replay {
            replay.due.remove(name);
        }
    }

    fn begin_replay(&mut self, filter: &str) {
        let filter = Filter::parse(filter).expect("the filters are valid");
        let now = self.now;
        let alive = self
            .model
            .iter()
            .filter(|(name, message)| topic::matches(&filter, name) && !message.is_expired(now));
        let due = alive.map(|(name, _)| *name).collect();
        let cursor = RetainedStore::cursor(&filter);
        self.replay = Some(Replay { filter, cursor, due, replayed: BTreeSet::new(), calls: 0 });
    }

    fn continue_replay(&mut self, max: usize) {
        let Some(mut replay) = self.replay.take() else { return };
        let found = self.store.next(&mut replay.cursor, max, self.now);
        assert!(found.len() <= max, "more messages than requested");
        for message in found {
            let name = message.topic();
            assert!(topic::matches(&replay.filter, name), "{name} in a replay of {}", replay.filter);
            assert!(!message.is_expired(self.now), "{name} has expired");
            let held = self.model.get(name).unwrap_or_else(|| panic!("{name} was removed"));
            assert!(Arc::ptr_eq(held, &message), "{name} brings an earlier message");
            replay.due.remove(name);
            assert!(replay.replayed.insert(name.to_owned()), "{name} is brought twice");
        }
        replay.calls += 1;
        assert!(replay.calls < CALLS_PER_REPLAY_MAX, "the replay does not end");
        if replay.cursor.is_done() {
            assert!(replay.due.is_empty(), "{:?} were not brought for {}", replay.due, replay.filter);
        } else {
            self.replay = Some(replay);
        }
    }

    fn advance_clock(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        let (now, model) = (self.now, &self.model);
        if let Some(replay) = &mut self.replay {
            replay.due.retain(|name| model.get(name).is_some_and(|message| !message.is_expired(now)));
        }
    }

    /// Checks that the store has the same messages as the model. The store may have removed expired messages.
    fn check(&mut self) {
        let mut count = 0;
        for name in NAMES {
            let held = self.store.get(name);
            count += usize::from(held.is_some());
            let expired = self.model.get(name).is_some_and(|message| message.is_expired(self.now));
            match (held, self.model.get(name)) {
                (Some(held), Some(expected)) => {
                    assert!(Arc::ptr_eq(&held, expected), "the store has another message for {name}")
                }
                (None, Some(_)) if expired => drop(self.model.remove(name)),
                (held, expected) => {
                    assert!(held.is_none() && expected.is_none(), "{name}: {held:?}, {expected:?}")
                }
            }
        }
        assert_eq!(self.store.len(), count, "the count of the store");
    }

    fn message(&self, name: &str, size: usize, expiry: Option<u32>) -> Arc<Message> {
        let name = Name::parse(name).expect("the names are valid");
        let payload = vec![b'x'; size];
        let expires_at = expiry.map(|seconds| self.now + Duration::from_secs(seconds.into()));
        Arc::new(Message::from_parts(&MessageParts {
            topic: &name,
            properties: &[],
            payload: &payload,
            qos: QoS::AtLeastOnce,
            retain: true,
            publisher: 1,
            expires_at,
        }))
    }
}

/// Maximum number of calls per replay. The maximum is larger than the number of shards and topics, so that a replay
/// that ends never reaches it.
const CALLS_PER_REPLAY_MAX: usize = 200;
