//! Fuzz target that performs operations on the router and the retained store, and compares the results with lists and
//! `topic::matches`.

mod group;
mod operation;
mod retained;
mod subscriptions;

use operation::Operation;
use retained::Retained;
use subscriptions::Subscriptions;

use crate::source::Source;

/// Runs one input, which chooses a configuration and operations.
///
/// # Panics
/// Panics if the router or the store differs from its model.
pub fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let mut subscriptions = Subscriptions::new(&mut source);
    let mut retained = Retained::new(&mut source);
    for operation in operation::sequence(&mut source) {
        match operation {
            Operation::Subscriptions(change) => subscriptions.apply_change(change),
            Operation::Pick(pick) => group::check_pick(&subscriptions, pick),
            Operation::Retained(change) => retained.apply_change(change),
        }
    }
    subscriptions.finish();
    retained.finish();
}
