//! The list of targets by name.

use crate::{decode, roundtrip, router, session, stream, topics};

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name of the target. The target's module, its libFuzzer target and its folder in `corpus/` have the same name.
    pub name: &'static str,
    /// Runs one input. Panics if a check fails.
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

/// Returns the target with this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
