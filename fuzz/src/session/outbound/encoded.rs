//! Messages are handed to the session as encoded frames, several in one piece.

use std::time::Instant;

use tidegate_mqtt::frame::{self, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{Outgoing, PacketId, ProtocolVersion, PublishView, QoS};
use tidegate_session::{Frames, Session, Verdict};

use super::{Fate, Outbound};
use crate::session::operation::{Encoded, Push};
use crate::session::world::Link;

/// Frames side by side, as publishers sent them.
#[derive(Default)]
struct Wire {
    bytes: Vec<u8>,
    largest: usize,
}

impl Outbound {
    /// Pushes a few frames as they would be forwarded. Whether they were written is seen when the bytes are read.
    pub(in crate::session) fn push_encoded(
        &mut self,
        session: &mut Session,
        encoded: Encoded,
        link: Option<&Link>,
        now: Instant,
    ) {
        let before = self.messages.len();
        let version = link.map_or(ProtocolVersion::V5, |link| link.negotiated.version);
        let wire = self.write(encoded, version, now);
        let verdict = match encoded.qos {
            QoS::AtMostOnce => session.push_encoded(&wire.bytes, encoded.count, wire.largest),
            _ => self.push_frames(session, &wire, version, link),
        };
        match verdict {
            Verdict::Sent => {}
            Verdict::Individually => self.messages.truncate(before),
            Verdict::Dropped(_) if encoded.qos == QoS::AtMostOnce => {
                self.messages[before..].iter_mut().for_each(|pushed| pushed.fate = Fate::Gone)
            }
            other => panic!("a verdict of {other:?} at {:?}", encoded.qos),
        }
    }

    /// Only a session that ends with its connection takes frames at QoS 1, in front of nothing that waits; where it takes
    /// none, it is as it was.
    fn push_frames(
        &self,
        session: &mut Session,
        wire: &Wire,
        version: ProtocolVersion,
        link: Option<&Link>,
    ) -> Verdict {
        let packet_ids = wire.packet_ids(version);
        let count = packet_ids.len();
        let before = holding(session);
        let frames = Frames { wire: &wire.bytes, packet_ids: &packet_ids, largest: wire.largest };
        let verdict = session.push_frames(&frames);
        let (pending, inflight, queued) = before;
        if verdict != Verdict::Sent {
            assert_eq!(holding(session), before, "{verdict:?}, and something has changed");
            return verdict;
        }
        let is_open = link.is_some_and(|link| link.resumed);
        assert!(is_open, "frames before the session is resumed");
        let outlives = link.is_some_and(|link| link.negotiated.session_expiry > 0);
        assert!(!outlives, "frames to a session that outlives its connection");
        assert!(queued == 0 && self.resends.is_empty(), "frames past what waits");
        assert_eq!(holding(session), (pending + wire.bytes.len(), inflight + count, 0), "frames are lost");
        verdict
    }

    /// The frames, under identifiers that the session does not give.
    fn write(&mut self, encoded: Encoded, version: ProtocolVersion, now: Instant) -> Wire {
        let Encoded { count, size, qos } = encoded;
        let push = Push {
            topic: "encoded",
            size,
            qos,
            retain: false,
            expiry: None,
            identifiers: &[],
            shared: false,
        };
        let mut wire = Wire::default();
        for _ in 0..count {
            let message = self.message(push, now);
            let id = self.messages.len() as u16 + FOREIGN_MIN;
            let packet_id = PacketId::new(id).filter(|_| qos != QoS::AtMostOnce);
            let outgoing = Outgoing { packet_id, ..Outgoing::of(&message, now) };
            wire.largest = wire.largest.max(outgoing.size(version));
            outgoing.encode(version, &mut wire.bytes);
            self.add(message, push, Fate::Waiting);
        }
        wire
    }
}

impl Wire {
    /// Where the packet identifiers are, as the gateway finds them.
    fn packet_ids(&self, version: ProtocolVersion) -> Vec<usize> {
        let mut rest = &self.bytes[..];
        let mut packet_ids = Vec::new();
        while !rest.is_empty() {
            let next = frame::next(rest, version, PACKET_SIZE_MAX).expect("a good frame");
            let Next::Frame(frame) = next else { panic!("a part of a frame") };
            let view = PublishView::parse(&frame, version).expect("a good PUBLISH");
            assert!(view.copyable(), "a frame that can be copied");
            let begin = self.bytes.len() - rest.len();
            packet_ids.push(begin + view.packet_id_at().expect("a packet identifier"));
            rest = &rest[frame.wire.len()..];
        }
        packet_ids
    }
}

/// What frames add to: pending bytes, packet identifiers in use, messages in the queue.
fn holding(session: &mut Session) -> (usize, usize, usize) {
    (session.write_buffer().len(), session.inflight() as usize, session.queued())
}

/// Packet identifiers of publishers are not below it; the session does not get so far.
pub(super) const FOREIGN_MIN: u16 = 50_000;
