//! A few random clients of the broker find no difference to the model, and come across everything they are for. The
//! long run is `tidegate-fuzz-clients`.

use tidegate_fuzz::clients::{self, Options};

#[test]
fn clients_see_every_situation_and_no_difference() {
    let options = Options { steps: 20_000, seed: 1, clients: None, trace: false };
    let outcome = clients::run(&options, &mut |_| {});
    if let Some(difference) = outcome.difference {
        panic!("{difference}");
    }
    assert_eq!(outcome.steps, options.steps);
    assert_eq!(outcome.situations.missing(), [], "situations that never came about");
}
