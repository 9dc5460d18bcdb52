//! The short way: QoS 0 frames that every subscriber of the same wire class gets as they came.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::ProtocolVersion;
use tidegate_session::Verdict;

use super::hand::{Share, count, hand};
use super::tally::Tally;
use super::{Broker, Published};
use crate::broker::run::Plain;
use crate::broker::seat::Seat;
use crate::cores::Core;

/// The frames of a run in both wire classes; the other one is made when the first subscriber needs it.
struct Wires<'r> {
    version: ProtocolVersion,
    plain: &'r Plain<'r>,
    other: Option<(Vec<u8>, usize)>,
}

impl Wires<'_> {
    /// The frames as a client of `version` reads them, and the size of the largest.
    fn of(&mut self, version: ProtocolVersion) -> (&[u8], usize) {
        if version.is_v5() == self.version.is_v5() {
            return (self.plain.wire, self.plain.largest);
        }
        let (wire, largest) = self.other.get_or_insert_with(|| self.plain.transcribe(self.version, version));
        (wire, *largest)
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
        let mut wires = Wires { version, plain, other: None };
        let mut tally = Tally::new(true);
        for delivery in &route.deliveries {
            let Some(grants) = delivery.for_publisher(from.publisher()) else { continue };
            let seat = &delivery.subscriber.0;
            let mut verdict = Verdict::Individually;
            if grants.identifiers.is_empty() {
                verdict = hand_frames(core, seat, &mut wires);
            }
            if verdict == Verdict::Individually {
                let messages = plain.to_messages(version, from.publisher(), now);
                verdict = hand(core, seat, Share::from(grants), &messages, now);
            }
            tally.add(verdict);
        }
        if !route.groups.is_empty() {
            let messages = plain.to_messages(version, from.publisher(), now);
            self.hand_to_groups(core, &route.groups, &messages, &mut tally, now);
        }
        tally.conclude(core, usize::try_from(plain.count).unwrap_or(usize::MAX))
    }
}

/// All frames of the run into one session's outbox, in one piece.
fn hand_frames(core: &mut Core, seat: &Arc<Seat>, wires: &mut Wires<'_>) -> Verdict {
    let copies = wires.plain.count;
    let mut state = seat.lock();
    let version = state.session.version().unwrap_or(wires.version);
    let (wire, largest) = wires.of(version);
    let verdict = state.session.push_encoded(wire, copies, largest);
    if matches!(verdict, Verdict::Dropped(_)) {
        core.counters.add_drops(&state.session.take_drops());
    }
    drop(state);
    if verdict == Verdict::Sent {
        core.mark_dirty(seat);
    }
    count(core, verdict, u64::from(copies));
    verdict
}
