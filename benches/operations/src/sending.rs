//! Messages through a session to its client, which acknowledges them.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Ack, AckKind, Connect, Message, PacketId, PublishView, QoS, ReasonCode};
use tidegate_session::{Config, Delivery, Frames, Handshake, Session, Step, Verdict};

use crate::codec::{TOPIC, V5, frame, publish};
use crate::retained::message;
use crate::{Case, Make};

pub(crate) const CASES: &[Make] = &[push_once, push_acknowledged, push_encoded, push_frames];

/// Messages that one write to the socket would take.
const BATCH: u32 = 64;

/// A session with a connected client. The bytes for the client are discarded.
struct Client {
    session: Session,
    buffer: Vec<u8>,
    next: PacketId,
    now: Instant,
}

impl Client {
    fn connected() -> Self {
        let now = Instant::now();
        let config = Arc::new(Config::default());
        let mut handshake = Handshake::new(Arc::clone(&config), None);
        let Step::Accept(negotiated) = handshake.handle_connect(Connect::new(V5, "client"), String::new)
        else {
            panic!("refused");
        };
        let mut session = Session::new(1, config);
        let _ = session.attach(&negotiated, now);
        session.resume(now);
        Self { session, buffer: Vec::new(), next: PacketId::MIN, now }
    }

    fn push(&mut self, message: &Arc<Message>, qos: QoS) {
        let delivery = Delivery { message, qos, retain: false, identifiers: &[], share: None };
        assert_eq!(self.session.push(black_box(&delivery), self.now), Verdict::Sent);
    }

    fn write(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.buffer = self.session.write_buffer().take(buffer).recycle();
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
    let mut client = Client::connected();
    let message = message(TOPIC, QoS::AtMostOnce);
    Case::many("inflight/push QoS 0", BATCH, move || {
        (0..BATCH).for_each(|_| client.push(&message, QoS::AtMostOnce));
        client.write();
    })
}

fn push_acknowledged() -> Case {
    let mut client = Client::connected();
    let message = message(TOPIC, QoS::AtLeastOnce);
    Case::many("inflight/push QoS 1 and its PUBACK", BATCH, move || {
        (0..BATCH).for_each(|_| client.push(&message, QoS::AtLeastOnce));
        client.write();
        client.acknowledge(BATCH);
    })
}

fn push_encoded() -> Case {
    let mut client = Client::connected();
    let wire = publish(TOPIC, QoS::AtMostOnce);
    Case::many("inflight/push a frame as it came", BATCH, move || {
        for _ in 0..BATCH {
            assert_eq!(client.session.push_encoded(black_box(&wire), 1, wire.len()), Verdict::Sent);
        }
        client.write();
    })
}

fn push_frames() -> Case {
    let mut client = Client::connected();
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
