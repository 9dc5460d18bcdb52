//! Writes sessions and messages directly into a store, because filling it through connections takes too long. No other
//! part of the load generator uses the broker's own store code.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tidegate_mqtt::{Message, MessageParts, ProtocolVersion, QoS, SubscriptionOptions, topic};
use tidegate_persistence::{
    Appended, Commit, Config, Durability, EntryKey, EntryRecord, Operation, SessionId, SessionRecord,
    SessionState, Store, SubscriptionRecord, SystemClocks, Watermark, open,
};

use crate::error::LoadError;
use crate::stamp::{STAMP_LEN, Stamp};
use crate::wire::publish::filler;

pub mod replay;
pub mod resume;

/// The contents to write.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Number of persistent sessions, each with one subscription and no connection.
    pub sessions: u32,
    /// Number of queued QoS 1 messages per session. No message is shared between sessions.
    pub queued: u32,
    /// Number of topics with a retained message.
    pub retained: u32,
    /// Bytes per payload, at least `STAMP_LEN`.
    pub payload_len: usize,
}

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the scenario: `fill`.
    pub case: &'static str,
    /// Number of sessions created.
    pub sessions: u32,
    /// Number of messages queued in total.
    pub queued: u64,
    /// Number of messages retained.
    pub retained: u32,
    /// Seconds that the filling took.
    pub seconds: f64,
    /// Number of bytes in use in the store's file.
    pub file_bytes: u64,
}

/// Returns the client id of a session.
pub fn client_id(session: u32) -> String {
    format!("fill-{session}")
}

/// Returns the topic to which a session subscribes.
pub fn topic_of_session(session: u32) -> String {
    format!("fill/s/{session}")
}

/// Returns the topic of a retained message.
pub fn topic_of_retained(index: u32) -> String {
    format!("fill/r/{}/{}", index % 1000, index / 1000)
}

/// Fills the store of a stopped broker. `data` is the broker's data folder. Creates the store if the folder contains
/// none.
pub fn run(data: &Path, scenario: &Scenario) -> Result<Report, LoadError> {
    let began = Instant::now();
    let watermark = Arc::new(Watermark::default());
    let config = Config {
        durability: Durability::Interval,
        interval: Duration::from_secs(1),
        ..Config::new(data.join("store"))
    };
    std::fs::create_dir_all(data).map_err(LoadError::io("creating the data folder"))?;
    let observer: Arc<Watermark> = Arc::clone(&watermark);
    let store = open(&config, Arc::new(SystemClocks), observer).map_err(|error| fill_error(&error))?;
    let mut filling = StoreFiller {
        store: &*store,
        watermark: &watermark,
        filler: filler_of(scenario.payload_len),
        last_commit: Commit(0),
    };
    for session in 0..scenario.sessions {
        filling.add_session(session, scenario.queued)?;
    }
    for index in 0..scenario.retained {
        filling.add_retained(index)?;
    }
    watermark.wait(filling.last_commit);
    let file_bytes = store.stats().file_bytes;
    drop(store);
    Ok(Report {
        case: "fill",
        sessions: scenario.sessions,
        queued: u64::from(scenario.sessions) * u64::from(scenario.queued),
        retained: scenario.retained,
        seconds: began.elapsed().as_secs_f64(),
        file_bytes,
    })
}

/// Returns the bytes that follow the stamp in a payload.
fn filler_of(payload_len: usize) -> Vec<u8> {
    filler(payload_len.saturating_sub(STAMP_LEN))
}

/// A store that is being filled.
struct StoreFiller<'a> {
    store: &'a dyn Store,
    watermark: &'a Watermark,
    filler: Vec<u8>,
    last_commit: Commit,
}

impl StoreFiller<'_> {
    fn add_session(&mut self, index: u32, queued: u32) -> Result<(), LoadError> {
        let session = self.store.next_session();
        let topic = topic_of_session(index);
        let record = SessionRecord {
            tenant: Arc::from(TENANT),
            client_id: Arc::from(client_id(index)),
            version: ProtocolVersion::V5,
            session_expiry: u32::MAX,
            state: SessionState::Waiting { will_at: None, ends_at: None },
            will: None,
        };
        let options = SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() };
        let subscription =
            SubscriptionRecord { filter: Arc::from(topic.as_str()), options, identifier: None };
        let mut operations = vec![
            Operation::OpenSession { session, record: Box::new(record) },
            Operation::Subscribe { session, record: Box::new(subscription) },
        ];
        for sequence in 0..queued {
            let message = self.message(&topic, index, sequence, session, false)?;
            let key = EntryKey { session, message: self.store.next_message(), ordinal: 0 };
            let record = EntryRecord::queued(QoS::AtLeastOnce);
            operations.push(Operation::Enqueue { key, message, expires_at: None, record });
        }
        self.append(operations)
    }

    fn add_retained(&mut self, index: u32) -> Result<(), LoadError> {
        let message = self.message(&topic_of_retained(index), 0, index, SessionId(0), true)?;
        self.append(vec![Operation::Retain { tenant: Arc::from(TENANT), message, expires_at: None }])
    }

    fn message(
        &self,
        topic: &str,
        publisher: u32,
        sequence: u32,
        session: SessionId,
        retain: bool,
    ) -> Result<Arc<Message>, LoadError> {
        let stamp = Stamp { run: RUN_ID, publisher, sequence: u64::from(sequence), due: 0 };
        let payload = [stamp.encode().as_slice(), &self.filler].concat();
        let topic = topic::Name::parse(topic).map_err(|_| LoadError::Malformed("topic"))?;
        let (properties, qos, publisher) = (&[][..], QoS::AtLeastOnce, session.0);
        let expires_at = None;
        let parts =
            MessageParts { topic: &topic, properties, payload: &payload, qos, retain, publisher, expires_at };
        Ok(Arc::new(Message::from_parts(&parts)))
    }

    /// Appends operations to the store. If the store asks to slow down, waits until the operations are committed.
    fn append(&mut self, mut operations: Vec<Operation>) -> Result<(), LoadError> {
        match self.store.append(&mut operations) {
            Appended::Accepted(commit) => self.last_commit = commit,
            Appended::Slow(commit) => {
                self.last_commit = commit;
                self.watermark.wait(commit);
            }
            Appended::Refused => return Err(fill_error(&format!("{:?}", self.store.health()))),
        }
        Ok(())
    }
}

fn fill_error(error: &impl ToString) -> LoadError {
    LoadError::Io { doing: "filling the store", source: std::io::Error::other(error.to_string()) }
}

/// The run id in the stamps.
pub const RUN_ID: u32 = 0;
/// The tenant of all clients of a broker that has no tenants configured.
const TENANT: &str = "default";
