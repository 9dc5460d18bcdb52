//! A broken disk: nothing is acknowledged any more, what needs no disk goes on, and the broker neither ends nor recovers by
//! itself.

use tidegate_gateway::client::ClientError;
use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::{message, subscribe};
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

use crate::world::{World, answers, clean, connect, refusal, session, to_keep};

#[tokio::test(flavor = "current_thread")]
async fn writes_that_fail() {
    a_broken_disk(Fault::Writes).await;
}

#[tokio::test(flavor = "current_thread")]
async fn syncs_that_fail() {
    a_broken_disk(Fault::Syncs).await;
}

async fn a_broken_disk(fault: Fault) {
    let mut world = World::start("").await;
    let mut listener = connect(&clean(&world.broker, ProtocolVersion::V5, "listener")).await;
    subscribe(&mut listener, "live/#", 0).await;
    let mut early = connect(&session(&world.broker, ProtocolVersion::V5, "early")).await;
    world.disk.fails(fault);
    for qos in [1, 2] {
        early.publish(to_keep("under way", qos)).await.expect("the connection");
    }
    world.until_refused().await;
    let told = world.broker.wait_for_log(|line| line.contains("the store failed"), "line that says so");
    assert!(told.contains("\"level\":\"ERROR\"") && told.contains("Input/output error"), "{told}");

    refuses(&mut world).await;
    early.publish(message("live/a", "on", 0)).await.expect("the connection");
    let live = within_deadline("QoS 0", listener.message()).await.expect("the connection");
    assert_eq!(live.topic, "live/a");
    // A disk that works again does not bring back what a failed write or sync has lost.
    world.disk.works();
    refuses(&mut world).await;
    within_deadline("PINGRESP", early.ping()).await.expect("the connection");
    let falsely: Vec<_> = answers(&mut early).into_iter().filter(|reason| !reason.is_error()).collect();
    assert_eq!(falsely, [], "acknowledged, and nobody keeps it");
    assert!(world.broker.panics().is_empty(), "{:?}", world.broker.panics());

    world.restart();
    world.check_kept().await;
    world.stop();
}

/// 0x97 in 5.0; before, the end of the connection.
async fn refuses(world: &mut World) {
    let unknown = session(&world.broker, ProtocolVersion::V5, "unknown");
    assert_eq!(refusal(&unknown).await, ReasonCode::ServerUnavailable, "a session that would be kept");
    let mut new = connect(&clean(&world.broker, ProtocolVersion::V5, "new")).await;
    for qos in [1, 2] {
        let reason = world.publish(&mut new, &format!("refused {}", world.refused.len()), qos).await;
        assert_eq!(reason, ReasonCode::QuotaExceeded, "QoS {qos}");
        let mut old = connect(&clean(&world.broker, ProtocolVersion::V3_1_1, "old")).await;
        old.publish(to_keep("refused in 3.1.1", qos)).await.expect("the connection");
        let end = within_deadline("the end", old.event()).await;
        assert!(matches!(end, Err(ClientError::Closed | ClientError::Broken(_))), "QoS {qos}: {end:?}");
    }
}
