//! Publishing on a schedule, independently of the speed of the broker.

use crate::error::LoadError;
use crate::latencies::Latencies;
use crate::number::{count, length};
use crate::traffic::Publisher;
use crate::traffic::pace::Schedule;

/// Publishes the messages that are due. A publisher that is on time writes each message separately, as a device does. A
/// publisher that is late writes all its due messages at once. A publisher that cannot send delays the publishers after
/// it. The delay counts as latency, because each message keeps the time at which it was due.
pub(super) fn keep_schedule(
    schedule: &mut Schedule,
    publishers: &mut [Publisher],
    lateness: &mut Latencies,
    limit: u64,
    now: u64,
) -> Result<(), LoadError> {
    let publishers_len = count(publishers.len()).max(1);
    let before = schedule.sent();
    while schedule.send_time() <= now && schedule.sent() < limit.saturating_mul(publishers_len) {
        let turn = length(schedule.sent() % publishers_len);
        let Some(publisher) = publishers.get_mut(turn).filter(|publisher| publisher.can_publish()) else {
            break;
        };
        publisher.publish(schedule.due_time());
        lateness.record(now - schedule.due_time());
        schedule.advance();
    }
    let sent_now = length(schedule.sent() - before).min(publishers.len());
    for turn in 0..sent_now {
        let turn = length((before + count(turn)) % publishers_len);
        publishers.get_mut(turn).map_or(Ok(()), Publisher::flush)?;
    }
    schedule.set_timer(now)
}
