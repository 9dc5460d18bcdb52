//! The protocol of one connection after CONNACK: packets in, events and encoded packets out. Does no IO.

use std::collections::VecDeque;

use tidegate_mqtt::{
    Ack, AckKind, ConnAck, Disconnect, Packet, PacketId, ProtocolVersion, Publish, QoS, ReasonCode,
};

use super::aliases::Aliases;
use super::state::{AckOutcome, Retransmission};
use super::{AckSender, Capabilities, ClientError, Event, Options, State};

/// The client's protocol state of one connection.
pub struct Connection {
    version: ProtocolVersion,
    /// The side that acknowledges received messages.
    receiving: AckSender,
    /// The side that answers PUBREC with PUBREL.
    sending: AckSender,
    capabilities: Capabilities,
    state: State,
    aliases: Aliases,
    /// Number of further QoS 1 and 2 messages that may be sent before an acknowledgement arrives `[MQTT5-3.3.4-9]`.
    send_quota: u16,
    send_quota_max: u16,
    events: VecDeque<Event>,
    /// Encoded packets that the link has not taken yet.
    output: Vec<u8>,
    /// The server's DISCONNECT, if it has sent one.
    server_disconnect: Option<Disconnect>,
}

impl Connection {
    /// Creates the protocol state of a connection after CONNACK. Retransmits the unacknowledged packets in `state`, as
    /// far as the send quota allows.
    pub fn new(options: &Options, connack: &ConnAck, mut state: State) -> Self {
        let connect = &options.connect;
        let capabilities = Capabilities::negotiated(connect, connack);
        let send_quota_max = capabilities.receive_maximum.min(options.inflight_max).max(1);
        state.resume(connack.session_present);
        let mut connection = Self {
            version: connect.version,
            receiving: options.receiving,
            sending: options.sending,
            aliases: Aliases::new(connect.topic_alias_maximum.unwrap_or(0)),
            send_quota: send_quota_max,
            send_quota_max,
            capabilities,
            state,
            events: VecDeque::new(),
            output: Vec::new(),
            server_disconnect: None,
        };
        connection.retransmit();
        connection
    }

    /// Handles a packet from the server.
    pub fn receive(&mut self, packet: Packet) -> Result<(), ClientError> {
        match packet {
            Packet::Publish(message) => return self.receive_message(*message),
            Packet::Ack(ack) if ack.kind == AckKind::PubRel => self.receive_release(ack),
            Packet::Ack(ack) => self.receive_ack(ack),
            Packet::SubAck(suback) => self.events.push_back(Event::SubAck(suback)),
            Packet::UnsubAck(unsuback) => self.events.push_back(Event::UnsubAck(unsuback)),
            Packet::PingResp => self.events.push_back(Event::Pong),
            Packet::Disconnect(disconnect) => self.server_disconnect = Some(disconnect),
            _ => return Err(ClientError::Unexpected("a packet that a server must not send here")),
        }
        Ok(())
    }

    /// Encodes a message. At QoS 1 and 2, assigns a packet identifier and returns it. The caller must check
    /// [`Connection::has_send_quota`] first.
    pub fn publish(&mut self, mut message: Publish) -> Result<Option<PacketId>, ClientError> {
        message.packet_id = if message.qos > QoS::AtMostOnce { Some(self.next_id()?) } else { None };
        let end = self.output.len();
        let mut shortened = message.clone();
        self.aliases.apply_outgoing(&mut shortened);
        self.send(&Packet::from(shortened))?;
        if let Err(error) = self.capabilities.check_size(self.output.len() - end) {
            self.output.truncate(end);
            self.aliases.remove_outgoing(message.properties.alias);
            return Err(error);
        }
        let packet_id = message.packet_id;
        if let Some(packet_id) = packet_id {
            self.send_quota = self.send_quota.saturating_sub(1);
            self.state.record_sent(packet_id, message);
        }
        Ok(packet_id)
    }

    /// Encodes any packet.
    pub fn send(&mut self, packet: &Packet) -> Result<(), ClientError> {
        Ok(packet.encode(self.version, &mut self.output)?)
    }

    /// Encodes an acknowledgement.
    pub fn send_ack(&mut self, ack: &Ack) {
        ack.encode(self.version, &mut self.output);
    }

    /// Queues bytes to be sent unchanged.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// Takes the first event that `wanted` accepts. Taking a message acknowledges it.
    pub fn take_event(&mut self, wanted: impl Fn(&Event) -> bool) -> Option<Event> {
        let position = self.events.iter().position(wanted)?;
        let event = self.events.remove(position)?;
        if let (Event::Message(message), AckSender::Client) = (&event, self.receiving) {
            self.acknowledge_taken(message.qos, message.packet_id);
        }
        Some(event)
    }

    /// Returns a packet identifier that no unacknowledged message uses.
    pub fn next_id(&mut self) -> Result<PacketId, ClientError> {
        self.state
            .next_id()
            .ok_or_else(|| ClientError::NotAllowed("all packet identifiers are in use".to_owned()))
    }

    /// Takes all bytes to be sent. `recycled` is cleared and becomes the new output buffer.
    pub fn take_output(&mut self, mut recycled: Vec<u8>) -> Vec<u8> {
        recycled.clear();
        std::mem::replace(&mut self.output, recycled)
    }

    /// Takes the server's DISCONNECT, if the server has sent one.
    pub fn take_server_disconnect(&mut self) -> Option<Disconnect> {
        self.server_disconnect.take()
    }

    /// Returns the number of bytes to be sent.
    pub fn output_len(&self) -> usize {
        self.output.len()
    }

    /// Returns the number of events not yet taken.
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Whether a QoS 1 or 2 message may be sent.
    pub fn has_send_quota(&self) -> bool {
        self.send_quota > 0
    }

    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn into_state(self) -> State {
        self.state
    }

    fn receive_message(&mut self, mut message: Publish) -> Result<(), ClientError> {
        self.aliases.resolve_incoming(&mut message)?;
        let may_repeat = self.receiving == AckSender::Client && message.qos == QoS::ExactlyOnce;
        match message.packet_id.filter(|id| may_repeat && self.state.has_received(*id)) {
            // [MQTT5-4.3.3-10]
            Some(packet_id) => self.send_ack(&Ack::new(AckKind::PubRec, packet_id, ReasonCode::Success)),
            None => self.events.push_back(Event::Message(message)),
        }
        Ok(())
    }

    fn receive_ack(&mut self, ack: Ack) {
        let reason = match self.state.acknowledge(&ack) {
            AckOutcome::Done => {
                self.send_quota = self.send_quota.saturating_add(1).min(self.send_quota_max);
                self.events.push_back(Event::Acknowledged(ack.into()));
                self.retransmit();
                return;
            }
            AckOutcome::Release => ReasonCode::Success,
            AckOutcome::Unknown => ReasonCode::PacketIdentifierNotFound,
        };
        match (ack.kind, self.sending) {
            // A PUBREC for an unknown message is answered too, so that the server can discard its state of the message.
            (AckKind::PubRec, AckSender::Client) => {
                self.send_ack(&Ack::new(AckKind::PubRel, ack.packet_id, reason))
            }
            _ => self.events.push_back(Event::Ack(ack)),
        }
    }

    fn receive_release(&mut self, ack: Ack) {
        if self.receiving == AckSender::Caller {
            self.events.push_back(Event::Ack(ack));
            return;
        }
        let reason = self.state.receive_release(ack.packet_id);
        self.send_ack(&Ack::new(AckKind::PubComp, ack.packet_id, reason));
    }

    /// Acknowledges a message that the caller has taken. Records a QoS 2 message, so that it is not delivered again.
    fn acknowledge_taken(&mut self, qos: QoS, packet_id: Option<PacketId>) {
        let Some(packet_id) = packet_id else { return };
        let kind = if qos == QoS::ExactlyOnce { AckKind::PubRec } else { AckKind::PubAck };
        if kind == AckKind::PubRec {
            self.state.record_received(packet_id);
        }
        self.send_ack(&Ack::new(kind, packet_id, ReasonCode::Success));
    }

    /// Sends packets that an earlier connection left unacknowledged, as far as the send quota allows.
    fn retransmit(&mut self) {
        while self.send_quota > 0 {
            match self.state.next_retransmission() {
                Some(Retransmission::Publish(message)) => {
                    self.send_quota -= 1;
                    // Encoding cannot fail, because it succeeded before.
                    let encoded = Packet::Publish(message).encode(self.version, &mut self.output);
                    debug_assert!(encoded.is_ok(), "{encoded:?}");
                }
                Some(Retransmission::Release(_)) if self.sending == AckSender::Caller => {}
                Some(Retransmission::Release(packet_id)) => {
                    self.send_ack(&Ack::new(AckKind::PubRel, packet_id, ReasonCode::Success));
                }
                None => return,
            }
        }
    }
}
