//! The levels of a topic: its parts between slashes.

/// The levels of a topic name or filter. `/a` has two levels, and the first is empty.
pub fn levels(topic: &str) -> impl Iterator<Item = &str> {
    topic.split('/')
}
