//! Sinks and other nodes as subscribers: each gets each publish once.

use std::sync::Arc;

use parking_lot::Mutex;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{OutgoingPublish, ProtocolVersion, QoS};
use tidegate_session::{Config, Delivery};

use super::{TestBroker, take_payloads, views};
use crate::{
    Attachment, Broker, Fabric, Forwarded, NodeId, PublishBatch, PublishProgress, PublishRequest, Published,
    Sink, SinkId, SubscribeNodeError, Subscriber,
};

const NODE: NodeId = NodeId(2);
const V5: ProtocolVersion = ProtocolVersion::V5;

/// Records what it gets, as long as it has room.
struct Recorder {
    /// Maximum number of messages that the recorder takes.
    room: usize,
    taken: Mutex<Vec<(QoS, Vec<u8>)>>,
}

impl Recorder {
    fn new(room: usize) -> Arc<Self> {
        Arc::new(Self { room, taken: Mutex::default() })
    }

    fn take(&self, delivery: &Delivery<'_>) -> Forwarded {
        let mut taken = self.taken.lock();
        if taken.len() >= self.room {
            return Forwarded::Refused;
        }
        taken.push((delivery.qos, delivery.message.payload().to_vec()));
        Forwarded::Accepted
    }

    fn payloads(&self) -> Vec<Vec<u8>> {
        self.taken.lock().iter().map(|(_, payload)| payload.clone()).collect()
    }
}

impl Sink for Recorder {
    fn deliver(&self, delivery: &Delivery<'_>) -> Forwarded {
        self.take(delivery)
    }
}

/// A fabric with one other node.
struct OneNode(Arc<Recorder>);

impl Fabric for OneNode {
    fn is_node(&self, node: NodeId) -> bool {
        node == NODE
    }

    fn send(&self, node: NodeId, delivery: &Delivery<'_>) -> Forwarded {
        assert_eq!(node, NODE);
        self.0.take(delivery)
    }
}

/// Returns a broker whose fabric has one other node, and the recorder of what was sent to that node.
fn broker_with_node() -> (TestBroker, Arc<Recorder>) {
    let node = Recorder::new(usize::MAX);
    let test_broker =
        TestBroker::with(Config::default(), |broker| broker.with_fabric(Arc::new(OneNode(node.clone()))));
    (test_broker, node)
}

fn filter(text: &str) -> SubscriptionFilter {
    SubscriptionFilter::parse(text).unwrap()
}

fn add_sink(broker: &Broker, text: &str, sink: &Arc<Recorder>) -> SinkId {
    broker.add_sink(broker.tenant(), &filter(text), Arc::<Recorder>::clone(sink)).unwrap()
}

fn subscribe_node(broker: &Broker, text: &str) {
    broker.subscribe_node(broker.tenant(), &filter(text), NODE).unwrap();
}

/// Publishes one message, with `budget` units of work per turn. Returns the number of turns.
fn publish_in_turns(test_broker: &mut TestBroker, from: &Attachment, payload: &[u8], budget: u32) -> usize {
    let mut wire = Vec::new();
    OutgoingPublish::plain("t", payload).encode(V5, &mut wire);
    let mut batch = PublishBatch::new(&wire);
    assert!(views(&wire, V5).iter().all(|view| batch.extend(view)));
    let request = PublishRequest { owner: &from.owner, version: V5, batch: &batch, packet_ids: &[] };
    let TestBroker { broker, workspace, now } = test_broker;
    let mut progress = broker.publish(&mut workspace.turn(*now, budget), request, &mut Vec::new()).unwrap();
    let mut turns = 1;
    while let PublishProgress::Unfinished(unfinished) = progress {
        progress = broker.resume_publish(&mut workspace.turn(*now, budget), unfinished);
        turns += 1;
    }
    test_broker.carry_out();
    turns
}

#[test]
fn a_sink_and_a_node_get_each_publish_once() {
    let (mut test_broker, node) = broker_with_node();
    let sink = Recorder::new(usize::MAX);
    add_sink(&test_broker.broker, "t/#", &sink);
    subscribe_node(&test_broker.broker, "t/#");
    subscribe_node(&test_broker.broker, "+/a");
    let client = test_broker.attach("c", |_| {});
    test_broker.subscribe(&client, "t/a", QoS::AtMostOnce);
    let mut expected = Vec::new();
    for (qos, payload) in QoS::ALL.into_iter().zip([b"0", b"1", b"2"]) {
        let published = test_broker.publish(&client, "t/a", qos, &[payload, b"x"]);
        assert_eq!(published, Published::Delivered);
        expected.extend([(qos, payload.to_vec()), (qos, b"x".to_vec())]);
    }
    assert_eq!(*sink.taken.lock(), expected);
    assert_eq!(*node.taken.lock(), expected);
    assert_eq!(take_payloads(&client).len(), expected.len());
    let totals = test_broker.totals();
    assert_eq!((totals.forwarded_to_sinks, totals.forwarded_to_nodes), (6, 6));
}

#[test]
fn a_shared_subscription_gives_each_publish_to_one_sink_node_or_session() {
    let (mut test_broker, node) = broker_with_node();
    let sink = Recorder::new(usize::MAX);
    add_sink(&test_broker.broker, "$share/g/t", &sink);
    subscribe_node(&test_broker.broker, "$share/g/t");
    let client = test_broker.attach("c", |_| {});
    test_broker.subscribe(&client, "$share/g/t", QoS::AtLeastOnce);
    let payloads: Vec<_> = (0..9_u8).map(|number| vec![number]).collect();
    let slices: Vec<_> = payloads.iter().map(Vec::as_slice).collect();
    test_broker.publish(&client, "t", QoS::AtLeastOnce, &slices);
    let parts = [sink.payloads(), node.payloads(), take_payloads(&client)];
    assert!(parts.iter().all(|part| part.len() == 3), "{parts:?}");
    let mut all = parts.concat();
    all.sort_unstable();
    assert_eq!(all, payloads);
}

#[test]
fn a_publish_of_several_turns_reaches_a_sink_and_a_node_once() {
    let (mut test_broker, node) = broker_with_node();
    let sinks: Vec<_> = (0..6).map(|_| Recorder::new(usize::MAX)).collect();
    let in_group = Recorder::new(usize::MAX);
    add_sink(&test_broker.broker, "$share/g/t", &in_group);
    for sink in &sinks {
        add_sink(&test_broker.broker, "t", sink);
    }
    subscribe_node(&test_broker.broker, "t");
    let clients: Vec<_> = (0..6).map(|number| test_broker.attach(&format!("c{number}"), |_| {})).collect();
    for client in &clients {
        test_broker.subscribe(client, "t", QoS::AtMostOnce);
    }
    let turns = publish_in_turns(&mut test_broker, &clients[0], b"x", 3);
    assert!(turns >= 4, "{turns} turns");
    for recorder in sinks.iter().chain([&node, &in_group]) {
        assert_eq!(recorder.payloads(), [b"x"]);
    }
    assert!(clients.iter().all(|client| take_payloads(client) == [b"x"]));
}

#[test]
fn a_refusal_is_counted_and_reported_if_nobody_accepts() {
    let mut test_broker = TestBroker::new(Config::default());
    let client = test_broker.attach("c", |_| {});
    let sink = Recorder::new(1);
    add_sink(&test_broker.broker, "t", &sink);
    let mut publish = |payload: &[u8]| test_broker.publish(&client, "t", QoS::ExactlyOnce, &[payload]);
    assert_eq!((publish(b"1"), publish(b"2")), (Published::Delivered, Published::Refused));
    test_broker.subscribe(&client, "t", QoS::AtMostOnce);
    assert_eq!(test_broker.publish(&client, "t", QoS::ExactlyOnce, &[b"3"]), Published::Delivered);
    assert_eq!(sink.payloads(), [b"1"]);
    let totals = test_broker.totals();
    assert_eq!((totals.forwarded_to_sinks, totals.refused_by_sinks), (1, 2));
}

#[test]
fn a_removed_sink_and_node_get_nothing() {
    let (mut test_broker, node) = broker_with_node();
    let client = test_broker.attach("c", |_| {});
    let sink = Recorder::new(usize::MAX);
    let broker = Arc::clone(&test_broker.broker);
    let (first, second) = (add_sink(&broker, "t", &sink), add_sink(&broker, "u", &sink));
    subscribe_node(&broker, "t");
    assert!(broker.remove_sink(first) && !broker.remove_sink(first));
    assert!(broker.unsubscribe_node(broker.tenant(), &filter("t"), NODE));
    assert!(!broker.unsubscribe_node(broker.tenant(), &filter("t"), NODE));
    assert_eq!(test_broker.publish(&client, "t", QoS::AtMostOnce, &[b"1"]), Published::Unmatched);
    assert_eq!(test_broker.publish(&client, "u", QoS::AtMostOnce, &[b"2"]), Published::Delivered);
    assert_eq!((sink.payloads(), node.payloads().len()), (vec![b"2".to_vec()], 0));
    assert!(broker.remove_sink(second));
    assert_eq!(broker.tenant().router.subscriptions(), 0);
}

#[test]
fn a_broker_that_runs_alone_has_no_nodes() {
    let test_broker = TestBroker::new(Config::default());
    let (broker, tenant) = (&test_broker.broker, test_broker.broker.tenant());
    assert_eq!(broker.subscribe_node(tenant, &filter("t"), NODE), Err(SubscribeNodeError::UnknownNode(NODE)));
}

#[test]
fn a_subscriber_takes_two_words() {
    assert_eq!(size_of::<Subscriber>(), 2 * size_of::<usize>());
}
