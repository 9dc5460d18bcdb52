//! Numbers with bounds, durations and sizes, as the configuration file writes them (`10`, `10s`, `1MiB`). The settings
//! of all crates are made of these types, so a value outside its bounds cannot be loaded.

mod count;
mod duration;
mod scalar;
mod size;

pub use count::Count;
pub use duration::Time;
pub use scalar::{Scalar, deserialize};
pub use size::Size;

/// How the configuration file writes a setting of type `T`: with which unit and bounds.
pub trait Unit<T>: Sized {
    /// Returns the setting.
    fn into_setting(self) -> T;

    /// Returns how the file writes this setting.
    fn of_setting(setting: &T) -> Self;
}

/// A setting that the file writes as it is.
impl<T: Clone> Unit<T> for T {
    fn into_setting(self) -> T {
        self
    }

    fn of_setting(setting: &T) -> Self {
        setting.clone()
    }
}

/// The keyword of the schema that contains the bounds of a value as text, with units.
pub const BOUNDS_KEYWORD: &str = "x-bounds";

#[cfg(test)]
mod tests;
