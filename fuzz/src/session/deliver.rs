//! Messages and acknowledgements go through the session; what it writes is read after each operation.

use tidegate_mqtt::{Disconnect, Packet, PacketId, ReasonCode, SubAck, UnsubAck};
use tidegate_session::{Drop, Verdict};

use super::operation::OfOutbound;
use super::world::World;

impl World {
    pub(super) fn apply_outbound(&mut self, operation: OfOutbound) {
        let is_open = self.link.as_ref().is_some_and(|link| link.resumed);
        match operation {
            OfOutbound::Push(push) => {
                let (verdict, size) = self.outbound.push(&mut self.session, push, is_open, self.now);
                self.check_drop(verdict, size);
            }
            OfOutbound::PushEncoded(encoded) => {
                self.outbound.push_encoded(&mut self.session, encoded, self.link.as_ref(), self.now);
            }
            OfOutbound::AckOpen { nth, refuses } => {
                let wanted = self.outbound.wanted(nth, refuses);
                self.acknowledge(wanted);
            }
            OfOutbound::AckAny { id, kind, refuses } => self.acknowledge(Some((id, kind, refuses))),
            OfOutbound::Pump => self.pump(),
            of_writer => self.write(of_writer),
        }
    }

    /// The client reads all bytes and acknowledges all messages.
    pub(super) fn read_and_acknowledge(&mut self) {
        self.write(OfOutbound::Take);
        self.write(OfOutbound::PutBack { written: usize::MAX });
        self.pump();
        self.check();
        while let Some(wanted) = self.outbound.wanted(0, false) {
            self.acknowledge(Some(wanted));
            self.check();
        }
    }

    fn acknowledge(&mut self, wanted: Option<(u16, tidegate_mqtt::AckKind, bool)>) {
        if let (Some(wanted), Some(link)) = (wanted, &self.link) {
            self.outbound.acknowledge(&mut self.session, wanted, link, self.now);
        }
    }

    fn pump(&mut self) {
        self.session.pump(self.now);
        self.check();
        if let Some(link) = &self.link {
            self.outbound.check_pumped(&mut self.session, link, &self.config);
        }
    }

    /// A bound that is named as the reason has been reached.
    fn check_drop(&mut self, verdict: Verdict, size: usize) {
        let (session, config) = (&mut self.session, &self.config);
        let client_max = self.link.as_ref().map_or(u32::MAX, |link| link.negotiated.packet_size_max);
        let is_full = session.queued() >= config.queue_len_max
            || session.queued_bytes() + size > config.queue_bytes_max;
        let is_reached = match verdict {
            Verdict::Dropped(Drop::QueueFull | Drop::Rejected) => is_full,
            Verdict::Dropped(Drop::Slow) => session.write_buffer().len() + size > config.pending_bytes_max,
            Verdict::Dropped(Drop::TooLarge) => (client_max as usize) < size,
            _ => true,
        };
        assert!(is_reached, "{verdict:?} within the bounds");
    }

    fn write(&mut self, operation: OfOutbound) {
        let Some(link) = &mut self.link else { return };
        match operation {
            OfOutbound::Take => link.wire.take(&mut self.session),
            OfOutbound::PutBack { written } => link.wire.put_back(&mut self.session, written),
            OfOutbound::Control { choice } => {
                let _fits = self.session.send(&control(choice));
            }
            _ => {}
        }
    }
}

/// A packet that answers the client.
fn control(choice: u8) -> Packet {
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
