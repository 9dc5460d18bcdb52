//! Publishing on a schedule, whatever the broker does.

use crate::error::LoadError;
use crate::latencies::Latencies;
use crate::number::{count, length};
use crate::traffic::Publisher;
use crate::traffic::pace::Schedule;

/// Publishes the due messages. On time, each message is one write, as from a device; a publisher that is late writes all its due
/// messages at once. A publisher that cannot send delays those after it. The delay counts as latency, because each message keeps
/// the time at which it was due.
pub(super) fn keep_schedule(
    schedule: &mut Schedule,
    publishers: &mut [Publisher],
    lateness: &mut Latencies,
    limit: u64,
    now: u64,
) -> Result<(), LoadError> {
    let publishers_len = count(publishers.len()).max(1);
    let before = schedule.issued();
    while schedule.release() <= now && schedule.issued() < limit.saturating_mul(publishers_len) {
        let turn = length(schedule.issued() % publishers_len);
        let Some(publisher) = publishers.get_mut(turn).filter(|publisher| publisher.can_publish()) else {
            break;
        };
        publisher.publish(schedule.due());
        lateness.record(now - schedule.due());
        schedule.advance();
    }
    let issued = length(schedule.issued() - before).min(publishers.len());
    for turn in 0..issued {
        let turn = length((before + count(turn)) % publishers_len);
        publishers.get_mut(turn).map_or(Ok(()), Publisher::flush)?;
    }
    schedule.arm(now)
}
