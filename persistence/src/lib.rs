//! What survives a crash: sessions, subscriptions, waiting messages, retained messages. Two engines behind [`Store`]: LMDB
//! with group commit, and memory. File format, promises and cost are in `docs/persistence.md`.

mod change;
mod config;
mod disk;
mod error;
mod memory;
mod operation;
mod record;
mod store;

pub use config::{Config, Durability};
pub use disk::{
    Contents, Disk, ReadOnly, Restored, TenantContents, Written, checkpoint_store, partial_path,
    partial_store_path, restore,
};
pub use error::{CheckError, Corrupt, LoadError, OpenError, ReadError, Reason, RestoreError, SnapshotError};
pub use memory::Memory;
pub use operation::{EntryKey, Operation};
pub use record::{
    Clock, EntryRecord, EntryState, MessageId, MessageRecord, SessionId, SessionRecord, SessionState,
    SubscriptionRecord,
};
pub use store::{
    Appended, AtomicScope, Commit, Findings, Health, Item, Observer, Progress, Stats, Store, Watermark, open,
};
