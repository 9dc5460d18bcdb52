//! Who is let in while the disk is full, to fetch what waits, hears of no session that is not kept.

use std::time::Duration;

use tidegate_gateway::client::{Client, State};
use tidegate_interop::disk_faults::Fault;
use tidegate_mqtt::ProtocolVersion;

use crate::harness::{Harness, connect, persistent_client};

/// It began on the full disk, and was never kept: CONNACK cannot say that it is there.
#[tokio::test(flavor = "current_thread")]
async fn connack_does_not_report_a_session_that_was_never_stored() {
    let mut harness = Harness::start("").await;
    let options = persistent_client(&harness.broker, ProtocolVersion::V5, "newborn");
    harness.disk.fail_with(Fault::NoSpace);
    let first = tokio::time::timeout(NO_ANSWER_WAIT, Client::connect(&options, State::default())).await;
    assert!(first.is_err(), "CONNACK without room");
    harness.wait_until_refused().await;
    let second = tokio::time::timeout(NO_ANSWER_WAIT, Client::connect(&options, State::default())).await;
    let claimed_present =
        second.is_ok_and(|client| client.is_ok_and(|client| client.connack().session_present));
    harness.restart();
    let client = connect(&options).await;
    assert!(client.connack().session_present || !claimed_present, "CONNACK said that the session is there");
    harness.stop();
}

/// How long an answer is waited for that is not to come; longer than one takes that needs no room.
const NO_ANSWER_WAIT: Duration = Duration::from_millis(500);
