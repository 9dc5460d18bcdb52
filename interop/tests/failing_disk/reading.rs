//! A full disk: sessions that end with their connection read on, whatever others on the same core wait for.

use tidegate_interop::disk_faults::Fault;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::{message, subscribe};
use tidegate_mqtt::{ProtocolVersion, Publish, ReasonCode};

use crate::world::{World, clean, connect, session};

#[tokio::test(flavor = "current_thread")]
async fn retained_messages_at_qos_2_are_read() {
    let mut world = World::start("cores: 1\n").await;
    let mut publisher = connect(&session(&world.broker, ProtocolVersion::V5, "publisher")).await;
    for number in 0..RETAINED {
        let retained = Publish { retain: true, ..message(&format!("retained/{number}"), "there", 2) };
        let id = publisher.publish(retained).await.expect("the connection").expect("an identifier");
        within_deadline("PUBCOMP", publisher.acknowledged(id)).await.expect("the connection");
    }
    world.fail(Fault::NoRoom).await;
    let mut options = clean(&world.broker, ProtocolVersion::V5, "reader");
    options.connect.receive_maximum = Some(1);
    let mut reader = connect(&options).await;
    within_deadline("SUBACK", subscribe(&mut reader, "retained/#", 2)).await;
    within_deadline("the first", reader.message()).await.expect("the connection");
    // What this changes waits for room.
    publisher.disconnect(ReasonCode::Success).await.expect("an orderly end");
    for _ in 1..RETAINED {
        within_deadline("a retained message", reader.message()).await.expect("the connection");
    }
    world.stop();
}

/// More than one packet takes.
const RETAINED: usize = 20;
