//! A client that subscribes anew again and again, and compares the retained messages with what was acknowledged.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tidegate_gateway::client::{Client, ClientError, State};
use tidegate_interop::tidegate_client::message;
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, QoS};
use tokio::time::{sleep, timeout};

use super::endpoint::options;
use super::steady_subscriber::subscribe;
use super::{Phase, World};
use crate::ledger::MessageId;

/// Observes until [`Phase::Ending`].
pub async fn observe(world: Arc<World>) {
    while *world.phase.borrow() != Phase::Ending {
        let floors = world.ledger().floors();
        if let Ok(Ok(held)) = timeout(PATIENCE, retained(&world)).await {
            world.ledger().observe(&held, &floors);
        }
        sleep(PAUSE).await;
    }
}

/// The numbers of the retained messages, by topic.
async fn retained(world: &World) -> Result<HashMap<String, u64>, ClientError> {
    let options = options(world, Transport::Tcp, ProtocolVersion::V5, "observer");
    let mut client = Client::connect(&options, State::default()).await?;
    // All retained messages arrive before what is published after them.
    while !subscribe(&mut client, "observed", QoS::AtMostOnce).await? {}
    while !subscribe(&mut client, "chaos/+/state", QoS::AtMostOnce).await? {}
    client.publish(message("observed", "end", 0)).await?;
    let mut held = HashMap::new();
    loop {
        let message = client.message().await?;
        if *message.topic == *"observed" {
            return Ok(held);
        }
        if let Some(id) = MessageId::parse(&message.payload) {
            held.insert(message.topic.to_string(), id.sequence);
        }
    }
}

const PAUSE: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(10);
