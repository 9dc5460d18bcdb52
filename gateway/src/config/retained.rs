//! What the file says about retained messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Count, Size};

/// Bounds of retained messages; at either one a new message is not retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retained {
    /// Topics with a retained message. Default 1000000. Each costs some 150 bytes besides its message.
    pub messages_max: Count<0, 1_000_000_000>,
    /// Bytes of all retained messages together. Default 1GiB.
    pub bytes_max: Size<0, 1_099_511_627_776>,
}

impl Default for Retained {
    fn default() -> Self {
        Self { messages_max: const { Count::of(1_000_000) }, bytes_max: const { Size::of(1 << 30) } }
    }
}
