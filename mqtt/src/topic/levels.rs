//! Levels: the parts of a topic between slashes.

/// The levels of a topic name or filter. `/a` has two, the first of them empty.
pub fn levels(topic: &str) -> impl Iterator<Item = &str> {
    topic.split('/')
}
