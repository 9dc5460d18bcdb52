//! A connection's driver on a core, without a peer: it is handed what a peer would ask for, and what it would send is taken
//! from its session.

mod resubscribe;
mod resume;
mod unsubscribe;

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::os::unix::net::UnixListener;
use std::panic::resume_unwind;
use std::sync::{Arc, mpsc};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::topic::{Name, SubscriptionFilter};
use tidegate_mqtt::{
    Ack, AckKind, Connect, Message, Packet, PacketId, ProtocolVersion, Publish, QoS, ReasonCode,
    RetainHandling, Subscribe, SubscribeEntry, SubscriptionOptions, Unsubscribe, UserProperties, Will,
};
use tidegate_routing::{Config as RoutingConfig, RetainedConfig};
use tidegate_session::{Cause, Config as SessionConfig, Handshake, Step};
use tidegate_transports::client::{ClientTls, Target, connect};
use tokio_util::task::TaskTracker;

use super::Driver;
use crate::broker::{Broker, BrokerConfig, LinkFacts};
use crate::cores::{CoreId, Cores, Policy, with_core};

/// A broker, and where links to nobody come from.
struct TestBroker {
    broker: Arc<Broker>,
    listener: UnixListener,
    folder: TempDir,
}

/// Runs `scenario` on the only core of a broker.
fn on_a_core<F>(scenario: impl FnOnce(TestBroker) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let build = |cores| Ok::<_, io::Error>(Arc::new(Broker::new(settings(), cores, None)));
    let (broker, threads) = Cores::start(1, Policy::Spread, build).unwrap();
    let (ended, outcome) = mpsc::channel();
    let scenario = scenario(TestBroker::new(&broker));
    broker.cores().spawn(CoreId(0), async move {
        let _ = ended.send(tokio::spawn(scenario).await);
    });
    let outcome = outcome.recv().unwrap();
    threads.stop(Duration::from_secs(10));
    if let Err(failure) = outcome {
        resume_unwind(failure.into_panic());
    }
}

fn settings() -> BrokerConfig {
    // Nothing may pile up towards a client: each turn of a replay pushes one message.
    let session = SessionConfig { pending_bytes_high: 1, ..SessionConfig::default() };
    let (routing, retained) = (RoutingConfig::default(), RetainedConfig::default());
    BrokerConfig { session: Arc::new(session), routing, retained }
}

impl TestBroker {
    fn new(broker: &Arc<Broker>) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        Self { broker: Arc::clone(broker), listener, folder }
    }

    /// Sets the retained messages of `numbers`, published at QoS 2 by `publisher`.
    fn retain(&self, numbers: Range<u8>, publisher: u64) {
        numbers.for_each(|number| self.set(number, "kept", publisher));
    }

    fn forget(&self, numbers: Range<u8>) {
        numbers.for_each(|number| self.set(number, "", 0));
    }

    fn set(&self, number: u8, payload: &'static str, publisher: u64) {
        let will = Will::new(Name::parse(&topic(number)).unwrap(), payload, QoS::ExactlyOnce);
        let message = Message::from_will(&will, publisher, Instant::now());
        let _ = self.broker.tenant().retained.set(Arc::new(message));
    }

    async fn connect(&self, id: &str, edit: impl FnOnce(&mut Connect)) -> Client {
        let mut request = Connect::new(ProtocolVersion::V5, id);
        edit(&mut request);
        let config = Arc::clone(&self.broker.config().session);
        let Step::Accept(negotiated) = Handshake::new(config, None).handle_connect(request, String::new)
        else {
            panic!("{id} is not accepted")
        };
        let target = Target::Unix(self.folder.path().join("socket"));
        let link = connect(&target, &ClientTls::default()).await.unwrap();
        self.listener.accept().unwrap();
        let facts = LinkFacts { writer: None, heartbeat: None };
        let attachment = with_core(|core| self.broker.attach(core, &negotiated, facts, Instant::now()));
        let place = TaskTracker::new().token();
        let driver = Driver::new(link, Arc::clone(&self.broker), attachment, Vec::new(), place);
        Client { driver, open: HashMap::new() }
    }

    /// The connection breaks.
    fn cut(&self, client: Client) {
        let Driver { handle, epoch, .. } = &client.driver;
        let mut rest = Vec::new();
        with_core(|core| {
            self.broker.detach(core, handle, *epoch, Cause::Closed, &mut rest, Instant::now());
        });
    }
}

/// One connection, and what its client did not acknowledge yet, by topic.
struct Client {
    driver: Driver,
    open: HashMap<String, PacketId>,
}

impl Client {
    fn subscribe(&mut self, filter: &str, options: SubscriptionOptions, identifier: u32) {
        let entry = SubscribeEntry { filter: Ok(SubscriptionFilter::parse(filter).unwrap()), options };
        let subscribe = Subscribe {
            packet_id: PacketId::MIN,
            identifier: Some(identifier),
            user_properties: UserProperties::new(),
            filters: vec![entry],
        };
        with_core(|core| self.driver.handle_subscribe(core, &subscribe)).unwrap();
        let Some(Packet::SubAck(suback)) = self.packets().pop() else { panic!("no SUBACK") };
        assert_eq!(suback.reasons[0].value(), options.qos.value());
    }

    fn unsubscribe(&mut self, filter: &str) {
        let unsubscribe = Unsubscribe {
            packet_id: PacketId::MIN,
            user_properties: UserProperties::new(),
            filters: vec![Ok(SubscriptionFilter::parse(filter).unwrap())],
        };
        with_core(|core| self.driver.handle_unsubscribe(core, &unsubscribe)).unwrap();
        let Some(Packet::UnsubAck(unsuback)) = self.packets().pop() else { panic!("no UNSUBACK") };
        assert_eq!(unsuback.reasons, [ReasonCode::Success]);
    }

    /// PUBACK for what came of a topic.
    fn acknowledge(&mut self, topic: &str) {
        let ack = Ack::new(AckKind::PubAck, self.open.remove(topic).unwrap(), ReasonCode::Success);
        self.driver.handle.lock().session.handle_ack(&ack, Instant::now()).unwrap();
    }

    /// The messages of the next `count` turns.
    fn turns(&mut self, count: usize) -> Vec<Came> {
        let mut came = Vec::new();
        for _ in 0..count {
            self.driver.replay(&mut Context::from_waker(Waker::noop())).unwrap();
            let publishes = self.packets().into_iter().filter_map(|packet| match packet {
                Packet::Publish(publish) => Some(*publish),
                _ => None,
            });
            for publish in publishes {
                self.open.extend(publish.packet_id.map(|id| (publish.topic.clone(), id)));
                came.push(Came::from(publish));
            }
        }
        came
    }

    /// All messages that are owed.
    fn rest(&mut self) -> Vec<Came> {
        let came = self.turns(TURNS_MAX);
        assert!(!self.driver.replaying, "owed after {TURNS_MAX} turns");
        came
    }

    /// Writes what waits, to nobody.
    fn packets(&mut self) -> Vec<Packet> {
        let mut bytes = Vec::new();
        let session = &mut self.driver.handle.lock().session;
        session.write_buffer().take(Vec::new()).copy_to(&mut bytes);
        session.pump(Instant::now());
        let (mut rest, mut packets) = (bytes.as_slice(), Vec::new());
        while let Ok(Next::Frame(packet)) = frame::next(rest, ProtocolVersion::V5, u32::MAX) {
            packets.push(Packet::decode(&packet, ProtocolVersion::V5).unwrap());
            rest = &rest[packet.wire.len()..];
        }
        packets
    }
}

/// A retained message as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Came {
    topic: String,
    qos: QoS,
    /// Of which SUBSCRIBE.
    identifiers: Vec<u32>,
    dup: bool,
}

impl From<Publish> for Came {
    fn from(publish: Publish) -> Self {
        assert!(publish.retain, "the subscription is the cause [MQTT5-3.3.1-8]");
        let Publish { topic, qos, dup, .. } = publish;
        Self { topic, qos, identifiers: publish.properties.identifiers, dup }
    }
}

/// The messages of `numbers` as they come at `qos` by the SUBSCRIBE of that identifier.
fn due(numbers: Range<u8>, qos: QoS, identifier: u32) -> Vec<Came> {
    let due = |number| Came { topic: topic(number), qos, identifiers: vec![identifier], dup: false };
    numbers.map(due).collect()
}

fn options(qos: QoS, retain_handling: RetainHandling) -> SubscriptionOptions {
    SubscriptionOptions { qos, retain_handling, ..SubscriptionOptions::default() }
}

fn topic(number: u8) -> String {
    format!("kept/{number}")
}

/// More than any scenario here needs.
const TURNS_MAX: usize = 50;
