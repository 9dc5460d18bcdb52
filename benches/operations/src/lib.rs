//! The hot operations of the broker, each as a case that can be run repeatedly. Instruction counts and micro-benchmarks measure
//! the cases; this crate measures nothing itself.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a case that cannot be set up is a defect of this package"
)]

mod broker;
mod codec;
mod matching;
mod retained;
mod sending;
mod store;

/// One operation, set up and ready to run.
pub struct Case {
    /// `group/operation`.
    pub name: &'static str,
    /// Operations that one call of `run` performs.
    pub each: u32,
    /// Runs the operation `each` times.
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

/// Sets up a case. The caller can thus have one case in memory at a time.
pub type Make = fn() -> Case;

/// All cases.
pub fn all() -> impl Iterator<Item = Make> {
    [codec::CASES, matching::CASES, retained::CASES, sending::CASES, store::CASES]
        .into_iter()
        .chain(broker::CASES.iter().copied())
        .flatten()
        .copied()
}
