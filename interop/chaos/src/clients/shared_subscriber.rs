//! A member of a group with a shared subscription. The members together must receive every message once.

use std::sync::Arc;

use tidegate_client::{Client, ClientError};
use tidegate_mqtt::QoS;

use super::RunState;
use super::drive::Role;
use super::steady_subscriber::{subscribe, take_messages};

pub struct SharedSubscriber {
    /// The index of the group in the ledger.
    group: usize,
    world: Arc<RunState>,
    is_subscribed: bool,
}

impl SharedSubscriber {
    pub fn new(group: usize, world: Arc<RunState>) -> Self {
        Self { group, world, is_subscribed: false }
    }
}

impl Role for SharedSubscriber {
    async fn begin(&mut self, client: &mut Client) -> Result<(), ClientError> {
        while !self.is_subscribed {
            self.is_subscribed =
                subscribe(client, &format!("$share/group/{FILTER}"), QoS::ExactlyOnce).await?;
            if self.is_subscribed {
                self.world.ledger().subscribe(self.group, FILTER);
            }
        }
        Ok(())
    }

    async fn turn(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let message = client.message().await?;
        self.world.ledger().deliver(self.group, &message);
        Ok(())
    }

    fn take_events(&mut self, client: &mut Client) {
        take_messages(self.group, &self.world, client);
    }
}

/// The filter of the shared subscription.
const FILTER: &str = "chaos/#";
