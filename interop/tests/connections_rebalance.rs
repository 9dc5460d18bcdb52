//! Connections of a core that is too busy go to another one, and come back when one is enough: every message is there once
//! and in order meanwhile.
//!
//! A core gives only while a processor lies idle. On a machine that has none, this shows delivery under load alone.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tidegate_gateway::client::{Client, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::log::Log;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{
    assert_no_more_messages, client_options, message, receive_payloads, subscribe,
};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{Connect, Packet, ProtocolVersion, Publish};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Barrier, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Interval, MissedTickBehavior, interval};

const V5: ProtocolVersion = ProtocolVersion::V5;
const MOVABLE_TRANSPORTS: [Transport; 4] = [Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
/// One of QoS 0 and one of QoS 1 for each transport.
const PAIRS: usize = 2 * MOVABLE_TRANSPORTS.len();
/// Messages that a pair exchanges at once.
const BURST_SIZE: usize = 8;
/// From one burst of a pair to the next: the processors are for the broker.
const BURST_INTERVAL: Duration = Duration::from_millis(20);
/// Bursts of each pair after an order to a core. They take longer than it stands.
const BURSTS_PER_STAGE: usize = 30;
/// Connections that keep a core busy.
const LOAD_CONNECTIONS: usize = 8;
/// Messages of such a connection between two answers: more than one n takes, so that it may go with a packet torn.
const LOAD_BATCH_SIZE: usize = 20_000;
/// How long it may take until a core gives, or gets back. It takes one second, or three.
const REBALANCE_MAX: Duration = Duration::from_secs(4);
/// The broker's word that a core is to give.
const MOVED_AWAY: &str = "connections go to another core";
/// The broker's word that it is to get them back.
const MOVED_BACK: &str = "connections come back";
/// The stages of a run_under_load: until a core gives, a moment more, until it gets back, a moment more.
const OVERLOADED: usize = 0;
const LOADED: usize = 1;
const CALM: usize = 2;
const FINAL: usize = 3;
/// An order stands for a moment only, which a broker that gets no processor just then may miss; hardly twice.
const ATTEMPTS: usize = 2;

#[tokio::test]
async fn rebalancing_delivers_every_message_once_and_in_order() {
    for _ in 0..ATTEMPTS {
        let (move_ordered, move_count) = run_under_load().await;
        eprintln!("a core was to give: {move_ordered}; connections went {move_count} times");
        assert!(move_ordered || move_count == 0, "went {move_count} times, and no core was to give");
        if !move_ordered || move_count > 0 {
            return;
        }
    }
    panic!("in {ATTEMPTS} brokers a core was to give, and not one connection went");
}

/// Whether a core was to give, and how often connections went, in a broker of its own.
async fn run_under_load() -> (bool, usize) {
    let lines = "cores: 2\nplacement: packed\npersistence: { durability: memory }\nlog: { level: debug }\n";
    let broker = Broker::start_with(Config::every_transport().with(lines));
    let mut observer = client(&broker, Transport::Tls, "observer").await;
    subscribe(&mut observer, "pair/#", 1).await;
    let observer = tokio::spawn(count_messages(observer));
    let (stage_sender, stage) = watch::channel(OVERLOADED);
    let barrier = Arc::new(Barrier::new(PAIRS + 1));
    let mut pairs = JoinSet::new();
    // The two sides of a pair are of different transports.
    let sides = MOVABLE_TRANSPORTS.into_iter().zip(MOVABLE_TRANSPORTS.into_iter().cycle().skip(1));
    for (number, (from, to)) in sides.flat_map(|sides| [sides; 2]).enumerate() {
        let pair = Pair::connect(&broker, number, from, to).await;
        pairs.spawn(pair.exchange(stage.clone(), Arc::clone(&barrier)));
    }
    let mut loads = JoinSet::new();
    for number in 0..LOAD_CONNECTIONS {
        loads.spawn(generate_load(broker.port(Transport::Tcp), number, stage.clone()));
    }
    let move_ordered = is_logged(broker.log(), MOVED_AWAY).await;
    stage_sender.send_replace(LOADED);
    within_deadline("bursts under load", barrier.wait()).await;
    stage_sender.send_replace(CALM);
    let unmatched: usize = within_deadline("the end of the load", loads.join_all()).await.iter().sum();
    let return_ordered = move_ordered && is_logged(broker.log(), MOVED_BACK).await;
    eprintln!("a core was to get back: {return_ordered}");
    stage_sender.send_replace(FINAL);
    let sent = within_deadline("the last bursts", pairs.join_all()).await;
    let mut last = client(&broker, Transport::Tcp, "last").await;
    last.publish(message("pair/end", "0", 1)).await.expect("the connection");
    last.settle().await.expect("PUBACK");
    let observed = within_deadline("all that was sent", observer).await.expect("the observer");
    assert_eq!(observed, BTreeMap::from_iter(sent));
    broker.terminate();
    let exit = broker.wait_for_exit();
    assert_eq!(exit.counter("unmatched"), unmatched, "once each, with nobody to count_messages them");
    (move_ordered, exit.counter("connections_moved"))
}

/// Whether the broker says so in time.
async fn is_logged(log: &Log, text: &'static str) -> bool {
    let log = log.clone();
    let waiting = spawn_blocking(move || log.wait_for(|line| line.contains(text), REBALANCE_MAX).is_ok());
    waiting.await.expect("no panic")
}

/// A sender and a receiver.
struct Pair {
    receiver: Client,
    sender: Client,
    topic: String,
    qos: u8,
    sent: usize,
    burst_timer: Interval,
}

impl Pair {
    async fn connect(broker: &Broker, number: usize, from: Transport, to: Transport) -> Self {
        let (topic, qos) = (format!("pair/{number}"), u8::try_from(number % 2).expect("a bit"));
        let mut receiver = client(broker, to, &format!("receiver-{number}")).await;
        subscribe(&mut receiver, &topic, qos).await;
        let sender = client(broker, from, &format!("sender-{number}")).await;
        let mut burst_timer = interval(BURST_INTERVAL);
        burst_timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { receiver, sender, topic, qos, sent: 0, burst_timer }
    }

    /// Goes on until the last stage has begun, and a while longer in each. Says how much was sent under which topic.
    async fn exchange(mut self, stage: watch::Receiver<usize>, barrier: Arc<Barrier>) -> (String, usize) {
        for next in [LOADED, FINAL] {
            while *stage.borrow() < next {
                self.burst().await;
            }
            for _ in 0..BURSTS_PER_STAGE {
                self.burst().await;
            }
            if next == LOADED {
                barrier.wait().await;
            }
        }
        assert_no_more_messages(&mut self.receiver, &format!("end/{}", self.topic)).await;
        (self.topic, self.sent)
    }

    async fn burst(&mut self) {
        self.burst_timer.tick().await;
        let numbers: Vec<_> = (self.sent..self.sent + BURST_SIZE).map(|number| number.to_string()).collect();
        let sending = async {
            for number in &numbers {
                let message = message(&self.topic, number, self.qos);
                self.sender.publish(message).await.expect("the connection");
            }
            self.sender.settle().await.expect("the last acknowledgements");
        };
        let (received, ()) = tokio::join!(receive_payloads(&mut self.receiver, BURST_SIZE), sending);
        assert_eq!(received, numbers, "{} at QoS {}", self.topic, self.qos);
        self.sent += BURST_SIZE;
    }
}

/// Hears what all pairs send, up to the end. Says how much under which topic; each has to count from 0.
async fn count_messages(mut observer: Client) -> BTreeMap<String, usize> {
    let mut observed = BTreeMap::new();
    loop {
        let message = observer.message().await.expect("the connection");
        if message.topic == "pair/end" {
            return observed;
        }
        let next: &mut usize = observed.entry(message.topic.clone()).or_default();
        assert_eq!(message.payload, next.to_string(), "{}", message.topic);
        *next += 1;
    }
}

/// Publishes what nobody subscribes to, until things are calm; says how much. No topic is_logged twice in a row, so that each
/// costs the broker far more than us.
async fn generate_load(port: u16, number: usize, stage: watch::Receiver<usize>) -> usize {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the listener");
    let connect = Packet::Connect(Box::new(Connect::new(V5, format!("load-{number}"))));
    stream.write_all(&encode(&[connect])).await.expect("the connection");
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.expect("CONNACK");
    let mut connack = vec![0; usize::from(head[1])];
    stream.read_exact(&mut connack).await.expect("the rest of CONNACK");
    let publish = |n| Packet::Publish(Box::new(Publish::new(format!("load/{number}/{}", n % 7), "x")));
    let packets: Vec<_> = (0..LOAD_BATCH_SIZE).map(publish).chain([Packet::PingReq]).collect();
    let packets = encode(&packets);
    let mut sent = 0;
    while *stage.borrow() < CALM {
        stream.write_all(&packets).await.expect("the connection");
        stream.read_exact(&mut head).await.expect("PINGRESP");
        sent += LOAD_BATCH_SIZE;
    }
    sent
}

fn encode(packets: &[Packet]) -> Vec<u8> {
    let mut bytes = Vec::new();
    packets.iter().for_each(|packet| packet.encode(V5, &mut bytes).expect("a packet"));
    bytes
}

async fn client(broker: &Broker, transport: Transport, client_id: &str) -> Client {
    Client::connect(&client_options(broker, transport, V5, client_id), State::default())
        .await
        .expect("CONNACK")
}
