//! Random clients find no difference between broker and model, and reach every situation. The long run is
//! `tidegate-fuzz-clients`.

use tidegate_fuzz::clients::{self, Options};

#[test]
fn random_clients_find_no_difference_and_reach_every_situation() {
    let options = Options { steps: 20_000, seed: 1, client_count: None, trace: false };
    let outcome = clients::run(&options, &mut |_| {});
    if let Some(difference) = outcome.difference {
        panic!("{difference}");
    }
    assert_eq!(outcome.steps, options.steps);
    assert_eq!(outcome.situations.missing(), [], "situations that were never reached");
}
