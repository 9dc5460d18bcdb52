//! A session expiry interval: a duration, or `never`.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tidegate_limits::units::{BOUNDS_KEYWORD, Scalar, Time, Unit, deserialize};

/// A duration up to the longest interval that the protocol can express. The highest value of the protocol, 0xFFFFFFFF,
/// means that the session never expires.
type After = Time<0, 4_294_967_294_000>;

/// A session expiry interval: how long a session may outlive its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionExpiry {
    /// The session expires after this time.
    After(After),
    /// The session never expires.
    Never,
}

impl SessionExpiry {
    /// Parses a text such as `7d` or `never`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_text(text)
    }

    /// Returns the interval as the protocol expresses it: in seconds, or 0xFFFFFFFF for never.
    #[must_use]
    pub fn to_seconds(self) -> u32 {
        match self {
            Self::After(time) => time.to_seconds(),
            Self::Never => u32::MAX,
        }
    }
}

impl Scalar for SessionExpiry {
    fn describe_expected(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as 7d, or never")
    }

    fn from_text(text: &str) -> Option<Self> {
        if text == "never" { Some(Self::Never) } else { After::from_text(text).map(Self::After) }
    }

    fn from_number(number: u64) -> Option<Self> {
        After::from_number(number).map(Self::After)
    }
}

impl<'de> Deserialize<'de> for SessionExpiry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl Serialize for SessionExpiry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::After(time) => time.serialize(serializer),
            Self::Never => serializer.serialize_str("never"),
        }
    }
}

impl JsonSchema for SessionExpiry {
    fn schema_name() -> Cow<'static, str> {
        "SessionExpiry".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let after = After::json_schema(generator);
        json_schema!({ "anyOf": [after, { "const": "never" }], BOUNDS_KEYWORD: "a duration, or `never`" })
    }
}

/// Seconds as the protocol expresses them.
impl Unit<u32> for SessionExpiry {
    fn into_setting(self) -> u32 {
        self.to_seconds()
    }

    fn of_setting(setting: &u32) -> Self {
        match *setting {
            u32::MAX => Self::Never,
            seconds => Self::After(Unit::of_setting(&Duration::from_secs(seconds.into()))),
        }
    }
}
