//! Durations and sizes as people write them (`10s`, `1MiB`), with the bounds each field sets.

mod duration;
mod scalar;
mod size;

pub use duration::Time;
pub(crate) use scalar::{Scalar, deserialize};
pub use size::Size;

#[cfg(test)]
mod tests;
