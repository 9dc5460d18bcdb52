//! The configuration of the store: its folder, durability and limits.

use std::path::PathBuf;
use std::time::Duration;

/// The configuration of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The folder of the store. The folder is created if it does not exist. Only one process at a time can use it.
    pub folder: PathBuf,
    /// What a commit guarantees; default: [`Durability::Always`].
    pub durability: Durability,
    /// Initial size of the memory map, in bytes; default: 16 MiB. Cost: disk space.
    pub size_initial: usize,
    /// Maximum size of the memory map and of the file, in bytes; default: 64 GiB. At this size the store is
    /// full.
    pub size_max: usize,
    /// Number of bytes that are reserved on the disk in addition to the map, for commits and deletions on a full disk;
    /// default: 32 MiB. At most an eighth of `size_max`, and less on a small disk. With 0, nothing is reserved. Cost:
    /// disk space.
    pub disk_reserve: usize,
    /// Size in bytes up to which the reserve grows when larger batches are written; default: 256 MiB. The log is
    /// limited to a quarter of the reserve, and the open batch to an eighth.
    pub disk_reserve_max: usize,
    /// Number of operations in the open batch from which `append` returns `Slow`; default: 65,536. Cost: about 100
    /// bytes per operation.
    pub batch_len_max: usize,
    /// Number of bytes in the open batch from which `append` returns `Slow`; default: 64 MiB, but at most an eighth of
    /// the reserve. Operations of one call that share a message body count it once.
    pub batch_bytes_max: usize,
    /// Maximum time between two runs that counts towards expiry if the machine was booted in between; default: one day.
    /// Only the wall clock shows how long that time was, and the wall clock of a device may be wrong after a boot.
    pub downtime_max: Duration,
}

/// What a commit guarantees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Committed data is synced to the disk. Nothing is lost in a crash or power failure.
    #[default]
    Always,
    /// Committed data is passed to the operating system, and synced to the disk at this interval. A crash of the
    /// machine loses at most the commits of the last interval. Cost: freed pages of the file are reused only after the
    /// next sync.
    Interval(Duration),
    /// Nothing is written to disk.
    Memory,
}

impl Durability {
    /// Returns the interval between syncs; `None` if syncs do not depend on time.
    pub(crate) fn interval(self) -> Option<Duration> {
        match self {
            Self::Interval(interval) => Some(interval),
            Self::Always | Self::Memory => None,
        }
    }
}

impl Config {
    /// Creates the default configuration for a store in `folder`.
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
