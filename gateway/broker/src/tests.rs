//! The broker without sockets, in virtual time: what goes in, what waits for whom.

mod accounts;
mod backpressure;
mod frames;
mod shared;
mod takeover;

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Connect, Outgoing, Packet, PacketId, ProtocolVersion, PublishView, QoS, SubscriptionOptions,
};
use tidegate_session::{Cause, Config as SessionConfig, GrantedOptions, Overflow};

use crate::{
    Attachment, Broker, BrokerConfig, ConnectStep, CoreId, Counters, LinkFacts, PublishBatch,
    PublishProgress, PublishRequest, Published, RawFrames, Receipt, Signal, Signals, Totals, Workspace,
};

/// A broker, and the workspace of the only core that works for it.
pub(crate) struct TestBroker {
    pub(crate) broker: Arc<Broker>,
    pub(crate) workspace: Workspace,
    pub(crate) now: Instant,
}

impl TestBroker {
    pub(crate) fn new(config: SessionConfig) -> Self {
        let config = BrokerConfig { session: Arc::new(config), ..BrokerConfig::default() };
        let now = Instant::now();
        let workspace = Workspace::new(Arc::new(Counters::default()), 1);
        Self { broker: Arc::new(Broker::new(config, None, now)), workspace, now }
    }

    pub(crate) fn attach(&mut self, id: &str, edit: impl FnOnce(&mut Connect)) -> Attachment {
        self.connect(id, edit).outcome
    }

    pub(crate) fn connect(&mut self, id: &str, edit: impl FnOnce(&mut Connect)) -> Receipt<Attachment> {
        let mut connect = Connect::new(ProtocolVersion::V5, id);
        edit(&mut connect);
        let ConnectStep::Accept(negotiated) = self.broker.begin_connect().connect(connect, String::new)
        else {
            panic!("{id} is not accepted")
        };
        let facts = LinkFacts { core: CoreId(0), writer: None, heartbeat: None };
        let receipt = self.broker.connect(&mut self.workspace.turn(self.now, BUDGET), &negotiated, facts);
        self.carry_out();
        receipt
    }

    pub(crate) fn detach(&mut self, attachment: &Attachment) {
        let mut turn = self.workspace.turn(self.now, BUDGET);
        self.broker.disconnect(&mut turn, &attachment.owner, Cause::Closed, &mut Vec::new());
        self.carry_out();
    }

    /// Tells connections what they have to be told; nobody sleeps, and nothing is written.
    pub(crate) fn carry_out(&mut self) {
        self.workspace.effects.take_notifications().for_each(|(signals, signal)| signals.notify(signal));
        let mut flushes = Vec::new();
        self.workspace.effects.take_flushes(&mut flushes);
        flushes.iter().for_each(|handle| handle.unmark());
    }

    fn subscribe(&mut self, attachment: &Attachment, filter: &str, qos: QoS) {
        let filter = SubscriptionFilter::parse(filter).unwrap();
        let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
        let granted = GrantedOptions { options, identifier: None };
        let mut turn = self.workspace.turn(self.now, BUDGET);
        let _ = self.broker.subscribe(&mut turn, &attachment.owner, &filter, &granted).unwrap();
        self.carry_out();
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
            let id = PacketId::new(u16::try_from(index + 1).unwrap());
            let packet_id = id.filter(|_| qos != QoS::AtMostOnce);
            let outgoing = Outgoing { qos, packet_id, ..Outgoing::plain(topic, payload) };
            outgoing.encode(version, &mut wire);
        }
        let mut batch = PublishBatch::new(&wire);
        for view in views(&wire, version) {
            let alone = self.broker.config().session.overflow == Overflow::Reject;
            if !(RawFrames::takes(&view, alone) && batch.extend(&view)) {
                if batch.is_empty() {
                    batch.begin(topic);
                }
                batch.push(&view, from.owner.handle.id(), self.now);
            }
        }
        let request = PublishRequest { owner: &from.owner, version, batch: &batch, packet_ids: &[] };
        let mut turn = self.workspace.turn(self.now, BUDGET);
        let progress = self.broker.publish(&mut turn, request, &mut Vec::new()).unwrap();
        let PublishProgress::Done(receipt) = progress else { panic!("it takes several turns") };
        self.carry_out();
        receipt.outcome
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        totals.add(&self.workspace.counters);
        totals
    }
}

/// Work in a turn: more than any test here needs.
const BUDGET: u32 = 1 << 20;

/// Whether a connection was told something, since the last call.
fn was_told(signals: &Signals, signal: Signal) -> bool {
    signals.take().has(signal)
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
    attachment.owner.handle.lock().session.write_buffer().take(Vec::new()).copy_to(&mut bytes);
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
