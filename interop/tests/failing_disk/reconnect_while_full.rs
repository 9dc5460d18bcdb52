//! While the disk is full, clients may reconnect to fetch queued messages. CONNACK must not report a session as present
//! that is not stored.

use std::time::Duration;

use tidegate_client::{Client, State};
use tidegate_interop::disk_faults::Fault;
use tidegate_mqtt::ProtocolVersion;

use crate::harness::{Harness, connect, persistent_client};

/// The session is created while the disk is full, so it is not stored. After a restart, a session that CONNACK has
/// reported as present must exist.
#[tokio::test(flavor = "current_thread")]
async fn connack_does_not_report_a_session_that_was_never_stored() {
    let mut harness = Harness::start("").await;
    let options = persistent_client(&harness.broker, ProtocolVersion::V5, "new");
    harness.disk.fail_with(Fault::NoSpace);
    let first = tokio::time::timeout(NO_ANSWER_WAIT, Client::connect(&options, State::default())).await;
    assert!(first.is_err(), "CONNACK for a new session on a full disk");
    harness.wait_until_refused().await;
    let second = tokio::time::timeout(NO_ANSWER_WAIT, Client::connect(&options, State::default())).await;
    let claimed_present =
        second.is_ok_and(|client| client.is_ok_and(|client| client.connack().session_present));
    harness.restart();
    let client = connect(&options).await;
    assert!(
        client.connack().session_present || !claimed_present,
        "CONNACK reported a session that was never stored"
    );
    harness.stop();
}

/// Time to wait for an answer that must not arrive. An answer that needs no disk space takes less.
const NO_ANSWER_WAIT: Duration = Duration::from_millis(500);
