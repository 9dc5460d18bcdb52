//! What each packet from the client does.

use std::sync::Arc;

use tidegate_mqtt::frame::Frame;
use tidegate_mqtt::{Ack, AckKind, Message, Packet, PacketType, PublishView, QoS, ReasonCode};
use tidegate_session::{Overflow, Received};

use super::end::End;
use super::publish::Published;
use super::{Broker, ConnectionId};

impl Broker {
    pub(super) fn dispatch(&mut self, id: ConnectionId, frame: &Frame<'_>) -> Result<(), End> {
        match frame.packet_type {
            PacketType::Publish => self.handle_publish(id, frame),
            PacketType::PubAck | PacketType::PubRec | PacketType::PubComp => self.handle_ack(id, frame),
            PacketType::PubRel => self.handle_release(id, frame),
            _ => self.handle_control(id, frame),
        }
    }

    fn handle_control(&mut self, id: ConnectionId, frame: &Frame<'_>) -> Result<(), End> {
        let line = self.line(id);
        match Packet::decode(frame, line.version).expect("clients write well") {
            Packet::Subscribe(subscribe) => self.handle_subscribe(id, &subscribe),
            Packet::Unsubscribe(unsubscribe) => self.handle_unsubscribe(id, &unsubscribe),
            Packet::PingReq => {
                self.reply(id, &Packet::PingResp);
                Ok(())
            }
            Packet::Disconnect(disconnect) => Err(End::by(line.connection.handle_disconnect(&disconnect)?)),
            _ => Err(End::unexpected()),
        }
    }

    fn handle_publish(&mut self, id: ConnectionId, frame: &Frame<'_>) -> Result<(), End> {
        let (now, overflow) = (self.now, self.config.overflow);
        let line = self.line(id);
        let (number, version) = (line.number, line.version);
        let view = PublishView::parse(frame, version).expect("clients write well");
        if !is_single(&view, overflow) {
            line.connection.admit(&view)?;
            let published = self.publish_plain(number, version, &view);
            self.answer(number, &view, published);
            return Ok(());
        }
        let topic = line.connection.admit(&view)?.to_owned();
        if self.is_repeat(number, &view)? {
            return Ok(());
        }
        let message = Arc::new(Message::from_view(&view, &topic, number, now));
        let published = self.publish(&message);
        self.answer(number, &view, published);
        Ok(())
    }

    /// Whether a QoS 2 publish came before: it is acknowledged once more and goes nowhere `[MQTT5-4.3.3-10]`.
    fn is_repeat(&mut self, number: u64, view: &PublishView<'_>) -> Result<bool, End> {
        let (QoS::ExactlyOnce, Some(packet_id)) = (view.qos, view.packet_id) else { return Ok(false) };
        let session = self.session(number);
        let is_repeat = session.receive(packet_id)? == Received::Repeat;
        if is_repeat {
            session.send_ack(&Ack::new(AckKind::PubRec, packet_id, ReasonCode::Success));
        }
        Ok(is_repeat)
    }

    fn answer(&mut self, number: u64, view: &PublishView<'_>, published: Published) {
        let Some(packet_id) = view.packet_id else { return };
        let kind = if view.qos == QoS::AtLeastOnce { AckKind::PubAck } else { AckKind::PubRec };
        let reason = published.reason();
        let session = self.session(number);
        if kind == AckKind::PubRec && reason.is_error() {
            // A refused QoS 2 publish is over: its identifier is free again [MQTT5-4.3.3-9].
            let _ = session.release(packet_id);
        }
        session.send_ack(&Ack::new(kind, packet_id, reason));
    }

    fn handle_ack(&mut self, id: ConnectionId, frame: &Frame<'_>) -> Result<(), End> {
        let now = self.now;
        let line = self.line(id);
        let (number, version) = (line.number, line.version);
        let ack = Ack::parse(frame, version).expect("clients write well");
        Ok(self.session(number).handle_ack(&ack, now)?)
    }

    fn handle_release(&mut self, id: ConnectionId, frame: &Frame<'_>) -> Result<(), End> {
        let line = self.line(id);
        let (number, version) = (line.number, line.version);
        let ack = Ack::parse(frame, version).expect("clients write well");
        let session = self.session(number);
        let reason = session.release(ack.packet_id);
        session.send_ack(&Ack::new(AckKind::PubComp, ack.packet_id, reason));
        Ok(())
    }

    /// Sends a packet to the client by way of its session.
    pub(super) fn reply(&mut self, id: ConnectionId, packet: &Packet) {
        let number = self.line(id).number;
        self.session(number).send(packet);
    }
}

/// Whether a publish goes as a message rather than as a frame.
fn is_single(view: &PublishView<'_>, overflow: Overflow) -> bool {
    let as_frame = match view.qos {
        QoS::AtMostOnce => true,
        QoS::AtLeastOnce => overflow != Overflow::Reject,
        QoS::ExactlyOnce => false,
    };
    !as_frame || !view.copyable() || view.payload.len() > COPIED_MAX
}

/// Payloads up to this many bytes travel as copied frames.
const COPIED_MAX: usize = 1024;
