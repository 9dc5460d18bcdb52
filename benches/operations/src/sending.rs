//! Messages through a session to its client, acknowledged there; and the whole way of a publish but the sockets: frame,
//! route, session, bytes.

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tidegate_mqtt::{Ack, AckKind, Connect, Message, PacketId, PublishView, QoS, ReasonCode};
use tidegate_routing::{Config as RoutingConfig, Router, Subscriber};
use tidegate_session::{Config, Delivery, Frames, Handshake, Session, Step, Verdict};

use crate::codec::{TOPIC, V5, frame, publish};
use crate::matching::{GRANT, PLANTS, filters, topics};
use crate::retained::message;
use crate::{Case, Make};

pub(crate) const CASES: &[Make] = &[
    push_once,
    push_acknowledged,
    push_encoded,
    push_frames,
    || publish_path("publish/QoS 0 to three of 10,000", QoS::AtMostOnce),
    || publish_path("publish/QoS 1 to three of 10,000", QoS::AtLeastOnce),
];

/// Messages between two writes to the socket.
const BATCH: u32 = 64;

/// A session with a client, whose bytes go nowhere.
struct Client {
    session: Session,
    spare: Vec<u8>,
    next: PacketId,
    now: Instant,
}

impl Client {
    fn connected(id: u64) -> Self {
        let now = Instant::now();
        let config = Arc::new(Config::default());
        let mut handshake = Handshake::new(Arc::clone(&config), None);
        let Step::Accept(negotiated) = handshake.handle_connect(Connect::new(V5, "client"), String::new)
        else {
            panic!("refused");
        };
        let mut session = Session::new(id, config);
        let _ = session.attach(&negotiated, now);
        session.resume(now);
        Self { session, spare: Vec::new(), next: PacketId::MIN, now }
    }

    fn push(&mut self, message: &Arc<Message>, qos: QoS) {
        let delivery = Delivery { message, qos, retain: false, identifiers: &[], share: None };
        assert_eq!(self.session.push(black_box(&delivery), self.now), Verdict::Sent);
    }

    fn write(&mut self) {
        let spare = std::mem::take(&mut self.spare);
        self.spare = self.session.write_buffer().take(spare).recycle();
    }

    fn acknowledge(&mut self, count: u32) {
        for _ in 0..count {
            let ack = Ack::new(AckKind::PubAck, self.next, ReasonCode::Success);
            self.session.handle_ack(black_box(&ack), self.now).expect("it is in flight");
            self.next = self.next.next();
        }
    }
}

fn push_once() -> Case {
    let mut client = Client::connected(1);
    let message = message(TOPIC, QoS::AtMostOnce);
    Case::many("inflight/push QoS 0", BATCH, move || {
        (0..BATCH).for_each(|_| client.push(&message, QoS::AtMostOnce));
        client.write();
    })
}

fn push_acknowledged() -> Case {
    let mut client = Client::connected(1);
    let message = message(TOPIC, QoS::AtLeastOnce);
    Case::many("inflight/push QoS 1 and its PUBACK", BATCH, move || {
        (0..BATCH).for_each(|_| client.push(&message, QoS::AtLeastOnce));
        client.write();
        client.acknowledge(BATCH);
    })
}

fn push_encoded() -> Case {
    let mut client = Client::connected(1);
    let wire = publish(TOPIC, QoS::AtMostOnce);
    Case::many("inflight/push a frame as it came", BATCH, move || {
        for _ in 0..BATCH {
            assert_eq!(client.session.push_encoded(black_box(&wire), 1, wire.len()), Verdict::Sent);
        }
        client.write();
    })
}

fn push_frames() -> Case {
    let mut client = Client::connected(1);
    let one = publish(TOPIC, QoS::AtLeastOnce);
    let at = PublishView::parse(&frame(&one), V5).ok().and_then(|view| view.packet_id_at()).expect("QoS 1");
    let wire = one.repeat(usize::try_from(BATCH).expect("few"));
    let packet_ids: Vec<usize> = (0..wire.len()).step_by(one.len()).map(|start| start + at).collect();
    Case::many("inflight/pass a QoS 1 frame on and its PUBACK", BATCH, move || {
        let frames = Frames { wire: &wire, packet_ids: &packet_ids, largest: one.len() };
        assert_eq!(client.session.push_frames(black_box(&frames)), Verdict::Sent);
        client.write();
        client.acknowledge(BATCH);
    })
}

/// As a gateway has it.
#[derive(Clone)]
struct Seat(Arc<(u64, Mutex<Client>)>);

impl Subscriber for Seat {
    fn id(&self) -> u64 {
        self.0.0
    }
}

fn publish_path(name: &'static str, qos: QoS) -> Case {
    let router = Router::new(RoutingConfig::default());
    for (id, filter) in (0..).zip(filters()) {
        let seat = Seat(Arc::new((id, Mutex::new(Client::connected(id)))));
        router.subscribe(&filter, seat, GRANT).expect("room for it");
    }
    let wires: Vec<_> = topics("plant", "temperature").iter().map(|topic| publish(topic, qos)).collect();
    let now = Instant::now();
    Case::many(name, PLANTS, move || wires.iter().for_each(|wire| publish_one(&router, wire, qos, now)))
}

fn publish_one(router: &Router<Seat>, wire: &[u8], qos: QoS, now: Instant) {
    let view = PublishView::parse(&frame(black_box(wire)), V5).expect("a PUBLISH");
    let route = router.route(view.topic);
    let message = Arc::new(Message::from_view(&view, view.topic, u64::MAX, now));
    for delivery in &route.deliveries {
        let grants = delivery.for_publisher(u64::MAX).expect("not its own");
        let Ok(mut client) = delivery.subscriber.0.1.lock() else { return };
        client.push(&message, grants.qos.min(qos));
        client.write();
        client.acknowledge(u32::from(qos > QoS::AtMostOnce));
    }
}
