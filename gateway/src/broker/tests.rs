//! The broker on one core without sockets: what goes in, what waits for whom.

mod accounts;
mod frames;
mod pressed;
mod shared;
mod takeover;

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Connect, Outgoing, Packet, ProtocolVersion, PublishView, QoS, SubscriptionOptions};
use tidegate_routing::{Config as RoutingConfig, Grant, RetainedConfig};
use tidegate_session::{Config as SessionConfig, Handshake, Negotiated, Overflow, Step};

use super::{Attachment, Broker, BrokerConfig, LinkFacts, Member, PublishBatch, Published, RawFrames};
use crate::cores::{Core, CoreId, Cores};
use crate::counters::{Counters, Totals};

/// A broker and the core that works for it.
struct TestBroker {
    broker: Broker,
    core: Core,
    config: Arc<SessionConfig>,
    now: Instant,
}

impl TestBroker {
    fn new(config: SessionConfig) -> Self {
        let config = Arc::new(config);
        let settings = BrokerConfig {
            session: Arc::clone(&config),
            routing: RoutingConfig::default(),
            retained: RetainedConfig::default(),
        };
        let broker = Broker::new(settings, Cores::without_threads(), None);
        let core = Core::new(CoreId(0), Arc::new(Counters::default()));
        Self { broker, core, config, now: Instant::now() }
    }

    fn attach(&mut self, id: &str, edit: impl FnOnce(&mut Connect)) -> Attachment {
        let mut connect = Connect::new(ProtocolVersion::V5, id);
        edit(&mut connect);
        let negotiated = self.agree(connect);
        let facts = LinkFacts { writer: None, heartbeat: None };
        self.broker.attach(&mut self.core, &negotiated, facts, self.now)
    }

    fn agree(&self, connect: Connect) -> Negotiated {
        match Handshake::new(Arc::clone(&self.config), None).handle_connect(connect, String::new) {
            Step::Accept(negotiated) => negotiated,
            other => panic!("not accepted: {other:?}"),
        }
    }

    fn subscribe(&mut self, attachment: &Attachment, filter: &str, qos: QoS) {
        let filter = SubscriptionFilter::parse(filter).unwrap();
        let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
        let grant = Grant { qos, no_local: false, retain_as_published: false, identifier: None };
        let mut state = attachment.handle.own(attachment.epoch).unwrap();
        state.session.subscribe(filter.clone(), options, None).unwrap();
        attachment
            .handle
            .tenant()
            .router
            .subscribe(&filter, Member(Arc::clone(&attachment.handle)), grant)
            .unwrap();
    }

    /// Publishes `payloads` as one read would bring them.
    fn publish(&mut self, from: &Attachment, topic: &str, qos: QoS, payloads: &[&[u8]]) -> Published {
        self.publish_by(ProtocolVersion::V5, from, topic, qos, payloads)
    }

    /// The same by a client of `version`.
    fn publish_by(
        &mut self,
        version: ProtocolVersion,
        from: &Attachment,
        topic: &str,
        qos: QoS,
        payloads: &[&[u8]],
    ) -> Published {
        let mut wire = Vec::new();
        for (index, payload) in payloads.iter().enumerate() {
            let id = tidegate_mqtt::PacketId::new(u16::try_from(index + 1).unwrap());
            let packet_id = id.filter(|_| qos != QoS::AtMostOnce);
            let outgoing = Outgoing { qos, packet_id, ..Outgoing::plain(topic, payload) };
            outgoing.encode(version, &mut wire);
        }
        let mut batch = PublishBatch::new(&wire);
        for view in views(&wire, version) {
            let alone = self.config.overflow == Overflow::Reject;
            if !(RawFrames::takes(&view, alone) && batch.extend(&view)) {
                if batch.is_empty() {
                    batch.begin(topic);
                }
                batch.push(&view, from.handle.id(), self.now);
            }
        }
        self.broker.publish(&mut self.core, &from.handle, version, &batch, self.now)
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        totals.add(&self.core.counters);
        totals
    }
}

/// The PUBLISH packets in `wire`.
fn views(wire: &[u8], version: ProtocolVersion) -> Vec<PublishView<'_>> {
    let mut rest = wire;
    let mut views = Vec::new();
    while let Ok(Next::Frame(packet)) = frame::next(rest, version, u32::MAX) {
        views.extend(PublishView::parse(&packet, version));
        rest = &rest[packet.wire.len()..];
    }
    views
}

/// Takes the packets that wait for a session's client.
fn outbox(attachment: &Attachment) -> Vec<Packet> {
    outbox_of(attachment, ProtocolVersion::V5)
}

/// The same for a client of `version`.
fn outbox_of(attachment: &Attachment, version: ProtocolVersion) -> Vec<Packet> {
    let mut bytes = Vec::new();
    attachment.handle.lock().session.write_buffer().take(Vec::new()).copy_to(&mut bytes);
    let mut rest = bytes.as_slice();
    let mut packets = Vec::new();
    while let Ok(Next::Frame(packet)) = frame::next(rest, version, u32::MAX) {
        packets.push(Packet::decode(&packet, version).unwrap());
        rest = &rest[packet.wire.len()..];
    }
    packets
}

/// The payloads of the PUBLISH packets that wait for a session's client.
fn payloads(attachment: &Attachment) -> Vec<Vec<u8>> {
    let publishes = outbox(attachment).into_iter().filter_map(|packet| match packet {
        Packet::Publish(publish) => Some(publish.payload.to_vec()),
        _ => None,
    });
    publishes.collect()
}
