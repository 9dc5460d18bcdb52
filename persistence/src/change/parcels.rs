//! The messages of a change, by number. Knows sessions by their places only.

use super::entry::{EntryChange, Step};
use super::parcel::{Parcel, Place};
use super::window::Window;
use crate::record::{MessageId, Stored};

/// Messages, in the order in which they came, more or less.
#[derive(Default)]
pub(crate) struct Parcels {
    window: Window,
    parcels: Vec<Parcel>,
    /// Places of parcels that are void.
    free: Vec<u32>,
    entries: usize,
    bodies: usize,
}

impl Parcels {
    /// Lets something happen to an entry; says how many entries more there are now: -1, 0 or 1.
    pub(super) fn fold(
        &mut self,
        number: MessageId,
        place: Place,
        step: Step,
        body: Option<Stored>,
    ) -> isize {
        let at = self.window.find(number.0).unwrap_or_else(|| self.open(number));
        self.alter(at, |parcel| parcel.fold(place, step, body))
    }

    /// Forgets the entries of sessions that are gone.
    pub(super) fn forget(&mut self, is_gone: impl Fn(u32) -> bool) {
        let taken = (0..).zip(&self.parcels).filter(|(_, parcel)| !parcel.is_void());
        for at in taken.map(|(at, _)| at).collect::<Vec<_>>() {
            self.alter(at, |parcel| parcel.forget(&is_gone));
        }
    }

    /// Lets `work` change a parcel and say how many entries more it has then; keeps count. Gives what `work` says.
    fn alter(&mut self, at: u32, work: impl FnOnce(&mut Parcel) -> isize) -> isize {
        let Some(parcel) = usize::try_from(at).ok().and_then(|at| self.parcels.get_mut(at)) else { return 0 };
        let had = parcel.body.is_some();
        let more = work(parcel);
        self.bodies = self.bodies + usize::from(parcel.body.is_some()) - usize::from(had);
        self.entries = self.entries.saturating_add_signed(more);
        if parcel.is_void() {
            self.window.remove(parcel.number.0);
            self.free.push(at);
        }
        more
    }

    /// Takes all entries, each with the body that came with it; keeps the memory.
    pub(super) fn drain(&mut self, mut each: impl FnMut(MessageId, Place, EntryChange, Option<Stored>)) {
        for mut parcel in self.parcels.drain(..) {
            let number = parcel.number;
            if let Some((place, change, body)) = parcel.take_single() {
                each(number, place, change, body);
                continue;
            }
            for (place, change) in parcel.take_entries() {
                each(number, place, change, parcel.body.clone());
            }
        }
        self.clear();
    }

    /// Forgets all; keeps the memory, within bounds.
    pub(super) fn clear(&mut self) {
        self.parcels.clear();
        self.parcels.shrink_to(IDLE_CAPACITY_MAX);
        self.free.clear();
        self.window.clear();
        (self.entries, self.bodies) = (0, 0);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Parcel> {
        self.parcels.iter().filter(|parcel| !parcel.is_void())
    }

    pub(crate) fn body(&self, number: MessageId) -> Option<&Stored> {
        let at = usize::try_from(self.window.find(number.0)?).ok()?;
        self.parcels.get(at).and_then(|parcel| parcel.body.as_ref())
    }

    /// Bodies that entries hold.
    pub(crate) fn bodies(&self) -> usize {
        self.bodies
    }

    /// Entries that change.
    pub(crate) fn entries(&self) -> usize {
        self.entries
    }

    fn open(&mut self, number: MessageId) -> u32 {
        let at = self.free.pop().unwrap_or_else(|| u32::try_from(self.parcels.len()).unwrap_or(u32::MAX));
        self.window.insert(number.0, at);
        match usize::try_from(at).ok().and_then(|at| self.parcels.get_mut(at)) {
            Some(parcel) => *parcel = Parcel::new(number),
            None => self.parcels.push(Parcel::new(number)),
        }
        at
    }
}

/// Parcels whose memory is kept.
const IDLE_CAPACITY_MAX: usize = 16_384;
