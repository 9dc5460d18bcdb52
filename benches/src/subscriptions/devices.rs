//! The devices and the clients that subscribe to them, and the checker that determines which two clients must receive a
//! message.

use crate::faults::Faults;
use crate::number::{count, length};
use crate::stamp::Stamp;
use crate::traffic::DeliveryChecker;

/// Devices at a hundred sites. Each device has two subscriptions without a wildcard and one with a wildcard.
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
/// Distance between the devices of consecutive messages. The distance is large, so that consecutive messages are for
/// distant devices, and prime, so that every device gets its turn.
const DEVICE_STRIDE: usize = 7919;

impl Devices {
    /// Returns the topic to which a device publishes.
    pub fn topic(&self, device: usize) -> String {
        format!("{}/temperature", self.topic_prefix(device))
    }

    /// Returns the topic filters of a client.
    pub fn filters(&self, client: usize) -> Vec<String> {
        // Returns the devices of `client` if devices are assigned to the clients in turn, beginning with the client
        // `first`.
        let assigned = |first| {
            let begin = (client + self.clients - first) % self.clients;
            (begin..self.count).step_by(self.clients)
        };
        let literal = assigned(0).map(|device| self.topic(device));
        let other = assigned(1).map(|device| format!("{}/humidity", self.topic_prefix(device)));
        let wildcard = assigned(self.clients / 2).map(|device| self.wildcard(device));
        literal.chain(other).chain(wildcard).collect()
    }

    /// Returns the devices in the order in which they publish.
    pub fn order(&self) -> Vec<usize> {
        let stride = if self.count.is_multiple_of(DEVICE_STRIDE) { 1 } else { DEVICE_STRIDE };
        (0..self.count).map(|turn| turn * stride % self.count).collect()
    }

    /// Returns the client that subscribes to the device's topic without a wildcard.
    pub const fn literal_client(&self, device: usize) -> usize {
        device % self.clients
    }

    /// Returns the client that subscribes to the device's topic with a wildcard. The client that subscribes without a
    /// wildcard is always another client.
    pub const fn wildcard_client(&self, device: usize) -> usize {
        (device + self.clients / 2) % self.clients
    }

    /// Returns a filter with a wildcard that matches only the topics of the device. Half of these filters have a `+` in
    /// the middle, the others a `#` at the end.
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
    /// Subscriptions that have received a message, by sequence number. Bit 1 stands for the subscription without a
    /// wildcard, bit 2 for the subscription with a wildcard.
    arrived: Vec<u8>,
    /// Sequence number after the highest received one, by subscriber.
    next_expected: Vec<u64>,
    faults: Faults,
    delivered: u64,
}

/// Lowest sequence number that counts as misdelivered.
const SEQUENCE_MAX: u64 = 100_000_000;

impl MatchChecker {
    /// Creates a checker that expects the devices to publish in `order`, repeatedly.
    pub fn new(devices: Devices, order: Vec<usize>) -> Self {
        let next_expected = vec![0; devices.clients];
        Self { devices, order, arrived: Vec::new(), next_expected, faults: Faults::default(), delivered: 0 }
    }

    /// Returns which of a device's two subscriptions this delivery is for, as the bit in `arrived`. Returns `None` if
    /// the message was misdelivered.
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
        let (Some(bit), Some(next_expected)) = (bit, self.next_expected.get_mut(subscriber)) else {
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
        self.faults.out_of_order += u64::from(sequence < *next_expected);
        *next_expected = (*next_expected).max(sequence + 1);
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
