//! While the disk is full, clients with clean sessions still receive messages, even if other sessions on the same core
//! wait for disk space.

use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, subscribe};
use tidegate_mqtt::{ProtocolVersion, Publish, ReasonCode};

use crate::harness::{Harness, clean_client, connect, persistent_client};

#[tokio::test(flavor = "current_thread")]
async fn clean_sessions_receive_retained_qos_2_messages_while_full() {
    let mut harness = Harness::start("cores: 1\n").await;
    let mut publisher = connect(&persistent_client(&harness.broker, ProtocolVersion::V5, "publisher")).await;
    for number in 0..RETAINED_COUNT {
        let retained = Publish { retain: true, ..message(&format!("retained/{number}"), "there", 2) };
        let id = publisher.publish(retained).await.expect("an open connection").expect("a packet id");
        within_deadline("PUBCOMP", publisher.acknowledged(id)).await.expect("an open connection");
    }
    harness.fail(Fault::NoSpace).await;
    let mut options = clean_client(&harness.broker, ProtocolVersion::V5, "reader");
    options.connect.receive_maximum = Some(1);
    let mut reader = connect(&options).await;
    within_deadline("SUBACK", subscribe(&mut reader, "retained/#", 2)).await;
    within_deadline("the first retained message", reader.message()).await.expect("an open connection");
    // The broker cannot store this change of the publisher's session until there is space.
    publisher.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    for _ in 1..RETAINED_COUNT {
        within_deadline("a retained message", reader.message()).await.expect("an open connection");
    }
    harness.stop();
}

/// Number of retained messages, more than the broker sends in one turn.
const RETAINED_COUNT: usize = 20;
