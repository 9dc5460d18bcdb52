//! A client that sends a new will with each CONNECT and never sends DISCONNECT, so that the broker publishes every
//! will.

use std::sync::Arc;

use tidegate_client::{Client, ClientError};
use tidegate_mqtt::{QoS, Will, topic};

use super::RunState;
use super::drive::Role;
use crate::ledger::MessageId;

pub struct WillClient {
    index: usize,
    world: Arc<RunState>,
    last_sequence: u64,
    /// The will of the latest connection that the broker accepted, and the number of disk faults at that time.
    accepted: Option<(MessageId, Option<u64>)>,
}

impl WillClient {
    pub fn new(index: usize, world: Arc<RunState>) -> Self {
        Self { index, world, last_sequence: 0, accepted: None }
    }

    fn id(&self) -> MessageId {
        MessageId { sender: self.index, sequence: self.last_sequence }
    }
}

impl Role for WillClient {
    /// Returns a new will. The broker need not publish the will unless it has accepted the connection with CONNACK.
    fn will(&mut self) -> Option<Will> {
        self.last_sequence += 1;
        let (id, name) = (self.id(), format!("will/{}", self.index));
        let mut ledger = self.world.ledger();
        ledger.send(id, &name, false, false);
        ledger.mark_optional(id);
        let name = topic::Name::parse(&name).expect("a topic");
        Some(Will::new(name, id.to_string(), QoS::ExactlyOnce))
    }

    /// CONNACK confirms that the former connection has ended and that the broker has published its will. The ledger
    /// does not expect the will if the disk failed in between, because the broker cannot store wills then.
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

    fn sends_disconnect(&self) -> bool {
        false
    }
}
