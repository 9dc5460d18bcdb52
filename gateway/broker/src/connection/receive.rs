//! Receives bytes from the client, and handles every whole packet until the budget of the turn is spent.

use tidegate_limits::{Decision, InputLoad, Until, memory};
use tidegate_mqtt::PacketType;
use tidegate_mqtt::frame::{self, Next};
use tidegate_persistence::Commit;

use super::dispatch::Flow;
use super::read_batch::ReadBatch;
use super::{ClientConnection, End};
use crate::turn::Turn;

/// The progress of [`ClientConnection::receive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputProgress {
    /// Number of bytes that were handled. The caller must pass the other bytes in again, followed by later input.
    pub used: usize,
    /// Whether the unhandled bytes may contain whole packets. If the value is true, the caller must call again in the
    /// next turn, even without more input.
    pub has_more: bool,
}

impl ClientConnection {
    /// Handles the packets in `bytes`.
    ///
    /// # Errors
    /// When the connection ends. All packets before the one that caused the end were handled.
    pub fn receive(&mut self, turn: &mut Turn<'_>, bytes: &[u8]) -> Result<InputProgress, End> {
        if self.is_busy() {
            return Ok(InputProgress { used: 0, has_more: true });
        }
        if bytes.len() >= memory::LARGE_ALLOCATION_MIN {
            self.check_memory(bytes)?;
        }
        turn.count_for(self.context.tenant);
        let mut read = ReadBatch::new(bytes, turn.scratch.read_batch.take().unwrap_or_default());
        let mut rest = bytes;
        let outcome = self.dispatch_all(turn, &mut read, &mut rest);
        let applied = self.apply_read_batch(turn, &mut read);
        turn.scratch.read_batch = Some(read.recycle());
        let used = bytes.len() - rest.len();
        self.received.bytes += u64::try_from(used).unwrap_or(0);
        applied?;
        let has_more = outcome?;
        if used > 0 {
            self.acks.signals().record_activity(turn.now);
        }
        Ok(InputProgress { used, has_more })
    }

    /// Whether the driver should read bytes from the client. Reading stops while an operation is unfinished, while too
    /// many answers wait, while the client does not read its own messages, or while the store cannot keep up. The
    /// connection is woken when reading may continue.
    pub fn wants_input(&mut self, turn: &mut Turn<'_>) -> bool {
        match self.input_decision() {
            Decision::Admit => true,
            Decision::Delay(Until::Commit(commit)) => {
                self.acks.wake_at_commit(turn, Commit(commit));
                false
            }
            Decision::Delay(_) | Decision::Refuse(_) => false,
        }
    }

    fn input_decision(&self) -> Decision {
        // If another connection took the session over, nothing is unwritten here: a signal ends this connection.
        let mut state = self.owner.lock();
        let load = InputLoad {
            is_busy: self.is_busy(),
            are_answers_full: self.acks.is_full(),
            unwritten: state.as_mut().map_or(0, |state| state.session.write_buffer().len()),
            unwritten_max: if self.is_output_lost {
                usize::MAX
            } else {
                self.inbound.limits().pending_bytes_high
            },
            store_commit: self.broker.durability().backpressure().map(|Commit(commit)| commit),
        };
        let decision = load.decide();
        if let Decision::Delay(Until::Unwritten(len)) = decision {
            // Recorded while the session is locked, so that the core that writes cannot miss it.
            self.acks.signals().pause_reading(len);
        }
        decision
    }

    /// Whether bytes that have already been read, for example together with CONNECT, can be handled: CONNACK was sent,
    /// and the queue of answers is not full.
    #[must_use]
    pub fn can_handle_input(&self) -> bool {
        !self.acks.is_full()
    }

    /// Checks that there is enough memory to process a large packet. Only the first packet in `bytes` can be large: all
    /// earlier packets were handled while it arrived, and the bytes after it come from a single read.
    #[cold]
    fn check_memory(&self, bytes: &[u8]) -> Result<(), End> {
        let (version, packet_size_max) = (self.inbound.version(), self.inbound.packet_size_max());
        let Ok(Next::Frame(packet)) = frame::next(bytes, version, packet_size_max) else { return Ok(()) };
        let is_publish = packet.packet_type == PacketType::Publish;
        let factor = if is_publish { memory::MESSAGE_MEMORY_FACTOR } else { memory::PARSED_BYTES_PER_BYTE };
        let needed = if packet.wire.len() < memory::LARGE_ALLOCATION_MIN {
            0
        } else {
            packet.wire.len().saturating_mul(factor)
        };
        memory::check(needed).map_err(|_| End::out_of_memory())
    }

    /// Handles packets until no whole packet is left or the budget is spent. Returns `true` if packets may be left.
    fn dispatch_all<'a>(
        &mut self,
        turn: &mut Turn<'_>,
        read: &mut ReadBatch<'a>,
        rest: &mut &'a [u8],
    ) -> Result<bool, End> {
        let (version, packet_size_max) = (self.inbound.version(), self.inbound.packet_size_max());
        let mut packets = 0;
        let outcome = loop {
            match frame::next(rest, version, packet_size_max) {
                Ok(Next::Incomplete { .. }) => break Ok(false),
                Err(error) => break Err(End::malformed(&error)),
                Ok(Next::Frame(packet)) => match self.dispatch(turn, read, &packet) {
                    Ok(Flow::NextTurn) => break Ok(true),
                    Ok(Flow::Handled) => *rest = rest.get(packet.wire.len()..).unwrap_or_default(),
                    Err(end) => {
                        packets += 1;
                        *rest = rest.get(packet.wire.len()..).unwrap_or_default();
                        break Err(end);
                    }
                },
            }
            packets += 1;
            if self.is_busy() || turn.budget.is_spent() {
                break Ok(true);
            }
        };
        self.received.packets += packets;
        outcome
    }
}
