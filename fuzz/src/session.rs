//! Target: one session and its connections under operations in virtual time, held against a model of what was sent,
//! is open, waits and was dropped. Many network connections, one client.

mod deliver;
mod handshake;
mod inbound;
mod life;
mod link;
mod operation;
mod outbound;
mod setup;
mod subscriptions;
mod wire;
mod world;

use crate::source::Source;

/// The bytes become a configuration and operations.
///
/// # Panics
/// When the session differs from its model.
pub fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let mut world = world::World::new(setup::config(&mut source));
    for operation in operation::sequence(&mut source) {
        world.apply(operation);
    }
    world.finish();
}
