//! A client whose every connection has a will of its own, and never ends with DISCONNECT.

use std::sync::Arc;

use tidegate_gateway::client::{Client, ClientError};
use tidegate_mqtt::{QoS, Will, topic};

use super::World;
use super::drive::Role;
use crate::ledger::MessageId;

pub struct WillClient {
    index: usize,
    world: Arc<World>,
    last: u64,
    /// The will of the connection that the broker has accepted last, and the number of disk faults at that time.
    accepted: Option<(MessageId, Option<u64>)>,
}

impl WillClient {
    pub fn new(index: usize, world: Arc<World>) -> Self {
        Self { index, world, last: 0, accepted: None }
    }

    fn id(&self) -> MessageId {
        MessageId { sender: self.index, sequence: self.last }
    }
}

impl Role for WillClient {
    /// Until CONNACK nothing is promised.
    fn will(&mut self) -> Option<Will> {
        self.last += 1;
        let (id, name) = (self.id(), format!("will/{}", self.index));
        let mut ledger = self.world.ledger();
        ledger.send(id, &name, false, false);
        ledger.excuse(id);
        let name = topic::Name::parse(&name).expect("a topic");
        Some(Will::new(name, id.to_string(), QoS::ExactlyOnce))
    }

    /// CONNACK says that the former connection has ended, and that its will is published. While the disk is full or broken, wills
    /// are not stored.
    async fn begin(&mut self, _: &mut Client) -> Result<(), ClientError> {
        let mut ledger = self.world.ledger();
        let faults = ledger.disk_faults();
        if let Some((former, before)) = self.accepted.replace((self.id(), faults))
            && before.is_some()
            && before == faults
        {
            ledger.acknowledge(former);
        }
        Ok(())
    }

    async fn turn(&mut self, client: &mut Client) -> Result<(), ClientError> {
        loop {
            client.event().await?;
        }
    }

    fn take_events(&mut self, _: &mut Client) {}

    fn takes_leave(&self) -> bool {
        false
    }
}
