//! Operations on the router and the retained store, and how input bytes choose them. There are few filters and topic
//! names, so that they match often.

use std::num::NonZeroU32;

use tidegate_mqtt::QoS;
use tidegate_routing::Grant;

use crate::source::Source;

/// One operation on the router or the retained store.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    Subscriptions(Change),
    Pick(Pick),
    Retained(RetainedOperation),
}

/// An operation on subscriptions.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Subscribe {
        filter: &'static str,
        subscriber: u64,
        grant: Grant,
    },
    Unsubscribe {
        filter: &'static str,
        subscriber: u64,
    },
    Route {
        name: &'static str,
    },
    /// One subscriber removes all its subscriptions.
    UnsubscribeAll {
        subscriber: u64,
    },
    /// Many subscribers subscribe to one filter or unsubscribe from it. Their ids start at `first` and have a distance
    /// of `step`.
    Many {
        filter: &'static str,
        first: u64,
        count: u64,
        step: u64,
        unsubscribes: bool,
    },
}

/// The choice of a member of a shared subscription for one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pick {
    pub(super) filter: &'static str,
    pub(super) publisher: u64,
    /// The random number from which a strategy may choose a member.
    pub(super) random: u64,
    /// Id of a subscriber that must not be chosen.
    pub(super) excluded: Option<u64>,
    /// Online state of the subscribers, one bit for each.
    pub(super) online: u8,
}

/// An operation on retained messages.
#[derive(Debug, Clone, Copy)]
pub(super) enum RetainedOperation {
    Set { name: &'static str, size: usize, expiry: Option<u32> },
    BeginReplay { filter: &'static str },
    NextMessages { max: usize },
    AdvanceClock { seconds: u64 },
    Sweep { max: usize },
}

/// Returns the operations that the input bytes choose, up to a maximum number.
pub(super) fn sequence(source: &mut Source<'_>) -> Vec<Operation> {
    let mut operations = Vec::new();
    while !source.is_empty() && operations.len() < OPERATIONS_MAX {
        operations.push(read_operation(source));
    }
    operations
}

fn read_operation(source: &mut Source<'_>) -> Operation {
    match source.below(8) {
        0..4 => Operation::Subscriptions(change(source)),
        4 => Operation::Pick(Pick {
            filter: source.pick(&SHARED),
            publisher: subscriber(source),
            random: source.next_u16().into(),
            excluded: source.maybe(subscriber),
            online: source.next_byte(),
        }),
        _ => Operation::Retained(retained(source)),
    }
}

fn change(source: &mut Source<'_>) -> Change {
    match source.below(8) {
        0..4 => {
            Change::Subscribe { filter: filter(source), subscriber: subscriber(source), grant: grant(source) }
        }
        4 => Change::Unsubscribe { filter: filter(source), subscriber: subscriber(source) },
        5 if source.rarely(4) => Change::UnsubscribeAll { subscriber: subscriber(source) },
        5 if source.rarely(4) => Change::Many {
            filter: filter(source),
            first: u64::from(source.next_byte()),
            count: source.pick(&[4, 20, 60, 200]),
            step: source.pick(&[1, 1, 3]),
            unsubscribes: source.next_bool(),
        },
        _ => Change::Route { name: source.pick(&NAMES) },
    }
}

fn retained(source: &mut Source<'_>) -> RetainedOperation {
    match source.below(8) {
        0..4 => RetainedOperation::Set {
            name: source.pick(&NAMES),
            size: source.pick(&[0, 1, 100, 5000]),
            expiry: source.pick(&[None, None, Some(0), Some(1), Some(30)]),
        },
        4 => RetainedOperation::BeginReplay { filter: source.pick(&UNSHARED) },
        5 | 6 => RetainedOperation::NextMessages { max: source.pick(&[1, 1, 2, 100]) },
        _ if source.next_bool() => RetainedOperation::AdvanceClock { seconds: source.pick(&[1, 10]) },
        _ => RetainedOperation::Sweep { max: source.pick(&[0, 1, 5, 1000]) },
    }
}

fn filter(source: &mut Source<'_>) -> &'static str {
    if source.rarely(4) { source.pick(&SHARED) } else { source.pick(&UNSHARED) }
}

fn subscriber(source: &mut Source<'_>) -> u64 {
    source.below(8) as u64
}

fn grant(source: &mut Source<'_>) -> Grant {
    let choices = source.next_byte();
    let identifier = NonZeroU32::new(u32::from(choices >> 4));
    Grant {
        qos: source.pick(&QoS::ALL),
        no_local: choices & 1 != 0,
        retain_as_published: choices & 2 != 0,
        identifier: identifier.filter(|_| choices & 4 != 0),
    }
}

/// Filters without a share name: common prefixes, wildcards on every level, empty levels, `$`.
const UNSHARED: [&str; 24] = [
    "a", "a/b", "a/b/c", "a/b/c/d", "a/x/c", "b", "#", "+", "/", "/#", "+/+", "a/#", "a/b/#", "a/+", "a/+/c",
    "+/b/#", "a/+/+/d", "+/+/+/+", "//", "a//b", "$SYS/#", "$SYS/+/x", "$SYS", "a/b/+/d",
];

const SHARED: [&str; 6] =
    ["$share/g/a/b", "$share/g/#", "$share/h/#", "$share/g/a/+", "$share/h/+/b", "$share/g/$SYS/#"];

/// Topic names, some of which match the filters, almost match them, or do not match.
pub(super) const NAMES: [&str; 20] = [
    "a",
    "a/b",
    "a/b/c",
    "a/b/c/d",
    "a/x/c",
    "a/b/x/d",
    "b",
    "b/b",
    "/",
    "//",
    "a//b",
    "/a",
    "a/",
    "$SYS",
    "$SYS/up/x",
    "$SYS/up",
    "ab",
    "a/b/c/d/e",
    "%/b",
    "$",
];

const OPERATIONS_MAX: usize = 200;
