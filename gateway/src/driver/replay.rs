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
use crate::cores::with_core;

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

impl Driver {
    /// Sends the next retained messages if the client keeps up.
    pub(super) fn replay(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        let Some(replays) = &mut self.replays else { return Ok(()) };
        let now = Instant::now();
        let Some(replay) = replays.queue.front_mut() else {
            self.replays = None;
            return Ok(());
        };
        {
            let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
            let low = self.broker.config().session.pending_bytes_high / 2;
            if state.session.queued() > 0 {
                // The acknowledgements that empty the queue wake the driver.
                return Ok(());
            }
            if state.session.pending().len() > low {
                self.bell.choke(low);
                return Ok(());
            }
        }
        let messages = self.seat.realm().retained.next(&mut replay.cursor, REPLAY_LEN, now);
        let done = replay.cursor.done();
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        let (mut sent, mut queued) = (0, 0);
        for message in &messages {
            if replay.no_local && message.publisher() == state.session.id() {
                continue;
            }
            // RETAIN is 1 since the subscription is the cause [MQTT5-3.3.1-8].
            let delivery = Delivery {
                message,
                qos: replay.qos.min(message.qos()),
                retain: true,
                identifiers: replay.identifier.as_slice(),
                share: None,
            };
            match state.session.push(&delivery, now) {
                Verdict::Sent => sent += 1,
                Verdict::Queued => queued += 1,
                _ => {}
            }
        }
        let drops = state.session.take_drops();
        drop(state);
        with_core(|core| {
            core.counters.messages_sent.add(sent);
            core.counters.messages_queued.add(queued);
            core.counters.add_drops(&drops);
            core.mark_dirty(&self.seat);
        });
        if done {
            replays.queue.pop_front();
        }
        context.waker().wake_by_ref();
        Ok(())
    }
}

/// Retained messages sent before other connections get their turn.
const REPLAY_LEN: usize = 64;
