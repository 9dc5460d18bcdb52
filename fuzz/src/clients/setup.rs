//! What differs from run to run: bounds of the broker, how many clients, how eager they are.

use tidegate_routing::Strategy;
use tidegate_session::Overflow;

use crate::random::Random;

/// The choices of one run.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    /// Determines the run.
    pub(super) seed: u64,
    /// Messages at QoS 2 that a client may have open towards the broker.
    pub(super) receive_maximum: u16,
    /// Messages that the broker has open towards a client, whatever that one allows.
    pub(super) inflight_max: u16,
    /// The bound of the queues; none is never reached.
    pub(super) queue: Option<Queue>,
    /// Who of a group gets a message.
    pub(super) strategy: Strategy,
    /// For each client, how many of 100 choices are acknowledgements where one is owed.
    pub(super) eagerness: Vec<usize>,
}

/// Queues that fill up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    /// Messages in it at most.
    pub(super) len_max: usize,
    /// What a full one does.
    pub(super) overflow: Overflow,
}

impl Setup {
    /// The choices that `random` makes; `clients` of them, or two to five.
    pub(super) fn new(seed: u64, clients: Option<usize>, random: &mut Random) -> Self {
        let clients = clients.unwrap_or_else(|| 2 + random.below(4));
        Self {
            seed,
            receive_maximum: random.pick(&[1024, 4, 2, 1]),
            inflight_max: random.pick(&[1024, 1024, 3, 1]),
            queue: random.pick(&[false, false, true]).then(|| Queue::new(random)),
            strategy: random.pick(&STRATEGIES),
            eagerness: (0..clients).map(|_| random.pick(&[80, 50, 50, 20, 5])).collect(),
        }
    }

    /// The configuration of sessions.
    pub(super) fn session(&self) -> tidegate_session::Config {
        let mut config = tidegate_session::Config {
            receive_maximum: self.receive_maximum,
            inflight_max: self.inflight_max,
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

impl Queue {
    fn new(random: &mut Random) -> Self {
        let overflow = random.pick(&[Overflow::DropOldest, Overflow::DropNewest, Overflow::Reject]);
        Self { len_max: 1 + random.below(6), overflow }
    }
}

const STRATEGIES: [Strategy; 4] =
    [Strategy::RoundRobin, Strategy::Random, Strategy::Sticky, Strategy::LeastInflight];
