//! Pushes several encoded frames to the session together.

use std::time::Instant;

use tidegate_mqtt::frame::{self, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{OutgoingPublish, PacketId, ProtocolVersion, PublishView, QoS};
use tidegate_session::{Frames, Session, Verdict};

use super::{MessageState, Outbound};
use crate::session::harness::OpenConnection;
use crate::session::operation::{EncodedFrames, Push};

/// Consecutive frames, in the form in which publishers send them.
#[derive(Default)]
struct PublisherFrames {
    bytes: Vec<u8>,
    largest_size: usize,
}

impl Outbound {
    /// Pushes a few frames as the broker forwards them. Reading the write buffer later shows whether the frames were
    /// written.
    pub(in crate::session) fn push_encoded(
        &mut self,
        session: &mut Session,
        encoded: EncodedFrames,
        connection: Option<&OpenConnection>,
        now: Instant,
    ) {
        let before = self.messages.len();
        let version = connection.map_or(ProtocolVersion::V5, |connection| connection.negotiated.version);
        let wire = self.write(encoded, version, now);
        let verdict = match encoded.qos {
            QoS::AtMostOnce => session.push_encoded(&wire.bytes, encoded.count, wire.largest_size),
            _ => self.push_frames(session, &wire, version, connection),
        };
        match verdict {
            Verdict::Sent => {}
            Verdict::PushOneByOne => self.messages.truncate(before),
            Verdict::Dropped(_) if encoded.qos == QoS::AtMostOnce => self.messages[before..]
                .iter_mut()
                .for_each(|pushed| pushed.state = MessageState::DroppedOrReturned),
            other => panic!("the verdict is {other:?} at {:?}", encoded.qos),
        }
    }

    /// Pushes frames at QoS 1 and checks the verdict. Only a session that ends with its connection accepts such frames,
    /// and only if no message waits. If the session does not accept the frames, the session must not change.
    fn push_frames(
        &self,
        session: &mut Session,
        wire: &PublisherFrames,
        version: ProtocolVersion,
        connection: Option<&OpenConnection>,
    ) -> Verdict {
        let packet_ids = wire.packet_ids(version);
        let count = packet_ids.len();
        let before = session_counts(session);
        let frames = Frames { wire: &wire.bytes, packet_ids: &packet_ids, largest_size: wire.largest_size };
        let verdict = session.push_frames(&frames);
        let (pending, inflight, queued) = before;
        if verdict != Verdict::Sent {
            assert_eq!(session_counts(session), before, "{verdict:?}, but the session has changed");
            return verdict;
        }
        let is_open = connection.is_some_and(|connection| connection.resumed);
        assert!(is_open, "frames before the session is resumed");
        let outlives = connection.is_some_and(|connection| connection.negotiated.session_expiry > 0);
        assert!(!outlives, "frames to a session that outlives its connection");
        assert!(queued == 0 && self.resends.is_empty(), "frames overtake messages that wait");
        assert_eq!(
            session_counts(session),
            (pending + wire.bytes.len(), inflight + count, 0),
            "frames are lost"
        );
        verdict
    }

    /// Encodes the frames, with packet identifiers that the session does not assign.
    fn write(&mut self, encoded: EncodedFrames, version: ProtocolVersion, now: Instant) -> PublisherFrames {
        let EncodedFrames { count, size, qos } = encoded;
        let push = Push {
            topic: "encoded",
            size,
            qos,
            retain: false,
            expiry: None,
            subscription_identifiers: &[],
            shared: false,
        };
        let mut wire = PublisherFrames::default();
        for _ in 0..count {
            let message = self.message(push, now);
            let id = self.messages.len() as u16 + PUBLISHER_PACKET_ID_MIN;
            let packet_id = PacketId::new(id).filter(|_| qos != QoS::AtMostOnce);
            let outgoing = OutgoingPublish { packet_id, ..OutgoingPublish::from_message(&message, now) };
            wire.largest_size = wire.largest_size.max(outgoing.size(version));
            outgoing.encode(version, &mut wire.bytes);
            self.add(message, push, MessageState::Waiting);
        }
        wire
    }
}

impl PublisherFrames {
    /// Returns the offsets of the packet identifiers, in bytes.
    fn packet_ids(&self, version: ProtocolVersion) -> Vec<usize> {
        let mut rest = &self.bytes[..];
        let mut packet_ids = Vec::new();
        while !rest.is_empty() {
            let next = frame::next(rest, version, PACKET_SIZE_MAX).expect("a valid frame");
            let Next::Frame(frame) = next else { panic!("an incomplete frame") };
            let view = PublishView::parse(&frame, version).expect("a valid PUBLISH");
            assert!(view.is_forwardable_frame(), "the frame can be copied");
            let begin = self.bytes.len() - rest.len();
            packet_ids.push(begin + view.packet_id_at().expect("a packet identifier"));
            rest = &rest[frame.wire.len()..];
        }
        packet_ids
    }
}

/// Returns the length of the write buffer, the number of packet identifiers in use, and the number of messages in the
/// queue.
fn session_counts(session: &mut Session) -> (usize, usize, usize) {
    (session.write_buffer().len(), session.inflight() as usize, session.queued())
}

/// The smallest packet identifier in the frames of publishers. The session assigns only smaller identifiers.
pub(super) const PUBLISHER_PACKET_ID_MIN: u16 = 50_000;
