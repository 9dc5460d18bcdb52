//! The conformance tests, grouped by areas of the standards.

use crate::case::Case;

mod connections;
mod malformed;
mod messages;
mod subscriptions;

pub(crate) use malformed::Input;

/// Returns the tests of all areas, including one test for each malformed input.
pub(crate) fn cases() -> Vec<&'static Case> {
    let areas = [connections::AREA, messages::AREA, subscriptions::AREA];
    let mut cases: Vec<_> = areas.iter().flat_map(|area| area.iter()).flat_map(|file| file.iter()).collect();
    cases.extend(malformed::cases());
    cases
}

/// Returns the malformed inputs, for the page `docs/conformance/malformed.md`.
pub(crate) fn inputs() -> Vec<Input> {
    malformed::inputs()
}
