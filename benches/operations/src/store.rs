//! Appending to the store on disk, as the core of a publisher does. The work of the store's writer thread is not
//! counted.

use std::sync::Arc;
use std::time::Duration;

use tidegate_mqtt::QoS;
use tidegate_persistence::{
    Appended, Commit, Config, Durability, EntryKey, EntryRecord, MessageId, Operation, SessionId, Store,
    SystemClocks, Watermark, open,
};

use crate::codec::TOPIC;
use crate::retained::message;
use crate::{Case, CaseSetup};

pub(crate) const CASES: &[CaseSetup] = &[append];

/// Number of messages that are appended before the case waits for the writer thread.
const MESSAGES_PER_BATCH: u32 = 1000;

fn append() -> Case {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::new(folder.path().join("store"));
    config.durability = Durability::Interval;
    config.interval = Duration::from_secs(1);
    let watermark = Arc::new(Watermark::default());
    let store = open(&config, Arc::new(SystemClocks), Arc::<Watermark>::clone(&watermark)).expect("a store");
    let session = store.next_session();
    let mut operations = Vec::new();
    Case::batch("store/append an entry and its completion", MESSAGES_PER_BATCH, move || {
        let mut last = Commit(0);
        // The store's writer thread takes no operations until the scope ends, so that the whole batch becomes one
        // commit.
        let scope = store.atomic_scope();
        for _ in 0..MESSAGES_PER_BATCH {
            last = append_entry(&*store, session, &mut operations);
        }
        drop(scope);
        watermark.wait(last);
        // The case owns the folder, so that it is removed together with the store.
        let _ = &folder;
    })
}

/// Appends the entry of a message that is queued for a session, and then the completion of the entry.
fn append_entry(store: &dyn Store, session: SessionId, operations: &mut Vec<Operation>) -> Commit {
    let MessageId(number) = store.next_message();
    let message = Arc::new(message(TOPIC, QoS::AtLeastOnce).as_ref().clone().with_id(number));
    let key = EntryKey { session, message: MessageId(number), ordinal: 0 };
    let record = EntryRecord::queued(QoS::AtLeastOnce);
    operations.push(Operation::Enqueue { key, message, expires_at: None, record });
    let _ = store.append(operations);
    operations.push(Operation::Complete { key });
    match store.append(operations) {
        Appended::Accepted(commit) | Appended::Slow(commit) => commit,
        Appended::Refused => panic!("the store refused"),
    }
}
