//! Retained messages for a new subscription, at the pace of the client's socket and acknowledgements: never cut, never piled up.

use std::collections::BTreeMap;
use std::task::Context;
use std::time::Instant;

use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_routing::{Cursor, RetainedStore};
use tidegate_session::{Delivery, Session, Terms, Verdict};

use super::{Driver, End};
use crate::broker::{Broker, Seat, State};
use crate::cores::{Core, with_core};

/// The replays under way. At most one a subscription, so the session's bound on subscriptions bounds it.
#[derive(Default)]
pub(super) struct Replays {
    queue: BTreeMap<SubscriptionFilter, Replay>,
}

struct Replay {
    cursor: Cursor,
    qos: QoS,
    no_local: bool,
    identifier: Option<u32>,
}

impl Replays {
    /// Begins a replay; one under way for the same filter is begun anew.
    pub(super) fn begin(&mut self, filter: &SubscriptionFilter, terms: &Terms) {
        let replay = Replay {
            cursor: RetainedStore::cursor(&filter.filter),
            qos: terms.options.qos,
            no_local: terms.options.no_local,
            identifier: terms.identifier,
        };
        self.queue.insert(filter.clone(), replay);
    }

    /// Ends the replay for `filter`.
    pub(super) fn cancel(&mut self, filter: &SubscriptionFilter) {
        self.queue.remove(filter);
    }
}

impl Replay {
    /// Pushes the next message that the cursor yields.
    fn advance(&mut self, broker: &Broker, seat: &Seat, state: &mut State, core: &Core, now: Instant) {
        let Some(mut message) = seat.realm().retained.next(&mut self.cursor, 1, now).pop() else { return };
        if self.no_local && message.publisher() == state.session.id() {
            return;
        }
        // The session may get the same message again, by another SUBSCRIBE.
        if let Some(keeper) = broker.keeper().filter(|_| state.session.is_followed()) {
            message = keeper.twin(&message);
        }
        // RETAIN is 1 since the subscription is the cause [MQTT5-3.3.1-8].
        let delivery = Delivery {
            message: &message,
            qos: self.qos.min(message.qos()),
            retain: true,
            identifiers: self.identifier.as_slice(),
            share: None,
        };
        match state.session.push(&delivery, now) {
            Verdict::Sent => core.counters.messages_sent.add(1),
            Verdict::Queued => core.counters.messages_queued.add(1),
            _ => {}
        }
    }
}

impl Driver {
    /// Sends the next retained messages if the client keeps up.
    pub(super) fn replay(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        let Some(replays) = &mut self.replays else { return Ok(()) };
        let Some(mut current) = replays.queue.first_entry() else {
            self.replays = None;
            return Ok(());
        };
        let now = Instant::now();
        let low = self.broker.config().session.pending_bytes_high / 2;
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        let done = with_core(|core| {
            for _ in 0..REPLAY_LEN {
                if current.get().cursor.done() || !has_room(&mut state.session, low) {
                    break;
                }
                current.get_mut().advance(&self.broker, &self.seat, &mut state, core, now);
            }
            self.broker.follow(core, &self.seat, &mut state.session);
            core.counters.add_drops(&state.session.take_drops());
            core.mark_dirty(&self.seat);
            current.get().cursor.done()
        });
        if done {
            current.remove();
        } else if !has_room(&mut state.session, low) {
            // Acknowledgements wake the driver as anything does that is read; a drained socket does by the choke.
            if state.session.pending().len() > low {
                self.bell.choke(low);
            }
            return Ok(());
        }
        context.waker().wake_by_ref();
        Ok(())
    }
}

/// Whether the client keeps up, so that the next message is sent at once whatever its QoS.
fn has_room(session: &mut Session, low: usize) -> bool {
    session.pending().len() <= low && session.queued() == 0 && session.has_room()
}

/// Retained messages sent before other connections get their turn.
const REPLAY_LEN: usize = 64;
