//! Durations, written `500ms`, `10s`, `1h30m`, `7d`.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::scalar::{self, Scalar, split_unit};
use super::{BOUNDS_KEYWORD, Unit};

/// A duration from `MIN` to `MAX` milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Time<MIN, MAX> {
    /// Creates a constant. In a `const` block, a duration outside the bounds is a compile error.
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Self {
        assert!(milliseconds >= MIN && milliseconds <= MAX, "the duration is outside its bounds");
        Self(milliseconds)
    }

    /// Returns the duration.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// Returns the duration in seconds, rounded up.
    #[must_use]
    pub fn to_seconds(self) -> u32 {
        u32::try_from(self.0.div_ceil(1000)).unwrap_or(u32::MAX)
    }
}

impl<const MIN: u64, const MAX: u64> Scalar for Time<MIN, MAX> {
    fn describe_expected(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a duration from {} to {}, such as 10s", Milliseconds(MIN), Milliseconds(MAX))
    }

    fn from_text(text: &str) -> Option<Self> {
        let milliseconds = parse(text)?;
        (MIN..=MAX).contains(&milliseconds).then_some(Self(milliseconds))
    }

    /// Accepts only 0, because every other duration needs a unit.
    fn from_number(number: u64) -> Option<Self> {
        (number == 0 && MIN == 0).then_some(Self(0))
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Time<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::deserialize(deserializer)
    }
}

impl<const MIN: u64, const MAX: u64> Serialize for Time<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<const MIN: u64, const MAX: u64> fmt::Display for Time<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Milliseconds(self.0).fmt(f)
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Time<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Time{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "pattern": "^([0-9]+(ms|s|m|h|d))+$",
            "minimum": 0,
            "maximum": 0,
            BOUNDS_KEYWORD: format!("{} to {}", Milliseconds(MIN), Milliseconds(MAX)),
        })
    }
}

impl<const MIN: u64, const MAX: u64> Unit<Duration> for Time<MIN, MAX> {
    fn into_setting(self) -> Duration {
        self.duration()
    }

    fn of_setting(setting: &Duration) -> Self {
        Self(u64::try_from(setting.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Seconds, rounded up.
impl<const MIN: u64, const MAX: u64> Unit<u16> for Time<MIN, MAX> {
    fn into_setting(self) -> u16 {
        u16::try_from(self.to_seconds()).unwrap_or(u16::MAX)
    }

    fn of_setting(setting: &u16) -> Self {
        Self(u64::from(*setting) * 1000)
    }
}

/// Displays milliseconds in the largest unit that divides them evenly.
struct Milliseconds(u64);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, factor): &&(&str, u64)| self.0.is_multiple_of(*factor);
        match UNITS.iter().find(fits) {
            Some((name, factor)) if self.0 > 0 => write!(f, "{}{name}", self.0 / factor),
            _ => write!(f, "0s"),
        }
    }
}

/// Parses a text such as `1h30m` to milliseconds. Every number needs a unit.
fn parse(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, after) = split_unit(rest)?;
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, next) = after.split_at_checked(letters)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(*factor)?)?;
        rest = next;
    }
    (!text.is_empty()).then_some(total)
}

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
