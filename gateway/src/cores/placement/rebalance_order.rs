//! The order for the connections of one core: to stay, or to move to another core.

use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_broker::CoreId;

/// The order for the connections of one core: whether each of them stays or moves at the end of its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cores) enum RebalanceOrder {
    /// All connections stay.
    Stay,
    /// Half of the active connections move: in odd rounds every second affinity group, in even rounds every second
    /// connection. The core decides about each connection once per round.
    MoveHalf { to: CoreId, round: u32 },
    /// Every active connection moves.
    MoveAll { to: CoreId },
    /// Each active connection moves with a probability of one half, each time it is polled.
    MoveRandomly { to: CoreId },
}

/// The current order of one core, packed into one atomic. Any core may store it; the core itself loads it.
#[derive(Debug)]
pub(in crate::cores) struct AtomicOrder(AtomicU64);

/// The last rebalance round in which a connection, or a core, took part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastRebalance(u32);

impl RebalanceOrder {
    /// Whether new connections may be placed on a core with this order.
    pub(super) fn takes_connections(self) -> bool {
        !matches!(self, Self::MoveAll { .. })
    }

    fn pack(self) -> u64 {
        let (kind, to, round) = match self {
            Self::Stay => (STAY, CoreId(0), 0),
            Self::MoveHalf { to, round } => (MOVE_HALF, to, round),
            Self::MoveAll { to } => (MOVE_ALL, to, 0),
            Self::MoveRandomly { to } => (MOVE_RANDOMLY, to, 0),
        };
        let to = u64::from(u16::try_from(to.0).unwrap_or(0));
        u64::from(round) << 32 | to << 8 | kind
    }

    fn unpack(packed: u64) -> Self {
        let to = CoreId(usize::try_from(packed >> 8 & u64::from(u16::MAX)).unwrap_or(0));
        match packed & 0xff {
            MOVE_HALF => Self::MoveHalf { to, round: u32::try_from(packed >> 32).unwrap_or(0) },
            MOVE_ALL => Self::MoveAll { to },
            MOVE_RANDOMLY => Self::MoveRandomly { to },
            _ => Self::Stay,
        }
    }
}

impl AtomicOrder {
    pub(in crate::cores) fn new(order: RebalanceOrder) -> Self {
        Self(AtomicU64::new(order.pack()))
    }

    pub(in crate::cores) fn load(&self) -> RebalanceOrder {
        RebalanceOrder::unpack(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn store(&self, order: RebalanceOrder) {
        self.0.store(order.pack(), Ordering::Relaxed);
    }
}

impl LastRebalance {
    /// Records `round`. Returns `true` if the round recorded before was a different round.
    pub(in crate::cores) fn begin(&mut self, round: u32) -> bool {
        std::mem::replace(&mut self.0, round) != round
    }
}

const STAY: u64 = 0;
const MOVE_HALF: u64 = 1;
const MOVE_ALL: u64 = 2;
const MOVE_RANDOMLY: u64 = 3;
