//! Assigns session ids and message ids from counters in memory. An id is never assigned twice, even if the commits that
//! used it were lost.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::{MessageId, SessionId};

/// The next ids.
#[derive(Debug)]
pub(super) struct Ids {
    sessions: AtomicU64,
    messages: AtomicU64,
}

/// High-water marks: all ids that occur in the file are below them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IdMarks {
    pub(super) sessions: u64,
    pub(super) messages: u64,
}

impl IdMarks {
    /// The marks of a new store. 0 is not an id.
    pub(super) const FIRST: Self = Self { sessions: 1, messages: 1 };
}

impl Ids {
    /// Creates the counters, which start at the marks in the file.
    pub(super) fn new(id_marks: IdMarks) -> Self {
        Self { sessions: AtomicU64::new(id_marks.sessions), messages: AtomicU64::new(id_marks.messages) }
    }

    pub(super) fn next_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn next_message(&self) -> MessageId {
        MessageId(self.messages.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the marks that must be written together with a batch that was taken before this call; `None` if the
    /// current `id_marks` are high enough.
    pub(super) fn raise(&self, id_marks: IdMarks) -> Option<IdMarks> {
        let raise = |mark: u64, next: u64| if next > mark { next.saturating_add(MARK_STEP) } else { mark };
        let raised = IdMarks {
            sessions: raise(id_marks.sessions, self.sessions.load(Ordering::Relaxed)),
            messages: raise(id_marks.messages, self.messages.load(Ordering::Relaxed)),
        };
        (raised != id_marks).then_some(raised)
    }
}

/// Number of ids by which a mark is raised beyond the next id, so that only few commits have to raise it.
const MARK_STEP: u64 = 65_536;
