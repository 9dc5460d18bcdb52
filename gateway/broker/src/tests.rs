//! Tests of the broker without sockets, in virtual time. The tests pass packets to the broker and check the packets
//! that wait for the clients.

mod backpressure;
mod forwarding;
mod frames;
mod idle_buffers;
mod message_counts;
mod restarts;
mod shared;
mod takeover;

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Connect, OutgoingPublish, Packet, PacketId, ProtocolVersion, PublishView, QoS, SubscriptionOptions,
};
use tidegate_session::{Cause, Config as SessionConfig, GrantedOptions, Overflow};

use crate::{
    Attachment, Broker, BrokerConfig, ConnectStep, CoreCounters, CoreId, LinkFacts, PublishBatch,
    PublishProgress, PublishRequest, Published, RawFrames, Receipt, Signal, Signals, Totals, Workspace,
};

/// A broker with a single core, and that core's workspace.
pub(crate) struct TestBroker {
    pub(crate) broker: Arc<Broker>,
    pub(crate) workspace: Workspace,
    pub(crate) now: Instant,
}

impl TestBroker {
    pub(crate) fn new(config: SessionConfig) -> Self {
        Self::with(config, |broker| broker)
    }

    /// Creates a test broker. `change` may add hooks or a fabric to its broker.
    fn with(config: SessionConfig, change: impl FnOnce(Broker) -> Broker) -> Self {
        let config = BrokerConfig { session: Arc::new(config), ..BrokerConfig::default() };
        let now = Instant::now();
        let workspace = Workspace::new(Arc::new(CoreCounters::new(1)), 1);
        Self { broker: Arc::new(change(Broker::new(config, None, now))), workspace, now }
    }

    /// Connects a client with MQTT 5. `edit` changes its CONNECT.
    pub(crate) fn attach(&mut self, id: &str, edit: impl FnOnce(&mut Connect)) -> Attachment {
        self.connect(id, edit).outcome
    }

    /// Connects a client like [`Self::attach`]. Also returns the commit that the CONNACK waits for.
    pub(crate) fn connect(&mut self, id: &str, edit: impl FnOnce(&mut Connect)) -> Receipt<Attachment> {
        let connected = self.try_connect(id, edit);
        connected.expect("no publish of the former connection takes several turns")
    }

    /// Connects a client. Fails while a publish of the session's former connection is unfinished.
    pub(crate) fn try_connect(
        &mut self,
        id: &str,
        edit: impl FnOnce(&mut Connect),
    ) -> Result<Receipt<Attachment>, LinkFacts> {
        let mut connect = Connect::new(ProtocolVersion::V5, id);
        edit(&mut connect);
        let context = Arc::clone(self.broker.tenant().internal_context());
        let pending = self.broker.begin_connect(&context.listener).connect(connect, String::new);
        let ConnectStep::Accept(negotiated) = pending else { panic!("the CONNECT of {id} was refused") };
        let facts = LinkFacts { core: CoreId(0), writer: None, heartbeat: None };
        let mut turn = self.workspace.turn(self.now, BUDGET);
        let connected = self.broker.connect(&mut turn, &negotiated, &context, facts);
        self.carry_out();
        connected
    }

    pub(crate) fn detach(&mut self, attachment: &Attachment) {
        let mut turn = self.workspace.turn(self.now, BUDGET);
        let _ = self.broker.disconnect(&mut turn, &attachment.owner, Cause::Closed, &mut Vec::new());
        self.carry_out();
    }

    /// Delivers the notifications. Discards the other effects: nothing is written to a socket, and no timer runs.
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

    /// Publishes `payloads` with MQTT 5, as if they had arrived in one read.
    fn publish(&mut self, from: &Attachment, topic: &str, qos: QoS, payloads: &[&[u8]]) -> Published {
        self.publish_with_version(ProtocolVersion::V5, from, topic, qos, payloads)
    }

    /// Publishes `payloads` with the given protocol version, as if they had arrived in one read.
    fn publish_with_version(
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
            let outgoing = OutgoingPublish { qos, packet_id, ..OutgoingPublish::plain(topic, payload) };
            outgoing.encode(version, &mut wire);
        }
        let mut batch = PublishBatch::new(&wire);
        for view in views(&wire, version) {
            let rejects_each = self.broker.config().session.overflow == Overflow::Reject;
            if !(RawFrames::accepts(&view, rejects_each) && batch.extend(&view)) {
                if batch.is_empty() {
                    batch.begin(topic);
                }
                batch.push(&view, from.owner.handle.id(), self.now).unwrap();
            }
        }
        let request = PublishRequest { owner: &from.owner, version, batch: &batch, packet_ids: &[] };
        let mut turn = self.workspace.turn(self.now, BUDGET);
        let progress = self.broker.publish(&mut turn, request, &mut Vec::new()).unwrap();
        let PublishProgress::Done(receipt) = progress else { panic!("the publish takes more than one turn") };
        self.carry_out();
        receipt.outcome
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.workspace.counters.add_all_to(&mut totals);
        totals
    }
}

/// The budget of a turn: more than any test here needs.
const BUDGET: u32 = 1 << 20;

/// Whether a connection was notified of `signal`. Clears all signals.
fn was_notified(signals: &Signals, signal: Signal) -> bool {
    signals.take().has(signal)
}

/// Decodes the PUBLISH packets in `wire`.
fn views(wire: &[u8], version: ProtocolVersion) -> Vec<PublishView<'_>> {
    let mut rest = wire;
    let mut views = Vec::new();
    while let Ok(Next::Frame(packet)) = frame::next(rest, version, u32::MAX) {
        views.extend(PublishView::parse(&packet, version));
        rest = &rest[packet.wire.len()..];
    }
    views
}

/// Takes the packets that wait for an MQTT 5 client.
fn take_packets(attachment: &Attachment) -> Vec<Packet> {
    take_packets_as(attachment, ProtocolVersion::V5)
}

/// Takes the packets that wait for a client of the given protocol version.
fn take_packets_as(attachment: &Attachment, version: ProtocolVersion) -> Vec<Packet> {
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

/// Takes the packets that wait for a client, and returns the payloads of the PUBLISH packets.
fn take_payloads(attachment: &Attachment) -> Vec<Vec<u8>> {
    let publishes = take_packets(attachment).into_iter().filter_map(|packet| match packet {
        Packet::Publish(publish) => Some(publish.payload.to_vec()),
        _ => None,
    });
    publishes.collect()
}
