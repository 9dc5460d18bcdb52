//! The sessions of a change set. Entries refer to a session by its slot, its position in the list.

use foldhash::HashMap;

use super::SessionChange;
use crate::record::SessionId;

/// The changes of sessions, by session id. Consecutive operations often belong to one session, so the last session is
/// cached.
#[derive(Default)]
pub(crate) struct Sessions {
    slots: HashMap<SessionId, u32>,
    changes: Vec<SessionChange>,
    last: Option<(SessionId, u32)>,
    /// Whether a session with entries was closed, so that its entries must be purged.
    needs_purge: bool,
}

impl Sessions {
    /// Returns the slot of a session. Adds the session if it is not in the list.
    pub(super) fn slot(&mut self, id: SessionId) -> u32 {
        if let Some((last, slot)) = self.last
            && last == id
        {
            return slot;
        }
        let next = u32::try_from(self.changes.len()).unwrap_or(u32::MAX);
        let slot = *self.slots.entry(id).or_insert(next);
        if slot == next {
            self.changes.push(SessionChange::new(id));
        }
        self.last = Some((id, slot));
        slot
    }

    pub(super) fn change_at(&mut self, slot: u32) -> &mut SessionChange {
        let slot = usize::try_from(slot).unwrap_or(usize::MAX);
        let Some(session) = self.changes.get_mut(slot) else { unreachable!("slots come from this list") };
        session
    }

    /// Adds `delta` to the number of entries of a session.
    pub(super) fn count_entries(&mut self, slot: u32, delta: isize) {
        if delta != 0 {
            let session = self.change_at(slot);
            session.entries = session.entries.saturating_add_signed(delta);
        }
    }

    /// Closes a session. If it has entries, later operations with the same id use a new slot.
    pub(super) fn close(&mut self, id: SessionId) {
        let slot = self.slot(id);
        let session = self.change_at(slot);
        if session.entries == 0 {
            *session = SessionChange::deleted_first(id);
            return;
        }
        session.closed = true;
        self.needs_purge = true;
        let next = u32::try_from(self.changes.len()).unwrap_or(u32::MAX);
        self.changes.push(SessionChange::deleted_first(id));
        self.slots.insert(id, next);
        self.last = Some((id, next));
    }

    /// Whether entries of closed sessions must be purged. Resets the flag.
    pub(super) fn take_needs_purge(&mut self) -> bool {
        core::mem::take(&mut self.needs_purge)
    }

    pub(super) fn is_closed(&self, slot: u32) -> bool {
        usize::try_from(slot)
            .ok()
            .and_then(|slot| self.changes.get(slot))
            .is_none_or(|session| session.closed)
    }

    /// Takes all sessions in slot order, including closed sessions. Keeps the allocated memory.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = SessionChange> {
        self.slots.clear();
        self.last = None;
        self.changes.drain(..)
    }

    /// Removes everything. Keeps the allocated memory, up to a limit.
    pub(super) fn clear(&mut self) {
        self.drain().for_each(drop);
        self.changes.shrink_to(IDLE_CAPACITY_MAX);
        self.slots.shrink_to(IDLE_CAPACITY_MAX);
        self.needs_purge = false;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &SessionChange> {
        self.changes.iter().filter(|session| !session.closed)
    }

    /// Returns the id of the session in a slot.
    pub(crate) fn id(&self, slot: u32) -> Option<SessionId> {
        usize::try_from(slot).ok().and_then(|slot| self.changes.get(slot)).map(|session| session.id)
    }
}

/// Maximum number of sessions for which `clear` keeps the allocated memory. A larger map is freed, so that one large
/// batch does not hold memory for ever.
const IDLE_CAPACITY_MAX: usize = 4096;
