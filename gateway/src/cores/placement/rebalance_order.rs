//! What a core's connections have to do when they are polled: stay, or go on to another core.

use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_broker::CoreId;

/// What holds for one core at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cores) enum RebalanceOrder {
    /// All stay.
    Stay,
    /// Every second one that has something to do goes; each is asked once a round.
    MoveHalf { to: CoreId, round: u32 },
    /// Whoever has something to do goes.
    MoveAll { to: CoreId },
    /// Goes or stays, as chance has it.
    MoveRandomly { to: CoreId },
}

/// The order in force, written by whoever decides, read by the core.
#[derive(Debug)]
pub(in crate::cores) struct RebalanceOrders(AtomicU64);

/// The round in which a connection, or a core, was asked last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastRebalance(u32);

impl RebalanceOrder {
    /// Whether new connections may begin there.
    pub(super) fn takes_connections(self) -> bool {
        !matches!(self, Self::MoveAll { .. })
    }

    fn pack(self) -> u64 {
        let (kind, to, round) = match self {
            Self::Stay => (STAY, CoreId(0), 0),
            Self::MoveHalf { to, round } => (HALVE, to, round),
            Self::MoveAll { to } => (LEAVE, to, 0),
            Self::MoveRandomly { to } => (ROAM, to, 0),
        };
        let to = u64::from(u16::try_from(to.0).unwrap_or(0));
        u64::from(round) << 32 | to << 8 | kind
    }

    fn unpack(packed: u64) -> Self {
        let to = CoreId(usize::try_from(packed >> 8 & u64::from(u16::MAX)).unwrap_or(0));
        match packed & 0xff {
            HALVE => Self::MoveHalf { to, round: u32::try_from(packed >> 32).unwrap_or(0) },
            LEAVE => Self::MoveAll { to },
            ROAM => Self::MoveRandomly { to },
            _ => Self::Stay,
        }
    }
}

impl RebalanceOrders {
    pub(in crate::cores) fn new(order: RebalanceOrder) -> Self {
        Self(AtomicU64::new(order.pack()))
    }

    pub(in crate::cores) fn now(&self) -> RebalanceOrder {
        RebalanceOrder::unpack(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, order: RebalanceOrder) {
        self.0.store(order.pack(), Ordering::Relaxed);
    }
}

impl LastRebalance {
    /// Notes the round; `true` when this is the first time in it.
    pub(in crate::cores) fn begin(&mut self, round: u32) -> bool {
        std::mem::replace(&mut self.0, round) != round
    }
}

const STAY: u64 = 0;
const HALVE: u64 = 1;
const LEAVE: u64 = 2;
const ROAM: u64 = 3;
