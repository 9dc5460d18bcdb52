//! Durable state of the broker: sessions, subscriptions, queued messages and retained messages. A store fills three
//! roles, and each role is a trait: [`Journal`], [`Directory`] and [`Maintenance`]; [`Store`] stands for all of them.
//! There are two stores: [`Disk`] (LMDB with group commit) and [`Memory`] (keeps nothing). `docs/persistence.md`
//! describes the guarantees, the file format and the cost.

mod access;
mod change;
mod clock;
mod config;
mod disk;
mod error;
mod memory;
mod operation;
mod record;
mod store;

pub use access::{AccessError, check_access, create_private_folder};
pub use clock::{BootId, Clock, ClockReading, Clocks, SystemClocks};
pub use config::{Config, Durability};
pub use disk::{
    Contents, Disk, ReadOnly, Restored, SECRET_LEN, TenantContents, Written, checkpoint_store,
    load_or_store_secret, partial_path, partial_store_path, restore,
};
pub use error::{
    CloseError, Corrupt, Damage, Flaw, LoadError, OpenError, ReadError, Reason, RestoreError, SnapshotError,
};
pub use memory::Memory;
pub use operation::{EntryKey, Operation};
pub use record::{
    EntryRecord, EntryState, MessageId, MessageRecord, SessionId, SessionRecord, SessionState,
    SubscriptionRecord,
};
pub use store::{
    Appended, AtomicScope, Commit, Directory, Findings, Health, Item, Journal, Lease, LeaseEpoch,
    LeaseRefused, Leases, LocalLeases, Maintenance, NodeId, Observer, Progress, Stats, Store, Watermark,
    open,
};
