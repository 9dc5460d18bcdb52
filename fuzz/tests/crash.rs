//! A broker that crashes at random keeps its promises. The long run is `tidegate-fuzz-crash`.

use tidegate_fuzz::crash::{self, Options};

#[test]
fn a_broker_that_crashes_keeps_its_promises() {
    let options = Options { steps: 30_000, seed: 1, trace: false };
    let outcome = crash::run(&options, &mut |_| {});
    if let Some(failure) = outcome.failure {
        panic!("{failure}");
    }
    assert_eq!(outcome.steps, options.steps);
    assert_eq!(outcome.situations.missing(), [], "situations that never came about");
}
