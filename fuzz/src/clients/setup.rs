//! What differs from run to run: bounds of the broker, its store, the number of clients, and how soon they acknowledge.

use tidegate_broker::BrokerConfig;
use tidegate_routing::Strategy;
use tidegate_session::Overflow;

use crate::random::Random;

/// The choices of one run.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    /// Determines all random choices of the run.
    pub(super) seed: u64,
    /// The broker's Receive Maximum: QoS 2 messages that a client may have sent and not released.
    pub(super) receive_maximum: u16,
    /// The most messages in flight to a client, even if its Receive Maximum is higher.
    pub(super) inflight_max: u16,
    /// The bound of the queues; `None` if it is never reached.
    pub(super) queue: Option<Queue>,
    /// Which member of a shared subscription gets a message.
    pub(super) strategy: Strategy,
    /// The work that the broker does in one turn. At 1 to 8, most operations take several turns.
    pub(super) turn_budget: u32,
    /// Whether sessions are stored. The store keeps nothing and commits at once.
    pub(super) has_store: bool,
    /// For each client, the percentage of its steps in which it acknowledges a message if it can.
    pub(super) eagerness: Vec<usize>,
}

/// The bound of the queues.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    /// The most messages in a queue.
    pub(super) len_max: usize,
    /// What a full queue does.
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
            eagerness: (0..client_count).map(|_| random.pick(&[80, 50, 50, 20, 5])).collect(),
        }
    }

    /// The configuration of sessions.
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

    /// The configuration of the router.
    pub(super) fn routing(&self) -> tidegate_routing::Config {
        tidegate_routing::Config { strategy: self.strategy, ..tidegate_routing::Config::default() }
    }
}

impl Setup {
    /// Whether every operation is completed in one turn.
    pub(super) fn is_one_turn(&self) -> bool {
        self.turn_budget == BrokerConfig::TURN_BUDGET
    }

    /// Whether messages may expire. In a full queue of at least four messages, the broker looks for expired ones only now and
    /// then, so it is left open which message is dropped.
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
