//! The devices, who subscribed to what of them, and the book that knows which two clients must get a message.

use crate::faults::Faults;
use crate::number::{count, length};
use crate::stamp::Stamp;
use crate::traffic::DeliveryChecker;

/// Devices on a hundred sites. Each has two literal subscriptions and one with a wildcard.
#[derive(Debug, Clone, Copy)]
pub struct Devices {
    /// Keeps runs apart.
    pub run: u32,
    /// How many devices.
    pub count: usize,
    /// How many clients share the subscriptions.
    pub clients: usize,
}

/// Sites that share the devices.
const SITES: usize = 100;
/// A prime that spreads neighbouring messages over far apart devices.
const STRIDE: usize = 7919;

impl Devices {
    /// The topic a device publishes to.
    pub fn topic(&self, device: usize) -> String {
        format!("{}/temperature", self.device(device))
    }

    /// What `client` subscribes to.
    pub fn filters(&self, client: usize) -> Vec<String> {
        // The devices that are `client`'s when they are dealt out from the client `first` on.
        let dealt = |first| {
            let begin = (client + self.clients - first) % self.clients;
            (begin..self.count).step_by(self.clients)
        };
        let literal = dealt(0).map(|device| self.topic(device));
        let other = dealt(1).map(|device| format!("{}/humidity", self.device(device)));
        let wildcard = dealt(self.clients / 2).map(|device| self.wildcard(device));
        literal.chain(other).chain(wildcard).collect()
    }

    /// The devices in the order in which they publish.
    pub fn order(&self) -> Vec<usize> {
        let stride = if self.count.is_multiple_of(STRIDE) { 1 } else { STRIDE };
        (0..self.count).map(|turn| turn * stride % self.count).collect()
    }

    /// Who subscribed to the device's topic literally.
    pub const fn literal_client(&self, device: usize) -> usize {
        device % self.clients
    }

    /// Who subscribed to it by a wildcard: always another client.
    pub const fn wildcard_client(&self, device: usize) -> usize {
        (device + self.clients / 2) % self.clients
    }

    /// Half have a `+` in the middle, half a `#` at the end; all match one device.
    fn wildcard(&self, device: usize) -> String {
        if device.is_multiple_of(2) {
            format!("load/{:08x}/site{}/+/{device}/temperature", self.run, device % SITES)
        } else {
            format!("{}/#", self.device(device))
        }
    }

    fn device(&self, device: usize) -> String {
        format!("load/{:08x}/site{}/device/{device}", self.run, device % SITES)
    }
}

/// The book: for each message, which of its two receivers have got it.
#[derive(Debug)]
pub struct MatchChecker {
    devices: Devices,
    order: Vec<usize>,
    /// By sequence number: 1 for the literal subscription, 2 for the wildcard.
    arrived: Vec<u8>,
    /// By subscriber: one more than the last sequence number.
    next: Vec<u64>,
    faults: Faults,
    delivered: u64,
}

/// Sequence numbers beyond this are not believed.
const SEQUENCE_MAX: u64 = 100_000_000;

impl MatchChecker {
    /// An empty book; devices publish in `order`, over and over.
    pub fn new(devices: Devices, order: Vec<usize>) -> Self {
        let next = vec![0; devices.clients];
        Self { devices, order, arrived: Vec::new(), next, faults: Faults::default(), delivered: 0 }
    }

    /// Which of the two subscriptions brought this message to this subscriber.
    fn role(&self, subscriber: usize, topic: &[u8], sequence: u64) -> Option<u8> {
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
        let role = (sequence < SEQUENCE_MAX).then(|| self.role(subscriber, topic, sequence)).flatten();
        let (Some(role), Some(next)) = (role, self.next.get_mut(subscriber)) else {
            self.faults.misdelivered += 1;
            return;
        };
        let index = length(sequence);
        self.arrived.resize(self.arrived.len().max(index + 1), 0);
        let Some(arrived) = self.arrived.get_mut(index) else { return };
        if *arrived & role != 0 {
            self.faults.duplicated += 1;
            return;
        }
        *arrived |= role;
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
