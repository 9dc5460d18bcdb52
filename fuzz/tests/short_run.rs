//! A short smoke run finds nothing; the long one is `tidegate-fuzz-smoke`.

use std::time::Duration;

use tidegate_fuzz::smoke::{self, Options};

#[test]
fn a_short_run_finds_nothing() {
    let longest = Duration::from_secs(60);
    let options = Options { inputs: 100_000, sequences: 2_000, seed: 5, only: None, longest };
    let failures: Vec<_> = smoke::run(&options).iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
