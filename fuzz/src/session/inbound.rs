//! What the client sends: QoS 2 identifiers and our Receive Maximum, topic aliases, authentication.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{
    Auth, Packet, PacketId, ProtocolVersion, Publish, PublishProperties, PublishView, QoS, ReasonCode,
};
use tidegate_session::{Config, Received, Session, Violation};

use super::handshake::check_packet;
use super::operation::OfInbound;
use super::world::{Link, World};

/// Identifiers and aliases that the client has used.
#[derive(Default)]
pub(super) struct Inbound {
    received: BTreeSet<u16>,
    /// Those of this connection.
    counted: BTreeSet<u16>,
    held: usize,
    aliases: BTreeMap<u16, String>,
}

impl Inbound {
    /// A new connection.
    pub(super) fn begin(&mut self) {
        self.counted.clear();
        self.held = 0;
        self.aliases.clear();
    }

    /// The session's state is gone.
    pub(super) fn end(&mut self) {
        self.received.clear();
        self.begin();
    }

    /// Only 5.0 clients have been told a Receive Maximum.
    fn is_full(&self, version: ProtocolVersion, config: &Config) -> bool {
        let maximum = if version.is_v5() { config.receive_maximum } else { u16::MAX };
        self.counted.len() + self.held >= usize::from(maximum)
    }

    fn receive(&mut self, id: u16, is_full: bool) -> Result<Received, Violation> {
        if is_full && !self.counted.contains(&id) {
            return Err(Violation::ReceiveMaximumExceeded);
        }
        self.counted.insert(id);
        Ok(if self.received.insert(id) { Received::New } else { Received::Repeat })
    }

    fn release(&mut self, id: u16) -> ReasonCode {
        self.counted.remove(&id);
        let existed = self.received.remove(&id);
        if existed { ReasonCode::Success } else { ReasonCode::PacketIdentifierNotFound }
    }

    fn settle(&mut self, session: &mut Session) {
        if self.held > 0 {
            self.held -= 1;
            session.puback_sent();
        }
    }

    fn topic(&mut self, publish: &Publish, config: &Config) -> Result<String, Violation> {
        check_served(publish, config)?;
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

fn check_served(publish: &Publish, config: &Config) -> Result<(), Violation> {
    if !publish.properties.identifiers.is_empty() {
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

impl World {
    pub(super) fn apply_inbound(&mut self, operation: OfInbound) {
        let Some(link) = &mut self.link else { return };
        let (session, inbound, config) = (&mut self.session, &mut self.inbound, &self.config);
        let is_full = inbound.is_full(link.negotiated.version, config);
        match operation {
            OfInbound::Receive { id } => {
                assert_eq!(session.receive(packet_id(id)), inbound.receive(id, is_full))
            }
            OfInbound::Release { id } => assert_eq!(session.release(packet_id(id)), inbound.release(id)),
            OfInbound::Hold => {
                inbound.held += usize::from(!is_full);
                assert_eq!(session.withhold_puback().is_ok(), !is_full);
            }
            OfInbound::Settle => inbound.settle(session),
            OfInbound::Authenticate { reason, method, data } => {
                authenticate(link, Auth::new(reason, method, Some(bytes::Bytes::from_static(data))));
            }
            OfInbound::Publish { .. } => publish(link, inbound, config, operation),
            of_subscriptions => self.subscriptions.apply(session, link, config, of_subscriptions),
        }
    }
}

fn publish(link: &mut Link, inbound: &mut Inbound, config: &Config, operation: OfInbound) {
    let OfInbound::Publish { topic, alias, qos, retain, identified } = operation else { return };
    let version = link.negotiated.version;
    let alias = alias.filter(|_| version.is_v5());
    let topic = if topic.is_empty() && alias.is_none() { "in/c" } else { topic };
    let identifiers = if identified && version.is_v5() { vec![3] } else { Vec::new() };
    let publish = Publish {
        qos,
        retain,
        packet_id: (qos != QoS::AtMostOnce).then_some(PacketId::MIN),
        properties: PublishProperties { alias, identifiers, ..PublishProperties::default() },
        ..Publish::new(topic, "payload")
    };
    let mut wire = Vec::new();
    Packet::from(publish.clone()).encode(version, &mut wire).expect("a PUBLISH");
    let Ok(Next::Frame(frame)) = frame::next(&wire, version, u32::MAX) else { panic!("no frame") };
    let view = PublishView::parse(&frame, version).expect("a PUBLISH");
    let expected = inbound.topic(&publish, config);
    let admitted = link.connection.admit(&view);
    assert_eq!(admitted.map(str::to_owned), expected, "{publish:?}");
}

fn authenticate(link: &mut Link, auth: Auth) {
    let began = link.negotiated.authentication_method.clone();
    match link.connection.handle_auth(auth.clone()) {
        Ok(Some(packet)) => drop(check_packet(&packet, ProtocolVersion::V5)),
        Ok(None) => {}
        Err(violation) => assert_eq!(violation == Violation::AuthUnasked, began.is_none(), "{violation}"),
    }
}

fn packet_id(id: u16) -> PacketId {
    PacketId::new(id).expect("an identifier above 0")
}
