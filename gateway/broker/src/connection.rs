//! The broker's side of one network connection: turns packets from the client into calls of verbs, and their receipts
//! into answers. This module does no input or output: the caller passes bytes in, and writes the content of the
//! session's write buffer to the client.

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
use tidegate_session::{Batch, Config as SessionConfig, Connection, Traffic};

pub use end::ConnectionSummary;
pub use receive::InputProgress;

use ack_queue::{AckQueue, Reply};
pub(crate) use read_batch::ReadBatchLists;
use requests::Request;

use crate::broker::Broker;
use crate::context::ClientContext;
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
/// In each turn, the caller calls [`Self::take_signals`], [`Self::release`], [`Self::resume`], [`Self::receive`] (while
/// [`Self::wants_input`] returns true) and [`Self::replay`], in this order. When one of them fails, or the client
/// closes the connection, the caller calls [`Self::end`], once.
pub struct ClientConnection {
    broker: Arc<Broker>,
    owner: Ownership,
    context: Arc<ClientContext>,
    inbound: Connection,
    /// Number of packets received after CONNECT, and of their bytes.
    received: Traffic,
    acks: AckQueue,
    /// The operation that takes several turns, if any. Nothing else is handled until it is finished.
    unfinished: Option<Box<Unfinished>>,
    /// Whether the session may have replays of retained messages in progress.
    may_have_replays: bool,
    /// Whether nothing more can be written to the client.
    is_output_lost: bool,
    /// See [`Self::affinity_group`].
    affinity_group: u64,
}

/// An operation that continues in the next turn.
enum Unfinished {
    Publish { publish: Box<UnfinishedPublish>, packet_ids: Vec<(PacketId, QoS)> },
    Request(Request),
}

impl ClientConnection {
    /// Creates the connection to which [`Broker::connect`] gave its session.
    #[must_use]
    pub fn new(broker: Arc<Broker>, receipt: Receipt<Attachment>) -> Self {
        let Receipt { outcome: Attachment { owner, context, signals, inbound, connack }, commit } = receipt;
        let mut acks = AckQueue::new(commit, signals, inbound.limits().ack_queue_len_max);
        if let Some(connack) = connack {
            acks.push(commit, Reply::ConnAck(connack));
        }
        let affinity_group = owner.handle.id();
        Self {
            broker,
            owner,
            context,
            inbound,
            received: Traffic::default(),
            acks,
            unfinished: None,
            may_have_replays: true,
            is_output_lost: false,
            affinity_group,
        }
    }

    /// Continues the replays of retained messages, if the client keeps up. Returns `true` if more messages can be sent
    /// in the next turn.
    ///
    /// # Errors
    /// When another connection took the session over.
    pub fn replay(&mut self, turn: &mut Turn<'_>) -> Result<bool, End> {
        if !self.may_have_replays {
            return Ok(false);
        }
        turn.count_for(self.context.tenant);
        let progress = self.broker.replay(turn, &self.owner)?;
        self.may_have_replays = progress != ReplayProgress::Done;
        Ok(progress == ReplayProgress::More)
    }

    /// Takes the bytes waiting to be written, if only the core that polls this connection may write them; see
    /// [`Broker::take_output`].
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

    /// Records that nothing more can be written to the client. Packets that the client sent earlier are still handled,
    /// however many bytes wait to be written, because a DISCONNECT among them decides about the will
    /// `[MQTT5-3.14.4-3]`.
    pub fn ignore_output(&mut self) {
        self.is_output_lost = true;
    }

    /// Returns the broker.
    #[must_use]
    pub fn broker(&self) -> &Arc<Broker> {
        &self.broker
    }

    /// Returns the facts about the client.
    #[must_use]
    pub fn context(&self) -> &Arc<ClientContext> {
        &self.context
    }

    /// Returns the connection's right to change its session.
    #[must_use]
    pub fn owner(&self) -> &Ownership {
        &self.owner
    }

    /// Returns the signals to this connection.
    #[must_use]
    pub fn signals(&self) -> &Arc<Signals> {
        self.acks.signals()
    }

    /// Takes the signals that were set since the last call. If one of them reports a commit, the next [`Self::release`]
    /// sends the answers that this commit covers.
    ///
    /// # Errors
    /// When one of the signals ends the connection. A takeover takes precedence, because the session now belongs to
    /// another connection.
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
            return Err(End::broken());
        }
        if signals.has(Signal::Committed) {
            self.acks.record_wake();
        }
        Ok(signals)
    }

    /// Returns the protocol version of the connection.
    #[must_use]
    pub fn version(&self) -> ProtocolVersion {
        self.inbound.version()
    }

    /// Returns the limits of the connection.
    #[must_use]
    pub fn limits(&self) -> &SessionConfig {
        self.inbound.limits()
    }

    /// Whether an operation is unfinished, so that [`Self::resume`] must be called in the next turn.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.unfinished.is_some()
    }

    /// Returns the id of the first session that received the latest delivered publish of this connection; before the
    /// first one, the id of the connection's own session. Connections that exchange messages are best polled by the
    /// same core.
    #[must_use]
    pub fn affinity_group(&self) -> u64 {
        self.affinity_group
    }
}

#[cfg(test)]
mod tests;
