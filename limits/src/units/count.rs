//! Whole numbers with bounds.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::scalar::{Scalar, deserialize};
use super::{BOUNDS_KEYWORD, Unit, integer_settings};

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Count<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Count<MIN, MAX> {
    /// Creates a constant. In a `const` block, a number outside the bounds is a compile error.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        assert!(number >= MIN && number <= MAX, "the number is outside its bounds");
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }

    /// Returns the number as `usize`. A number that this type cannot hold becomes the maximum of the type.
    #[must_use]
    pub fn to_usize(self) -> usize {
        self.into_setting()
    }
}

impl<const MIN: u64, const MAX: u64> Scalar for Count<MIN, MAX> {
    fn describe_expected(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn from_text(_: &str) -> Option<Self> {
        None
    }

    fn from_number(number: u64) -> Option<Self> {
        (MIN..=MAX).contains(&number).then_some(Self(number))
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Count<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Count<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Count{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "minimum": MIN,
            "maximum": MAX,
            BOUNDS_KEYWORD: format!("{MIN} to {MAX}"),
        })
    }
}

integer_settings!(Count: u8, u16, u32, u64, usize);
