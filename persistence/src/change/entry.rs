//! The net effect of a batch on one entry: a table of the operation against what is known so far.
//!
//! ```text
//!              nothing      Put{fresh}   Put          Advance(s)   Delete
//!  Enqueue     Put{fresh}   Put{fresh}   Put          Put          Put
//!  Send, …(t)  Advance(t)   Put, in t    Put, in t    Advance(t)   Delete
//!  Complete    Delete       nothing      Delete       Delete       Delete
//! ```

use crate::record::{EntryRecord, EntryState};

/// What becomes of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EntryChange {
    /// It is written; `fresh`: there is none on disk before.
    Put { record: EntryRecord, fresh: bool },
    /// The one on disk goes on to that state.
    Advance(EntryState),
    /// The one on disk goes.
    Delete,
}

impl EntryChange {
    pub(super) fn fresh(record: EntryRecord) -> Self {
        Self::Put { record, fresh: true }
    }

    /// Whether it needs a body that came with the change.
    pub(super) fn holds_body(&self) -> bool {
        matches!(self, Self::Put { record, .. } if record.state.holds_body())
    }

    pub(super) fn enqueue(&mut self, record: EntryRecord) {
        let fresh = matches!(self, Self::Put { fresh: true, .. });
        *self = Self::Put { record, fresh };
    }

    pub(super) fn advance(&mut self, to: EntryState) {
        match self {
            Self::Put { record, .. } => record.state.advance(to),
            Self::Advance(state) => state.advance(to),
            Self::Delete => {}
        }
    }
}
