#![allow(clippy::panic)]

use super::decision::{Decision, Signal, State};
use super::is_in_ignored_set;

const STOP_SIGNALS: [Signal; 3] = [Signal::Terminate, Signal::Interrupt, Signal::Quit];

#[test]
fn the_first_signal_to_stop_drains_the_connections() {
    for signal in STOP_SIGNALS {
        assert_eq!(State::default().decide(signal, true), Decision::Stop, "{signal:?}");
    }
}

#[test]
fn a_second_sigterm_or_sigint_ends_at_once_and_sigquit_does_not() {
    for first in STOP_SIGNALS {
        for (second, decision) in [
            (Signal::Terminate, Decision::EndAtOnce),
            (Signal::Interrupt, Decision::EndAtOnce),
            (Signal::Quit, Decision::Stop),
        ] {
            let mut state = State::default();
            let _ = state.decide(first, true);
            assert_eq!(state.decide(second, true), decision, "{first:?}, then {second:?}");
        }
    }
}

#[test]
fn a_signal_to_stop_ends_the_start() {
    for signal in STOP_SIGNALS {
        assert_eq!(State::default().decide(signal, false), Decision::EndStart, "{signal:?}");
    }
    assert_eq!(State::default().decide(Signal::Hangup, false), Decision::Reload);
}

#[test]
fn no_other_signal_stops_the_broker() {
    let mut state = State::default();
    let others = [
        (Signal::Hangup, Decision::Reload),
        (Signal::User1, Decision::LogCounters),
        (Signal::User2, Decision::Ignore),
        (Signal::Alarm, Decision::Ignore),
    ];
    for (signal, decision) in others {
        assert_eq!(state.decide(signal, true), decision, "{signal:?}");
    }
    assert_eq!(state.decide(Signal::Terminate, true), Decision::Stop, "the first signal to stop");
}

#[test]
fn the_ignored_signals_are_read_from_the_status_of_the_process() {
    let status =
        |set: &str| format!("Name:\ttidegate\nSigBlk:\t0000000000000001\nSigIgn:\t{set}\nSigCgt:\t1\n");
    assert!(is_in_ignored_set(&status("0000000000001001"), 1));
    assert!(!is_in_ignored_set(&status("0000000000001000"), 1), "SIGPIPE, which Rust ignores");
    assert!(is_in_ignored_set(&status("0000000000001000"), 13));
    assert!(!is_in_ignored_set("Name:\ttidegate\n", 1), "no such line");
    assert!(!is_in_ignored_set(&status("none"), 1), "not a number");
    assert!(!is_in_ignored_set(&status("ffffffffffffffff"), 0), "not a signal");
}
