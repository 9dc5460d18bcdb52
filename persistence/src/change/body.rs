//! The bodies of a change: each is there as long as an entry of the change holds it.

use foldhash::HashMap;

use crate::record::{MessageNumber, Stored};

/// Bodies by number.
#[derive(Default)]
pub(crate) struct Bodies(HashMap<MessageNumber, Body>);

struct Body {
    stored: Stored,
    /// Entries of the change that hold it.
    holders: u32,
}

impl Bodies {
    pub(crate) fn get(&self, message: MessageNumber) -> Option<&Stored> {
        self.0.get(&message).map(|body| &body.stored)
    }

    /// Has a body ready for an entry that follows.
    pub(super) fn bring(&mut self, message: MessageNumber, stored: impl FnOnce() -> Stored) {
        self.0.entry(message).or_insert_with(|| Body { stored: stored(), holders: 0 });
    }

    /// An entry held it before, or not, and does now, or not.
    pub(super) fn count(&mut self, message: MessageNumber, held: bool, holds: bool) {
        if held == holds {
            return;
        }
        let Some(body) = self.0.get_mut(&message) else { return };
        if holds {
            body.holders += 1;
            return;
        }
        body.holders = body.holders.saturating_sub(1);
        if body.holders == 0 {
            self.0.remove(&message);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (MessageNumber, &Stored)> {
        self.0.iter().map(|(message, body)| (*message, &body.stored))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
