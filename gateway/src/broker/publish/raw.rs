//! The short way: frames that every subscriber of the same wire class and QoS gets as they came, in one piece.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, ProtocolVersion, QoS};
use tidegate_session::{Frames, Verdict};

use super::deliver::{DeliveryOptions, count, deliver_locked};
use super::outcome::Outcome;
use super::{Broker, Published};
use crate::broker::publish_batch::{RawFrames, emptied};
use crate::broker::session_handle::{SessionHandle, State};
use crate::cores::Core;

/// A run in all the forms in which subscribers take it; each is made when the first one needs it.
struct EncodedVariants<'r> {
    version: ProtocolVersion,
    publisher: u64,
    raw: &'r RawFrames<'r>,
    /// QoS 0 frames of the 3.x versions and of 5.0, and the size of the largest.
    qos0_frames: [Option<(Vec<u8>, usize)>; 2],
    messages: Vec<Arc<Message>>,
}

impl<'r> EncodedVariants<'r> {
    /// QoS 0 frames as a client of `version` reads them, and the size of the largest.
    fn qos0_frames(&mut self, version: ProtocolVersion) -> (&[u8], usize) {
        let raw = self.raw;
        if raw.qos == QoS::AtMostOnce && version.is_v5() == self.version.is_v5() {
            return (raw.wire, raw.largest);
        }
        let [earlier, five] = &mut self.qos0_frames;
        let qos0_frames = if version.is_v5() { five } else { earlier };
        let (wire, largest) = qos0_frames.get_or_insert_with(|| raw.transcribe(self.version, version));
        (wire, *largest)
    }

    /// The frames of a QoS 1 run, if a client of `version` reads them so.
    fn qos1_frames(&self, version: ProtocolVersion) -> Option<Frames<'r>> {
        let RawFrames { wire, packet_ids, largest, .. } = *self.raw;
        let same = version.is_v5() == self.version.is_v5();
        same.then_some(Frames { wire, packet_ids, largest })
    }

    fn messages(&mut self, now: Instant) -> &[Arc<Message>] {
        if self.messages.is_empty() {
            self.raw.put_messages(self.version, self.publisher, now, &mut self.messages);
        }
        &self.messages
    }
}

impl Broker {
    pub(super) fn publish_raw(
        &self,
        core: &mut Core,
        from: &Arc<SessionHandle>,
        version: ProtocolVersion,
        raw: &RawFrames<'_>,
        now: Instant,
    ) -> Published {
        let route = core.routes.route(from.tenant(), raw.topic);
        let list = mem::take(&mut core.messages_scratch);
        let mut variants = EncodedVariants {
            version,
            publisher: from.publisher(),
            raw,
            qos0_frames: [None, None],
            messages: list,
        };
        let mut outcome = Outcome::new(true);
        for delivery in &route.deliveries {
            let Some(grants) = delivery.for_publisher(from.publisher()) else { continue };
            outcome.add(self.deliver_batch(
                core,
                &delivery.subscriber.0,
                DeliveryOptions::from(grants),
                &mut variants,
                now,
            ));
        }
        if !route.groups.is_empty() {
            self.deliver_to_groups(core, &route.groups, variants.messages(now), &mut outcome, now);
        }
        core.messages_scratch = emptied(variants.messages);
        outcome.finish(core, usize::try_from(raw.count).unwrap_or(usize::MAX))
    }

    /// The run to one session: in one piece, or as messages where it takes them only so.
    fn deliver_batch(
        &self,
        core: &mut Core,
        handle: &Arc<SessionHandle>,
        share: DeliveryOptions<'_>,
        variants: &mut EncodedVariants<'_>,
        now: Instant,
    ) -> Verdict {
        let mut state = handle.lock();
        let verdict = match share.identifiers {
            [] => push(&mut state, share.qos.min(variants.raw.qos), variants),
            _ => Verdict::Individually,
        };
        if verdict == Verdict::Individually {
            return deliver_locked(self, core, handle, state, share, variants.messages(now), now);
        }
        if matches!(verdict, Verdict::Dropped(_)) {
            core.counters.add_drops(&state.session.take_drops());
        }
        drop(state);
        if verdict == Verdict::Sent {
            core.mark_dirty(handle);
        }
        count(core, verdict, u64::from(variants.raw.count));
        verdict
    }
}

fn push(state: &mut State, qos: QoS, variants: &mut EncodedVariants<'_>) -> Verdict {
    let version = state.session.version().unwrap_or(variants.version);
    if qos == QoS::AtMostOnce {
        let messages_scratch = variants.raw.count;
        let (wire, largest) = variants.qos0_frames(version);
        return state.session.push_encoded(wire, messages_scratch, largest);
    }
    match variants.qos1_frames(version) {
        Some(frames) => state.session.push_frames(&frames),
        None => Verdict::Individually,
    }
}
