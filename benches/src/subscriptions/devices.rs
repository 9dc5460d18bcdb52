//! The devices and the clients that subscribe to them, and the checker that knows which two clients must receive a message.

use crate::faults::Faults;
use crate::number::{count, length};
use crate::stamp::Stamp;
use crate::traffic::DeliveryChecker;

/// Devices at a hundred sites. Each has two subscriptions without a wildcard and one with a wildcard.
#[derive(Debug, Clone, Copy)]
pub struct Devices {
    /// The run id, which is part of each topic.
    pub run: u32,
    /// Number of devices.
    pub count: usize,
    /// Number of clients over which the subscriptions are spread.
    pub clients: usize,
}

/// Number of sites over which the devices are spread.
const SITES: usize = 100;
/// A prime, so that consecutive messages are for distant devices.
const STRIDE: usize = 7919;

impl Devices {
    /// The topic to which a device publishes.
    pub fn topic(&self, device: usize) -> String {
        format!("{}/temperature", self.topic_prefix(device))
    }

    /// The topic filters of a client.
    pub fn filters(&self, client: usize) -> Vec<String> {
        // The devices of `client` when devices are assigned to the clients in turn, beginning with the client `first`.
        let assigned = |first| {
            let begin = (client + self.clients - first) % self.clients;
            (begin..self.count).step_by(self.clients)
        };
        let literal = assigned(0).map(|device| self.topic(device));
        let other = assigned(1).map(|device| format!("{}/humidity", self.topic_prefix(device)));
        let wildcard = assigned(self.clients / 2).map(|device| self.wildcard(device));
        literal.chain(other).chain(wildcard).collect()
    }

    /// The devices in the order in which they publish.
    pub fn order(&self) -> Vec<usize> {
        let stride = if self.count.is_multiple_of(STRIDE) { 1 } else { STRIDE };
        (0..self.count).map(|turn| turn * stride % self.count).collect()
    }

    /// The client that subscribes to the device's topic without a wildcard.
    pub const fn literal_client(&self, device: usize) -> usize {
        device % self.clients
    }

    /// The client that subscribes to the device's topic with a wildcard. It is always another client.
    pub const fn wildcard_client(&self, device: usize) -> usize {
        (device + self.clients / 2) % self.clients
    }

    /// Half of the filters have a `+` in the middle, half a `#` at the end. Each matches one device.
    fn wildcard(&self, device: usize) -> String {
        if device.is_multiple_of(2) {
            format!("load/{:08x}/site{}/+/{device}/temperature", self.run, device % SITES)
        } else {
            format!("{}/#", self.topic_prefix(device))
        }
    }

    fn topic_prefix(&self, device: usize) -> String {
        format!("load/{:08x}/site{}/device/{device}", self.run, device % SITES)
    }
}

/// Records for each message which of its two subscriptions have received it.
#[derive(Debug)]
pub struct MatchChecker {
    devices: Devices,
    order: Vec<usize>,
    /// By sequence number, as bits: 1 for the subscription without wildcard, 2 for the one with wildcard.
    arrived: Vec<u8>,
    /// By subscriber: one more than the highest sequence number received.
    next: Vec<u64>,
    faults: Faults,
    delivered: u64,
}

/// Sequence numbers from this one on count as misdelivered.
const SEQUENCE_MAX: u64 = 100_000_000;

impl MatchChecker {
    /// Expects that the devices publish in `order`, over and over.
    pub fn new(devices: Devices, order: Vec<usize>) -> Self {
        let next = vec![0; devices.clients];
        Self { devices, order, arrived: Vec::new(), next, faults: Faults::default(), delivered: 0 }
    }

    /// Which of the two subscriptions this delivery is for, as the bit in `arrived`. None if it was misdelivered.
    fn subscription_bit(&self, subscriber: usize, topic: &[u8], sequence: u64) -> Option<u8> {
        let device = *self.order.get(length(sequence % count(self.order.len()).max(1)))?;
        if self.devices.topic(device).as_bytes() != topic {
            return None;
        }
        if subscriber == self.devices.literal_client(device) {
            return Some(1);
        }
        (subscriber == self.devices.wildcard_client(device)).then_some(2)
    }
}

impl DeliveryChecker for MatchChecker {
    fn record(&mut self, subscriber: usize, topic: &[u8], stamp: &Stamp) {
        let sequence = stamp.sequence;
        let bit =
            (sequence < SEQUENCE_MAX).then(|| self.subscription_bit(subscriber, topic, sequence)).flatten();
        let (Some(bit), Some(next)) = (bit, self.next.get_mut(subscriber)) else {
            self.faults.misdelivered += 1;
            return;
        };
        let index = length(sequence);
        self.arrived.resize(self.arrived.len().max(index + 1), 0);
        let Some(arrived) = self.arrived.get_mut(index) else { return };
        if *arrived & bit != 0 {
            self.faults.duplicated += 1;
            return;
        }
        *arrived |= bit;
        self.delivered += 1;
        self.faults.out_of_order += u64::from(sequence < *next);
        *next = (*next).max(sequence + 1);
    }

    fn record_corrupt(&mut self) {
        self.faults.corrupt += 1;
    }

    fn delivered(&self) -> u64 {
        self.delivered
    }

    fn outstanding(&self, _publisher: usize, sent: u64) -> u64 {
        (2 * sent).saturating_sub(self.delivered).div_ceil(2)
    }

    fn is_complete(&self, publisher: usize, sent: u64) -> bool {
        self.outstanding(publisher, sent) == 0
    }

    fn final_faults(&self, sent: &[u64]) -> Faults {
        let sent: u64 = sent.iter().sum();
        let mut faults = self.faults;
        faults.lost += (2 * sent).saturating_sub(self.delivered);
        faults
    }
}
