//! Where and how to store, and the bounds of it.

use std::path::PathBuf;
use std::time::Duration;

/// What the store is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The folder; made when it is missing. It belongs to one process.
    pub folder: PathBuf,
    /// What "committed" means; default [`Durability::Always`].
    pub durability: Durability,
    /// First size of the memory map and of the sparse file, in bytes; default 64 MiB. Cost: address space.
    pub size_initial: usize,
    /// Largest size of both, in bytes; default 64 GiB. Beyond it the store is full.
    pub size_max: usize,
    /// Operations in the open batch above which callers are to slow down; default 65,536. Cost: some 100 bytes
    /// each.
    pub batch_len_max: usize,
    /// Bytes in the open batch above which callers are to slow down; default 64 MiB. A body counts once a call.
    pub batch_bytes_max: usize,
}

/// What "committed" means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Synced to the disk: nothing is lost.
    #[default]
    Always,
    /// Handed to the operating system, and synced this often: a failing machine loses at most that much. Cost: what is freed in the
    /// file is used again only after the next sync.
    Interval(Duration),
    /// Not on disk at all.
    Memory,
}

impl Durability {
    /// How often to sync; `None` where that is not by time.
    pub(crate) fn interval(self) -> Option<Duration> {
        match self {
            Self::Interval(interval) => Some(interval),
            Self::Always | Self::Memory => None,
        }
    }
}

impl Config {
    /// The defaults, in that folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            durability: Durability::default(),
            size_initial: 64 << 20,
            size_max: 64 << 30,
            batch_len_max: 65_536,
            batch_bytes_max: 64 << 20,
        }
    }
}
