//! A publisher with several messages in flight. The publisher sends QoS 1, QoS 2 and retained messages, and with MQTT
//! 5.0 also messages with a short expiry.

use std::collections::HashMap;
use std::sync::Arc;

use fastrand::Rng;
use tidegate_client::{Acknowledged, Client, ClientError, Event};
use tidegate_interop::tidegate_client::message;
use tidegate_mqtt::{PacketId, ProtocolVersion, Publish, ReasonCode};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::drive::Role;
use super::{Phase, RunState};
use crate::ledger::{BRIEF_EXPIRY, BRIEF_TOPICS, MessageId};

pub struct Publisher {
    index: usize,
    world: Arc<RunState>,
    random: Rng,
    pace: Interval,
    version: ProtocolVersion,
    last_sequence: u64,
    in_flight: HashMap<PacketId, MessageId>,
}

impl Publisher {
    pub fn new(index: usize, world: Arc<RunState>, random: Rng, version: ProtocolVersion) -> Self {
        let mut pace = interval(world.pace);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { index, world, random, pace, version, last_sequence: 0, in_flight: HashMap::new() }
    }

    fn may_publish(&self, client: &Client) -> bool {
        let is_running = *self.world.phase.borrow() == Phase::Running;
        is_running && self.in_flight.len() < IN_FLIGHT_MAX && client.can_publish()
    }

    async fn publish(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let (id, publish) = self.next_message();
        self.world.ledger().send(id, &publish.topic, publish.retain, publish.payload.is_empty());
        let sent = client.publish(publish).await;
        let new = client.state().open().find(|packet_id| !self.in_flight.contains_key(packet_id));
        match new {
            Some(packet_id) => drop(self.in_flight.insert(packet_id, id)),
            None => self.world.ledger().mark_optional(id),
        }
        sent.map(drop)
    }

    /// Returns the next message. All retained messages of a publisher have the same QoS: otherwise a retransmitted QoS
    /// 1 message could arrive after a newer QoS 2 message, and replace that as the retained message.
    fn next_message(&mut self) -> (MessageId, Publish) {
        self.last_sequence += 1;
        let id = MessageId { sender: self.index, sequence: self.last_sequence };
        let topic = |name| format!("chaos/{}/{name}", self.index);
        let mut payload = id.to_string();
        let publish = match self.random.u8(..11) {
            0..4 => message(&topic("one"), &payload, 1),
            4..8 => message(&topic("two"), &payload, 2),
            10 if self.version.is_v5() => {
                let mut brief = message(&format!("{BRIEF_TOPICS}{}", self.index), &payload, 1);
                brief.properties.expiry = Some(BRIEF_EXPIRY);
                brief
            }
            part => {
                if part == 9 && self.random.u8(..4) == 0 {
                    payload.clear();
                }
                let qos = if self.index.is_multiple_of(2) { 1 } else { 2 };
                Publish { retain: true, ..message(&topic("state"), &payload, qos) }
            }
        };
        (id, publish)
    }

    fn record_acknowledged(&mut self, done: &Acknowledged) {
        let mut ledger = self.world.ledger();
        let Some(id) = self.in_flight.remove(&done.packet_id) else {
            return ledger.violate(format!("publisher {}: an answer to no message: {done:?}", self.index));
        };
        match done.reason {
            // PacketIdentifierNotFound answers a retransmitted PUBREL: the broker had handled PUBREL, but PUBCOMP was
            // lost [MQTT5-4.3.3-11].
            reason if !reason.is_error() || reason == ReasonCode::PacketIdentifierNotFound => {
                ledger.acknowledge(id);
            }
            ReasonCode::QuotaExceeded => ledger.refuse(id),
            reason => ledger.violate(format!("`{id}` was refused with {reason:?}")),
        }
    }
}

impl Role for Publisher {
    async fn begin(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let mut ledger = self.world.ledger();
        client
            .state()
            .open()
            .filter_map(|id| self.in_flight.get(&id))
            .for_each(|id| ledger.record_retransmission(*id));
        Ok(())
    }

    async fn turn(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let may_publish = self.may_publish(client);
        tokio::select! {
            progress = client.progress() => progress?,
            _ = self.pace.tick() => {
                if may_publish {
                    self.publish(client).await?;
                }
            }
        }
        self.take_events(client);
        Ok(())
    }

    fn take_events(&mut self, client: &mut Client) {
        while let Some(event) = client.take_event() {
            if let Event::Acknowledged(done) = event {
                self.record_acknowledged(&done);
            }
        }
    }
}

const IN_FLIGHT_MAX: usize = 20;
