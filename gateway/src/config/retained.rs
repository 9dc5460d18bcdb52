//! Limits of retained messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Count, Size};

/// Limits of retained messages. When either is reached, new messages are not retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retained {
    /// Maximum number of topics with a retained message. Default 1000000. Each topic uses about 150 bytes plus its
    /// message.
    pub messages_max: Count<0, 1_000_000_000>,
    /// Maximum total size of all retained messages. Default 1GiB.
    pub bytes_max: Size<0, 1_099_511_627_776>,
}

impl Default for Retained {
    fn default() -> Self {
        Self { messages_max: const { Count::new(1_000_000) }, bytes_max: const { Size::from_bytes(1 << 30) } }
    }
}
