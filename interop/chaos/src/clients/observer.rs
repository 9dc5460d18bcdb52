//! A client that repeatedly subscribes in a new session, and compares the retained messages that it receives with the
//! acknowledged ones.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tidegate_client::{Client, ClientError, State};
use tidegate_interop::tidegate_client::message;
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, QoS};
use tokio::time::{sleep, timeout};

use super::endpoint::options;
use super::steady_subscriber::subscribe;
use super::{Phase, RunState};
use crate::ledger::MessageId;

/// Compares the retained messages repeatedly until [`Phase::Ending`].
pub async fn observe(world: Arc<RunState>) {
    while *world.phase.borrow() != Phase::Ending {
        let newest_acknowledged = world.ledger().newest_acknowledged();
        if let Ok(Ok(held)) = timeout(OBSERVATION_TIMEOUT, retained(&world)).await {
            world.ledger().observe(&held, &newest_acknowledged);
        }
        sleep(OBSERVATION_PAUSE).await;
    }
}

/// Returns the sequence number of each retained message, by topic.
async fn retained(world: &RunState) -> Result<HashMap<String, u64>, ClientError> {
    let options = options(world, Transport::Tcp, ProtocolVersion::V5, "observer");
    let mut client = Client::connect(&options, State::default()).await?;
    // The broker sends the retained messages before the message that this client publishes after SUBACK.
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

const OBSERVATION_PAUSE: Duration = Duration::from_millis(200);
const OBSERVATION_TIMEOUT: Duration = Duration::from_secs(10);
