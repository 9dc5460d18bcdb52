//! Fuzz target that performs operations on one session and its connections in virtual time. A model tracks which
//! messages were delivered, are in flight, wait or were dropped. The session belongs to one client, which has many
//! network connections in succession.

mod connection;
mod deliver;
mod handshake;
mod harness;
mod inbound;
mod lifecycle;
mod operation;
mod outbound;
mod setup;
mod subscriptions;
mod wire;

use crate::source::Source;

/// Runs one input, which chooses a configuration and operations.
///
/// # Panics
/// Panics if the session differs from its model.
pub fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let mut harness = harness::Harness::new(setup::config(&mut source));
    for operation in operation::sequence(&mut source) {
        harness.apply_operation(operation);
    }
    harness.finish();
}
