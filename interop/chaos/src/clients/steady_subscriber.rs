//! A subscriber that keeps its subscriptions for the whole run.

use std::sync::Arc;
use std::time::Duration;

use tidegate_client::{Client, ClientError, Event};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{QoS, ReasonCode, SubscriptionOptions, UserProperties};
use tokio::time::sleep;

use super::RunState;
use super::drive::Role;

pub struct SteadySubscriber {
    index: usize,
    world: Arc<RunState>,
    /// Number of topic filters in [`FILTERS`] that the broker has granted, from the first.
    granted: usize,
}

impl SteadySubscriber {
    pub fn new(index: usize, world: Arc<RunState>) -> Self {
        Self { index, world, granted: 0 }
    }
}

impl Role for SteadySubscriber {
    async fn begin(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let qos = if self.index == 0 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
        while let Some(filter) = FILTERS.get(self.granted) {
            if subscribe(client, filter, qos).await? {
                self.world.ledger().subscribe(self.index, filter);
                self.granted += 1;
            }
        }
        Ok(())
    }

    async fn turn(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let message = client.message().await?;
        self.world.ledger().deliver(self.index, &message);
        Ok(())
    }

    fn take_events(&mut self, client: &mut Client) {
        take_messages(self.index, &self.world, client);
    }
}

/// Records in the ledger all messages that the client has received.
pub fn take_messages(subscriber: usize, world: &RunState, client: &mut Client) {
    while let Some(event) = client.take_event() {
        if let Event::Message(message) = event {
            world.ledger().deliver(subscriber, &message);
        }
    }
}

/// Subscribes. Returns false if the broker refuses the subscription, as it may do while it cannot store anything.
pub async fn subscribe(client: &mut Client, filter: &str, qos: QoS) -> Result<bool, ClientError> {
    let filter = SubscriptionFilter::parse(filter).expect("a filter");
    let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
    let suback = client.subscribe([(filter, options)], None, UserProperties::new()).await?;
    let is_granted = suback.reasons.iter().all(|reason: &ReasonCode| !reason.is_error());
    if !is_granted {
        sleep(RETRY_PAUSE).await;
    }
    Ok(is_granted)
}

/// The topic filters that every steady subscriber subscribes to. The filters do not overlap.
pub const FILTERS: [&str; 2] = ["chaos/#", "will/#"];
const RETRY_PAUSE: Duration = Duration::from_millis(100);
