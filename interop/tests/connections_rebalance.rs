//! With `placement: packed`, the broker moves connections from an overloaded core to another, and back when one core suffices.
//! Meanwhile every message is delivered once and in order.
//!
//! The broker only moves connections while a processor is idle. On a machine without an idle one, this test only checks
//! delivery under load.

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
/// Sender and receiver pairs: one with QoS 0 and one with QoS 1 per transport.
const PAIRS: usize = 2 * MOVABLE_TRANSPORTS.len();
/// Messages that a pair exchanges per burst.
const BURST_SIZE: usize = 8;
/// Pause between the bursts of a pair, which leaves the processors to the broker.
const BURST_INTERVAL: Duration = Duration::from_millis(20);
/// Bursts of each pair after the broker has ordered a move. They take longer than the order stays in force.
const BURSTS_PER_STAGE: usize = 30;
/// Connections that overload a core.
const LOAD_CONNECTIONS: usize = 8;
/// Messages that such a connection sends before it waits for PINGRESP. These are more than the broker reads at once, so the
/// connection may move while a partial packet is buffered.
const LOAD_BATCH_SIZE: usize = 20_000;
/// How long to wait until the broker moves connections away or back. It usually takes one second or three, respectively.
const REBALANCE_MAX: Duration = Duration::from_secs(4);
/// The broker's log message when it orders a core to move connections away.
const MOVED_AWAY: &str = "moving half of its connections";
/// The broker's log message when it orders connections back.
const MOVED_BACK: &str = "merging the connections of two cores";
/// The stages of a run. Load until connections are moved away; further bursts under load; no load until they are moved back;
/// last bursts.
const OVERLOADED: usize = 0;
const LOADED: usize = 1;
const CALM: usize = 2;
const FINAL: usize = 3;
/// A move order is in force only briefly. A broker that gets no processor time just then may miss it, but hardly twice.
const ATTEMPTS: usize = 2;

#[tokio::test]
async fn rebalancing_delivers_every_message_once_and_in_order() {
    for _ in 0..ATTEMPTS {
        let (move_ordered, move_count) = run_under_load().await;
        eprintln!("the broker ordered a move: {move_ordered}; connections moved: {move_count}");
        assert!(move_ordered || move_count == 0, "{move_count} connections moved without an order");
        if !move_ordered || move_count > 0 {
            return;
        }
    }
    panic!("{ATTEMPTS} brokers ordered connections to move, but none moved");
}

/// Runs all stages with a new broker. Returns whether it ordered a move, and how many times connections moved.
async fn run_under_load() -> (bool, usize) {
    let lines = "cores: 2\nplacement: packed\npersistence: { durability: memory }\nlog: { level: debug }\n";
    let broker = Broker::start_with(Config::every_transport().with(lines));
    let mut observer = client(&broker, Transport::Tls, "observer").await;
    subscribe(&mut observer, "pair/#", 1).await;
    let observer = tokio::spawn(count_messages(observer));
    let (stage_sender, stage) = watch::channel(OVERLOADED);
    let barrier = Arc::new(Barrier::new(PAIRS + 1));
    let mut pairs = JoinSet::new();
    // The two clients of a pair use different transports.
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
    eprintln!("the broker ordered connections back: {return_ordered}");
    stage_sender.send_replace(FINAL);
    let sent = within_deadline("the last bursts", pairs.join_all()).await;
    let mut last = client(&broker, Transport::Tcp, "last").await;
    last.publish(message("pair/end", "0", 1)).await.expect("an open connection");
    last.settle().await.expect("PUBACK");
    let observed = within_deadline("all messages at the observer", observer).await.expect("the observer");
    assert_eq!(observed, BTreeMap::from_iter(sent));
    broker.terminate();
    let exit = broker.wait_for_exit();
    assert_eq!(exit.counter("unmatched"), unmatched, "each load message is counted once as unmatched");
    (move_ordered, exit.counter("connections_moved"))
}

/// Whether a line with `text` appears in the log in time.
async fn is_logged(log: &Log, text: &'static str) -> bool {
    let log = log.clone();
    let waiting = spawn_blocking(move || log.wait_for(|line| line.contains(text), REBALANCE_MAX).is_ok());
    waiting.await.expect("the waiting thread does not panic")
}

/// A sender and a receiver on the same topic.
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
        let (topic, qos) = (format!("pair/{number}"), u8::try_from(number % 2).expect("0 or 1"));
        let mut receiver = client(broker, to, &format!("receiver-{number}")).await;
        subscribe(&mut receiver, &topic, qos).await;
        let sender = client(broker, from, &format!("sender-{number}")).await;
        let mut burst_timer = interval(BURST_INTERVAL);
        burst_timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { receiver, sender, topic, qos, sent: 0, burst_timer }
    }

    /// Exchanges bursts until the last stage, with additional bursts under load and at the end. Returns the topic and the number
    /// of messages sent.
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
                self.sender.publish(message).await.expect("an open connection");
            }
            self.sender.settle().await.expect("all acknowledgements");
        };
        let (received, ()) = tokio::join!(receive_payloads(&mut self.receiver, BURST_SIZE), sending);
        assert_eq!(received, numbers, "{} at QoS {}", self.topic, self.qos);
        self.sent += BURST_SIZE;
    }
}

/// Receives the messages of all pairs until `pair/end`. Checks that the payloads of each topic count up from 0, and returns the
/// number of messages per topic.
async fn count_messages(mut observer: Client) -> BTreeMap<String, usize> {
    let mut observed = BTreeMap::new();
    loop {
        let message = observer.message().await.expect("an open connection");
        if message.topic == "pair/end" {
            return observed;
        }
        let next: &mut usize = observed.entry(message.topic.clone()).or_default();
        assert_eq!(message.payload, next.to_string(), "{}", message.topic);
        *next += 1;
    }
}

/// Publishes messages without subscribers until the stage [`CALM`] and returns their number. Consecutive messages have different
/// topics, so that each costs the broker far more than this client.
async fn generate_load(port: u16, number: usize, stage: watch::Receiver<usize>) -> usize {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the listener");
    let connect = Packet::Connect(Box::new(Connect::new(V5, format!("load-{number}"))));
    stream.write_all(&encode(&[connect])).await.expect("an open connection");
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.expect("CONNACK");
    let mut connack = vec![0; usize::from(head[1])];
    stream.read_exact(&mut connack).await.expect("the rest of CONNACK");
    let publish = |n| Packet::Publish(Box::new(Publish::new(format!("load/{number}/{}", n % 7), "x")));
    let packets: Vec<_> = (0..LOAD_BATCH_SIZE).map(publish).chain([Packet::PingReq]).collect();
    let packets = encode(&packets);
    let mut sent = 0;
    while *stage.borrow() < CALM {
        stream.write_all(&packets).await.expect("an open connection");
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
