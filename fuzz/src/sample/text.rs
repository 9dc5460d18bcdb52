//! Makes texts, topic names, topic filters and payloads, including unusual ones.

use bytes::Bytes;

use crate::source::Source;

/// Returns one of several texts, including unusual ones.
pub fn text(source: &mut Source<'_>) -> &'static str {
    source.pick(&TEXTS)
}

/// Returns a topic name.
pub fn name(source: &mut Source<'_>) -> &'static str {
    source.pick(&NAMES)
}

/// Returns a topic filter, which may be shared, and which may be invalid.
pub fn filter(source: &mut Source<'_>) -> &'static str {
    source.pick(&FILTERS)
}

/// Returns a payload of up to 200 bytes.
pub fn bytes(source: &mut Source<'_>) -> Bytes {
    let size = source.pick(&[0, 1, 2, 7, 30, 127, 128, 200]);
    let mut bytes = source.take(size.min(16) / 2).to_vec();
    bytes.resize(size, 0xA5);
    Bytes::from(bytes)
}

const TEXTS: [&str; 9] = [
    "",
    "a",
    "text",
    "\u{feff}mark",
    "\u{1}\u{7f}\u{9f}",
    "ñandú 🦀",
    "\u{ffff}\u{10ffff}",
    "a text of more than one hundred and twenty-seven bytes, so that a length that counts it needs a second byte: \
     0123456789012345678901234567890",
    "reason",
];

/// Topic names.
pub const NAMES: [&str; 8] =
    ["a", "a/b", "/", "a//b", "$SYS/up", "ñ/🦀", "sport/tennis/player1/ranking/of/the/year", " "];

const FILTERS: [&str; 16] = [
    "a",
    "a/b",
    "#",
    "+",
    "a/#",
    "+/+",
    "/+/#",
    "$SYS/#",
    "$share/group/a/#",
    "$share/g/+",
    "$share/g",
    "$share//a",
    "a#",
    "a/+b",
    "#/a",
    "$share/g/$share/h/a",
];
