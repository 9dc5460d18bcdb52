//! Tests that a broker which crashes at random keeps its promises. The binary `tidegate-fuzz-crash` performs longer
//! runs.

use tidegate_fuzz::crash::{self, Options};

#[test]
fn a_broker_that_crashes_at_random_keeps_its_promises_to_clients() {
    let options = Options { steps: 30_000, seed: 1, trace: false };
    let outcome = crash::run(&options, &mut |_| {});
    if let Some(failure) = outcome.failure {
        panic!("{failure}");
    }
    assert_eq!(outcome.steps, options.steps);
    assert_eq!(outcome.situations.missing(), [], "situations that were never reached");
}
