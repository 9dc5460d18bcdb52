//! Session ids and message numbers: handed out from memory, never twice whatever was committed.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::{MessageId, SessionId};

/// What is handed out next.
#[derive(Debug)]
pub(super) struct Ids {
    sessions: AtomicU64,
    messages: AtomicU64,
}

/// Numbers that are not in the file from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) sessions: u64,
    pub(super) messages: u64,
}

impl Marks {
    /// Those of a new store: 0 is no id.
    pub(super) const FIRST: Self = Self { sessions: 1, messages: 1 };
}

impl Ids {
    /// Goes on at the marks.
    pub(super) fn new(marks: Marks) -> Self {
        Self { sessions: AtomicU64::new(marks.sessions), messages: AtomicU64::new(marks.messages) }
    }

    pub(super) fn next_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn next_message(&self) -> MessageId {
        MessageId(self.messages.fetch_add(1, Ordering::Relaxed))
    }

    /// The marks to be written with a batch that was taken before this call; `None` when the present ones cover it.
    pub(super) fn raise(&self, marks: Marks) -> Option<Marks> {
        let raise = |mark: u64, next: u64| if next > mark { next.saturating_add(STEP) } else { mark };
        let raised = Marks {
            sessions: raise(marks.sessions, self.sessions.load(Ordering::Relaxed)),
            messages: raise(marks.messages, self.messages.load(Ordering::Relaxed)),
        };
        (raised != marks).then_some(raised)
    }
}

/// Numbers a raise covers, so that few commits need one.
const STEP: u64 = 65_536;
