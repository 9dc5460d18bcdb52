//! What costs more than one turn may spend goes on in the next, and is one operation all the same.

use tidegate_mqtt::RetainHandling::Never;
use tidegate_mqtt::{Outgoing, Packet, PacketId, ProtocolVersion, QoS, ReasonCode};
use tidegate_session::Config as SessionConfig;

use super::{Client, Scene, options};

const V5: ProtocolVersion = ProtocolVersion::V5;

fn publish(qos: QoS, id: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet_id = PacketId::new(id).filter(|_| qos > QoS::AtMostOnce);
    Outgoing { qos, packet_id, ..Outgoing::plain("t", payload) }.encode(V5, &mut bytes);
    bytes
}

fn payloads(client: &mut Client) -> Vec<Vec<u8>> {
    let publishes = client.packets().into_iter().filter_map(|packet| match packet {
        Packet::Publish(publish) => Some(publish.payload.to_vec()),
        _ => None,
    });
    publishes.collect()
}

fn subscribers(scene: &Scene, count: usize) -> Vec<Client> {
    let subscriber = |index| {
        let mut client = scene.connect(&format!("s{index}"), |_| {});
        client.subscribe("t", options(QoS::AtLeastOnce, Never), 1);
        client
    };
    (0..count).map(subscriber).collect()
}

#[test]
fn a_publish_takes_as_many_turns_as_it_needs() {
    let scene = Scene::with(SessionConfig::default());
    let mut subscribers = subscribers(&scene, 20);
    for qos in QoS::ALL {
        let mut publisher = scene.connect("p", |_| {});
        let turns = publisher.send_bytes(&publish(qos, 1, b"x"), 5);
        assert!(turns >= 4, "{turns} turns for 20 copies at {qos:?}");
        for subscriber in &mut subscribers {
            assert_eq!(payloads(subscriber), [b"x"], "{qos:?}");
        }
        let acks = publisher.packets().into_iter().filter(|packet| matches!(packet, Packet::Ack(_))).count();
        assert_eq!(acks, usize::from(qos > QoS::AtMostOnce));
    }
}

#[test]
fn a_later_publish_waits_for_the_one_under_way() {
    let scene = Scene::with(SessionConfig::default());
    let mut subscribers = subscribers(&scene, 9);
    let mut publisher = scene.connect("p", |_| {});
    let bytes: Vec<u8> =
        (1..=4).flat_map(|id| publish(QoS::AtLeastOnce, id, &[u8::try_from(id).unwrap(); 8000])).collect();
    publisher.send_bytes(&bytes, 3);
    for subscriber in &mut subscribers {
        let first: Vec<_> = payloads(subscriber).iter().map(|payload| payload[0]).collect();
        assert_eq!(first, [1, 2, 3, 4]);
    }
    let acks = publisher.packets().into_iter().filter_map(|packet| match packet {
        Packet::Ack(ack) => Some((ack.packet_id.get(), ack.reason)),
        _ => None,
    });
    let expected: Vec<_> = (1..=4).map(|id| (id, ReasonCode::Success)).collect();
    assert_eq!(acks.collect::<Vec<_>>(), expected);
}

#[test]
fn the_recipients_are_those_of_the_first_turn() {
    let scene = Scene::with(SessionConfig::default());
    let mut subscribers = subscribers(&scene, 6);
    let mut publisher = scene.connect("p", |_| {});
    let bytes = publish(QoS::AtLeastOnce, 1, b"x");
    let connection = &mut publisher.connection;
    scene.turn(3, |turn| connection.receive(turn, &bytes)).unwrap();
    assert!(publisher.connection.is_busy());
    // One comes, one goes, and one begins again: only those that were there, and still are, get the message.
    let mut late = scene.connect("late", |_| {});
    late.subscribe("t", options(QoS::AtLeastOnce, Never), 1);
    subscribers[5].unsubscribe("t");
    let mut again = scene.connect("s4", |_| {});
    publisher.send_bytes(&[], 3);
    assert_eq!((payloads(&mut late).len(), payloads(&mut again).len()), (0, 0));
    let counts: Vec<_> = subscribers.iter_mut().map(|subscriber| payloads(subscriber).len()).collect();
    assert_eq!((&counts[..4], counts[5]), (&[1, 1, 1, 1][..], 1));
}

#[test]
fn a_publish_is_finished_although_its_connection_ends() {
    let scene = Scene::with(SessionConfig::default());
    let mut subscribers = subscribers(&scene, 8);
    let mut publisher = scene.connect("p", |_| {});
    let bytes = publish(QoS::AtLeastOnce, 1, b"x");
    let connection = &mut publisher.connection;
    scene.turn(3, |turn| connection.receive(turn, &bytes)).unwrap();
    assert!(publisher.connection.is_busy());
    publisher.cut();
    let broker = scene.0.borrow().broker.clone();
    while !scene.turn(3, |turn| broker.resume_backlog(turn)) {}
    assert!(subscribers.iter_mut().all(|subscriber| payloads(subscriber) == [b"x"]));
}

#[test]
fn a_long_subscribe_takes_turns_and_is_acknowledged_once() {
    use tidegate_mqtt::topic::SubscriptionFilter;
    use tidegate_mqtt::{Subscribe, SubscribeEntry, UserProperties};

    let scene = Scene::with(SessionConfig::default());
    let mut client = scene.connect("c", |_| {});
    let entry = |index: u32| SubscribeEntry {
        filter: Ok(SubscriptionFilter::parse(&format!("f/{index}")).unwrap()),
        options: options(QoS::AtMostOnce, Never),
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
        .packets()
        .into_iter()
        .filter_map(|packet| match packet {
            Packet::SubAck(suback) => Some(suback.reasons.len()),
            _ => None,
        })
        .collect();
    assert_eq!(subacks, [100]);
}
