//! Settings that differ from run to run. The seed of a run determines its settings.

use tidegate_mqtt::ProtocolVersion;

use crate::random::Random;

/// The settings of one run.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    /// The protocol version of each client.
    pub(super) versions: Vec<ProtocolVersion>,
    /// Maximum amount of work in one turn.
    pub(super) turn_budget: u32,
    /// Probability in percent that the store's writer performs a step before an append.
    pub(super) store_write_probability: usize,
    /// Relative frequency of each kind of step.
    pub(super) weights: StepWeights,
    /// Maximum number of messages in flight to one client.
    pub(super) inflight_max: u16,
    /// While a write buffer contains at least this number of bytes, further QoS 1 and 2 messages stay in the queue.
    pub(super) pending_bytes_high: usize,
}

/// Relative frequency of each kind of step, as [`Setup::weights`] holds them.
#[derive(Debug, Clone)]
pub(super) struct StepWeights {
    pub(super) serve: usize,
    pub(super) read: usize,
    pub(super) client_action: usize,
    pub(super) store_write: usize,
    pub(super) announce_commit: usize,
    pub(super) advance_clock: usize,
    pub(super) end_connection: usize,
    pub(super) connect: usize,
    pub(super) crash: usize,
}

impl Setup {
    /// Draws the settings from `random`.
    pub(super) fn new(random: &mut Random) -> Self {
        let clients = 2 + random.below(4);
        let version = |random: &mut Random| {
            random.pick(&[ProtocolVersion::V5, ProtocolVersion::V5, ProtocolVersion::V3_1_1])
        };
        Self {
            versions: (0..clients).map(|_| version(random)).collect(),
            turn_budget: random.pick(&[1, 1, 2, 2, 3, 4, 6, 4096]),
            store_write_probability: random.pick(&[0, 5, 20, 60]),
            weights: StepWeights::new(random),
            inflight_max: random.pick(&[1, 3, 1024]),
            pending_bytes_high: random.pick(&[60, 1 << 20, 1 << 20]),
        }
    }
}

impl StepWeights {
    fn new(random: &mut Random) -> Self {
        Self {
            serve: random.pick(&[300, 600]),
            read: random.pick(&[100, 300]),
            client_action: random.pick(&[100, 300]),
            store_write: random.pick(&[20, 100, 300]),
            announce_commit: 100,
            advance_clock: 10,
            end_connection: random.pick(&[5, 20, 60]),
            connect: 100,
            crash: random.pick(&[0, 1, 3, 10]),
        }
    }
}
