//! Tests `placement: packed`: the broker moves connections from an overloaded core to another core, and moves them back
//! when one core suffices. During these moves, every message is delivered once and in order.
//!
//! The broker only moves connections while a processor is idle. On a machine without an idle processor, this test only
//! checks delivery under load.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tidegate_client::{Client, State};
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
/// Number of pairs of a sender and a receiver: one pair with QoS 0 and one with QoS 1 per transport.
const PAIR_COUNT: usize = 2 * MOVABLE_TRANSPORTS.len();
/// Number of messages that a pair exchanges per burst.
const BURST_SIZE: usize = 8;
/// The interval at which a pair starts bursts. Between bursts, the pair is idle, so that the broker can use the
/// processors.
const BURST_INTERVAL: Duration = Duration::from_millis(20);
/// Number of bursts of each pair after the broker has ordered a move. Together they take longer than the order is
/// valid.
const BURSTS_PER_STAGE: usize = 30;
/// Number of connections that together overload a core.
const LOAD_CONNECTION_COUNT: usize = 8;
/// Number of messages that each of these connections sends before it waits for PINGRESP. The broker cannot read that
/// many messages at once, so the connection may move while a partial packet is buffered.
const LOAD_BATCH_SIZE: usize = 20_000;
/// The time that the test waits until the broker orders connections to move. The broker usually moves connections away
/// after one second, and back after three seconds.
const REBALANCE_WAIT_MAX: Duration = Duration::from_secs(4);
/// The broker's log message when it orders a core to move connections away.
const MOVE_ORDER_LOG_TEXT: &str = "moving half of its connections";
/// The broker's log message when it orders connections back.
const RETURN_ORDER_LOG_TEXT: &str = "merging the connections of two cores";
/// The stages of a run, in order. In the first stage, load overloads a core until the broker orders connections to move
/// away. In the second stage, the pairs exchange more bursts under load. In the third stage, there is no load until the
/// broker orders the connections back. In the last stage, the pairs exchange their last bursts.
const STAGE_OVERLOADED: usize = 0;
const STAGE_LOADED: usize = 1;
const STAGE_WITHOUT_LOAD: usize = 2;
const STAGE_FINAL: usize = 3;
/// Number of runs with a new broker before the test fails. An order to move is valid only for a short time, so a core
/// that gets no processor time in that period may miss it. It is unlikely that a core misses its order in two
/// successive runs.
const RUNS_MAX: usize = 2;

#[tokio::test]
async fn rebalancing_delivers_every_message_once_and_in_order() {
    for _ in 0..RUNS_MAX {
        let (move_ordered, move_count) = run_under_load().await;
        eprintln!("the broker ordered a move: {move_ordered}; connections moved: {move_count}");
        assert!(move_ordered || move_count == 0, "{move_count} connections moved without an order");
        if !move_ordered || move_count > 0 {
            return;
        }
    }
    panic!("{RUNS_MAX} brokers ordered connections to move, but none moved");
}

/// Runs all stages with a new broker. Returns whether the broker ordered a move, and how many times connections moved.
async fn run_under_load() -> (bool, usize) {
    let lines = "cores: 2\nplacement: packed\npersistence: { durability: memory }\nlog: { level: debug }\n";
    let broker = Broker::start_with(Config::every_transport().with(lines));
    let mut observer = client(&broker, Transport::Tls, "observer").await;
    subscribe(&mut observer, "pair/#", 1).await;
    let observer = tokio::spawn(count_messages(observer));
    let (stage_sender, stage) = watch::channel(STAGE_OVERLOADED);
    let barrier = Arc::new(Barrier::new(PAIR_COUNT + 1));
    let mut pairs = JoinSet::new();
    // The two clients of a pair use different transports.
    let sides = MOVABLE_TRANSPORTS.into_iter().zip(MOVABLE_TRANSPORTS.into_iter().cycle().skip(1));
    for (number, (from, to)) in sides.flat_map(|sides| [sides; 2]).enumerate() {
        let pair = Pair::connect(&broker, number, from, to).await;
        pairs.spawn(pair.exchange(stage.clone(), Arc::clone(&barrier)));
    }
    let mut loads = JoinSet::new();
    for number in 0..LOAD_CONNECTION_COUNT {
        loads.spawn(generate_load(broker.port(Transport::Tcp), number, stage.clone()));
    }
    let ordered_in_time = is_logged(broker.log(), MOVE_ORDER_LOG_TEXT).await;
    stage_sender.send_replace(STAGE_LOADED);
    within_deadline("bursts under load", barrier.wait()).await;
    stage_sender.send_replace(STAGE_WITHOUT_LOAD);
    let unmatched: usize = within_deadline("the end of the load", loads.join_all()).await.iter().sum();
    let return_ordered = ordered_in_time && is_logged(broker.log(), RETURN_ORDER_LOG_TEXT).await;
    eprintln!("the broker ordered connections back: {return_ordered}");
    stage_sender.send_replace(STAGE_FINAL);
    let sent_counts = within_deadline("the last bursts", pairs.join_all()).await;
    let mut last = client(&broker, Transport::Tcp, "last").await;
    last.publish(message("pair/end", "0", 1)).await.expect("an open connection");
    last.finish_exchanges().await.expect("PUBACK");
    let observed = within_deadline("all messages at the observer", observer).await.expect("the observer");
    assert_eq!(observed, BTreeMap::from_iter(sent_counts));
    broker.terminate();
    let log = broker.log().clone();
    let exit = broker.wait_for_exit();
    // On a busy machine, the broker may order the move later than this test waited for it.
    let move_ordered = log.text().contains(MOVE_ORDER_LOG_TEXT);
    assert_eq!(exit.counter("unmatched"), unmatched, "each load message is counted once as unmatched");
    (move_ordered, exit.counter("connections_moved"))
}

/// Returns whether a line with `text` appears in the log within [`REBALANCE_WAIT_MAX`].
async fn is_logged(log: &Log, text: &'static str) -> bool {
    let log = log.clone();
    let waiting =
        spawn_blocking(move || log.wait_for(|line| line.contains(text), REBALANCE_WAIT_MAX).is_ok());
    waiting.await.expect("the waiting thread does not panic")
}

/// A client that sends messages, and a client that receives them, on the same topic.
struct Pair {
    receiver: Client,
    sender: Client,
    topic: String,
    qos: u8,
    sent_count: usize,
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
        Self { receiver, sender, topic, qos, sent_count: 0, burst_timer }
    }

    /// Exchanges bursts until the last stage, with additional bursts under load and at the end. Returns the topic and
    /// the number of messages sent to it.
    async fn exchange(mut self, stage: watch::Receiver<usize>, barrier: Arc<Barrier>) -> (String, usize) {
        for next in [STAGE_LOADED, STAGE_FINAL] {
            while *stage.borrow() < next {
                self.exchange_burst().await;
            }
            for _ in 0..BURSTS_PER_STAGE {
                self.exchange_burst().await;
            }
            if next == STAGE_LOADED {
                barrier.wait().await;
            }
        }
        assert_no_more_messages(&mut self.receiver, &format!("end/{}", self.topic)).await;
        (self.topic, self.sent_count)
    }

    async fn exchange_burst(&mut self) {
        self.burst_timer.tick().await;
        let numbers: Vec<_> =
            (self.sent_count..self.sent_count + BURST_SIZE).map(|number| number.to_string()).collect();
        let sending = async {
            for number in &numbers {
                let message = message(&self.topic, number, self.qos);
                self.sender.publish(message).await.expect("an open connection");
            }
            self.sender.finish_exchanges().await.expect("all acknowledgements");
        };
        let (received, ()) = tokio::join!(receive_payloads(&mut self.receiver, BURST_SIZE), sending);
        assert_eq!(received, numbers, "{} at QoS {}", self.topic, self.qos);
        self.sent_count += BURST_SIZE;
    }
}

/// Receives the messages of all pairs until a message on the topic `pair/end` arrives. Checks that the payloads of each
/// topic count up from 0. Returns the number of messages per topic.
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

/// Publishes messages to topics without subscribers until the stage [`STAGE_WITHOUT_LOAD`], and returns their number.
/// Consecutive messages have different topics, so that each message costs the broker far more work than this client.
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
    let mut sent_count = 0;
    while *stage.borrow() < STAGE_WITHOUT_LOAD {
        stream.write_all(&packets).await.expect("an open connection");
        stream.read_exact(&mut head).await.expect("PINGRESP");
        sent_count += LOAD_BATCH_SIZE;
    }
    sent_count
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
