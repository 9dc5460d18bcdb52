//! Settings that differ from run to run: bounds of the broker, the store, the number of clients, and how often the
//! clients acknowledge.

use tidegate_broker::BrokerConfig;
use tidegate_routing::Strategy;
use tidegate_session::Overflow;

use crate::random::Random;

/// The settings of one run.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    /// Seed that determines all random choices of the run.
    pub(super) seed: u64,
    /// The broker's Receive Maximum: maximum number of QoS 2 messages that a client may have sent and not released.
    pub(super) receive_maximum: u16,
    /// Maximum number of messages in flight to a client, even if the client's Receive Maximum is higher.
    pub(super) inflight_max: u16,
    /// Bound of the sessions' queues. `None` means a bound so large that no run reaches it.
    pub(super) queue: Option<Queue>,
    /// Strategy by which the broker chooses the member of a shared subscription that gets a message.
    pub(super) strategy: Strategy,
    /// Maximum amount of work that the broker does in one turn. With a budget of 1 to 8, most operations take several
    /// turns.
    pub(super) turn_budget: u32,
    /// Whether sessions are stored. The store commits immediately and keeps no data.
    pub(super) has_store: bool,
    /// For each client, the percentage of its steps in which the client acknowledges a message if one is
    /// unacknowledged.
    pub(super) ack_percentages: Vec<usize>,
}

/// Bound of the sessions' queues, and the overflow policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    /// Maximum number of messages in a queue.
    pub(super) len_max: usize,
    /// Overflow policy: what a full queue does with a new message.
    pub(super) overflow: Overflow,
}

impl Setup {
    /// Draws the settings from `random`. If `client_count` is `None`, there are two to five clients.
    pub(super) fn new(seed: u64, client_count: Option<usize>, random: &mut Random) -> Self {
        let client_count = client_count.unwrap_or_else(|| 2 + random.below(4));
        Self {
            seed,
            receive_maximum: random.pick(&[1024, 4, 2, 1]),
            inflight_max: random.pick(&[1024, 1024, 3, 1]),
            queue: random.pick(&[false, false, true]).then(|| Queue::new(random)),
            strategy: random.pick(&STRATEGIES),
            turn_budget: random.pick(&TURN_BUDGETS),
            has_store: random.chance(40),
            ack_percentages: (0..client_count).map(|_| random.pick(&[80, 50, 50, 20, 5])).collect(),
        }
    }

    /// Returns the configuration of sessions.
    pub(super) fn session(&self) -> tidegate_session::Config {
        let mut config = tidegate_session::Config {
            receive_maximum: self.receive_maximum,
            inflight_max: self.inflight_max,
            change_log: self.has_store,
            ..tidegate_session::Config::default()
        };
        if let Some(Queue { len_max, overflow }) = self.queue {
            config.queue_len_max = len_max;
            config.overflow = overflow;
        }
        config
    }

    /// Returns the configuration of the router.
    pub(super) fn routing(&self) -> tidegate_routing::Config {
        tidegate_routing::Config { shared_strategy: self.strategy, ..tidegate_routing::Config::default() }
    }
}

impl Setup {
    /// Returns whether the broker completes every operation in one turn.
    pub(super) fn is_one_turn(&self) -> bool {
        self.turn_budget == BrokerConfig::TURN_BUDGET
    }

    /// Returns whether messages may expire. The broker searches a full queue of four or more messages for expired ones
    /// only from time to time, so the model could not predict which message is dropped.
    pub(super) fn may_expire(&self) -> bool {
        self.queue.is_none_or(|queue| queue.len_max < 4)
    }
}

impl Queue {
    fn new(random: &mut Random) -> Self {
        let overflow = random.pick(&[Overflow::DropOldest, Overflow::DropNewest, Overflow::Reject]);
        Self { len_max: 1 + random.below(6), overflow }
    }
}

const STRATEGIES: [Strategy; 4] =
    [Strategy::RoundRobin, Strategy::Random, Strategy::Sticky, Strategy::LeastInflight];
const TURN_BUDGETS: [u32; 8] =
    [BrokerConfig::TURN_BUDGET, BrokerConfig::TURN_BUDGET, BrokerConfig::TURN_BUDGET, 1, 2, 3, 5, 8];
