//! Tests that one `tidegate sub` over QUIC receives the messages that several clients publish over other transports, at
//! each QoS, and gets the messages of each publisher in order.

#![allow(clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;

use tidegate_interop::broker::Broker;
use tidegate_interop::counterpart::{Counterpart, ScenarioRun};
use tidegate_interop::process::Process;
use tidegate_interop::transport::Transport;

/// Number of messages that each publisher sends at each QoS.
const MESSAGE_COUNT: usize = 50;
const QOS_LEVELS: [&str; 3] = ["0", "1", "2"];
const PUBLISHER_COUNT: usize = 6;

#[test]
fn one_subscriber_receives_messages_from_every_transport_in_order() {
    let broker = Broker::start();
    let total = (PUBLISHER_COUNT * QOS_LEVELS.len() * MESSAGE_COUNT).to_string();
    let mut subscriber = broker.client("sub", Transport::Quic);
    subscriber.args(["-t", "a/#", "-q", "2", "-v", "-C", &total]);
    let subscriber = Process::start("tidegate sub", &mut subscriber);
    subscriber.wait_for_error(|line| line.starts_with("subscribed: a/#"), "SUBACK");

    thread::scope(|scope| {
        for qos in QOS_LEVELS {
            let broker = &broker;
            scope.spawn(move || run_mosquitto_pub(broker, "mqttv311", qos));
            scope.spawn(move || run_mosquitto_pub(broker, "mqttv5", qos));
            scope.spawn(move || publish_from_browser(broker, qos));
            for transport in [Transport::Tcp, Transport::Tls, Transport::Ws] {
                scope.spawn(move || run_tidegate_pub(broker, transport, qos));
            }
        }
    });

    let mut by_topic = BTreeMap::<String, Vec<String>>::new();
    for line in subscriber.expect_success().output {
        let (topic, payload) = line.split_once(' ').expect("a topic and a payload");
        by_topic.entry(topic.to_owned()).or_default().push(payload.to_owned());
    }
    assert_eq!(by_topic.len(), PUBLISHER_COUNT * QOS_LEVELS.len(), "{:?}", by_topic.keys());
    let expected: Vec<_> = (0..MESSAGE_COUNT).map(|n| n.to_string()).collect();
    for (topic, payloads) in by_topic {
        let numbers: Vec<_> =
            payloads.iter().map(|text| text.rsplit(' ').next().unwrap_or_default()).collect();
        assert_eq!(numbers, expected, "{topic}");
    }
    broker.stop();
}

/// Returns the standard input of a publisher: one message per line.
fn numbered_lines() -> String {
    (0..MESSAGE_COUNT).map(|n| format!("{n}\n")).collect()
}

fn run_mosquitto_pub(broker: &Broker, version: &str, qos: &str) {
    let port = broker.port(Transport::Tcp).to_string();
    let mut command = Command::new("mosquitto_pub");
    command.args(["-h", "localhost", "-p", &port, "-V", version, "-q", qos, "-l"]);
    command.args(["-t", &format!("a/mosquitto-{version}/{qos}")]);
    let _ = Process::start_with_input("mosquitto_pub", &mut command, &numbered_lines()).expect_success();
}

fn run_tidegate_pub(broker: &Broker, transport: Transport, qos: &str) {
    let mut command = broker.client("pub", transport);
    command.args(["-q", qos, "-l", "-t", &format!("a/tidegate-{}/{qos}", transport.name())]);
    let _ = Process::start_with_input("tidegate pub", &mut command, &numbered_lines()).expect_success();
}

fn publish_from_browser(broker: &Broker, qos: &str) {
    let (topic, prefix, count) =
        (format!("a/browser/{qos}"), format!("browser{qos}"), MESSAGE_COUNT.to_string());
    let extra_arguments = ["--topic", &topic, "--qos", qos, "--count", &count];
    let run = ScenarioRun {
        transport: Transport::Wss,
        version: 5,
        prefix: &prefix,
        extra_arguments: &extra_arguments,
    };
    let _ = Counterpart::node("browser.mjs").start("publish", broker, run).expect_success();
}
