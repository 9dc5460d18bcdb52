//! A subscriber that subscribes and unsubscribes all the time, to the topics of one publisher after the other.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tidegate_gateway::client::{Client, ClientError};
use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::drive::Role;
use super::steady_subscriber::{subscribe, take_messages};
use super::{PUBLISHERS, World};

pub struct ChangingSubscriber {
    index: usize,
    world: Arc<World>,
    random: Rng,
    pace: Interval,
    /// The filter that the broker has granted.
    granted: Option<String>,
}

impl ChangingSubscriber {
    pub fn new(index: usize, world: Arc<World>, random: Rng) -> Self {
        let mut pace = interval(CHANGE_INTERVAL);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { index, world, random, pace, granted: None }
    }

    /// It may be cancelled at any point: what is not confirmed is not owed.
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
