//! The configuration of the store: where it is, how durable it is, and its limits.

use std::path::PathBuf;
use std::time::Duration;

/// The configuration of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The folder. It is created when missing, and one process at a time can use it.
    pub folder: PathBuf,
    /// What "committed" means; default: [`Durability::Always`].
    pub durability: Durability,
    /// Initial size of the memory map, in bytes; default: 16 MiB. Cost: disk space.
    pub size_initial: usize,
    /// Maximum size of the memory map and of the file, in bytes; default: 64 GiB. At this size the store is
    /// full.
    pub size_max: usize,
    /// Bytes that are reserved on the disk in addition to the map, for commits and deletions on a full disk; default:
    /// 32 MiB. At most an eighth of `size_max`, and less on a small disk. With 0, nothing is reserved. Cost: disk space.
    pub disk_reserve: usize,
    /// Bytes up to which the reserve grows when more is written at a time; default: 256 MiB. A quarter of the reserve
    /// limits the log, and an eighth the open batch.
    pub disk_reserve_max: usize,
    /// Operations in the open batch from which on callers are told to slow down; default: 65,536. Cost: about
    /// 100 bytes per operation.
    pub batch_len_max: usize,
    /// Bytes in the open batch from which on callers are told to slow down; default: 64 MiB, but at most an eighth of the
    /// reserve. A body counts once per call.
    pub batch_bytes_max: usize,
    /// Maximum time that a restart counts towards expiry if the machine was booted since the store was last written; default:
    /// one day. The wall clock tells how long that was, and a device may show a wrong time after a boot.
    pub downtime_max: Duration,
}

/// What "committed" means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Synced to the disk: nothing is lost.
    #[default]
    Always,
    /// Handed to the operating system, which is made to sync at this interval. A crash of the machine loses at
    /// most the last interval. Cost: freed pages of the file are reused only after the next sync.
    Interval(Duration),
    /// Nothing is written to disk.
    Memory,
}

impl Durability {
    /// The interval between syncs; `None` when syncs do not depend on time.
    pub(crate) fn interval(self) -> Option<Duration> {
        match self {
            Self::Interval(interval) => Some(interval),
            Self::Always | Self::Memory => None,
        }
    }
}

impl Config {
    /// The default configuration for a store in `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            durability: Durability::default(),
            size_initial: 16 << 20,
            size_max: 64 << 30,
            disk_reserve: 32 << 20,
            disk_reserve_max: 256 << 20,
            batch_len_max: 65_536,
            batch_bytes_max: 64 << 20,
            downtime_max: Duration::from_secs(24 * 60 * 60),
        }
    }
}
