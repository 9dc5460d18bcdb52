//! Matches a filter with a topic name, level by level. Faster matchers are tested against this definition.

use super::levels;

/// Returns whether `filter` (without `$share/…/`) matches the topic `name`. Filter and name must be valid.
#[must_use]
pub fn matches(filter: &str, name: &str) -> bool {
    // [MQTT5-4.7.2-1] [MQTT3-4.7.2-1] Only a `$` at the beginning of the first level is special.
    if name.starts_with('$') && filter.starts_with(['#', '+']) {
        return false;
    }
    let mut name_levels = levels(name);
    for wanted in levels(filter) {
        // `a/#` also matches `a`, its parent level.
        if wanted == "#" {
            return true;
        }
        match name_levels.next() {
            Some(level) if wanted == "+" || wanted == level => {}
            _ => return false,
        }
    }
    name_levels.next().is_none()
}
