//! What the file says about the cores that connections live on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which cores carry connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// As few as the load needs: a core takes more until it is busy, then gives some to the next. A message between two
    /// connections of one core costs half of one between two cores.
    #[default]
    Packed,
    /// All, by turns. A connection stays on the core where it began.
    Spread,
    /// All, and from one to the next all the time: for tests of the broker itself.
    #[schemars(skip)]
    Restless,
}
