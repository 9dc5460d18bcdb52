//! The store's own limit: at it messages are refused, and once its messages are taken it has room again.

use std::collections::BTreeSet;

use tidegate_gateway::client::{Client, Event};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::message;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

use crate::world::{World, clean, connect, session};

#[tokio::test(flavor = "current_thread")]
async fn a_store_at_its_limit_heals_by_being_drained() {
    let mut world = World::start("  size_max: 64MiB\nsession:\n  queue_bytes_max: 1GiB\n").await;
    let mut publisher = connect(&clean(&world.broker, ProtocolVersion::V5, "publisher")).await;
    let taken = within_deadline("a full store", fill(&mut publisher)).await;
    assert!(taken.len() * SIZE > 32 << 20, "only {} messages found room", taken.len());
    let told = world.broker.wait_for_log(|line| line.contains("the store is full"), "line that says so");
    assert!(told.contains("size limit"), "{told}");

    let options = session(&world.broker, ProtocolVersion::V5, "keeper");
    let keeper = within_deadline("CONNACK", Client::connect(&options, world.keeper.clone())).await;
    let mut keeper = keeper.expect("CONNACK");
    within_deadline("what waits", drain(&mut keeper, taken)).await;
    world.keeper = keeper.disconnect(ReasonCode::Success).await.expect("an orderly end");
    world.acknowledged.clear();
    world.until_accepted(&mut publisher).await;
    world.broker.wait_for_log(|line| line.contains("the store works again"), "line that says so");
    world.restart();
    world.check_kept().await;
    world.stop();
}

/// Publishes until one is refused; gives the numbers of those that were taken.
async fn fill(publisher: &mut Client) -> BTreeSet<usize> {
    let (mut taken, mut numbers) = (BTreeSet::new(), std::collections::HashMap::new());
    let mut refused = 0;
    for number in 0.. {
        let text = format!("{number:0width$}", width = SIZE);
        let id = publisher.publish(message("kept/large", &text, 1)).await.expect("the connection");
        numbers.insert(id.expect("an identifier"), number);
        while let Some(event) = publisher.take_event() {
            let Event::Acknowledged(done) = event else { continue };
            let number = numbers.remove(&done.packet_id).expect("one of ours");
            match done.reason {
                ReasonCode::Success => assert!(taken.insert(number)),
                ReasonCode::QuotaExceeded => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        if refused > 0 {
            break;
        }
    }
    taken
}

/// Takes messages until all of these have come.
async fn drain(keeper: &mut Client, mut missing: BTreeSet<usize>) {
    while !missing.is_empty() {
        let message = keeper.message().await.expect("the connection");
        if message.payload.len() == SIZE {
            let number = String::from_utf8_lossy(&message.payload).parse().expect("a number");
            missing.remove(&number);
        }
    }
    keeper.settle().await.expect("the last acknowledgements");
}

/// Bytes of a payload.
const SIZE: usize = 16 * 1024;
