//! The net effect of a batch on one entry. The table shows the new change for each step (row) and the change folded so
//! far (column).
//!
//! ```text
//!              nothing      Put{fresh}   Put          Advance(s)   Delete
//!  Enqueue     Put{fresh}   Put{fresh}   Put          Put          Put
//!  Advance(t)  Advance(t)   Put, in t    Put, in t    Advance(t)   Delete
//!  Complete    Delete       nothing      Delete       Delete       Delete
//! ```

use crate::record::{EntryRecord, EntryState};

/// The change of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EntryChange {
    /// The entry is written. If `fresh` is set, no entry with this key is on disk.
    Put { record: EntryRecord, fresh: bool },
    /// The entry on disk changes to this state.
    Advance(EntryState),
    /// The entry on disk is deleted.
    Delete,
}

/// An operation on an entry.
pub(super) enum EntryStep {
    Enqueue(EntryRecord),
    Advance(EntryState),
    Complete,
}

impl EntryChange {
    /// Whether the change writes an entry that needs the body of its message.
    pub(crate) fn holds_body(&self) -> bool {
        matches!(self, Self::Put { record, .. } if record.state.holds_body())
    }
}

impl EntryStep {
    /// Combines this step with `known`, the change that results from the earlier steps.
    pub(super) fn fold(self, known: &mut Option<EntryChange>) {
        match (self, &mut *known) {
            (Self::Enqueue(record), known) => {
                let fresh = matches!(known, None | Some(EntryChange::Put { fresh: true, .. }));
                *known = Some(EntryChange::Put { record, fresh });
            }
            (Self::Advance(to), None) => *known = Some(EntryChange::Advance(to)),
            (Self::Advance(to), Some(EntryChange::Put { record, .. })) => record.state.advance(to),
            (Self::Advance(to), Some(EntryChange::Advance(state))) => state.advance(to),
            (Self::Advance(_), Some(EntryChange::Delete)) => {}
            (Self::Complete, Some(EntryChange::Put { fresh: true, .. })) => *known = None,
            (Self::Complete, _) => *known = Some(EntryChange::Delete),
        }
    }
}
