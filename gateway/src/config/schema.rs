//! The JSON Schema of the configuration file, for editors and other tools.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use tidegate_limits::units::BOUNDS_KEYWORD;

use super::Config;

/// Returns the JSON Schema (draft 2020-12) of `tidegate.yaml`.
#[must_use]
pub fn schema() -> Schema {
    let remove_bounds = |schema: &mut Schema| {
        schema.remove(BOUNDS_KEYWORD);
    };
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(remove_bounds));
    settings.into_generator().into_root_schema_for::<Config>()
}

/// Returns the schema with the bounds of each value as text under [`BOUNDS_KEYWORD`].
pub(super) fn schema_with_bounds() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Config>()
}
