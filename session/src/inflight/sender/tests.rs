//! Tests the sender's state table for every state and event.

use super::{Action, Event, State};

const STATES: [State; 4] =
    [State::Free, State::AwaitingPubAck, State::AwaitingPubRec, State::AwaitingPubComp];
const EVENTS: [Event; 4] = [Event::Acknowledged, Event::Received, Event::Refused, Event::Completed];

#[test]
fn every_state_reacts_to_every_event_as_expected() {
    use Action::{Complete, Ignore, Mismatch, Release, Repeat, Unknown};
    let expected = [
        // Columns: PUBACK, PUBREC, PUBREC of 0x80 or more, PUBCOMP. Rows: the states in the order of `STATES`.
        [Ignore, Unknown, Ignore, Ignore],
        [Complete, Mismatch, Mismatch, Mismatch],
        [Mismatch, Release, Complete, Mismatch],
        [Mismatch, Repeat, Complete, Complete],
    ];
    let found = STATES.map(|state| EVENTS.map(|event| state.on(event)));
    assert_eq!(found, expected);
}
