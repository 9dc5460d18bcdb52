//! What is stored, as its users see it; how each record is written is in the parts. Owns no table and no key.

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
pub use message::{Clock, MessageRecord};
pub(crate) use message::{RetainedRecord, StoredMessage};
pub use session::{SessionRecord, SessionState};
pub use subscription::SubscriptionRecord;

/// A session, for ever: never given out again, not even after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// A message, for ever; a session's entries are in the order of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);
