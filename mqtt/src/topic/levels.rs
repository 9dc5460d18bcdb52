//! The levels of a topic: its parts between slashes.

/// Returns the levels of a topic name or filter. `/a` has two levels, and the first one is empty.
pub fn levels(topic: &str) -> impl Iterator<Item = &str> {
    topic.split('/')
}
