//! Tests that random clients find no difference between the broker and the model, and reach every situation. The binary
//! `tidegate-fuzz-clients` performs longer runs.

use tidegate_fuzz::clients::{self, Options};

#[test]
fn random_clients_find_no_difference_between_broker_and_model_and_reach_every_situation() {
    let options = Options { steps: 20_000, seed: 1, client_count: None, trace: false };
    let outcome = clients::run(&options, &mut |_| {});
    if let Some(difference) = outcome.difference {
        panic!("{difference}");
    }
    assert_eq!(outcome.steps, options.steps);
    assert_eq!(outcome.situations.missing(), [], "situations that were never reached");
}
