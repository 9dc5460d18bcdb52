//! A client that connects only now and then. It subscribes to messages with a short expiry, most of which expire while
//! it is disconnected.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_client::{Client, ClientError, Event};
use tidegate_mqtt::QoS;
use tokio::time::timeout;

use super::endpoint::Endpoint;
use super::steady_subscriber::subscribe;
use super::{Phase, RunState};
use crate::ledger::BRIEF_TOPICS;

/// Visits the broker again and again, the last time in [`Phase::Draining`].
pub async fn visit_now_and_then(mut endpoint: Endpoint, world: Arc<RunState>) {
    let mut phase = endpoint.phase();
    let mut is_subscribed = false;
    loop {
        visit(&mut endpoint, &world, &mut is_subscribed).await;
        if *phase.borrow() >= Phase::Draining {
            return;
        }
        let _ = timeout(REST_TIME, phase.wait_for(|phase| *phase >= Phase::Draining)).await;
    }
}

/// Connects, receives messages for a short time, and disconnects.
async fn visit(endpoint: &mut Endpoint, world: &RunState, is_subscribed: &mut bool) {
    let connecting_at = Instant::now();
    let Some(mut client) = endpoint.try_connect(None).await else { return };
    let received = timeout(VISIT_TIME, receive(&mut client, world, is_subscribed, connecting_at)).await;
    if let Ok(Err(error)) = received {
        endpoint.record_unexpected_error(&error);
    }
    while let Some(event) = client.take_event() {
        if let Event::Message(message) = event {
            world.ledger().deliver_brief(&message, connecting_at);
        }
    }
    endpoint.state = client.drop_without_disconnect();
}

async fn receive(
    client: &mut Client,
    world: &RunState,
    is_subscribed: &mut bool,
    connecting_at: Instant,
) -> Result<(), ClientError> {
    while !*is_subscribed {
        *is_subscribed = subscribe(client, &format!("{BRIEF_TOPICS}#"), QoS::AtLeastOnce).await?;
    }
    loop {
        let message = client.message().await?;
        world.ledger().deliver_brief(&message, connecting_at);
    }
}

/// Time between two visits. It is longer than the expiry of the messages and the bound of the checker together.
const REST_TIME: Duration = Duration::from_millis(2500);
const VISIT_TIME: Duration = Duration::from_millis(300);
