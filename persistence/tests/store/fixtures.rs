//! Files of every schema that ever was are opened, for ever.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tidegate_persistence::{Operation, Store};

use crate::records::one_of_each;
use crate::samples::message;
use crate::world::{World, content};

fn fixture(schema: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/schema-{schema}.mdb"))
}

/// Too long for a key: it is found by its hash.
fn long_topic() -> String {
    "l".repeat(500)
}

#[test]
fn a_file_of_schema_1_opens() {
    opens(1);
}

/// All of it is in the log.
#[test]
fn a_file_of_schema_2_opens() {
    opens(2);
}

fn opens(schema: u32) {
    let mut world = World::new();
    fs::create_dir_all(&world.config.folder).unwrap();
    fs::copy(fixture(schema), world.data()).unwrap();
    let (_, items) = one_of_each();
    let expected = items.map(|item| format!("{item:?}"));
    world.with(|store, world| {
        let lines = content(store);
        assert_eq!(lines[..6], expected);
        assert!(lines.len() == 7 && lines[6].contains(&long_topic()));
        assert_eq!(store.check().unwrap().faults, [""; 0]);
        assert!(store.next_session().0 > 3 && store.next_message().0 > 8);
        let unretain = Operation::Unretain { tenant: Arc::from("t"), topic: Arc::from(long_topic()) };
        world.commit(store, vec![unretain]);
    });
    assert_eq!(world.reopened_content(), expected);
}

/// Not a test: makes the file of the present schema, once. The last commit is in the log.
#[test]
#[ignore = "makes a fixture"]
fn make() {
    let mut world = World::new();
    world.with(|store, world| {
        let (mut operations, _) = one_of_each();
        let retained = message(&long_topic(), b"x");
        operations.push(Operation::Retain { tenant: Arc::from("t"), message: retained, expires_at: None });
        for _ in 0..10 {
            store.next_session();
            store.next_message();
        }
        world.commit(store, operations);
        // As it is on the disk now, without what the map has more.
        let length = usize::try_from(store.stats().file_bytes).unwrap();
        let bytes = fs::read(world.data()).unwrap();
        fs::write(fixture(2), &bytes[..length]).unwrap();
    });
}
