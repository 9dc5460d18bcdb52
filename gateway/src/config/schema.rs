//! The JSON Schema of the configuration file, for editors and other tools.

use schemars::Schema;
use schemars::generate::SchemaSettings;

use super::Config;

/// Returns the JSON Schema (draft 2020-12) of `tidegate.yaml`.
#[must_use]
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Config>()
}
