//! Passes messages and acknowledgements to the session. The harness reads the packets that the session writes after
//! each operation.

use tidegate_mqtt::{Disconnect, Packet, PacketId, ReasonCode, SubAck, UnsubAck};
use tidegate_session::{DropReason, Verdict};

use super::harness::Harness;
use super::operation::OutboundOperation;

impl Harness {
    pub(super) fn apply_outbound(&mut self, operation: OutboundOperation) {
        let is_open = self.connection.as_ref().is_some_and(|connection| connection.resumed);
        match operation {
            OutboundOperation::Push(push) => {
                let (verdict, size) = self.outbound.push(&mut self.session, push, is_open, self.now);
                self.check_drop(verdict, size);
            }
            OutboundOperation::PushEncoded(encoded) => {
                self.outbound.push_encoded(&mut self.session, encoded, self.connection.as_ref(), self.now);
            }
            OutboundOperation::AckInFlight { nth, refuses } => {
                let next_ack = self.outbound.next_ack(nth, refuses);
                self.acknowledge(next_ack);
            }
            OutboundOperation::AckById { id, kind, refuses } => self.acknowledge(Some((id, kind, refuses))),
            OutboundOperation::SendWaiting => self.send_waiting(),
            other => self.write(other),
        }
    }

    /// Lets the client read all bytes and acknowledge all messages.
    pub(super) fn read_and_acknowledge(&mut self) {
        self.write(OutboundOperation::Take);
        self.write(OutboundOperation::PutBack { written: usize::MAX });
        self.send_waiting();
        self.check();
        while let Some(next_ack) = self.outbound.next_ack(0, false) {
            self.acknowledge(Some(next_ack));
            self.check();
        }
    }

    fn acknowledge(&mut self, next_ack: Option<(u16, tidegate_mqtt::AckKind, bool)>) {
        if let (Some(next_ack), Some(connection)) = (next_ack, &self.connection) {
            self.outbound.acknowledge(&mut self.session, next_ack, connection, self.now);
        }
    }

    fn send_waiting(&mut self) {
        self.session.send_waiting(self.now);
        self.check();
        if let Some(connection) = &self.connection {
            self.outbound.check_waiting_sent(&mut self.session, connection, &self.config);
        }
    }

    /// If the session drops a message because of a bound, checks that the bound is reached.
    fn check_drop(&mut self, verdict: Verdict, size: usize) {
        let (session, config) = (&mut self.session, &self.config);
        let client_max =
            self.connection.as_ref().map_or(u32::MAX, |connection| connection.negotiated.packet_size_max);
        let is_queue_full = session.queued() >= config.queue_len_max
            || session.queued_bytes() + size > config.queue_bytes_max;
        let is_reached = match verdict {
            Verdict::Dropped(DropReason::QueueFull | DropReason::Rejected) => is_queue_full,
            Verdict::Dropped(DropReason::Slow) => {
                session.write_buffer().len() + size > config.pending_bytes_max
            }
            Verdict::Dropped(DropReason::TooLarge) => (client_max as usize) < size,
            _ => true,
        };
        assert!(is_reached, "{verdict:?}, but the bound is not reached");
    }

    fn write(&mut self, operation: OutboundOperation) {
        let Some(connection) = &mut self.connection else { return };
        match operation {
            OutboundOperation::Take => connection.wire.take(&mut self.session),
            OutboundOperation::PutBack { written } => connection.wire.put_back(&mut self.session, written),
            OutboundOperation::Control { choice } => {
                let _fits = self.session.send(&control_packet(choice));
            }
            _ => {}
        }
    }
}

/// Returns a packet that answers a request of the client.
fn control_packet(choice: u8) -> Packet {
    let packet_id = PacketId::MIN;
    let reasons = vec![ReasonCode::Success; usize::from(choice % 7) + 1];
    match choice % 4 {
        0 => Packet::PingResp,
        1 => SubAck { packet_id, reasons, properties: None }.into(),
        2 => UnsubAck { packet_id, reasons, properties: None }.into(),
        _ => {
            let mut disconnect = Disconnect::new(ReasonCode::ServerBusy);
            disconnect.reason_string = Some("a sentence for diagnosis".to_owned());
            disconnect.into()
        }
    }
}
