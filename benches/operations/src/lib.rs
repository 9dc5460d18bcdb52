//! The hot operations of the broker, each as a case that can be run repeatedly. `benches/instructions.py` counts the
//! instructions of the cases and `benches/benches/operations.rs` measures their times; this crate measures nothing
//! itself.
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

/// A hot operation, set up and ready to run.
pub struct Case {
    /// Name of the case in the form `group/operation`.
    pub name: &'static str,
    /// Number of operations that one call of `run` performs.
    pub operations_per_call: u32,
    /// Performs the operation `operations_per_call` times.
    pub run: Box<dyn FnMut()>,
}

impl Case {
    fn single(name: &'static str, run: impl FnMut() + 'static) -> Self {
        Self::batch(name, 1, run)
    }

    fn batch(name: &'static str, operations_per_call: u32, run: impl FnMut() + 'static) -> Self {
        Self { name, operations_per_call, run: Box::new(run) }
    }
}

/// A function that sets up a case. The list of cases contains functions, so that only one case is in memory at a time.
pub type CaseSetup = fn() -> Case;

/// Returns the functions that set up the cases.
pub fn case_setups() -> impl Iterator<Item = CaseSetup> {
    [codec::CASES, matching::CASES, retained::CASES, sending::CASES, store::CASES]
        .into_iter()
        .chain(broker::CASES.iter().copied())
        .flatten()
        .copied()
}
