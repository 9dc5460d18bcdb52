//! The configuration of the store: its folder, durability and limits, including the settings of the section
//! `persistence`.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidegate_limits::units::{Size, Time};

/// What an acknowledgement guarantees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Once acknowledged, a message survives crashes and power failures: it is on the disk.
    #[default]
    Always,
    /// Once acknowledged, a message survives a crash of the broker. A power failure or system crash may lose the
    /// messages of the last `interval`.
    Interval,
    /// Nothing is stored on disk. All state is lost when the broker stops.
    Memory,
}

tidegate_limits::settings! {
    /// How the broker stores the state that survives its restart: sessions that outlive their connection, with their
    /// queued messages, and retained messages. This state is stored in the folder `store` of the data folder.
    pub struct Config, given as Section, named "Persistence" {
        /// What an acknowledgement guarantees. Default `always`.
        pub durability: Durability as Durability = Durability::Always;
        /// With durability `interval`: time between two syncs to disk. A power failure or system crash loses at most
        /// the messages of this time. Default 100ms. Disk space that was freed is reused only after the next sync.
        pub interval: Duration as Time<1, 60_000> = Time::from_millis(100);
        /// Maximum size of the store. Default 64GiB. The store reserves disk space in advance, 48 MiB at first and up
        /// to 272 MiB under load, so that the broker can start, deliver and delete on a full disk. When the maximum
        /// size is reached, or the disk is full, the broker refuses messages that it would have to store, with reason
        /// code 0x97 (Quota exceeded).
        pub size_max: usize as Size<67_108_864, 1_099_511_627_776> = Size::from_bytes(64 << 30);
        /// Maximum time by which sessions, messages and delayed wills age while the broker is not running, if the
        /// machine was booted in this time. Default 1d. After a boot, only the wall clock shows how long the broker was
        /// not running, and on a device without a battery it may be wrong.
        pub downtime_max: Duration as Time<0, 31_536_000_000> = Time::from_millis(86_400_000);
    }
    internal {
        /// The folder of the store. It is created if it does not exist. Only one process at a time can use it.
        pub folder: PathBuf = PathBuf::new();
        /// Initial size of the memory map, in bytes; default: 16 MiB. Cost: disk space.
        pub size_initial: usize = 16 << 20;
        /// Number of bytes that are reserved on the disk in addition to the map, for commits and deletions on a full
        /// disk; default: 32 MiB. At most an eighth of `size_max`, and less on a small disk. With 0, nothing is
        /// reserved. Cost: disk space.
        pub disk_reserve: usize = 32 << 20;
        /// Size in bytes up to which the reserve grows when larger batches are written; default: 256 MiB. The log is
        /// limited to a quarter of the reserve, and the open batch to an eighth.
        pub disk_reserve_max: usize = 256 << 20;
        /// `append` returns `Slow` when the open batch has at least this number of operations; default: 65,536. Cost:
        /// about 100 bytes per operation.
        pub batch_len_max: usize = 65_536;
        /// `append` returns `Slow` when the open batch has at least this number of bytes; default: 64 MiB, but at most
        /// an eighth of the reserve. Operations of one call that share a message body count it once.
        pub batch_bytes_max: usize = 64 << 20;
    }
}

impl Config {
    /// Creates the default configuration for a store in `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), ..Self::default() }
    }

    /// Returns the interval between syncs; `None` if syncs do not depend on time.
    pub(crate) fn sync_interval(&self) -> Option<Duration> {
        match self.durability {
            Durability::Interval => Some(self.interval),
            Durability::Always | Durability::Memory => None,
        }
    }
}
