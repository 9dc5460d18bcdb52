//! A subscriber that again and again subscribes to the topics of a randomly chosen publisher and then unsubscribes.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tidegate_client::{Client, ClientError};
use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::drive::Role;
use super::steady_subscriber::{subscribe, take_messages};
use super::{PUBLISHERS, RunState};

pub struct ChangingSubscriber {
    index: usize,
    world: Arc<RunState>,
    random: Rng,
    pace: Interval,
    /// The topic filter of the present subscription, if the broker has granted one.
    granted: Option<String>,
}

impl ChangingSubscriber {
    pub fn new(index: usize, world: Arc<RunState>, random: Rng) -> Self {
        let mut pace = interval(CHANGE_INTERVAL);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { index, world, random, pace, granted: None }
    }

    /// Subscribes or unsubscribes, in turn. The future may be cancelled at any point: the ledger expects no messages
    /// for a subscription without SUBACK.
    async fn change(&mut self, client: &mut Client) -> Result<(), ClientError> {
        if let Some(filter) = self.granted.take() {
            self.world.ledger().unsubscribe(self.index, &filter);
            let filter = SubscriptionFilter::parse(&filter).expect("a filter");
            return client.unsubscribe([filter]).await.map(drop);
        }
        let filter = format!("chaos/{}/+", self.random.usize(PUBLISHERS));
        if subscribe(client, &filter, QoS::ExactlyOnce).await? {
            self.world.ledger().subscribe(self.index, &filter);
            self.granted = Some(filter);
        }
        Ok(())
    }
}

impl Role for ChangingSubscriber {
    async fn begin(&mut self, _: &mut Client) -> Result<(), ClientError> {
        Ok(())
    }

    async fn turn(&mut self, client: &mut Client) -> Result<(), ClientError> {
        tokio::select! {
            message = client.message() => self.world.ledger().deliver(self.index, &message?),
            _ = self.pace.tick() => self.change(client).await?,
        }
        Ok(())
    }

    fn take_events(&mut self, client: &mut Client) {
        take_messages(self.index, &self.world, client);
    }
}

const CHANGE_INTERVAL: Duration = Duration::from_millis(150);
