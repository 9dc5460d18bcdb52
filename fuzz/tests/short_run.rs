//! Tests that a short smoke run finds no fault. The binary `tidegate-fuzz-smoke` performs longer runs.

use std::time::Duration;

use tidegate_fuzz::smoke::{self, Options};

#[test]
fn a_short_smoke_run_of_all_targets_finds_no_fault() {
    let time_max = Duration::from_secs(60);
    let options = Options { inputs: 100_000, sequences: 2_000, seed: 5, only: None, time_max };
    let failures: Vec<_> = smoke::run(&options).iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
