//! The messages of a change set, by message id. Refers to sessions by their slots only.

use super::dense_index::DenseIndex;
use super::entry::{EntryChange, EntryStep};
use super::message_change::{EntrySlot, MessageChange};
use crate::record::{MessageId, StoredMessage};

/// Messages, roughly in the order in which they were added.
#[derive(Default)]
pub(crate) struct MessageChanges {
    index: DenseIndex,
    messages: Vec<MessageChange>,
    /// Slots that can be reused because their message has no entries.
    free_slots: Vec<u32>,
    entry_count: usize,
    body_count: usize,
}

impl MessageChanges {
    /// Applies a step to an entry. Returns the change in the number of entries: -1, 0 or 1.
    pub(super) fn fold(
        &mut self,
        id: MessageId,
        entry_slot: EntrySlot,
        step: EntryStep,
        body: Option<StoredMessage>,
    ) -> isize {
        let slot = self.index.find(id.0).unwrap_or_else(|| self.insert(id));
        self.update(slot, |message| message.fold(entry_slot, step, body))
    }

    /// Removes the entries of closed sessions.
    pub(super) fn purge_closed(&mut self, is_closed: impl Fn(u32) -> bool) {
        let taken = (0..).zip(&self.messages).filter(|(_, message)| !message.is_empty());
        for slot in taken.map(|(slot, _)| slot).collect::<Vec<_>>() {
            self.update(slot, |message| message.purge_closed(&is_closed));
        }
    }

    /// Calls `work` with a message. `work` may change the message and returns the change in its number of entries.
    /// Updates the counts, and returns the same number.
    fn update(&mut self, slot: u32, work: impl FnOnce(&mut MessageChange) -> isize) -> isize {
        let Some(message) = usize::try_from(slot).ok().and_then(|slot| self.messages.get_mut(slot)) else {
            return 0;
        };
        let had = message.body.is_some();
        let delta = work(message);
        self.body_count = self.body_count + usize::from(message.body.is_some()) - usize::from(had);
        self.entry_count = self.entry_count.saturating_add_signed(delta);
        if message.is_empty() {
            self.index.remove(message.id.0);
            self.free_slots.push(slot);
        }
        delta
    }

    /// Takes all entries and passes each with its body to `each`. Keeps the allocated memory.
    pub(super) fn drain(
        &mut self,
        mut each: impl FnMut(MessageId, EntrySlot, EntryChange, Option<StoredMessage>),
    ) {
        for mut message in self.messages.drain(..) {
            let id = message.id;
            if let Some((entry_slot, change, body)) = message.take_single() {
                each(id, entry_slot, change, body);
                continue;
            }
            for (entry_slot, change) in message.take_entries() {
                each(id, entry_slot, change, message.body.clone());
            }
        }
        self.clear();
    }

    /// Removes everything. Keeps the allocated memory, up to a limit.
    pub(super) fn clear(&mut self) {
        self.messages.clear();
        self.messages.shrink_to(IDLE_CAPACITY_MAX);
        self.free_slots.clear();
        self.index.clear();
        (self.entry_count, self.body_count) = (0, 0);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &MessageChange> {
        self.messages.iter().filter(|message| !message.is_empty())
    }

    pub(crate) fn body(&self, id: MessageId) -> Option<&StoredMessage> {
        let slot = usize::try_from(self.index.find(id.0)?).ok()?;
        self.messages.get(slot).and_then(|message| message.body.as_ref())
    }

    /// Returns the number of bodies that entries need.
    pub(crate) fn body_count(&self) -> usize {
        self.body_count
    }

    /// Returns the number of entries that change.
    pub(crate) fn entry_count(&self) -> usize {
        self.entry_count
    }

    fn insert(&mut self, id: MessageId) -> u32 {
        let slot =
            self.free_slots.pop().unwrap_or_else(|| u32::try_from(self.messages.len()).unwrap_or(u32::MAX));
        self.index.insert(id.0, slot);
        match usize::try_from(slot).ok().and_then(|slot| self.messages.get_mut(slot)) {
            Some(message) => *message = MessageChange::new(id),
            None => self.messages.push(MessageChange::new(id)),
        }
        slot
    }
}

/// Maximum number of messages for which `clear` keeps the allocated memory. A larger map is freed, so that one large
/// batch does not hold memory for ever.
const IDLE_CAPACITY_MAX: usize = 16_384;
