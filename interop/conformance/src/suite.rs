//! The tests, grouped by areas of the standards.

use crate::case::Case;

mod connections;
mod malformed;
mod messages;
mod subscriptions;

pub(crate) use malformed::Input;

/// All tests.
pub(crate) fn cases() -> Vec<&'static Case> {
    let areas = [connections::AREA, messages::AREA, subscriptions::AREA];
    let mut cases: Vec<_> = areas.iter().flat_map(|area| area.iter()).flat_map(|file| file.iter()).collect();
    cases.extend(malformed::cases());
    cases
}

/// The malformed inputs.
pub(crate) fn inputs() -> Vec<Input> {
    malformed::inputs()
}
