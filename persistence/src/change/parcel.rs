//! What a change says of one message: its body, and its entries in the sessions that wait for it.

use foldhash::HashMap;

use super::entry::{EntryChange, Step};
use crate::record::{MessageId, Stored};

/// An entry of a message.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// The session's place in the change.
    pub(super) session: u32,
    pub(super) ordinal: u16,
}

/// A message's part of a change. The one entry that most have is in it.
pub(crate) struct Parcel {
    pub(super) number: MessageId,
    /// There as long as an entry holds it.
    pub(super) body: Option<Stored>,
    /// Entries that hold it.
    holders: u32,
    first: Place,
    change: Option<EntryChange>,
    more: Option<Box<HashMap<Place, Option<EntryChange>>>>,
}

impl Parcel {
    pub(super) fn new(number: MessageId) -> Self {
        Self { number, body: None, holders: 0, first: Place::default(), change: None, more: None }
    }

    /// Lets something happen to an entry; says how many entries more there are now: -1, 0 or 1. `body`: the one that it comes with.
    pub(super) fn fold(&mut self, place: Place, step: Step, body: Option<Stored>) -> isize {
        let known = self.entry(place);
        let (was, held) = (known.is_some(), holds_body(known.as_ref()));
        step.fold(known);
        let (is, holds) = (known.is_some(), holds_body(known.as_ref()));
        if !is {
            self.tidy(place);
        }
        self.count(held, holds, body);
        isize::from(is) - isize::from(was)
    }

    /// Forgets the entries of sessions that are gone; says how many entries more there are now: none, or fewer.
    pub(super) fn forget(&mut self, is_gone: impl Fn(u32) -> bool) -> isize {
        let mut gone = Vec::new();
        gone.extend(self.entries().map(|(place, _)| place).filter(|place| is_gone(place.session)));
        for place in &gone {
            let held = holds_body(self.entry(*place).take().as_ref());
            self.tidy(*place);
            self.count(held, false, None);
        }
        gone.iter().map(|_| -1).sum()
    }

    /// Takes body and entry, if there is one entry alone.
    pub(super) fn take_single(&mut self) -> Option<(Place, EntryChange, Option<Stored>)> {
        if self.more.is_some() {
            return None;
        }
        let change = self.change.take()?;
        self.holders = 0;
        Some((self.first, change, self.body.take()))
    }

    /// Takes all entries.
    pub(super) fn take_entries(&mut self) -> impl Iterator<Item = (Place, EntryChange)> + use<> {
        let more = self.more.take().into_iter().flat_map(|more| more.into_iter());
        let all = core::iter::once((self.first, self.change.take())).chain(more);
        all.filter_map(|(place, change)| Some((place, change?)))
    }

    pub(crate) fn number(&self) -> MessageId {
        self.number
    }

    pub(crate) fn body(&self) -> Option<&Stored> {
        self.body.as_ref()
    }

    /// Whether one entry is all.
    pub(crate) fn is_single(&self) -> bool {
        self.more.is_none()
    }

    /// Nothing is said.
    pub(super) fn is_void(&self) -> bool {
        self.change.is_none() && self.more.is_none()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (Place, &EntryChange)> {
        let more = self.more.iter().flat_map(|more| more.iter().map(|(place, change)| (*place, change)));
        let all = core::iter::once((self.first, &self.change)).chain(more);
        all.filter_map(|(place, change)| Some((place, change.as_ref()?)))
    }

    fn entry(&mut self, place: Place) -> &mut Option<EntryChange> {
        if self.more.is_none() && self.change.is_none() {
            self.first = place;
        }
        if self.first == place && (self.change.is_some() || self.more.is_none()) {
            return &mut self.change;
        }
        self.more.get_or_insert_default().entry(place).or_default()
    }

    /// Nothing is said of that entry any more.
    fn tidy(&mut self, place: Place) {
        let Some(more) = &mut self.more else { return };
        if more.get(&place).is_some_and(Option::is_none) {
            more.remove(&place);
        }
        if more.is_empty() {
            self.more = None;
        }
    }

    fn count(&mut self, held: bool, holds: bool, body: Option<Stored>) {
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
