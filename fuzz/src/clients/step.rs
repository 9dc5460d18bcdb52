//! One step of a run: a client does something, its connection breaks, or time passes.

use tidegate_mqtt::{Connect, Packet};

use super::core::ConnectionId;

/// A step. Clients are numbered from 0.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The client opens a network connection and sends CONNECT, `lag` milliseconds after the previous step. The broker has not
    /// handled the timers that became due in between.
    Connect { client: usize, connect: Box<Connect>, lag: u64 },
    /// The connected client sends packets, which the broker reads in one piece.
    Send { client: usize, packets: Vec<Packet> },
    /// The network connection of the client breaks.
    Close { client: usize },
    /// A connection that the broker has ended reports its end.
    CloseLate { connection: ConnectionId },
    /// Time passes.
    Pass { milliseconds: u64 },
    /// The broker removes what has expired.
    Sweep,
}
