//! One definition per setting: [`settings!`](macro@crate::settings) makes the struct that a crate uses, with plain
//! values, and the struct that the configuration file and the JSON Schema use, with units and bounds.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::units::Unit;

/// A setting of a configuration file, or its absence. `U` is its [`Unit`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given<U> {
    /// The file does not contain the setting.
    #[default]
    Nothing,
    /// The file contains this value.
    Value(U),
}

impl<U> Given<U> {
    /// Returns whether the file does not contain the setting.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// Returns the given value, or `other` if there is none.
    pub fn or<T>(self, other: T) -> T
    where
        U: Unit<T>,
    {
        match self {
            Self::Nothing => other,
            Self::Value(unit) => unit.into_setting(),
        }
    }

    /// Combines `general` and the given value with `choose`. Returns `general` if there is no given value.
    pub fn restrict<T: Clone>(&self, general: &T, choose: impl FnOnce(T, T) -> T) -> T
    where
        U: Unit<T> + Clone,
    {
        match self {
            Self::Nothing => general.clone(),
            Self::Value(unit) => choose(general.clone(), unit.clone().into_setting()),
        }
    }
}

impl<'de, U: Deserialize<'de>> Deserialize<'de> for Given<U> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        U::deserialize(deserializer).map(Self::Value)
    }
}

impl<U: Serialize> Serialize for Given<U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Value(unit) => unit.serialize(serializer),
        }
    }
}

impl<U: JsonSchema> JsonSchema for Given<U> {
    fn schema_name() -> Cow<'static, str> {
        U::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        U::schema_id()
    }

    fn inline_schema() -> bool {
        U::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        U::json_schema(generator)
    }
}

/// Adds the default of each setting to the schema of a section.
#[must_use]
pub fn with_defaults(mut section: Schema, defaults: &impl Serialize) -> Schema {
    let defaults = serde_json::to_value(defaults).unwrap_or_default();
    let fields = section.get_mut("properties").and_then(Value::as_object_mut);
    for (name, field) in fields.into_iter().flatten() {
        if let (Some(field), Some(default)) = (field.as_object_mut(), defaults.get(name)) {
            field.insert("default".to_owned(), default.clone());
        }
    }
    section
}

/// Defines the settings of one section of the configuration file.
///
/// `pub struct Config` has the plain values, so that reading a limit costs nothing. `pub struct Section` has what a
/// file contains: every setting is optional and has its [unit and bounds](crate::units). The documentation of a field
/// contains the meaning, the unit, the default and the cost. It is also the text of the JSON Schema and of the book. A
/// default outside its bounds does not compile. Fields after `internal` are not settings of the file.
///
/// # Examples
///
/// ```
/// use tidegate_limits::units::Size;
///
/// tidegate_limits::settings! {
///     /// Limits of a mailbox.
///     pub struct Config, given as Section, named "Mailbox" {
///         /// Maximum size of a message. Default 1MiB.
///         pub message_bytes_max: usize as Size<64, 16_777_216> = Size::from_bytes(1 << 20);
///     }
///     internal {
///         /// Number of shards.
///         pub shard_count: usize = 16;
///     }
/// }
///
/// let config: Config = serde_json::from_str(r#"{ "message_bytes_max": "2KiB" }"#)?;
/// assert_eq!(config.message_bytes_max, 2048);
/// assert!(serde_json::from_str::<Config>(r#"{ "message_bytes_max": "2B" }"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$about:meta])*
        pub struct $config:ident, given as $section:ident, named $name:literal {
            $(
                $(#[$field_about:meta])*
                pub $field:ident: $value:ty as $unit:ty = $default:expr;
            )*
        }
        $(internal {
            $(
                $(#[$internal_about:meta])*
                pub $internal:ident: $internal_value:ty = $internal_default:expr;
            )*
        })?
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $config {
            $($(#[$field_about])* pub $field: $value,)*
            $($($(#[$internal_about])* pub $internal: $internal_value,)*)?
        }

        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[derive(::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $section {
            $(
                $(#[$field_about])*
                #[serde(skip_serializing_if = "::tidegate_limits::Given::is_nothing")]
                pub $field: $crate::Given<$unit>,
            )*
        }

        impl Default for $config {
            fn default() -> Self {
                Self {
                    $($field: {
                        const DEFAULT: $unit = $default;
                        $crate::units::Unit::into_setting(DEFAULT)
                    },)*
                    $($($internal: $internal_default,)*)?
                }
            }
        }

        impl From<$section> for $config {
            fn from(given: $section) -> Self {
                let default = Self::default();
                Self {
                    $($field: given.$field.or(default.$field),)*
                    $($($internal: default.$internal,)*)?
                }
            }
        }

        impl From<&$config> for $section {
            fn from(config: &$config) -> Self {
                Self { $($field: $crate::Given::Value($crate::units::Unit::of_setting(&config.$field)),)* }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $config {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$section as ::serde::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }

        impl ::serde::Serialize for $config {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                ::serde::Serialize::serialize(&$section::from(self), serializer)
            }
        }

        impl ::schemars::JsonSchema for $config {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let section = <$section as ::schemars::JsonSchema>::json_schema(generator);
                $crate::with_defaults(section, &Self::default())
            }
        }
    };
}
