//! Tests the lifecycle tables for every state and event.

use std::time::{Duration, Instant};

use tidegate_mqtt::ReasonCode;

use super::{Cause, Lifecycle, Outcome, WillAction, detach, reattach};

#[allow(clippy::disallowed_methods)]
fn start_time() -> Instant {
    Instant::now()
}

#[test]
fn a_closed_connection_keeps_publishes_or_discards_the_will() {
    use WillAction::{Discard, Keep, Publish};
    // Inputs: whether the will is kept, its delay, the session expiry. Expected: will action, session ended.
    let table = [
        (false, 0, 0, Discard, true),
        (false, 0, 9, Discard, false),
        (false, 5, 0, Discard, true),
        (false, 5, 9, Discard, false),
        (true, 0, 0, Publish, true),
        (true, 0, 9, Publish, false),
        (true, 5, 0, Publish, true),
        (true, 5, 9, Keep, false),
    ];
    for (keeps, delay, expiry, will, session_ended) in table {
        assert_eq!(detach(keeps, delay, expiry), Outcome { will, session_ended }, "{keeps} {delay} {expiry}");
    }
}

#[test]
fn resuming_discards_a_delayed_will_and_clean_start_publishes_it() {
    assert_eq!(reattach(true), Outcome { will: WillAction::Publish, session_ended: true });
    assert_eq!(reattach(false), Outcome { will: WillAction::Discard, session_ended: false });
}

#[test]
fn every_cause_except_a_normal_disconnect_keeps_the_will() {
    let disconnect = |reason| Cause::Disconnect { reason, session_expiry: None };
    assert!(!disconnect(ReasonCode::Success).keeps_will());
    let keep = [
        disconnect(ReasonCode::DisconnectWithWill),
        disconnect(ReasonCode::MalformedPacket),
        Cause::Closed,
        Cause::Violation,
        Cause::KeepAlive,
        Cause::Takeover,
        Cause::Shutdown,
    ];
    assert!(keep.iter().all(Cause::keeps_will));
}

#[test]
fn timers_of_will_and_session_expire_at_their_times_or_never_if_unset() {
    let now = start_time();
    let at = |seconds| Some(now + Duration::from_secs(seconds));
    let nothing = Outcome { will: WillAction::Keep, session_ended: false };
    for lifecycle in
        [Lifecycle::Ended, Lifecycle::Attached, Lifecycle::Detached { will_at: None, expires_at: None }]
    {
        assert_eq!(lifecycle.due(now), nothing);
        assert_eq!(lifecycle.timeout(), None);
    }
    let both = Lifecycle::Detached { will_at: at(5), expires_at: at(9) };
    assert_eq!(both.timeout(), at(5));
    for (seconds, will, session_ended) in [
        (4, WillAction::Keep, false),
        (5, WillAction::Publish, false),
        (8, WillAction::Publish, false),
        (9, WillAction::Publish, true),
        (99, WillAction::Publish, true),
    ] {
        assert_eq!(both.due(now + Duration::from_secs(seconds)), Outcome { will, session_ended });
    }
    assert_eq!(Lifecycle::Detached { will_at: None, expires_at: at(9) }.timeout(), at(9));
    assert_eq!(Lifecycle::Detached { will_at: at(5), expires_at: None }.timeout(), at(5));
}

#[test]
fn after_a_closed_connection_the_will_is_due_at_the_earlier_of_delay_and_expiry() {
    let now = start_time();
    let at = |seconds| Some(now + Duration::from_secs(seconds));
    let after = |delay, expiry| Lifecycle::after_detach(detach(true, delay, expiry), delay, expiry, now);
    assert_eq!(after(5, 0), Lifecycle::Ended);
    assert_eq!(after(0, 9), Lifecycle::Detached { will_at: None, expires_at: at(9) });
    assert_eq!(after(5, 9), Lifecycle::Detached { will_at: at(5), expires_at: at(9) });
    assert_eq!(after(9, 5), Lifecycle::Detached { will_at: at(5), expires_at: at(5) });
    assert_eq!(after(5, u32::MAX), Lifecycle::Detached { will_at: at(5), expires_at: None });
}
