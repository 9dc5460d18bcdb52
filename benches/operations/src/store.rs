//! Appending to the store on disk, as the thread of a publisher does. The work of the store's writer thread is not counted.

use std::sync::Arc;
use std::time::Duration;

use tidegate_mqtt::QoS;
use tidegate_persistence::{
    Appended, Commit, Config, Durability, EntryKey, EntryRecord, MessageId, Operation, SessionId, Store,
    SystemClocks, Watermark, open,
};

use crate::codec::TOPIC;
use crate::retained::message;
use crate::{Case, Make};

pub(crate) const CASES: &[Make] = &[append];

/// Messages appended between two waits for the writer thread.
const BATCH: u32 = 1000;

fn append() -> Case {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::new(folder.path().join("store"));
    config.durability = Durability::Interval(Duration::from_secs(1));
    let watermark = Arc::new(Watermark::default());
    let store = open(&config, Arc::new(SystemClocks), Arc::<Watermark>::clone(&watermark)).expect("a store");
    let session = store.next_session();
    let mut list = Vec::new();
    Case::many("store/append an entry and its completion", BATCH, move || {
        let mut last = Commit(0);
        // The writer thread waits for the end of the scope, so that it does not compete for the batch.
        let scope = store.atomic_scope();
        for _ in 0..BATCH {
            last = entry(&*store, session, &mut list);
        }
        drop(scope);
        watermark.wait(last);
        // The folder is removed together with the store.
        let _ = &folder;
    })
}

/// Appends a message that is queued for a session, and its acknowledgement.
fn entry(store: &dyn Store, session: SessionId, list: &mut Vec<Operation>) -> Commit {
    let MessageId(number) = store.next_message();
    let message = Arc::new(message(TOPIC, QoS::AtLeastOnce).as_ref().clone().with_id(number));
    let key = EntryKey { session, message: MessageId(number), ordinal: 0 };
    let record = EntryRecord::queued(QoS::AtLeastOnce);
    list.push(Operation::Enqueue { key, message, expires_at: None, record });
    let _ = store.append(list);
    list.push(Operation::Complete { key });
    match store.append(list) {
        Appended::Accepted(commit) | Appended::Slow(commit) => commit,
        Appended::Refused => panic!("the store refused"),
    }
}
