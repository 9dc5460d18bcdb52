//! Whether a filter matches a name, level by level: the definition that faster matchers are held against.

use super::levels;

/// True when a message on `name` goes to a subscription on `filter` (without `$share/…/`). Both must be valid.
#[must_use]
pub fn matches(filter: &str, name: &str) -> bool {
    // [MQTT5-4.7.2-1] [MQTT3-4.7.2-1] only the first level is special.
    if name.starts_with('$') && filter.starts_with(['#', '+']) {
        return false;
    }
    let mut name_levels = levels(name);
    for wanted in levels(filter) {
        // `a/#` matches `a` too: the level that # stands for may be missing.
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
