//! A QoS as the configuration file writes it: its number.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use tidegate_limits::units::{Count, Unit};
use tidegate_mqtt::QoS;

/// A QoS as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QoSNumber(Count<0, 2>);

impl QoSNumber {
    /// The highest QoS.
    pub const MAX: Self = Self(Count::new(2));
}

impl Unit<QoS> for QoSNumber {
    fn into_setting(self) -> QoS {
        QoS::try_from(Unit::<u8>::into_setting(self.0)).unwrap_or(QoS::ExactlyOnce)
    }

    fn of_setting(setting: &QoS) -> Self {
        Self(Unit::of_setting(&setting.value()))
    }
}

impl JsonSchema for QoSNumber {
    fn schema_name() -> Cow<'static, str> {
        "QoS".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Count::<0, 2>::json_schema(generator)
    }
}
