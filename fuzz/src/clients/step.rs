//! One step of a run: what a client does, or what happens to it, or that time passes.

use tidegate_mqtt::{Connect, Packet};

use super::broker::ConnectionId;

/// A step. Clients are numbered from 0.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The client opens a network connection and sends CONNECT, `lag` milliseconds after the step before: the broker
    /// has not yet looked what fell due meanwhile.
    Connect { client: usize, connect: Box<Connect>, lag: u64 },
    /// The connected client sends a packet.
    Send { client: usize, packet: Packet },
    /// The network connection of the client breaks.
    Close { client: usize },
    /// The broker gives the connection up: it was silent for too long.
    Silence { client: usize },
    /// A connection that is over says so once more.
    CloseLate { connection: ConnectionId },
    /// So many milliseconds pass.
    Pass { milliseconds: u64 },
    /// The broker gives back what has expired.
    Sweep,
}
