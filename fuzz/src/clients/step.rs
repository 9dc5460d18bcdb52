//! One step of a run: a client connects or sends packets, a connection breaks, or time passes.

use tidegate_mqtt::{Connect, Packet};

use super::core::ConnectionId;

/// A step of a run. Clients are numbered from 0.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The client opens a network connection and sends CONNECT, `lag` milliseconds after the previous step. The broker
    /// has not handled the timers that became due during the lag.
    Connect { client: usize, connect: Box<Connect>, lag: u64 },
    /// The connected client sends packets, which the broker receives in one read.
    Send { client: usize, packets: Vec<Packet> },
    /// The network connection of the client breaks.
    Close { client: usize },
    /// The client's side reports the end of a connection that the broker has already ended.
    CloseLate { connection: ConnectionId },
    /// The given number of milliseconds passes.
    Wait { milliseconds: u64 },
    /// The broker removes expired messages.
    Sweep,
}
