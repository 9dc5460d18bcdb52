//! Retained messages for a new subscription, at the pace of the client's socket and acknowledgements: never cut, never piled up.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::task::Context;
use std::time::Instant;

use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_routing::{Cursor, Grant, RetainedStore};
use tidegate_session::{Delivery, Verdict};

use super::{Driver, End};
use crate::broker::{Realm, State};
use crate::cores::{Core, with_core};

/// The replays under way. At most one a subscription, so the session's bound on subscriptions bounds it.
#[derive(Default)]
pub(super) struct Replays {
    queue: VecDeque<Replay>,
}

struct Replay {
    filter: SubscriptionFilter,
    cursor: Cursor,
    qos: QoS,
    no_local: bool,
    identifier: Option<u32>,
}

impl Replays {
    /// Begins a replay; one under way for the same filter is begun anew.
    pub(super) fn begin(&mut self, filter: &SubscriptionFilter, grant: &Grant) {
        self.cancel(filter);
        self.queue.push_back(Replay {
            filter: filter.clone(),
            cursor: RetainedStore::cursor(&filter.filter),
            qos: grant.qos,
            no_local: grant.no_local,
            identifier: grant.identifier.map(NonZeroU32::get),
        });
    }

    /// Ends the replay for `filter`.
    pub(super) fn cancel(&mut self, filter: &SubscriptionFilter) {
        self.queue.retain(|replay| replay.filter != *filter);
    }
}

impl Replay {
    /// Pushes what the cursor yields; true when there is no more.
    fn advance(&mut self, realm: &Realm, state: &mut State, core: &mut Core, now: Instant) -> bool {
        for message in &realm.retained.next(&mut self.cursor, REPLAY_LEN, now) {
            if self.no_local && message.publisher() == state.session.id() {
                continue;
            }
            // RETAIN is 1 since the subscription is the cause [MQTT5-3.3.1-8].
            let delivery = Delivery {
                message,
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
        core.counters.add_drops(&state.session.take_drops());
        self.cursor.done()
    }
}

impl Driver {
    /// Sends the next retained messages if the client keeps up.
    pub(super) fn replay(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        let Some(replays) = &mut self.replays else { return Ok(()) };
        let Some(replay) = replays.queue.front_mut() else {
            self.replays = None;
            return Ok(());
        };
        let low = self.broker.config().session.pending_bytes_high / 2;
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        if state.session.queued() > 0 {
            // The acknowledgements that empty the queue wake the driver.
            return Ok(());
        }
        if state.session.pending().len() > low {
            self.bell.choke(low);
            return Ok(());
        }
        let done = with_core(|core| {
            let done = replay.advance(self.seat.realm(), &mut state, core, Instant::now());
            core.mark_dirty(&self.seat);
            done
        });
        drop(state);
        if done {
            replays.queue.pop_front();
        }
        context.waker().wake_by_ref();
        Ok(())
    }
}

/// Retained messages sent before other connections get their turn.
const REPLAY_LEN: usize = 64;
