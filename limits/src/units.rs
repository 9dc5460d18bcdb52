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

    /// Converts the setting to the form that the file contains.
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

/// Lets settings of these integer types be written as `$unit`, a number with bounds. A number that the type of the
/// setting cannot hold becomes the maximum of the type.
macro_rules! integer_settings {
    ($unit:ident: $($integer:ty),*) => {
        $(impl<const MIN: u64, const MAX: u64> Unit<$integer> for $unit<MIN, MAX> {
            fn into_setting(self) -> $integer {
                <$integer>::try_from(self.0).unwrap_or(<$integer>::MAX)
            }

            fn of_setting(setting: &$integer) -> Self {
                Self(u64::try_from(*setting).unwrap_or(u64::MAX))
            }
        })*
    };
}
use integer_settings;

/// The keyword of the schema that contains the bounds of a value as text, with units.
pub const BOUNDS_KEYWORD: &str = "x-bounds";

#[cfg(test)]
mod tests;
