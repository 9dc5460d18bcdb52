//! Models the packets from the client: packet identifiers of QoS 2 messages, the broker's Receive Maximum, topic
//! aliases, authentication.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{
    Auth, Packet, PacketId, ProtocolVersion, Publish, PublishProperties, PublishView, QoS, ReasonCode,
};
use tidegate_session::{Config, Received, Session, Violation};

use super::handshake::check_packet;
use super::harness::{Harness, OpenConnection};
use super::operation::InboundOperation;

/// The packet identifiers and topic aliases in use.
#[derive(Default)]
pub(super) struct Inbound {
    /// Packet identifiers of QoS 2 messages that are not released, received on any connection of the session.
    received: BTreeSet<u16>,
    /// Packet identifiers of QoS 2 messages that were received on this connection and are not released.
    counted_packet_ids: BTreeSet<u16>,
    /// Number of QoS 1 messages of this connection whose PUBACK is not sent yet.
    withheld_pubacks: usize,
    aliases: BTreeMap<u16, String>,
}

impl Inbound {
    /// Begins a connection.
    pub(super) fn begin(&mut self) {
        self.counted_packet_ids.clear();
        self.withheld_pubacks = 0;
        self.aliases.clear();
    }

    /// Ends the session.
    pub(super) fn end(&mut self) {
        self.received.clear();
        self.begin();
    }

    /// Returns whether the broker's Receive Maximum is reached. Receive Maximum limits only MQTT 5.0 clients.
    fn is_receive_maximum_reached(&self, version: ProtocolVersion, config: &Config) -> bool {
        let maximum = if version.is_v5() { config.receive_maximum } else { u16::MAX };
        self.counted_packet_ids.len() + self.withheld_pubacks >= usize::from(maximum)
    }

    fn receive(&mut self, id: u16, is_receive_maximum_reached: bool) -> Result<Received, Violation> {
        if is_receive_maximum_reached && !self.counted_packet_ids.contains(&id) {
            return Err(Violation::ReceiveMaximumExceeded);
        }
        self.counted_packet_ids.insert(id);
        Ok(if self.received.insert(id) { Received::New } else { Received::Repeat })
    }

    fn release(&mut self, id: u16) -> ReasonCode {
        self.counted_packet_ids.remove(&id);
        let existed = self.received.remove(&id);
        if existed { ReasonCode::Success } else { ReasonCode::PacketIdentifierNotFound }
    }

    fn send_puback(&mut self, session: &mut Session) {
        if self.withheld_pubacks > 0 {
            self.withheld_pubacks -= 1;
            session.puback_sent();
        }
    }

    fn topic(&mut self, publish: &Publish, config: &Config) -> Result<String, Violation> {
        check_supported(publish, config)?;
        let Some(alias) = publish.properties.alias else { return Ok(publish.topic.clone()) };
        match config.topic_alias_maximum {
            0 => return Err(Violation::AliasNotAnnounced),
            maximum if alias > maximum => return Err(Violation::AliasOutOfRange),
            _ if !publish.topic.is_empty() => drop(self.aliases.insert(alias, publish.topic.clone())),
            _ => {}
        }
        self.aliases.get(&alias).cloned().ok_or(Violation::AliasUnknown)
    }
}

fn check_supported(publish: &Publish, config: &Config) -> Result<(), Violation> {
    if !publish.properties.subscription_identifiers.is_empty() {
        return Err(Violation::IdentifierInPublish);
    }
    if publish.qos > config.qos_max {
        return Err(Violation::QoSNotSupported);
    }
    if publish.retain && !config.retain_available {
        return Err(Violation::RetainNotSupported);
    }
    Ok(())
}

impl Harness {
    pub(super) fn apply_inbound(&mut self, operation: InboundOperation) {
        let Some(connection) = &mut self.connection else { return };
        let (session, inbound, config) = (&mut self.session, &mut self.inbound, &self.config);
        let is_receive_maximum_reached =
            inbound.is_receive_maximum_reached(connection.negotiated.version, config);
        match operation {
            InboundOperation::Receive { id } => {
                assert_eq!(session.receive(packet_id(id)), inbound.receive(id, is_receive_maximum_reached))
            }
            InboundOperation::Release { id } => {
                assert_eq!(session.release(packet_id(id)), inbound.release(id))
            }
            InboundOperation::WithholdPubAck => {
                inbound.withheld_pubacks += usize::from(!is_receive_maximum_reached);
                assert_eq!(session.withhold_puback().is_ok(), !is_receive_maximum_reached);
            }
            InboundOperation::SendPubAck => inbound.send_puback(session),
            InboundOperation::Authenticate { reason, method, data } => {
                authenticate(connection, Auth::new(reason, method, Some(bytes::Bytes::from_static(data))));
            }
            InboundOperation::Publish { .. } => publish(connection, inbound, config, operation),
            other => self.subscriptions.apply_operation(session, connection, config, other),
        }
    }
}

fn publish(
    connection: &mut OpenConnection,
    inbound: &mut Inbound,
    config: &Config,
    operation: InboundOperation,
) {
    let InboundOperation::Publish { topic, alias, qos, retain, has_identifier } = operation else { return };
    let version = connection.negotiated.version;
    let alias = alias.filter(|_| version.is_v5());
    let topic = if topic.is_empty() && alias.is_none() { "in/c" } else { topic };
    let subscription_identifiers = if has_identifier && version.is_v5() { vec![3] } else { Vec::new() };
    let publish = Publish {
        qos,
        retain,
        packet_id: (qos != QoS::AtMostOnce).then_some(PacketId::MIN),
        properties: PublishProperties { alias, subscription_identifiers, ..PublishProperties::default() },
        ..Publish::new(topic, "payload")
    };
    let mut wire = Vec::new();
    Packet::from(publish.clone()).encode(version, &mut wire).expect("a PUBLISH");
    let Ok(Next::Frame(frame)) = frame::next(&wire, version, u32::MAX) else { panic!("no frame") };
    let view = PublishView::parse(&frame, version).expect("a PUBLISH");
    let expected = inbound.topic(&publish, config);
    let admitted = connection.inbound.admit(&view);
    assert_eq!(admitted.map(str::to_owned), expected, "{publish:?}");
}

fn authenticate(connection: &mut OpenConnection, auth: Auth) {
    let began = connection.negotiated.authentication_method.clone();
    match connection.inbound.handle_auth(auth.clone()) {
        Ok(Some(packet)) => drop(check_packet(&packet, ProtocolVersion::V5)),
        Ok(None) => {}
        Err(violation) => assert_eq!(violation == Violation::AuthUnasked, began.is_none(), "{violation}"),
    }
}

fn packet_id(id: u16) -> PacketId {
    PacketId::new(id).expect("an identifier above 0")
}
