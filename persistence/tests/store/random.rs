//! After random operations, batches and restarts, the store has the same content as the model, including bodies, and
//! the check finds no faults.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use tidegate_mqtt::{Message, QoS};
use tidegate_persistence::{Durability, EntryKey, EntryRecord, Journal, Operation, SessionId, Store};

use crate::harness::{Harness, accepted, content};
use crate::model::{Model, sorted};
use crate::samples::{id, key, message, session, subscription};

/// A step of a random test.
#[derive(Clone, Debug)]
enum Step {
    /// Appends operations in one call.
    Append(Vec<Seed>),
    /// Waits for the last commit, and compares the store with the model.
    Compare,
    /// Closes the store, opens it again, and compares it with the model.
    Reopen,
}

/// An operation encoded as small numbers: kind, session, message or packet id, and one more choice.
pub type Seed = (u8, u8, u8, u8);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let seeds = prop::collection::vec((0..14_u8, 1..4_u8, 1..6_u8, 0..3_u8), 1..8);
    let step =
        prop_oneof![8 => seeds.prop_map(Step::Append), 2 => Just(Step::Compare), 1 => Just(Step::Reopen)];
    prop::collection::vec(step, 1..60)
}

fn body(number: u8) -> Arc<Message> {
    let sizes = [0, 10, 3000, 20_000, 1];
    message(&text(number), &vec![number; sizes[usize::from(number) % sizes.len()]])
}

/// Returns a short or a long text, so that both forms of text keys occur.
fn text(choice: u8) -> String {
    let lengths = [3, 600, 20, 601, 400];
    format!("{}/{choice}", "t".repeat(lengths[usize::from(choice) % lengths.len()]))
}

pub fn operation(model: &Model, seed: Seed) -> Operation {
    if seed.0 < 8 { of_session(seed) } else { of_entry(model, seed) }
}

fn of_session((kind, owner, number, choice): Seed) -> Operation {
    let session_id = SessionId(owner.into());
    let packet_id = id(u16::from(number));
    let tenant = Arc::from(["t", "u", ""][usize::from(choice)]);
    match kind {
        0 => Operation::OpenSession { session: session_id, record: session(&format!("{number}-{choice}")) },
        1 => Operation::CloseSession { session: session_id },
        2 => Operation::Subscribe { session: session_id, record: subscription(&text(number)) },
        3 => Operation::Unsubscribe { session: session_id, filter: Arc::from(text(number)) },
        4 => Operation::Receive { session: session_id, packet_id },
        5 => Operation::ReleaseReceived { session: session_id, packet_id },
        6 => Operation::Retain { tenant, message: body(number), expires_at: None },
        _ => Operation::Unretain { tenant, topic: Arc::from(text(number)) },
    }
}

fn of_entry(model: &Model, (kind, owner, number, choice): Seed) -> Operation {
    let at: EntryKey = key(owner.into(), number.into(), u16::from(choice) / 2);
    let packet_id = id(u16::from(number));
    match kind {
        8 => Operation::Send { key: at, packet_id },
        9 => Operation::Release { key: at, packet_id, order: owner.into() },
        _ if kind == 10 || model.has(at) => Operation::Complete { key: at },
        _ => {
            let record = EntryRecord::queued(QoS::AtLeastOnce);
            Operation::Enqueue { key: at, message: body(number), expires_at: None, record }
        }
    }
}

fn compare(store: &dyn Store, model: &Model) {
    assert_eq!(sorted(content(store)), model.content());
}

fn run(steps: &[Step], durability: Durability) {
    let (mut harness, mut model) = (Harness::new(), Model::default());
    harness.config.durability = durability;
    harness.config.interval = Duration::from_millis(2);
    let mut store = harness.open();
    let mut last = store.latest_commit();
    for step in steps {
        match step {
            Step::Append(seeds) => {
                let mut operations = Vec::new();
                for seed in seeds {
                    let operation = operation(&model, *seed);
                    model.apply_operation(&operation);
                    operations.push(operation);
                }
                last = accepted(store.append(&mut operations));
            }
            Step::Compare => {
                harness.watch.wait_for_commit(last);
                compare(&store, &model);
            }
            Step::Reopen => {
                drop(store);
                store = harness.open();
                last = store.latest_commit();
                compare(&store, &model);
                assert_eq!(store.stats().orphans, 0);
            }
        }
    }
    drop(store);
    assert_eq!(sorted(harness.reopened_content()), model.content());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("found"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_store_matches_the_model(steps in steps()) {
        run(&steps, Durability::Always);
    }

    #[test]
    fn the_store_matches_the_model_with_interval_durability(steps in steps()) {
        run(&steps, Durability::Interval);
    }
}
