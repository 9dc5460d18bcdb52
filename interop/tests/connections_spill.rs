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
use tidegate_interop::tidegate::{message, nothing_more_comes, options, subscribe, take};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{Connect, Packet, ProtocolVersion, Publish};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Barrier, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Interval, MissedTickBehavior, interval};

const V5: ProtocolVersion = ProtocolVersion::V5;
const MOBILE: [Transport; 4] = [Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
/// One of QoS 0 and one of QoS 1 for each transport.
const PAIRS: usize = 2 * MOBILE.len();
/// Messages that a pair exchanges at once.
const BURST: usize = 8;
/// From one burst of a pair to the next: the processors are for the broker.
const PACE: Duration = Duration::from_millis(20);
/// Bursts of each pair after an order to a core. They take longer than it stands.
const BURSTS: usize = 30;
/// Connections that keep a core busy.
const LOADS: usize = 8;
/// Messages of such a connection between two answers: more than one turn takes, so that it may go with a packet torn.
const LOAD: usize = 20_000;
/// How long it may take until a core gives, or gets back. It takes one second, or three.
const LIMIT: Duration = Duration::from_secs(4);
/// The broker's word that a core is to give.
const GIVES: &str = "connections go to another core";
/// The broker's word that it is to get them back.
const GETS_BACK: &str = "connections come back";
/// The stages of a flood: until a core gives, a moment more, until it gets back, a moment more.
const BUSY: usize = 0;
const UNDER_LOAD: usize = 1;
const CALM: usize = 2;
const LAST: usize = 3;
/// An order stands for a moment only, which a broker that gets no processor just then may miss; hardly twice.
const ATTEMPTS: usize = 2;

#[tokio::test]
async fn every_message_comes_once_and_in_order() {
    for _ in 0..ATTEMPTS {
        let (gave, moves) = flood().await;
        eprintln!("a core was to give: {gave}; connections went {moves} times");
        assert!(gave || moves == 0, "went {moves} times, and no core was to give");
        if !gave || moves > 0 {
            return;
        }
    }
    panic!("in {ATTEMPTS} brokers a core was to give, and not one connection went");
}

/// Whether a core was to give, and how often connections went, in a broker of its own.
async fn flood() -> (bool, usize) {
    let lines = "cores: 2\nplacement: packed\npersistence: { durability: memory }\nlog: { level: debug }\n";
    let broker = Broker::start_with(Config::every_transport().with(lines));
    let mut witness = client(&broker, Transport::Tls, "witness").await;
    subscribe(&mut witness, "pair/#", 1).await;
    let witness = tokio::spawn(hear(witness));
    let (tell, stage) = watch::channel(BUSY);
    let together = Arc::new(Barrier::new(PAIRS + 1));
    let mut pairs = JoinSet::new();
    // The two sides of a pair are of different transports.
    let sides = MOBILE.into_iter().zip(MOBILE.into_iter().cycle().skip(1));
    for (number, (from, to)) in sides.flat_map(|sides| [sides; 2]).enumerate() {
        let pair = Pair::connect(&broker, number, from, to).await;
        pairs.spawn(pair.exchange(stage.clone(), Arc::clone(&together)));
    }
    let mut loads = JoinSet::new();
    for number in 0..LOADS {
        loads.spawn(load(broker.port(Transport::Tcp), number, stage.clone()));
    }
    let gave = comes(broker.log(), GIVES).await;
    tell.send_replace(UNDER_LOAD);
    within_deadline("bursts under load", together.wait()).await;
    tell.send_replace(CALM);
    let unheard: usize = within_deadline("the end of the load", loads.join_all()).await.iter().sum();
    let got_back = gave && comes(broker.log(), GETS_BACK).await;
    eprintln!("a core was to get back: {got_back}");
    tell.send_replace(LAST);
    let sent = within_deadline("the last bursts", pairs.join_all()).await;
    let mut last = client(&broker, Transport::Tcp, "last").await;
    last.publish(message("pair/end", "0", 1)).await.expect("the connection");
    last.settle().await.expect("PUBACK");
    let heard = within_deadline("all that was sent", witness).await.expect("the witness");
    assert_eq!(heard, BTreeMap::from_iter(sent));
    broker.terminate();
    let ended = broker.end();
    assert_eq!(ended.counted("unmatched"), unheard, "once each, with nobody to hear them");
    (gave, ended.counted("connections_moved"))
}

/// Whether the broker says so in time.
async fn comes(log: &Log, word: &'static str) -> bool {
    let log = log.clone();
    let waiting = spawn_blocking(move || log.wait_for(|line| line.contains(word), LIMIT).is_ok());
    waiting.await.expect("no panic")
}

/// A sender and a receiver.
struct Pair {
    receiver: Client,
    sender: Client,
    topic: String,
    qos: u8,
    sent: usize,
    pace: Interval,
}

impl Pair {
    async fn connect(broker: &Broker, number: usize, from: Transport, to: Transport) -> Self {
        let (topic, qos) = (format!("pair/{number}"), u8::try_from(number % 2).expect("a bit"));
        let mut receiver = client(broker, to, &format!("receiver-{number}")).await;
        subscribe(&mut receiver, &topic, qos).await;
        let sender = client(broker, from, &format!("sender-{number}")).await;
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { receiver, sender, topic, qos, sent: 0, pace }
    }

    /// Goes on until the last stage has begun, and a while longer in each. Says how much was sent under which topic.
    async fn exchange(mut self, stage: watch::Receiver<usize>, together: Arc<Barrier>) -> (String, usize) {
        for next in [UNDER_LOAD, LAST] {
            while *stage.borrow() < next {
                self.burst().await;
            }
            for _ in 0..BURSTS {
                self.burst().await;
            }
            if next == UNDER_LOAD {
                together.wait().await;
            }
        }
        nothing_more_comes(&mut self.receiver, &format!("end/{}", self.topic)).await;
        (self.topic, self.sent)
    }

    async fn burst(&mut self) {
        self.pace.tick().await;
        let numbers: Vec<_> = (self.sent..self.sent + BURST).map(|number| number.to_string()).collect();
        let sending = async {
            for number in &numbers {
                let message = message(&self.topic, number, self.qos);
                self.sender.publish(message).await.expect("the connection");
            }
            self.sender.settle().await.expect("the last acknowledgements");
        };
        let (came, ()) = tokio::join!(take(&mut self.receiver, BURST), sending);
        assert_eq!(came, numbers, "{} at QoS {}", self.topic, self.qos);
        self.sent += BURST;
    }
}

/// Hears what all pairs send, up to the end. Says how much under which topic; each has to count from 0.
async fn hear(mut witness: Client) -> BTreeMap<String, usize> {
    let mut heard = BTreeMap::new();
    loop {
        let message = witness.message().await.expect("the connection");
        if message.topic == "pair/end" {
            return heard;
        }
        let next: &mut usize = heard.entry(message.topic.clone()).or_default();
        assert_eq!(message.payload, next.to_string(), "{}", message.topic);
        *next += 1;
    }
}

/// Publishes what nobody subscribes to, until things are calm; says how much. No topic comes twice in a row, so that each
/// costs the broker far more than us.
async fn load(port: u16, number: usize, stage: watch::Receiver<usize>) -> usize {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the listener");
    let connect = Packet::Connect(Box::new(Connect::new(V5, format!("load-{number}"))));
    stream.write_all(&wire(&[connect])).await.expect("the connection");
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.expect("CONNACK");
    let mut connack = vec![0; usize::from(head[1])];
    stream.read_exact(&mut connack).await.expect("the rest of CONNACK");
    let publish = |turn| Packet::Publish(Box::new(Publish::new(format!("load/{number}/{}", turn % 7), "x")));
    let packets: Vec<_> = (0..LOAD).map(publish).chain([Packet::PingReq]).collect();
    let packets = wire(&packets);
    let mut sent = 0;
    while *stage.borrow() < CALM {
        stream.write_all(&packets).await.expect("the connection");
        stream.read_exact(&mut head).await.expect("PINGRESP");
        sent += LOAD;
    }
    sent
}

fn wire(packets: &[Packet]) -> Vec<u8> {
    let mut bytes = Vec::new();
    packets.iter().for_each(|packet| packet.encode(V5, &mut bytes).expect("a packet"));
    bytes
}

async fn client(broker: &Broker, transport: Transport, client_id: &str) -> Client {
    Client::connect(&options(broker, transport, V5, client_id), State::default()).await.expect("CONNACK")
}
