//! Uses a damaged store directly, without a broker: reads, deletes and writes large parts of it in this process.

use std::path::Path;
use std::sync::Arc;

use tidegate_persistence::{
    Config, Directory, Disk, Item, Journal, Maintenance, Operation, SessionId, Watermark,
};

use crate::run::Outcome;
use crate::sample::{enqueue, retained};

/// Opens the store in a folder. If that succeeds, reads and changes it and closes it again.
pub fn use_store(folder: &Path) -> Outcome {
    let config = Config { size_initial: 1 << 20, disk_reserve: 0, ..Config::new(folder) };
    let Ok(store) = Disk::open(&config, Arc::new(Watermark::default())) else { return Outcome::Refused };
    let (mut sessions, mut topics) = (Vec::new(), Vec::new());
    let loaded = store.load(&mut |item, _| match item {
        Item::Session(id, _) => sessions.push(id),
        Item::Retained { tenant, message } => topics.push((Arc::from(tenant), Arc::from(message.topic))),
        _ => {}
    });
    let mut added: Vec<_> =
        (0..400).map(|number| enqueue(&store, SessionId(1 + number % 3), number)).collect();
    added.extend((200..500).map(|number| retained(number, 300)));
    let closed = sessions.into_iter().step_by(2).map(|session| Operation::CloseSession { session });
    let removed = topics.into_iter().step_by(3).map(|(tenant, topic)| Operation::Unretain { tenant, topic });
    for mut operations in [closed.collect(), added, removed.collect::<Vec<_>>()] {
        let _ = store.append(&mut operations);
        // `check` waits for a checkpoint, which moves the log into the tables.
        let _ = store.check();
    }
    let _ = store.snapshot(&folder.with_file_name("copy"));
    let is_closed = store.close().is_ok();
    if loaded.is_ok() && is_closed { Outcome::Accepted } else { Outcome::Refused }
}
