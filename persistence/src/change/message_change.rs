//! The changes concerning one message: its body, and the entries of the sessions that it is queued for.

use foldhash::HashMap;

use super::entry::{EntryChange, EntryStep};
use crate::record::{MessageId, StoredMessage};

/// Identifies an entry of a message.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct EntrySlot {
    /// The slot of the session in the change set.
    pub(super) session: u32,
    pub(super) ordinal: u16,
}

/// The part of a change set that concerns one message. Most messages have one entry, which is stored inline.
pub(crate) struct MessageChange {
    pub(super) id: MessageId,
    /// The body of the message; present as long as an entry needs it.
    pub(super) body: Option<StoredMessage>,
    /// Number of entries that need the body.
    holders: u32,
    /// Identifies the inline entry.
    first_slot: EntrySlot,
    /// The change of the inline entry, if it has one.
    first_change: Option<EntryChange>,
    /// The changes of all other entries.
    others: Option<Box<HashMap<EntrySlot, Option<EntryChange>>>>,
}

impl MessageChange {
    pub(super) fn new(id: MessageId) -> Self {
        Self {
            id,
            body: None,
            holders: 0,
            first_slot: EntrySlot::default(),
            first_change: None,
            others: None,
        }
    }

    /// Applies a step to an entry. Returns the change in the number of entries: -1, 0 or 1. `body` is present if the
    /// step is [`EntryStep::Enqueue`].
    pub(super) fn fold(&mut self, slot: EntrySlot, step: EntryStep, body: Option<StoredMessage>) -> isize {
        let known = self.entry(slot);
        let (was, held) = (known.is_some(), holds_body(known.as_ref()));
        step.fold(known);
        let (is, holds) = (known.is_some(), holds_body(known.as_ref()));
        if !is {
            self.remove_if_none(slot);
        }
        self.count_holders(held, holds, body);
        isize::from(is) - isize::from(was)
    }

    /// Removes the entries of closed sessions. Returns the change in the number of entries: zero or negative.
    pub(super) fn purge_closed(&mut self, is_closed: impl Fn(u32) -> bool) -> isize {
        let mut closed = Vec::new();
        closed.extend(self.entries().map(|(slot, _)| slot).filter(|slot| is_closed(slot.session)));
        for slot in &closed {
            let held = holds_body(self.entry(*slot).take().as_ref());
            self.remove_if_none(*slot);
            self.count_holders(held, false, None);
        }
        closed.iter().map(|_| -1).sum()
    }

    /// Takes the inline entry and the body, if there are no other entries.
    pub(super) fn take_single(&mut self) -> Option<(EntrySlot, EntryChange, Option<StoredMessage>)> {
        if self.others.is_some() {
            return None;
        }
        let change = self.first_change.take()?;
        self.holders = 0;
        Some((self.first_slot, change, self.body.take()))
    }

    /// Takes all entries.
    pub(super) fn take_entries(&mut self) -> impl Iterator<Item = (EntrySlot, EntryChange)> + use<> {
        let others = self.others.take().into_iter().flat_map(|others| others.into_iter());
        let all = core::iter::once((self.first_slot, self.first_change.take())).chain(others);
        all.filter_map(|(slot, change)| Some((slot, change?)))
    }

    pub(crate) fn id(&self) -> MessageId {
        self.id
    }

    pub(crate) fn body(&self) -> Option<&StoredMessage> {
        self.body.as_ref()
    }

    /// Whether there are no entries besides the inline one.
    pub(crate) fn is_single(&self) -> bool {
        self.others.is_none()
    }

    /// Whether there are no entries.
    pub(super) fn is_empty(&self) -> bool {
        self.first_change.is_none() && self.others.is_none()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (EntrySlot, &EntryChange)> {
        let others =
            self.others.iter().flat_map(|others| others.iter().map(|(slot, change)| (*slot, change)));
        let all = core::iter::once((self.first_slot, &self.first_change)).chain(others);
        all.filter_map(|(slot, change)| Some((slot, change.as_ref()?)))
    }

    fn entry(&mut self, slot: EntrySlot) -> &mut Option<EntryChange> {
        if self.others.is_none() && self.first_change.is_none() {
            self.first_slot = slot;
        }
        if self.first_slot == slot && (self.first_change.is_some() || self.others.is_none()) {
            return &mut self.first_change;
        }
        self.others.get_or_insert_default().entry(slot).or_default()
    }

    /// Removes the map element of an entry that has no change any more.
    fn remove_if_none(&mut self, slot: EntrySlot) {
        let Some(others) = &mut self.others else { return };
        if others.get(&slot).is_some_and(Option::is_none) {
            others.remove(&slot);
        }
        if others.is_empty() {
            self.others = None;
        }
    }

    fn count_holders(&mut self, held: bool, holds: bool, body: Option<StoredMessage>) {
        match (held, holds) {
            (false, true) => self.holders += 1,
            (true, false) => self.holders -= 1,
            _ => {}
        }
        if self.holders == 0 {
            self.body = None;
        } else if self.body.is_none() {
            self.body = body;
        }
    }
}

fn holds_body(change: Option<&EntryChange>) -> bool {
    change.is_some_and(EntryChange::holds_body)
}
