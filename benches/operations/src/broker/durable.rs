//! QoS 1 messages to a persistent session: with a store that commits at once, and with the store on disk. With the
//! store on disk, the PUBACKs to the publisher wait for the commit.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tidegate_broker::{BrokerConfig, SessionStore};
use tidegate_mqtt::{AckKind, Connect, QoS};
use tidegate_persistence::{
    Appended, Commit, Config, Durability, Health, Memory, Observer, Store, SystemClocks, Watermark, open,
};
use tidegate_session::Config as SessionConfig;

use super::client::Client;
use super::core::Core;
use crate::codec::{TOPIC, V5, publishes};
use crate::{Case, CaseSetup};

pub(super) const CASES: &[CaseSetup] = &[in_memory, on_disk];

/// A publisher, and a subscriber with a persistent session.
struct Fixture {
    core: Core,
    subscriber: Client,
    publisher: Client,
}

impl Fixture {
    fn new(store: SessionStore) -> Self {
        let session = Arc::new(SessionConfig { change_log: true, ..SessionConfig::default() });
        let mut core = Core::new(BrokerConfig { session, ..BrokerConfig::default() }, Some(store));
        let publisher = Client::connected(&mut core, "publisher");
        let connect = Connect { session_expiry: Some(3600), ..Connect::new(V5, "subscriber") };
        let subscriber = Client::connect_with(&mut core, &connect);
        Self { core, subscriber, publisher }
    }

    /// Sends the PUBLISH packets in `wire`. The subscriber acknowledges the messages.
    fn exchange(&mut self, wire: &[u8]) {
        self.publisher.send(&mut self.core, wire);
        self.core.flush();
        self.subscriber.acknowledge(&mut self.core, AckKind::PubAck, MESSAGES_PER_READ);
    }

    /// Sends the packets and acknowledgements that waited for the commit.
    fn release_awaiting(&mut self) {
        self.core.commit_reached();
        self.subscriber.send(&mut self.core, &[]);
        self.publisher.send(&mut self.core, &[]);
        self.core.flush();
    }
}

/// Reports commits both to the broker and to the thread that waits for them in `wait_for_commit`.
struct CommitObservers(Arc<dyn Observer>, Arc<Watermark>);

impl Observer for CommitObservers {
    fn on_commit(&self, commit: Commit) {
        self.0.on_commit(commit);
        self.1.on_commit(commit);
    }

    fn on_health_change(&self, health: &Health) {
        self.0.on_health_change(health);
    }
}

fn in_memory() -> Case {
    let open = |observer| -> Result<Arc<dyn Store>, Infallible> { Ok(Arc::new(Memory::new(observer))) };
    let store = SessionStore::open(|| {}, open).expect("a store");
    let mut fixture = Fixture::new(store);
    fixture.subscriber.subscribe(&mut fixture.core, TOPIC);
    let wire = publishes(TOPIC, QoS::AtLeastOnce, MESSAGES_PER_READ);
    let mut sent = 0;
    Case::batch(
        "broker/QoS 1 to a persistent session, store in memory",
        u32::from(MESSAGES_PER_READ),
        move || {
            fixture.exchange(&wire);
            fixture.core.flush();
            sent += u64::from(MESSAGES_PER_READ);
            assert_eq!(fixture.core.messages_sent(), sent);
        },
    )
}

fn on_disk() -> Case {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::new(folder.path().join("store"));
    config.durability = Durability::Interval;
    config.interval = Duration::from_secs(1);
    let watermark = Arc::new(Watermark::default());
    let mut engine = None;
    let store = SessionStore::open(
        || {},
        |observer| {
            let store = open(
                &config,
                Arc::new(SystemClocks),
                Arc::new(CommitObservers(observer, Arc::clone(&watermark))),
            );
            store.inspect(|store| engine = Some(Arc::clone(store)))
        },
    );
    let mut fixture = Fixture::new(store.expect("a store"));
    let engine = engine.expect("it is open");
    wait_for_commit(&*engine, &watermark);
    fixture.release_awaiting();
    fixture.subscriber.subscribe(&mut fixture.core, TOPIC);
    let wire = publishes(TOPIC, QoS::AtLeastOnce, MESSAGES_PER_READ);
    let mut sent = 0;
    Case::batch(
        "broker/QoS 1 to a persistent session, store on disk",
        u32::from(MESSAGES_PER_READ),
        move || {
            // The store's writer thread takes no operations until the scope ends, so that the whole batch becomes one
            // commit.
            let scope = engine.atomic_scope();
            fixture.exchange(&wire);
            drop(scope);
            wait_for_commit(&*engine, &watermark);
            fixture.release_awaiting();
            sent += u64::from(MESSAGES_PER_READ);
            assert_eq!(fixture.core.messages_sent(), sent);
            // The case owns the folder, so that it is removed together with the store.
            let _ = &folder;
        },
    )
}

/// Waits until everything appended so far is committed.
fn wait_for_commit(store: &dyn Store, watermark: &Watermark) {
    match store.append(&mut Vec::new()) {
        Appended::Accepted(commit) | Appended::Slow(commit) => watermark.wait(commit),
        Appended::Refused => panic!("the store refused"),
    }
}

/// Number of messages in one read.
const MESSAGES_PER_READ: u16 = 64;
