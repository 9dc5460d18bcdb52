//! QoS 1 to a persistent session: with a store that commits at once, and with the store on disk. The publisher's PUBACKs wait for
//! the commit of the latter.

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
use crate::{Case, Make};

pub(super) const CASES: &[Make] = &[in_memory, on_disk];

/// A publisher, and a subscriber with a persistent session.
struct Scene {
    core: Core,
    subscriber: Client,
    publisher: Client,
}

impl Scene {
    fn new(store: SessionStore) -> Self {
        let session = Arc::new(SessionConfig { change_log: true, ..SessionConfig::default() });
        let mut core = Core::new(BrokerConfig { session, ..BrokerConfig::default() }, Some(store));
        let publisher = Client::connected(&mut core, "publisher");
        let connect = Connect { session_expiry: Some(3600), ..Connect::new(V5, "subscriber") };
        let subscriber = Client::with(&mut core, &connect);
        Self { core, subscriber, publisher }
    }

    /// Publishes the messages in `wire`; the subscriber acknowledges them.
    fn exchange(&mut self, wire: &[u8]) {
        self.publisher.send(&mut self.core, wire);
        self.core.flush();
        self.subscriber.acknowledge(&mut self.core, AckKind::PubAck, BATCH);
    }

    /// Sends what waited for the commit.
    fn release(&mut self) {
        self.core.commit_reached();
        self.subscriber.send(&mut self.core, &[]);
        self.publisher.send(&mut self.core, &[]);
        self.core.flush();
    }
}

/// Reports commits to the broker, and to a thread that waits for them.
struct Tee(Arc<dyn Observer>, Arc<Watermark>);

impl Observer for Tee {
    fn committed(&self, commit: Commit) {
        self.0.committed(commit);
        self.1.committed(commit);
    }

    fn health(&self, health: &Health) {
        self.0.health(health);
    }
}

fn in_memory() -> Case {
    let open = |observer| -> Result<Arc<dyn Store>, Infallible> { Ok(Arc::new(Memory::new(observer))) };
    let store = SessionStore::open(|| {}, open).expect("a store");
    let mut scene = Scene::new(store);
    scene.subscriber.subscribe(&mut scene.core, TOPIC);
    let wire = publishes(TOPIC, QoS::AtLeastOnce, BATCH);
    let mut sent = 0;
    Case::many("broker/QoS 1 to a persistent session, store in memory", u32::from(BATCH), move || {
        scene.exchange(&wire);
        scene.core.flush();
        sent += u64::from(BATCH);
        assert_eq!(scene.core.messages_sent(), sent);
    })
}

fn on_disk() -> Case {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::new(folder.path().join("store"));
    config.durability = Durability::Interval(Duration::from_secs(1));
    let watermark = Arc::new(Watermark::default());
    let mut engine = None;
    let store = SessionStore::open(
        || {},
        |observer| {
            let store =
                open(&config, Arc::new(SystemClocks), Arc::new(Tee(observer, Arc::clone(&watermark))));
            store.inspect(|store| engine = Some(Arc::clone(store)))
        },
    );
    let mut scene = Scene::new(store.expect("a store"));
    let engine = engine.expect("it is open");
    wait(&*engine, &watermark);
    scene.release();
    scene.subscriber.subscribe(&mut scene.core, TOPIC);
    let wire = publishes(TOPIC, QoS::AtLeastOnce, BATCH);
    let mut sent = 0;
    Case::many("broker/QoS 1 to a persistent session, store on disk", u32::from(BATCH), move || {
        // The writer thread waits for the end of the scope, so that it does not compete for the batch.
        let scope = engine.atomic_scope();
        scene.exchange(&wire);
        drop(scope);
        wait(&*engine, &watermark);
        scene.release();
        sent += u64::from(BATCH);
        assert_eq!(scene.core.messages_sent(), sent);
        // The folder is removed together with the store.
        let _ = &folder;
    })
}

/// Waits until everything appended so far is committed.
fn wait(store: &dyn Store, watermark: &Watermark) {
    match store.append(&mut Vec::new()) {
        Appended::Accepted(commit) | Appended::Slow(commit) => watermark.wait(commit),
        Appended::Refused => panic!("the store refused"),
    }
}

/// Messages in one read.
const BATCH: u16 = 64;
