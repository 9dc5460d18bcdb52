//! Durations and sizes with units (`10s`, `1MiB`) and bounds.

mod duration;
mod scalar;
mod size;

pub use duration::Time;
pub(crate) use scalar::{Scalar, deserialize};
pub use size::Size;

#[cfg(test)]
mod tests;
