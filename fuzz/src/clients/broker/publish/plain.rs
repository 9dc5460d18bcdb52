//! The short way: a frame that every subscriber of the same wire class and QoS gets as it came.

use std::sync::Arc;

use tidegate_mqtt::{Message, Outgoing, ProtocolVersion, PublishView, QoS};
use tidegate_routing::Grants;
use tidegate_session::{Frames, Session, Verdict};

use super::{Broker, Member, Published};

impl Broker {
    /// Hands a frame at QoS 0 or 1 to all its receivers.
    pub(in crate::clients::broker) fn publish_plain(
        &mut self,
        number: u64,
        version: ProtocolVersion,
        view: &PublishView<'_>,
    ) -> Published {
        let route = self.router.route(view.topic);
        let message = Arc::new(Message::from_view(view, view.topic, number, self.now));
        let mut verdicts = Vec::new();
        for delivery in &route.deliveries {
            let Some(grants) = delivery.for_publisher(number) else { continue };
            let mut verdict = self.hand_frame(delivery.subscriber, grants, version, view);
            if verdict == Verdict::Individually {
                verdict = self.hand(delivery.subscriber, grants, None, &message);
            }
            verdicts.push(verdict);
        }
        for group in &route.groups {
            verdicts.push(self.hand_to_group(group, &message, None));
        }
        Published::of(&verdicts)
    }

    /// [`Verdict::Individually`] where the session takes it as a message only.
    fn hand_frame(
        &mut self,
        member: Member,
        grants: Grants<'_>,
        version: ProtocolVersion,
        view: &PublishView<'_>,
    ) -> Verdict {
        if !grants.identifiers.is_empty() {
            return Verdict::Individually;
        }
        let qos = grants.qos.min(view.qos);
        let verdict = push(self.session(member.0), qos, version, view);
        if verdict != Verdict::Individually {
            self.accounts.copies += 1;
            self.has_copied |= qos == QoS::AtLeastOnce;
        }
        verdict
    }
}

fn push(session: &mut Session, qos: QoS, version: ProtocolVersion, view: &PublishView<'_>) -> Verdict {
    let to = session.version().unwrap_or(version);
    let is_same = to.is_v5() == version.is_v5();
    if qos == QoS::AtMostOnce {
        if is_same && view.qos == QoS::AtMostOnce {
            return session.push_encoded(view.wire, 1, view.wire.len());
        }
        let wire = transcribe(view, to);
        return session.push_encoded(&wire, 1, wire.len());
    }
    let Some(at) = view.packet_id_at().filter(|_| is_same) else { return Verdict::Individually };
    session.push_frames(&Frames { wire: view.wire, packet_ids: &[at], largest: view.wire.len() })
}

/// The same message as a QoS 0 frame of the version.
fn transcribe(view: &PublishView<'_>, to: ProtocolVersion) -> Vec<u8> {
    let plain = Outgoing::plain(view.topic, view.payload);
    let outgoing = Outgoing { properties: view.properties, ..plain };
    let mut wire = Vec::new();
    outgoing.encode(to, &mut wire);
    wire
}
