//! Messages that a session sends to its client, and the acknowledgements that the client sends back.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Ack, AckKind, Connect, Message, PacketId, PublishView, QoS, ReasonCode};
use tidegate_session::{Config, Delivery, Frames, Handshake, Session, Step, Verdict};

use crate::codec::{TOPIC, V5, frame, publish};
use crate::retained::message;
use crate::{Case, CaseSetup};

pub(crate) const CASES: &[CaseSetup] = &[push_once, push_acknowledged, push_encoded, push_frames];

/// Number of messages that the write buffer holds when it is emptied, as one write to a socket would empty it.
const MESSAGES_PER_WRITE: u32 = 64;

/// A session with a connected client. The bytes for the client are discarded.
struct Client {
    session: Session,
    buffer: Vec<u8>,
    next_packet_id: PacketId,
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
        Self { session, buffer: Vec::new(), next_packet_id: PacketId::MIN, now }
    }

    fn push(&mut self, message: &Arc<Message>, qos: QoS) {
        let delivery =
            Delivery { message, qos, retain: false, subscription_identifiers: &[], shared_filter: None };
        assert_eq!(self.session.push(black_box(&delivery), self.now), Verdict::Sent);
    }

    fn write(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.buffer = self.session.write_buffer().take(buffer).recycle();
    }

    fn acknowledge(&mut self, count: u32) {
        for _ in 0..count {
            let ack = Ack::new(AckKind::PubAck, self.next_packet_id, ReasonCode::Success);
            self.session.handle_ack(black_box(&ack), self.now).expect("it is in flight");
            self.next_packet_id = self.next_packet_id.next();
        }
    }
}

fn push_once() -> Case {
    let mut client = Client::connected();
    let message = message(TOPIC, QoS::AtMostOnce);
    Case::batch("inflight/push QoS 0", MESSAGES_PER_WRITE, move || {
        (0..MESSAGES_PER_WRITE).for_each(|_| client.push(&message, QoS::AtMostOnce));
        client.write();
    })
}

fn push_acknowledged() -> Case {
    let mut client = Client::connected();
    let message = message(TOPIC, QoS::AtLeastOnce);
    Case::batch("inflight/push QoS 1 and its PUBACK", MESSAGES_PER_WRITE, move || {
        (0..MESSAGES_PER_WRITE).for_each(|_| client.push(&message, QoS::AtLeastOnce));
        client.write();
        client.acknowledge(MESSAGES_PER_WRITE);
    })
}

fn push_encoded() -> Case {
    let mut client = Client::connected();
    let wire = publish(TOPIC, QoS::AtMostOnce);
    Case::batch("inflight/push a frame as it came", MESSAGES_PER_WRITE, move || {
        for _ in 0..MESSAGES_PER_WRITE {
            assert_eq!(client.session.push_encoded(black_box(&wire), 1, wire.len()), Verdict::Sent);
        }
        client.write();
    })
}

fn push_frames() -> Case {
    let mut client = Client::connected();
    let frame_bytes = publish(TOPIC, QoS::AtLeastOnce);
    let packet_id_offset = PublishView::parse(&frame(&frame_bytes), V5)
        .ok()
        .and_then(|view| view.packet_id_at())
        .expect("QoS 1");
    let wire = frame_bytes.repeat(usize::try_from(MESSAGES_PER_WRITE).expect("few"));
    let packet_ids: Vec<usize> =
        (0..wire.len()).step_by(frame_bytes.len()).map(|start| start + packet_id_offset).collect();
    Case::batch("inflight/pass a QoS 1 frame on and its PUBACK", MESSAGES_PER_WRITE, move || {
        let frames = Frames { wire: &wire, packet_ids: &packet_ids, largest_size: frame_bytes.len() };
        assert_eq!(client.session.push_frames(black_box(&frames)), Verdict::Sent);
        client.write();
        client.acknowledge(MESSAGES_PER_WRITE);
    })
}
