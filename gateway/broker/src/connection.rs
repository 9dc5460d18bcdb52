//! The broker's side of one network connection: packets in, verbs called, answers out. It does no input or output: the caller
//! passes bytes in, and writes what the session's write buffer holds.

mod ack_queue;
mod answer;
mod dispatch;
mod end;
mod publish;
mod read_batch;
mod receive;
mod requests;

use std::sync::Arc;

use tidegate_mqtt::{PacketId, ProtocolVersion, QoS};
use tidegate_session::{Batch, Connection};

pub use receive::InputProgress;

use ack_queue::{AckQueue, Reply};
pub(crate) use read_batch::ReadBatchLists;
use requests::Request;

use crate::broker::Broker;
use crate::delivery::UnfinishedPublish;
use crate::end::End;
use crate::receipt::Receipt;
use crate::replays::ReplayProgress;
use crate::session_handle::Ownership;
use crate::sessions::Attachment;
use crate::signals::{Signal, SignalSet, Signals};
use crate::turn::Turn;

/// One connection, from CONNACK to its end.
///
/// The caller polls it: [`Self::take_signals`], then in one turn and in this order [`Self::release`], [`Self::resume`],
/// [`Self::receive`] with bytes as long as [`Self::wants_input`], and [`Self::replay`]. At the end it calls [`Self::end`], once.
/// An error ends the connection.
pub struct ClientConnection {
    broker: Arc<Broker>,
    owner: Ownership,
    inbound: Connection,
    acks: AckQueue,
    /// What takes several turns. Nothing else is handled until it is done.
    unfinished: Option<Box<Unfinished>>,
    /// Retained messages are owed, or may be: the session knows.
    owes_retained: bool,
    affinity_group: u64,
}

/// An operation that goes on in the next turn.
enum Unfinished {
    Publish { publish: Box<UnfinishedPublish>, packet_ids: Vec<(PacketId, QoS)> },
    Request(Request),
}

impl ClientConnection {
    /// The connection that got its session by [`Broker::connect`].
    #[must_use]
    pub fn new(broker: Arc<Broker>, receipt: Receipt<Attachment>) -> Self {
        let Receipt { outcome: Attachment { owner, signals, inbound, connack }, commit } = receipt;
        let mut acks = AckQueue::new(commit, signals);
        if let Some(connack) = connack {
            acks.push(commit, Reply::ConnAck(connack));
        }
        let affinity_group = owner.handle.id();
        Self { broker, owner, inbound, acks, unfinished: None, owes_retained: true, affinity_group }
    }

    /// Sends the next retained messages that are owed, if the client keeps up; `true` if there are more to send at once.
    ///
    /// # Errors
    /// When another connection took the session over.
    pub fn replay(&mut self, turn: &mut Turn<'_>) -> Result<bool, End> {
        if !self.owes_retained {
            return Ok(false);
        }
        let progress = self.broker.replay(turn, &self.owner)?;
        self.owes_retained = progress != ReplayProgress::Done;
        Ok(progress == ReplayProgress::More)
    }

    /// Takes what waits to be written, if only the core that polls this connection may write it; see [`Broker::take_output`].
    ///
    /// # Errors
    /// When another connection took the session over.
    pub fn take_output(
        &self,
        turn: &mut Turn<'_>,
        buffer: impl FnOnce() -> Vec<u8>,
    ) -> Result<Option<Box<Batch>>, End> {
        self.broker.take_output(turn, &self.owner, buffer)
    }

    /// The broker.
    #[must_use]
    pub fn broker(&self) -> &Arc<Broker> {
        &self.broker
    }

    /// Its claim to the session.
    #[must_use]
    pub fn owner(&self) -> &Ownership {
        &self.owner
    }

    /// Signals to this connection.
    #[must_use]
    pub fn signals(&self) -> &Arc<Signals> {
        self.acks.signals()
    }

    /// Takes the signals that were set since the last call. After a commit, the next [`Self::release`] sends the answers that it
    /// covers.
    ///
    /// # Errors
    /// When one of the signals ends the connection. A takeover takes precedence, because the session now belongs to another
    /// connection.
    pub fn take_signals(&mut self) -> Result<SignalSet, End> {
        let signals = self.acks.signals().take();
        if signals.has(Signal::TakenOver) {
            return Err(End::taken_over());
        }
        if signals.has(Signal::Shutdown) {
            return Err(End::shutdown());
        }
        if signals.has(Signal::Silent) {
            return Err(End::silent());
        }
        if signals.has(Signal::Broken) {
            return Err(End::closed());
        }
        if signals.has(Signal::Committed) {
            self.acks.end_waiting();
        }
        Ok(signals)
    }

    /// The version spoken.
    #[must_use]
    pub fn version(&self) -> ProtocolVersion {
        self.inbound.version()
    }

    /// Whether an operation takes several turns: call [`Self::resume`] in the next.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.unfinished.is_some()
    }

    /// The session that it publishes to, or its own: connections that exchange messages are best polled by one core.
    #[must_use]
    pub fn affinity_group(&self) -> u64 {
        self.affinity_group
    }
}

#[cfg(test)]
mod tests;
