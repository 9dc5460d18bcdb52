//! Operations on a session, and how input bytes choose them.

use tidegate_mqtt::{AckKind, QoS, ReasonCode};
use tidegate_session::Cause;

use super::setup::{self, Client};
use crate::sample;
use crate::source::Source;

/// One operation on the session.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Connection(ConnectionOperation),
    Outbound(OutboundOperation),
    Inbound(InboundOperation),
    Clock(ClockOperation),
}

/// An operation on connections.
#[derive(Debug, Clone)]
pub(super) enum ConnectionOperation {
    Connect(Box<Client>),
    Resume,
    Leave(Cause),
    /// A connection that was taken over reports its end after the takeover.
    LeaveLate(Cause),
}

/// An operation on messages to the client and their acknowledgements.
#[derive(Debug, Clone)]
pub(super) enum OutboundOperation {
    Push(Push),
    PushEncoded(EncodedFrames),
    /// The client acknowledges or refuses the `nth` message in flight.
    AckInFlight {
        nth: usize,
        refuses: bool,
    },
    AckById {
        id: u16,
        kind: AckKind,
        refuses: bool,
    },
    /// A writer takes all bytes of the write buffer.
    Take,
    /// The writer has written `written` bytes and puts the remaining bytes back.
    PutBack {
        written: usize,
    },
    SendWaiting,
    Control {
        choice: u8,
    },
}

/// A message that the broker delivers to the session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Push {
    pub(super) topic: &'static str,
    pub(super) size: usize,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) expiry: Option<u32>,
    pub(super) subscription_identifiers: &'static [u32],
    pub(super) shared: bool,
}

/// Encoded frames that the broker delivers to the session together.
#[derive(Debug, Clone, Copy)]
pub(super) struct EncodedFrames {
    pub(super) count: u32,
    pub(super) size: usize,
    /// QoS of the frames: 0 or 1.
    pub(super) qos: QoS,
}

/// A packet from the client, or its subscriptions.
#[derive(Debug, Clone, Copy)]
pub(super) enum InboundOperation {
    Receive { id: u16 },
    Release { id: u16 },
    WithholdPubAck,
    SendPubAck,
    Publish { topic: &'static str, alias: Option<u16>, qos: QoS, retain: bool, has_identifier: bool },
    Subscribe { filter: &'static str, options: u8, identifier: Option<u32> },
    Unsubscribe { filter: &'static str },
    Authenticate { reason: ReasonCode, method: &'static str, data: &'static [u8] },
}

/// An operation on the clock or the timers.
#[derive(Debug, Clone, Copy)]
pub(super) enum ClockOperation {
    AdvanceClock { milliseconds: u64 },
    Timeout,
    Sweep,
}

/// Returns the operations that the input bytes choose, up to a maximum number. The first operation connects a client.
pub(super) fn sequence(source: &mut Source<'_>) -> Vec<Operation> {
    let mut operations =
        vec![Operation::Connection(ConnectionOperation::Connect(Box::new(setup::client(source))))];
    while !source.is_empty() && operations.len() < OPERATIONS_MAX {
        operations.push(read_operation(source));
    }
    operations
}

fn read_operation(source: &mut Source<'_>) -> Operation {
    match source.below(16) {
        0..10 => Operation::Outbound(outbound(source)),
        10..12 => Operation::Inbound(inbound(source)),
        12 => Operation::Clock(clock(source)),
        _ => Operation::Connection(connection(source)),
    }
}

fn connection(source: &mut Source<'_>) -> ConnectionOperation {
    match source.below(8) {
        0 => ConnectionOperation::Connect(Box::new(setup::client(source))),
        1 => ConnectionOperation::Leave(cause(source)),
        2 if source.rarely(4) => ConnectionOperation::LeaveLate(cause(source)),
        _ => ConnectionOperation::Resume,
    }
}

fn cause(source: &mut Source<'_>) -> Cause {
    match source.below(8) {
        0 => Cause::Closed,
        1 => Cause::KeepAlive,
        2 => Cause::Violation,
        3 => Cause::Shutdown,
        _ => Cause::Disconnect {
            reason: source.pick(&[ReasonCode::Success, ReasonCode::DisconnectWithWill]),
            session_expiry: source.pick(&[None, None, Some(0), Some(3), Some(u32::MAX)]),
        },
    }
}

fn outbound(source: &mut Source<'_>) -> OutboundOperation {
    match source.below(16) {
        0..6 => OutboundOperation::Push(push(source)),
        6 => OutboundOperation::PushEncoded(encoded(source)),
        7..11 => OutboundOperation::AckInFlight { nth: source.below(8), refuses: source.rarely(8) },
        11 => OutboundOperation::AckById {
            id: source.pick(&[1, 2, 3, 4, 5, 100, u16::MAX]),
            kind: source.pick(&AckKind::ALL),
            refuses: source.rarely(4),
        },
        12 => OutboundOperation::Take,
        13 => OutboundOperation::PutBack { written: source.pick(&[0, 1, 10, 1000, usize::MAX, usize::MAX]) },
        14 => OutboundOperation::SendWaiting,
        _ => OutboundOperation::Control { choice: source.next_byte() },
    }
}

fn push(source: &mut Source<'_>) -> Push {
    Push {
        topic: source.pick(&["t", "topic/a", "topic/b", "topic/c/of/a/longer/kind"]),
        size: source.pick(&[4, 4, 20, 200, 1100]),
        qos: source.pick(&QoS::ALL),
        retain: source.rarely(4),
        expiry: source.pick(&[None, None, None, Some(0), Some(1), Some(20)]),
        subscription_identifiers: source.pick(&[&[], &[], &[7], &[1, 200, 268_435_455]]),
        shared: source.rarely(4),
    }
}

fn encoded(source: &mut Source<'_>) -> EncodedFrames {
    let (once, least) = (QoS::AtMostOnce, QoS::AtLeastOnce);
    let (count, qos) = source.pick(&[(1, once), (2, once), (3, once), (1, least), (2, least), (3, least)]);
    EncodedFrames { count, size: source.pick(&[4, 40, 400]), qos }
}

fn inbound(source: &mut Source<'_>) -> InboundOperation {
    match source.below(8) {
        0 | 1 => InboundOperation::Receive { id: 1 + u16::from(source.next_byte() % 4) },
        2 => InboundOperation::Release { id: 1 + u16::from(source.next_byte() % 4) },
        3 if source.next_bool() => InboundOperation::WithholdPubAck,
        3 => InboundOperation::SendPubAck,
        4 => InboundOperation::Publish {
            topic: source.pick(&["", "", "in/a", "in/b"]),
            alias: source.pick(&[None, Some(1), Some(2), Some(3), Some(4), Some(u16::MAX)]),
            qos: source.pick(&QoS::ALL),
            retain: source.next_bool(),
            has_identifier: source.rarely(16),
        },
        5 => InboundOperation::Subscribe {
            filter: sample::filter(source),
            options: source.next_byte(),
            identifier: source.pick(&[None, Some(1), Some(9)]),
        },
        6 => InboundOperation::Unsubscribe { filter: sample::filter(source) },
        _ => InboundOperation::Authenticate {
            reason: source.pick(&[
                ReasonCode::ReAuthenticate,
                ReasonCode::ContinueAuthentication,
                ReasonCode::Success,
            ]),
            method: source.pick(&[setup::METHOD, setup::METHOD, "other"]),
            data: source.pick(&[b"more", b"no", b"yes"]),
        },
    }
}

fn clock(source: &mut Source<'_>) -> ClockOperation {
    match source.below(4) {
        0 | 1 => ClockOperation::AdvanceClock {
            milliseconds: source.pick(&[1, 500, 1000, 3000, 60_000, 4_000_000_000_000]),
        },
        2 => ClockOperation::Timeout,
        _ => ClockOperation::Sweep,
    }
}

const OPERATIONS_MAX: usize = 200;
