//! A packet that costs more than the budget of one turn is processed in several turns, but remains one operation.

use tidegate_mqtt::RetainHandling::Never;
use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{OutgoingPublish, Packet, PacketId, ProtocolVersion, QoS, ReasonCode, Will};
use tidegate_session::Config as SessionConfig;

use super::{Client, SharedBroker, subscription_options};

const V5: ProtocolVersion = ProtocolVersion::V5;

fn publish(qos: QoS, id: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet_id = PacketId::new(id).filter(|_| qos > QoS::AtMostOnce);
    OutgoingPublish { qos, packet_id, ..OutgoingPublish::plain("t", payload) }.encode(V5, &mut bytes);
    bytes
}

fn take_payloads(client: &mut Client) -> Vec<Vec<u8>> {
    let publishes = client.take_packets().into_iter().filter_map(|packet| match packet {
        Packet::Publish(publish) => Some(publish.payload.to_vec()),
        _ => None,
    });
    publishes.collect()
}

fn connect_subscribers(shared_broker: &SharedBroker, count: usize) -> Vec<Client> {
    let subscriber = |index| {
        let mut client = shared_broker.connect(&format!("s{index}"), |_| {});
        client.subscribe("t", subscription_options(QoS::AtLeastOnce, Never), 1);
        client
    };
    (0..count).map(subscriber).collect()
}

#[test]
fn a_publish_to_many_subscribers_takes_several_turns() {
    let shared_broker = SharedBroker::with(SessionConfig::default());
    let mut subscribers = connect_subscribers(&shared_broker, 20);
    for qos in QoS::ALL {
        let mut publisher = shared_broker.connect("p", |_| {});
        let turns = publisher.send_bytes(&publish(qos, 1, b"x"), 5);
        assert!(turns >= 4, "{turns} turns for 20 copies at {qos:?}");
        for subscriber in &mut subscribers {
            assert_eq!(take_payloads(subscriber), [b"x"], "{qos:?}");
        }
        let acks =
            publisher.take_packets().into_iter().filter(|packet| matches!(packet, Packet::Ack(_))).count();
        assert_eq!(acks, usize::from(qos > QoS::AtMostOnce));
    }
}

#[test]
fn a_later_publish_waits_for_the_unfinished_one() {
    let shared_broker = SharedBroker::with(SessionConfig::default());
    let mut subscribers = connect_subscribers(&shared_broker, 9);
    let mut publisher = shared_broker.connect("p", |_| {});
    let bytes: Vec<u8> =
        (1..=4).flat_map(|id| publish(QoS::AtLeastOnce, id, &[u8::try_from(id).unwrap(); 8000])).collect();
    publisher.send_bytes(&bytes, 3);
    for subscriber in &mut subscribers {
        let first_bytes: Vec<_> = take_payloads(subscriber).iter().map(|payload| payload[0]).collect();
        assert_eq!(first_bytes, [1, 2, 3, 4]);
    }
    let acks = publisher.take_packets().into_iter().filter_map(|packet| match packet {
        Packet::Ack(ack) => Some((ack.packet_id.get(), ack.reason)),
        _ => None,
    });
    let expected: Vec<_> = (1..=4).map(|id| (id, ReasonCode::Success)).collect();
    assert_eq!(acks.collect::<Vec<_>>(), expected);
}

#[test]
fn the_recipients_are_chosen_in_the_first_turn() {
    let shared_broker = SharedBroker::with(SessionConfig::default());
    let mut subscribers = connect_subscribers(&shared_broker, 6);
    let mut publisher = shared_broker.connect("p", |_| {});
    let bytes = publish(QoS::AtLeastOnce, 1, b"x");
    let connection = &mut publisher.connection;
    shared_broker.turn(3, |turn| connection.receive(turn, &bytes)).unwrap();
    assert!(publisher.connection.is_busy());
    // One client subscribes, one unsubscribes, and one replaces its session. Only the sessions that were subscribed in
    // the first turn and still exist get the message.
    let mut late = shared_broker.connect("late", |_| {});
    late.subscribe("t", subscription_options(QoS::AtLeastOnce, Never), 1);
    subscribers[5].unsubscribe("t");
    let mut replaced = shared_broker.connect("s4", |_| {});
    publisher.send_bytes(&[], 3);
    assert_eq!((take_payloads(&mut late).len(), take_payloads(&mut replaced).len()), (0, 0));
    let counts: Vec<_> = subscribers.iter_mut().map(|subscriber| take_payloads(subscriber).len()).collect();
    assert_eq!((&counts[..4], counts[5]), (&[1, 1, 1, 1][..], 1));
}

#[test]
fn a_publish_is_finished_before_its_connection_ends() {
    let shared_broker = SharedBroker::with(SessionConfig::default());
    let mut subscribers = connect_subscribers(&shared_broker, 8);
    let will = Will::new(Name::parse("t").unwrap(), "will", QoS::AtLeastOnce);
    let mut publisher = shared_broker.connect("p", |connect| connect.will = Some(will));
    let bytes = publish(QoS::AtLeastOnce, 1, b"x");
    let connection = &mut publisher.connection;
    shared_broker.turn(3, |turn| connection.receive(turn, &bytes)).unwrap();
    assert!(publisher.connection.is_busy());
    publisher.close();
    // The broker delivers the will after all messages that the client published.
    assert!(
        subscribers
            .iter_mut()
            .all(|subscriber| take_payloads(subscriber) == [b"x".to_vec(), b"will".to_vec()])
    );
}

#[test]
fn a_session_cannot_be_taken_over_during_its_unfinished_publish() {
    let shared_broker = SharedBroker::with(SessionConfig::default());
    let mut subscribers = connect_subscribers(&shared_broker, 8);
    let mut publisher = shared_broker.connect("p", |_| {});
    let bytes = publish(QoS::AtLeastOnce, 1, b"x");
    let connection = &mut publisher.connection;
    shared_broker.turn(3, |turn| connection.receive(turn, &bytes)).unwrap();
    assert!(shared_broker.0.borrow_mut().try_connect("p", |_| {}).is_err());
    let connection = &mut publisher.connection;
    while !shared_broker.turn(3, |turn| connection.continue_unfinished_publish(turn)) {}
    let mut later = shared_broker.connect("p", |_| {});
    later.send_bytes(&publish(QoS::AtLeastOnce, 1, b"y"), 3);
    assert!(
        subscribers.iter_mut().all(|subscriber| take_payloads(subscriber) == [b"x".to_vec(), b"y".to_vec()])
    );
}

#[test]
fn a_long_subscribe_takes_several_turns_and_is_acknowledged_once() {
    use tidegate_mqtt::topic::SubscriptionFilter;
    use tidegate_mqtt::{Subscribe, SubscribeEntry, UserProperties};

    let shared_broker = SharedBroker::with(SessionConfig::default());
    let mut client = shared_broker.connect("c", |_| {});
    let entry = |index: u32| SubscribeEntry {
        filter: Ok(SubscriptionFilter::parse(&format!("f/{index}")).unwrap()),
        options: subscription_options(QoS::AtMostOnce, Never),
    };
    let packet = Packet::Subscribe(Subscribe {
        packet_id: PacketId::MIN,
        identifier: None,
        user_properties: UserProperties::new(),
        filters: (0..100).map(entry).collect(),
    });
    let mut bytes = Vec::new();
    packet.encode(V5, &mut bytes).unwrap();
    let turns = client.send_bytes(&bytes, 10);
    assert!(turns >= 10, "{turns} turns");
    let subacks: Vec<_> = client
        .take_packets()
        .into_iter()
        .filter_map(|packet| match packet {
            Packet::SubAck(suback) => Some(suback.reasons.len()),
            _ => None,
        })
        .collect();
    assert_eq!(subacks, [100]);
}
