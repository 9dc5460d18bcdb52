//! The store opens files of every schema version, and files with every kind of log frame that any version has written.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tidegate_mqtt::QoS;
use tidegate_persistence::{EntryRecord, EntryState, Journal, Maintenance, Operation, ReadOnly};

use crate::harness::{Harness, content};
use crate::records::one_of_each;
use crate::samples::{enqueue, id, key, message};

pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}.mdb"))
}

/// Returns a topic that is too long to be used as a key directly, so its key contains its hash.
fn long_topic() -> String {
    "l".repeat(500)
}

#[test]
fn a_file_of_schema_1_opens() {
    opens_with_expected_records("schema-1", &[]);
}

/// All records of this file are in the log.
#[test]
fn a_file_of_schema_2_opens() {
    opens_with_expected_records("schema-2", &[]);
}

/// All records of this file are in the log. Bodies with only one entry share a frame with this entry.
#[test]
fn a_file_of_schema_2_with_deliveries_opens() {
    opens_with_expected_records("schema-2-deliveries", &plain_entries());
}

/// All records of this file are in the log, as in the file of schema 2 with deliveries. The times are store times.
#[test]
fn a_file_of_schema_3_opens() {
    opens_with_expected_records("schema-3", &plain_entries());
}

/// An earlier version of the program would take store times for Unix times, so it must refuse the file as soon as this
/// version has opened it, even if the process crashes before its first commit.
#[test]
fn a_file_of_an_earlier_schema_is_upgraded_when_it_is_opened() {
    for name in ["schema-1", "schema-2", "schema-2-deliveries"] {
        let mut harness = harness_with(name);
        harness.with_store(|_store, harness| {
            let image = harness.path().join("image");
            fs::copy(harness.data(), &image).unwrap();
            assert_eq!(ReadOnly::open_snapshot(&image).unwrap().contents().unwrap().schema, 3, "{name}");
        });
    }
}

/// Returns operations for the records that the file contains in addition to those of `one_of_each`.
fn plain_entries() -> Vec<Operation> {
    let state = EntryState::Sent { packet_id: id(7) };
    let sent = EntryRecord { state, retain: true, ..EntryRecord::queued(QoS::ExactlyOnce) };
    let body = message("plain", b"payload");
    let sent =
        Operation::Enqueue { key: key(3, 9, 0), message: body, expires_at: Some(u64::MAX), record: sent };
    vec![sent, enqueue(key(3, 10, 0), &message("plain", b""))]
}

fn opens_with_expected_records(name: &str, more: &[Operation]) {
    // The file must have the same content as a new store after the same operations.
    let mut expected_store = Harness::new();
    let (operations, items) = one_of_each();
    expected_store.with_store(|store, expected_store| {
        expected_store.commit(store, operations.into_iter().chain(more.iter().cloned()).collect())
    });
    let expected = expected_store.reopened_content();
    assert!(items.iter().all(|item| expected.contains(&format!("{item:?}"))));
    let mut harness = harness_with(name);
    harness.with_store(|store, harness| {
        let lines = content(store);
        assert_eq!(lines[..lines.len() - 1], expected);
        assert!(lines.last().unwrap().contains(&long_topic()));
        assert_eq!(store.check().unwrap().faults, [""; 0]);
        assert!(store.next_session().0 > 3 && store.next_message().0 > 8);
        let unretain = Operation::Unretain { tenant: Arc::from("t"), topic: Arc::from(long_topic()) };
        harness.commit(store, vec![unretain]);
    });
    assert_eq!(harness.reopened_content(), expected);
}

/// Returns a folder with a copy of the fixture.
fn harness_with(name: &str) -> Harness {
    let harness = Harness::new();
    fs::create_dir_all(&harness.config.folder).unwrap();
    fs::copy(fixture(name), harness.data()).unwrap();
    harness
}

/// Not a test: writes the fixture of the current schema. The last commit is in the log.
#[test]
#[ignore = "makes a fixture"]
fn make_fixture() {
    let mut harness = Harness::new();
    harness.with_store(|store, harness| {
        let (mut operations, _) = one_of_each();
        operations.extend(plain_entries());
        let retained = message(&long_topic(), b"x");
        operations.push(Operation::Retain { tenant: Arc::from("t"), message: retained, expires_at: None });
        for _ in 0..10 {
            store.next_session();
            store.next_message();
        }
        harness.commit(store, operations);
        // Write only the part of the file that is in use, without the hole behind it.
        let length = usize::try_from(store.stats().file_bytes).unwrap();
        let bytes = fs::read(harness.data()).unwrap();
        fs::write(fixture("schema-3"), &bytes[..length]).unwrap();
    });
}
