//! The short way: frames that every subscriber of the same wire class and QoS gets as they came, in one piece.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, ProtocolVersion, QoS};
use tidegate_session::{Frames, Verdict};

use super::hand::{Share, count, hand_under};
use super::tally::Tally;
use super::{Broker, Published};
use crate::broker::run::{Plain, emptied};
use crate::broker::seat::{Seat, State};
use crate::cores::Core;

/// A run in all the forms in which subscribers take it; each is made when the first one needs it.
struct Forms<'r> {
    version: ProtocolVersion,
    publisher: u64,
    plain: &'r Plain<'r>,
    /// QoS 0 frames of the 3.x versions and of 5.0, and the size of the largest.
    bare: [Option<(Vec<u8>, usize)>; 2],
    messages: Vec<Arc<Message>>,
}

impl<'r> Forms<'r> {
    /// QoS 0 frames as a client of `version` reads them, and the size of the largest.
    fn bare(&mut self, version: ProtocolVersion) -> (&[u8], usize) {
        let plain = self.plain;
        if plain.qos == QoS::AtMostOnce && version.is_v5() == self.version.is_v5() {
            return (plain.wire, plain.largest);
        }
        let [earlier, five] = &mut self.bare;
        let bare = if version.is_v5() { five } else { earlier };
        let (wire, largest) = bare.get_or_insert_with(|| plain.transcribe(self.version, version));
        (wire, *largest)
    }

    /// The frames of a QoS 1 run, if a client of `version` reads them so.
    fn identified(&self, version: ProtocolVersion) -> Option<Frames<'r>> {
        let Plain { wire, packet_ids, largest, .. } = *self.plain;
        let same = version.is_v5() == self.version.is_v5();
        same.then_some(Frames { wire, packet_ids, largest })
    }

    fn messages(&mut self, now: Instant) -> &[Arc<Message>] {
        if self.messages.is_empty() {
            self.plain.put_messages(self.version, self.publisher, now, &mut self.messages);
        }
        &self.messages
    }
}

impl Broker {
    pub(super) fn publish_plain(
        &self,
        core: &mut Core,
        from: &Arc<Seat>,
        version: ProtocolVersion,
        plain: &Plain<'_>,
        now: Instant,
    ) -> Published {
        let route = core.lookaside.route(from.realm(), plain.topic);
        let list = mem::take(&mut core.copies);
        let mut forms =
            Forms { version, publisher: from.publisher(), plain, bare: [None, None], messages: list };
        let mut tally = Tally::new(true);
        for delivery in &route.deliveries {
            let Some(grants) = delivery.for_publisher(from.publisher()) else { continue };
            tally.add(self.hand_run(core, &delivery.subscriber.0, Share::from(grants), &mut forms, now));
        }
        if !route.groups.is_empty() {
            self.hand_to_groups(core, &route.groups, forms.messages(now), &mut tally, now);
        }
        core.copies = emptied(forms.messages);
        tally.conclude(core, usize::try_from(plain.count).unwrap_or(usize::MAX))
    }

    /// The run to one session: in one piece, or as messages where it takes them only so.
    fn hand_run(
        &self,
        core: &mut Core,
        seat: &Arc<Seat>,
        share: Share<'_>,
        forms: &mut Forms<'_>,
        now: Instant,
    ) -> Verdict {
        let mut state = seat.lock();
        let verdict = match share.identifiers {
            [] => push(&mut state, share.qos.min(forms.plain.qos), forms),
            _ => Verdict::Individually,
        };
        if verdict == Verdict::Individually {
            return hand_under(self, core, seat, state, share, forms.messages(now), now);
        }
        if matches!(verdict, Verdict::Dropped(_)) {
            core.counters.add_drops(&state.session.take_drops());
        }
        drop(state);
        if verdict == Verdict::Sent {
            core.mark_dirty(seat);
        }
        count(core, verdict, u64::from(forms.plain.count));
        verdict
    }
}

fn push(state: &mut State, qos: QoS, forms: &mut Forms<'_>) -> Verdict {
    let version = state.session.version().unwrap_or(forms.version);
    if qos == QoS::AtMostOnce {
        let copies = forms.plain.count;
        let (wire, largest) = forms.bare(version);
        return state.session.push_encoded(wire, copies, largest);
    }
    match forms.identified(version) {
        Some(frames) => state.session.push_frames(&frames),
        None => Verdict::Individually,
    }
}
