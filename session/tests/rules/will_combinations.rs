//! Compares all combinations of four inputs (how the connection ends, will delay, session expiry, how the client
//! reconnects) with a table written by hand.

use tidegate_mqtt::{Connect, ReasonCode};
use tidegate_session::Cause;

use crate::pair::{SessionUnderTest, persistent_connect};
use crate::will::will;

/// How the first connection ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Normal,
    WithWill,
    ServerClose,
    Takeover,
}

/// When the will is published.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    Never,
    /// When the first connection ends.
    AtEnd,
    /// When the client reconnects.
    AtReconnect,
}

use Ending::{Normal, ServerClose, Takeover, WithWill};
use When::{AtEnd, AtReconnect, Never};

/// Inputs: how the first connection ends, will delay, session expiry, Clean Start of the second connection. Expected:
/// when the will is published, Session Present. The second connection begins immediately after the first ends.
const EXPECTED_WILLS: [(Ending, u32, u32, bool, When, bool); 32] = [
    (Normal, 0, 0, false, Never, false),
    (Normal, 0, 0, true, Never, false),
    (Normal, 0, 9, false, Never, true),
    (Normal, 0, 9, true, Never, false),
    (Normal, 5, 0, false, Never, false),
    (Normal, 5, 0, true, Never, false),
    (Normal, 5, 9, false, Never, true),
    (Normal, 5, 9, true, Never, false),
    (WithWill, 0, 0, false, AtEnd, false),
    (WithWill, 0, 0, true, AtEnd, false),
    (WithWill, 0, 9, false, AtEnd, true),
    (WithWill, 0, 9, true, AtEnd, false),
    (WithWill, 5, 0, false, AtEnd, false),
    (WithWill, 5, 0, true, AtEnd, false),
    (WithWill, 5, 9, false, Never, true),
    (WithWill, 5, 9, true, AtReconnect, false),
    (ServerClose, 0, 0, false, AtEnd, false),
    (ServerClose, 0, 0, true, AtEnd, false),
    (ServerClose, 0, 9, false, AtEnd, true),
    (ServerClose, 0, 9, true, AtEnd, false),
    (ServerClose, 5, 0, false, AtEnd, false),
    (ServerClose, 5, 0, true, AtEnd, false),
    (ServerClose, 5, 9, false, Never, true),
    (ServerClose, 5, 9, true, AtReconnect, false),
    (Takeover, 0, 0, false, AtReconnect, false),
    (Takeover, 0, 0, true, AtReconnect, false),
    (Takeover, 0, 9, false, AtReconnect, true),
    (Takeover, 0, 9, true, AtReconnect, false),
    (Takeover, 5, 0, false, AtReconnect, false),
    (Takeover, 5, 0, true, AtReconnect, false),
    (Takeover, 5, 9, false, Never, true),
    (Takeover, 5, 9, true, AtReconnect, false),
];

fn run_combination(ending: Ending, delay: u32, expiry: u32, clean_start: bool) -> (When, bool) {
    let mut connect = persistent_connect();
    connect.session_expiry = Some(expiry);
    connect.will = Some(will(delay));
    let mut pair = SessionUnderTest::new(connect);
    let cause = match ending {
        Normal => Some(Cause::Disconnect { reason: ReasonCode::Success, session_expiry: None }),
        WithWill => Some(Cause::Disconnect { reason: ReasonCode::DisconnectWithWill, session_expiry: None }),
        ServerClose => Some(Cause::Violation),
        Takeover => None,
    };
    let at_end = cause.is_some_and(|cause| {
        let detached = pair.detach(cause);
        assert_eq!(detached.session_ended, expiry == 0);
        detached.will.is_some()
    });
    let attached = pair.connect(Connect { clean_start, ..persistent_connect() });
    assert_eq!(attached.was_attached, ending == Takeover);
    pair.advance(1000);
    assert!(pair.detach(Cause::Closed).will.is_none(), "the second connection has no will");
    let when = match (at_end, attached.will.is_some()) {
        (true, false) => AtEnd,
        (false, true) => AtReconnect,
        (false, false) => Never,
        (true, true) => panic!("published twice"),
    };
    (when, attached.session_present)
}

#[test]
fn every_combination_publishes_the_will_as_the_table_states() {
    for (ending, delay, expiry, clean_start, when, present) in EXPECTED_WILLS {
        let found = run_combination(ending, delay, expiry, clean_start);
        assert_eq!(found, (when, present), "{ending:?} delay {delay} expiry {expiry} clean {clean_start}");
    }
}

#[test]
fn without_a_reconnect_the_will_is_published_once_at_the_earlier_of_delay_and_expiry() {
    for (delay, expiry, seconds) in [(5, 9, 5), (9, 5, 5), (5, 5, 5), (1, u32::MAX, 1), (u32::MAX, 7, 7)] {
        let mut connect = persistent_connect();
        connect.session_expiry = Some(expiry);
        connect.will = Some(will(delay));
        let mut pair = SessionUnderTest::new(connect);
        assert!(pair.detach(Cause::Closed).will.is_none());
        let mut published = 0;
        for elapsed in 1..=20 {
            pair.advance(1);
            if pair.session.handle_timeout(pair.now).will.is_some() {
                assert_eq!(elapsed, seconds, "delay {delay} expiry {expiry}");
                published += 1;
            }
        }
        assert_eq!(published, 1);
    }
}
