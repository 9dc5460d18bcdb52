//! Who is let in while the disk is full, to fetch what waits, hears of no session that is not kept.

use std::time::Duration;

use tidegate_gateway::client::{Client, State};
use tidegate_interop::disk_faults::Fault;
use tidegate_mqtt::ProtocolVersion;

use crate::world::{World, connect, session};

/// It began on the full disk, and was never kept: CONNACK cannot say that it is there.
#[tokio::test(flavor = "current_thread")]
async fn a_session_that_was_never_kept_is_not_there() {
    let mut world = World::start("").await;
    let options = session(&world.broker, ProtocolVersion::V5, "newborn");
    world.disk.fails(Fault::NoRoom);
    let first = tokio::time::timeout(WHILE, Client::connect(&options, State::default())).await;
    assert!(first.is_err(), "CONNACK without room");
    world.until_refused().await;
    let again = tokio::time::timeout(WHILE, Client::connect(&options, State::default())).await;
    let told = again.is_ok_and(|client| client.is_ok_and(|client| client.connack().session_present));
    world.restart();
    let client = connect(&options).await;
    assert!(client.connack().session_present || !told, "CONNACK said that the session is there");
    world.stop();
}

/// How long an answer is waited for that is not to come; longer than one takes that needs no room.
const WHILE: Duration = Duration::from_millis(500);
