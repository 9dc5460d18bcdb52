//! The sessions of a change; each has a place, by which its entries know it.

use foldhash::HashMap;

use super::SessionChange;
use crate::record::SessionId;

/// Sessions by id. Operations come many of one session in a row, so the last one is remembered.
#[derive(Default)]
pub(crate) struct Sessions {
    places: HashMap<SessionId, u32>,
    changes: Vec<SessionChange>,
    last: Option<(SessionId, u32)>,
    /// One is gone that had entries.
    stale: bool,
}

impl Sessions {
    /// The place of a session.
    pub(super) fn place(&mut self, id: SessionId) -> u32 {
        if let Some((last, place)) = self.last
            && last == id
        {
            return place;
        }
        let next = u32::try_from(self.changes.len()).unwrap_or(u32::MAX);
        let place = *self.places.entry(id).or_insert(next);
        if place == next {
            self.changes.push(SessionChange::new(id));
        }
        self.last = Some((id, place));
        place
    }

    pub(super) fn at(&mut self, place: u32) -> &mut SessionChange {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let Some(session) = self.changes.get_mut(place) else { unreachable!("places are of this list") };
        session
    }

    /// So many entries more change.
    pub(super) fn count(&mut self, place: u32, more: isize) {
        if more != 0 {
            let session = self.at(place);
            session.entries = session.entries.saturating_add_signed(more);
        }
    }

    /// The session goes; one with entries gets another place.
    pub(super) fn close(&mut self, id: SessionId) {
        let place = self.place(id);
        let session = self.at(place);
        if session.entries == 0 {
            *session = SessionChange::closed(id);
            return;
        }
        session.gone = true;
        self.stale = true;
        let next = u32::try_from(self.changes.len()).unwrap_or(u32::MAX);
        self.changes.push(SessionChange::closed(id));
        self.places.insert(id, next);
        self.last = Some((id, next));
    }

    /// Whether entries of sessions that are gone are to be forgotten; true once.
    pub(super) fn take_stale(&mut self) -> bool {
        core::mem::take(&mut self.stale)
    }

    pub(super) fn is_gone(&self, place: u32) -> bool {
        usize::try_from(place)
            .ok()
            .and_then(|place| self.changes.get(place))
            .is_none_or(|session| session.gone)
    }

    /// Takes all, those that are gone as well, in the order of their places; keeps the memory.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = SessionChange> {
        self.places.clear();
        self.last = None;
        self.changes.drain(..)
    }

    /// Forgets all; keeps the memory, within bounds.
    pub(super) fn clear(&mut self) {
        self.drain().for_each(drop);
        self.changes.shrink_to(IDLE_CAPACITY_MAX);
        self.places.shrink_to(IDLE_CAPACITY_MAX);
        self.stale = false;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &SessionChange> {
        self.changes.iter().filter(|session| !session.gone)
    }

    /// The session of that place.
    pub(crate) fn id(&self, place: u32) -> Option<SessionId> {
        usize::try_from(place).ok().and_then(|place| self.changes.get(place)).map(|session| session.id)
    }
}

/// Sessions whose memory is kept.
const IDLE_CAPACITY_MAX: usize = 4096;
