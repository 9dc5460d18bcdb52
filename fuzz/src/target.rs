//! The list of targets by name.

use crate::{decode, roundtrip, router, session, stream, topics};

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is also that of its module, of its libFuzzer target and of its folder in `corpus/`.
    pub name: &'static str,
    /// Runs an input; panics when something is wrong.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 6] = [
    Target { name: "decode", run: decode::run },
    Target { name: "roundtrip", run: roundtrip::run },
    Target { name: "stream", run: stream::run },
    Target { name: "topics", run: topics::run },
    Target { name: "router", run: router::run },
    Target { name: "session", run: session::run },
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
