//! Setting for the distribution of connections over threads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How connections are distributed over threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// Use as few threads as the load needs: a thread gets connections until it is busy; then some of its connections
    /// move to another thread. Messages between connections on the same thread cost half as much as between threads.
    #[default]
    Packed,
    /// Use all threads in turn. A connection stays on its first thread.
    Spread,
    /// Use all threads, and move connections between them all the time. For tests of the broker.
    #[schemars(skip)]
    Restless,
}
