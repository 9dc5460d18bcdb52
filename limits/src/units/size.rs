//! Sizes in bytes, written `512B`, `64KiB`, `1MiB`, `2GiB`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::scalar::{self, Scalar, split_unit};
use super::{BOUNDS_KEYWORD, Unit, integer_settings};

/// A number of bytes from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Size<MIN, MAX> {
    /// Creates a constant. In a `const` block, a size outside the bounds is a compile error.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        assert!(bytes >= MIN && bytes <= MAX, "the size is outside its bounds");
        Self(bytes)
    }

    /// Returns the size in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }

    fn bounded(bytes: u64) -> Option<Self> {
        (MIN..=MAX).contains(&bytes).then_some(Self(bytes))
    }
}

impl<const MIN: u64, const MAX: u64> Scalar for Size<MIN, MAX> {
    fn describe_expected(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a size from {} to {}, such as 64KiB", Bytes(MIN), Bytes(MAX))
    }

    fn from_text(text: &str) -> Option<Self> {
        let (number, unit) = split_unit(text)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        Self::bounded(number.checked_mul(*factor)?)
    }

    fn from_number(number: u64) -> Option<Self> {
        Self::bounded(number)
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Size<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::deserialize(deserializer)
    }
}

impl<const MIN: u64, const MAX: u64> Serialize for Size<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<const MIN: u64, const MAX: u64> fmt::Display for Size<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Bytes(self.0).fmt(f)
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Size<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Size{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "pattern": "^[0-9]+ ?(B|kB|KiB|MB|MiB|GB|GiB)?$",
            "minimum": MIN,
            "maximum": MAX,
            BOUNDS_KEYWORD: format!("{} to {}", Bytes(MIN), Bytes(MAX)),
        })
    }
}

integer_settings!(Size: u32, u64, usize);

/// Displays bytes in the largest binary unit that divides them evenly.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, factor): &&(&str, u64)| self.0 > 0 && self.0.is_multiple_of(*factor);
        match UNITS.iter().filter(|(name, _)| name.ends_with("iB")).find(fits) {
            Some((name, factor)) => write!(f, "{}{name}", self.0 / factor),
            None => write!(f, "{}B", self.0),
        }
    }
}

const UNITS: [(&str, u64); 8] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
    ("", 1),
];
