//! What the file says about what survives a restart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Size, Time};

/// What survives a restart of the broker: sessions that outlive their connection, with what waits for them, and
/// retained messages. Kept in the folder `store` of the data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Persistence {
    /// What an acknowledgement promises. Default `always`.
    pub durability: Durability,
    /// With `interval`: time between two syncs, which is what a failure of the machine may lose. Default 100ms.
    pub interval: Time<1, 60_000>,
    /// Largest size of the store. Default 64GiB. Costs address space, and disk as far as it is used. When it is reached,
    /// messages that would have to be kept are refused with 0x97.
    pub size_max: Size<67_108_864, 1_099_511_627_776>,
}

/// What an acknowledgement promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// What is acknowledged is on the disk: not even a power failure loses it.
    #[default]
    Always,
    /// What is acknowledged survives the end of the process; a failure of the machine may lose the last `interval`.
    Interval,
    /// Nothing survives the process.
    Memory,
}

impl Default for Persistence {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            interval: const { Time::of(100) },
            size_max: const { Size::of(64 << 30) },
        }
    }
}
