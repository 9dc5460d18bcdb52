//! The hot operations of the broker one by one, each as a case that can be run over and over: what instruction counts
//! and micro-benches measure. Measures nothing itself.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a case that cannot be made is a fault of this package"
)]

mod codec;
mod matching;
mod retained;
mod sending;
mod store;

/// One operation, ready to be run.
pub struct Case {
    /// `group/operation`.
    pub name: &'static str,
    /// How many operations one call of `run` makes.
    pub each: u32,
    /// Runs it.
    pub run: Box<dyn FnMut()>,
}

impl Case {
    fn of(name: &'static str, run: impl FnMut() + 'static) -> Self {
        Self::many(name, 1, run)
    }

    fn many(name: &'static str, each: u32, run: impl FnMut() + 'static) -> Self {
        Self { name, each, run: Box::new(run) }
    }
}

/// How a case is made, so that no more than one need be there at a time.
pub type Make = fn() -> Case;

/// All cases.
pub fn all() -> impl Iterator<Item = Make> {
    [codec::CASES, matching::CASES, retained::CASES, sending::CASES, store::CASES]
        .into_iter()
        .flatten()
        .copied()
}
