//! Settings of persistence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Size, Time};

/// How the broker stores the state that survives its restart: sessions that outlive their connection, with their queued
/// messages, and retained messages. This state is stored in the folder `store` of the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Persistence {
    /// What an acknowledgement guarantees. Default `always`.
    pub durability: Durability,
    /// With durability `interval`: time between two syncs to disk. A power failure or system crash loses at most the
    /// messages of this time. Default 100ms.
    pub interval: Time<1, 60_000>,
    /// Maximum size of the store. Default 64GiB. The store reserves disk space in advance, 48 MiB at first and up to
    /// 272 MiB under load, so that the broker can deliver and delete on a full disk. When the maximum size is reached,
    /// the broker refuses messages that it would have to store, with reason code 0x97 (Quota exceeded).
    pub size_max: Size<67_108_864, 1_099_511_627_776>,
    /// Maximum time by which sessions, messages and delayed wills age while the broker is not running, if the machine
    /// was booted in this time. Default 1d. After a boot, only the wall clock shows how long the broker was not
    /// running, and on a device without a battery it may be wrong.
    pub downtime_max: Time<0, 31_536_000_000>,
}

/// What an acknowledgement guarantees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Once acknowledged, a message survives crashes and power failures: it is on the disk.
    #[default]
    Always,
    /// Once acknowledged, a message survives a crash of the broker. A power failure or system crash may lose the messages
    /// of the last `interval`.
    Interval,
    /// Nothing is stored on disk. All state is lost when the broker stops.
    Memory,
}

impl Default for Persistence {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            interval: const { Time::from_millis(100) },
            size_max: const { Size::from_bytes(64 << 30) },
            downtime_max: const { Time::from_millis(86_400_000) },
        }
    }
}
