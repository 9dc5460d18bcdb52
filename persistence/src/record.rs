//! The records of the store and their encodings. The module `disk` defines tables and keys.

mod archive;
mod entry;
mod entry_with_body;
mod message;
mod session;
mod subscription;

pub(crate) use archive::ArchiveBuffer;
pub(crate) use entry::holds_body;
pub use entry::{EntryRecord, EntryState};
pub(crate) use entry_with_body::EntryWithBody;
pub use message::MessageRecord;
pub(crate) use message::{RetainedRecord, StoredMessage};
pub use session::{SessionRecord, SessionState};
pub use subscription::SubscriptionRecord;

/// The id of a session. An id is never reused, not even after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// The id of a message. An id is never reused. Entries of a session are ordered by the ids of their messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);
