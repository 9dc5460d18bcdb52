//! Clients that connect only once. Each has a new client identifier and a session that expires soon, retains and
//! deletes messages, subscribes and unsubscribes, and ends its connection with or without DISCONNECT.

use std::sync::Arc;

use fastrand::Rng;
use tidegate_client::{Client, ClientError, State};
use tidegate_interop::tidegate_client::message;
use tidegate_interop::transport::Transport;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{ProtocolVersion, Publish, QoS, ReasonCode};
use tokio::task::JoinSet;

use crate::clients::{Phase, RunState, options, subscribe};

/// Starts [`STREAM_COUNT`] tasks. Each runs one visitor after the other until the clients stop publishing.
pub fn start(world: &Arc<RunState>, tasks: &mut JoinSet<()>) {
    for stream in 0..STREAM_COUNT {
        tasks.spawn_local(visit_again_and_again(stream, Arc::clone(world)));
    }
}

async fn visit_again_and_again(stream: u64, world: Arc<RunState>) {
    let mut random = Rng::with_seed(stream);
    let mut phase = world.phase.subscribe();
    let visits = async {
        for number in 0_u64.. {
            let name = format!("visitor {stream} {number}");
            if let Err(error) = visit(&world, &name, &mut random).await {
                world.ledger().violate(format!("{name}: {error}"));
            }
        }
    };
    tokio::select! {
        () = visits => {}
        _ = phase.wait_for(|phase| *phase >= Phase::Draining) => {}
    }
}

async fn visit(world: &RunState, name: &str, random: &mut Rng) -> Result<(), ClientError> {
    let transport = random.choice(Transport::ALL).unwrap_or(Transport::Tcp);
    let mut options = options(world, transport, ProtocolVersion::V5, name);
    options.connect.session_expiry = Some(SESSION_EXPIRY);
    let mut client = Client::connect(&options, State::default()).await?;
    let filter = format!("visitors/{}/#", random.u64(..TOPIC_COUNT));
    subscribe(&mut client, &filter, QoS::ExactlyOnce).await?;
    publish(&mut client, random).await?;
    if random.bool() {
        client.unsubscribe([SubscriptionFilter::parse(&filter).expect("a filter")]).await?;
    }
    if random.bool() {
        let _ = client.disconnect(ReasonCode::Success).await?;
    }
    Ok(())
}

async fn publish(client: &mut Client, random: &mut Rng) -> Result<(), ClientError> {
    for _ in 0..MESSAGES_PER_VISIT {
        let topic = format!("visitors/{}/state", random.u64(..TOPIC_COUNT));
        let payload = if random.bool() { "x".repeat(random.usize(..500)) } else { String::new() };
        let message = Publish { retain: random.bool(), ..message(&topic, &payload, random.u8(1..3)) };
        client.publish(message).await?;
    }
    while !client.has_no_open_exchange() {
        client.event().await?;
    }
    Ok(())
}

const STREAM_COUNT: u64 = 3;
const TOPIC_COUNT: u64 = 50;
const MESSAGES_PER_VISIT: usize = 10;
/// Session Expiry Interval of visitors in seconds.
const SESSION_EXPIRY: u32 = 2;
