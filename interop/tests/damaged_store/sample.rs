//! Creates sample stores with the persistence crate of the broker.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tidegate_mqtt::{
    Message, MessageParts, PacketId, ProtocolVersion, QoS, SubscriptionOptions, Will, topic,
};
use tidegate_persistence::{
    Appended, Config, Directory, Disk, Durability, EntryKey, EntryRecord, Journal, MessageId, Operation,
    ReadOnly, SessionId, SessionRecord, SessionState, SubscriptionRecord, Watermark,
};

/// The files of sample stores.
pub struct Samples {
    folder: TempDir,
}

/// The state in which the files of a store were copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The store was closed, so its log is empty.
    Closed,
    /// The files were copied while the store was open, as if the broker was killed. Some changes are only in the log.
    Killed,
    /// The store had durability `interval` and a sync failed. At the next start it returns to the sync point.
    SyncPoint,
}

impl Samples {
    pub fn new() -> Self {
        let samples = Self { folder: TempDir::new().expect("a folder") };
        for kind in [Kind::Closed, Kind::Killed, Kind::SyncPoint] {
            samples.create(kind);
        }
        let snapshot = samples.snapshot();
        ReadOnly::open(&samples.store(Kind::Closed))
            .and_then(|mut store| store.copy_to(&snapshot))
            .expect("a snapshot");
        samples
    }

    /// Returns the folder of the sample store of this kind.
    pub fn store(&self, kind: Kind) -> PathBuf {
        self.folder.path().join(format!("{kind:?}"))
    }

    /// Returns the path of a snapshot of the closed store.
    pub fn snapshot(&self) -> PathBuf {
        self.folder.path().join("snapshot")
    }

    fn create(&self, kind: Kind) {
        let open = self.folder.path().join("open");
        let durability = match kind {
            Kind::SyncPoint => Durability::Interval,
            Kind::Closed | Kind::Killed => Durability::Always,
        };
        let config = Config {
            durability,
            interval: Duration::from_millis(1),
            size_initial: 1 << 20,
            disk_reserve: 0,
            ..Config::new(open.clone())
        };
        let store = FilledStore::new(&config);
        let target = self.store(kind);
        if kind == Kind::Closed {
            drop(store);
            fs::rename(open, target).expect("a folder");
            return;
        }
        fs::create_dir(&target).expect("a folder");
        fs::copy(open.join("data.mdb"), target.join("data.mdb")).expect("a data file");
        if kind == Kind::SyncPoint {
            fs::copy(open.join("anchor"), target.join("anchor.failed")).expect("a sync point");
        }
        drop(store);
        fs::remove_dir_all(open).expect("a folder");
    }
}

/// An open store with several levels of tree pages, values on overflow pages, free pages, and a log.
struct FilledStore {
    store: Disk,
    watermark: Arc<Watermark>,
}

impl FilledStore {
    fn new(config: &Config) -> Self {
        let watermark = Arc::new(Watermark::default());
        let store = Disk::open(config, watermark.clone()).expect("a store");
        let filled = Self { store, watermark };
        filled.commit((0..SESSION_COUNT).flat_map(|_| filled.session()).collect());
        filled.commit((0..MESSAGE_COUNT).map(|number| filled.message(number)).collect());
        filled.commit((0..RETAINED_COUNT).map(|number| retained(number, 100)).collect());
        filled.store.load(&mut |_, _| {}).expect("a checkpoint");
        filled
            .commit((0..MESSAGE_COUNT / 3).map(|number| Operation::Complete { key: key(number) }).collect());
        filled.store.load(&mut |_, _| {}).expect("a checkpoint");
        filled.commit((0..9).map(|number| retained(number, 200)).collect());
        let packet_id = |number: u64| PacketId::new(u16::try_from(number).unwrap_or(1)).expect("an id");
        let sent = (MESSAGE_COUNT / 2..MESSAGE_COUNT / 2 + 20)
            .map(|number| Operation::Send { key: key(number), packet_id: packet_id(number) });
        filled.commit(sent.collect());
        filled
    }

    fn commit(&self, mut operations: Vec<Operation>) {
        match self.store.append(&mut operations) {
            Appended::Accepted(commit) | Appended::Slow(commit) => self.watermark.wait(commit),
            Appended::Refused => panic!("the store refuses"),
        }
    }

    fn session(&self) -> Vec<Operation> {
        let session = self.store.next_session();
        let mut will = Will::new(topic::Name::parse("will").expect("a topic"), "gone", QoS::AtLeastOnce);
        will.delay = 3600;
        let record = SessionRecord {
            tenant: Arc::from("default"),
            client_id: Arc::from(format!("client-{}", session.0)),
            version: ProtocolVersion::V5,
            session_expiry: 100_000,
            state: SessionState::Waiting { will_at: None, ends_at: None },
            will: session.0.is_multiple_of(5).then(|| Box::new(will)),
        };
        let mut operations = vec![Operation::OpenSession { session, record: Box::new(record) }];
        operations.extend((0..5).map(|number| {
            let filter = Arc::from(format!("filter/{}/{number}/+", session.0));
            let options = SubscriptionOptions::with_qos(QoS::AtLeastOnce);
            let record = SubscriptionRecord { filter, options, identifier: Some(number + 1) };
            Operation::Subscribe { session, record: Box::new(record) }
        }));
        let packet_id = PacketId::MIN;
        operations.push(Operation::Receive { session, packet_id });
        operations
    }

    fn message(&self, number: u64) -> Operation {
        let operation = enqueue(&self.store, key(number).session, number);
        let Operation::Enqueue { key: enqueued, .. } = &operation else { panic!("another operation") };
        assert_eq!(*enqueued, key(number), "ids rise from 1");
        operation
    }
}

/// Returns an operation that queues a new message. One message in ten needs overflow pages.
pub fn enqueue(store: &Disk, session: SessionId, number: u64) -> Operation {
    let size = if number.is_multiple_of(10) { 9000 } else { 200 };
    let message = message(&format!("queued/{number}"), size);
    let record =
        EntryRecord { subscription_identifiers: Box::new([7]), ..EntryRecord::queued(QoS::AtLeastOnce) };
    let key = EntryKey { session, message: store.next_message(), ordinal: 0 };
    Operation::Enqueue { key, message, expires_at: None, record }
}

fn key(number: u64) -> EntryKey {
    EntryKey { session: SessionId(1 + number % SESSION_COUNT), message: MessageId(number + 1), ordinal: 0 }
}

/// Returns an operation that stores a retained message.
pub fn retained(number: u64, size: usize) -> Operation {
    let message = message(&format!("retained/{number}"), size);
    Operation::Retain { tenant: Arc::from("default"), message, expires_at: None }
}

fn message(name: &str, size: usize) -> Arc<Message> {
    Arc::new(Message::from_parts(&MessageParts {
        topic: &topic::Name::parse(name).expect("a topic"),
        // The property Payload Format Indicator: the payload is UTF-8 text.
        properties: &[1, 1],
        payload: &vec![b'x'; size],
        qos: QoS::AtLeastOnce,
        retain: false,
        publisher: 1,
        expires_at: None,
    }))
}

/// Writes a subscription with this subscription identifier to a closed store.
pub fn write_subscription(store: &Path, identifier: u32) {
    let watermark = Arc::new(Watermark::default());
    let opened = Disk::open(&Config::new(store), watermark.clone()).expect("a store");
    let options = SubscriptionOptions::with_qos(QoS::AtLeastOnce);
    let record = SubscriptionRecord { filter: Arc::from("#"), options, identifier: Some(identifier) };
    let mut operations = vec![Operation::Subscribe { session: SessionId(1), record: Box::new(record) }];
    let Appended::Accepted(commit) = opened.append(&mut operations) else { panic!("the store refuses") };
    watermark.wait(commit);
}

/// Copies all files of a folder to a new folder.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a file");
    }
}

const SESSION_COUNT: u64 = 60;
const MESSAGE_COUNT: u64 = 900;
const RETAINED_COUNT: u64 = 300;
