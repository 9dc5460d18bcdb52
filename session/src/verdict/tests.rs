//! Every dropped message is counted once, under its reason.

use super::{DropReason, Drops};

#[test]
fn every_drop_reason_is_counted_under_its_reason() {
    let reasons = [
        DropReason::Expired,
        DropReason::TooLarge,
        DropReason::QueueFull,
        DropReason::Rejected,
        DropReason::Slow,
        DropReason::Offline,
        DropReason::Ended,
    ];
    let mut drops = Drops::default();
    for (index, reason) in reasons.into_iter().enumerate() {
        drops.add(reason, 1 << index);
    }
    let expected = Drops { expired: 1, too_large: 2, queue_full: 4 + 8, slow: 16, offline: 32, ended: 64 };
    assert_eq!(drops, expected);
    assert_eq!(drops.total(), 127);
    drops.add(DropReason::Expired, 3);
    assert_eq!(drops.expired, 4);
}
