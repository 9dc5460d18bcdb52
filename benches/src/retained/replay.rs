//! Checks the retained messages that new subscribers receive. Each subscriber must receive the newest message of every
//! topic once, with the RETAIN flag.

use std::collections::HashMap;
use std::time::Instant;

use super::Scenario;
use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::faults::Faults;
use crate::number::count;
use crate::wire::publish::{ReceivedPublish, filler};
use crate::wire::scan::RawPacket;
use crate::wire::{build, packet_type};

/// The subscribers and the results of their checks.
pub(super) struct Replay<'a> {
    target: &'a Target,
    scenario: &'a Scenario,
    run: u32,
    indices: HashMap<&'a [u8], usize>,
    filler: Vec<u8>,
    subscriber_count: u32,
    delivered: u64,
    faults: Faults,
}

impl<'a> Replay<'a> {
    pub(super) fn new(target: &'a Target, scenario: &'a Scenario, run: u32, topics: &'a [String]) -> Self {
        let indices = topics.iter().enumerate().map(|(index, topic)| (topic.as_bytes(), index)).collect();
        let filler = filler(scenario.payload_len.saturating_sub(crate::stamp::STAMP_LEN));
        let faults = Faults::default();
        Self { target, scenario, run, indices, filler, subscriber_count: 0, delivered: 0, faults }
    }

    pub(super) const fn delivered(&self) -> u64 {
        self.delivered
    }

    pub(super) const fn faults(&self) -> Faults {
        self.faults
    }

    /// Runs one new subscriber after the other. Returns the milliseconds that the first subscriber took.
    pub(super) fn read_all(&mut self) -> Result<f64, LoadError> {
        let began = Instant::now();
        self.read()?;
        let first = began.elapsed().as_secs_f64() * 1e3;
        for _ in 1..self.scenario.rounds {
            self.read()?;
        }
        Ok(first)
    }

    /// Runs one new subscriber. Messages that do not arrive within the timeout count as lost.
    fn read(&mut self) -> Result<(), LoadError> {
        let mut connection = self.subscribe()?;
        connection.set_timeout(self.scenario.delivery_timeout);
        let mut received = vec![false; self.indices.len()];
        let mut missing = received.len();
        while missing > 0 {
            match connection.with_packet(|packet| self.handle_packet(&packet, &mut received)) {
                Ok((fresh, id)) => {
                    missing -= usize::from(fresh);
                    if let Some(id) = id {
                        connection.send(&build::puback(id))?;
                    }
                }
                Err(error) if error.is_timeout() => break,
                Err(error) => return Err(error),
            }
        }
        self.delivered += count(received.len() - missing);
        self.faults.lost += count(missing);
        self.faults.duplicated += count_extra_messages(&mut connection)?;
        connection.disconnect()
    }

    /// Runs one more subscriber, which must receive nothing because all messages were removed.
    pub(super) fn expect_nothing(&mut self) -> Result<(), LoadError> {
        let mut connection = self.subscribe()?;
        self.faults.misdelivered += count_extra_messages(&mut connection)?;
        connection.disconnect()
    }

    fn subscribe(&mut self) -> Result<BlockingConnection, LoadError> {
        self.subscriber_count += 1;
        let client_id = format!("load-{:x}-r{}", self.run, self.subscriber_count);
        let mut connection = BlockingConnection::connect(self.target, &client_id, 0)?;
        let filters = [format!("load/{:08x}/#", self.run)];
        connection.send(&build::subscribe(self.target.version, 1, &filters, self.scenario.qos))?;
        Ok(connection)
    }

    /// Handles one packet. Returns whether the packet is a message that was not received before, and the packet
    /// identifier to acknowledge. SUBACK may arrive before, between or after the messages.
    fn handle_packet(
        &mut self,
        packet: &RawPacket<'_>,
        received: &mut [bool],
    ) -> Result<(bool, Option<u16>), LoadError> {
        if packet.packet_type() == packet_type::SUBACK {
            return Ok((false, None));
        }
        if packet.packet_type() != packet_type::PUBLISH {
            return Err(LoadError::Unexpected { expected: "PUBLISH", packet_type: packet.packet_type() });
        }
        let publish =
            ReceivedPublish::parse(packet, self.target.version).ok_or(LoadError::Malformed("PUBLISH"))?;
        let entry =
            self.indices.get(publish.topic).and_then(|index| Some((*index, received.get_mut(*index)?)));
        let Some((index, received)) = entry else {
            self.faults.misdelivered += 1;
            return Ok((false, publish.packet_id));
        };
        let newest = (self.scenario.rounds - 1) * count(self.indices.len()) + count(index);
        let stamp = publish.stamp(&self.filler);
        if !publish.retain || stamp.is_none_or(|stamp| stamp.sequence != newest || stamp.run != self.run) {
            self.faults.corrupt += 1;
        }
        if *received {
            self.faults.duplicated += 1;
            return Ok((false, publish.packet_id));
        }
        *received = true;
        Ok((true, publish.packet_id))
    }
}

/// Sends PINGREQ and counts the messages that arrive before PINGRESP.
fn count_extra_messages(connection: &mut BlockingConnection) -> Result<u64, LoadError> {
    connection.send(&build::PINGREQ)?;
    let mut messages = 0;
    loop {
        match connection.with_packet(|packet| Ok(packet.packet_type()))? {
            packet_type::PINGRESP => return Ok(messages),
            packet_type::PUBLISH => messages += 1,
            packet_type::SUBACK => {}
            other => return Err(LoadError::Unexpected { expected: "PINGRESP", packet_type: other }),
        }
    }
}
