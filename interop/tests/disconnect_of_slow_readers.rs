//! A client that has stopped reading sends DISCONNECT and closes its connection. The broker detects the close when a
//! write fails, and then handles the DISCONNECT: no will is published `[MQTT5-3.14.4-3]`.

#![allow(clippy::expect_used)]

use tidegate_client::{Client, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{client_options, message, subscribe};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{ProtocolVersion, Publish, QoS, ReasonCode, Will};

#[tokio::test]
async fn a_disconnect_behind_unread_messages_takes_the_will_away() {
    let broker = Broker::start_with(Config::every_transport().with("log:\n  level: debug\n"));
    for transport in [Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss] {
        for qos in [0, 1] {
            for version in [ProtocolVersion::V3_1_1, ProtocolVersion::V5] {
                disconnect_behind_unread_messages(&broker, transport, version, qos).await;
            }
        }
    }
    broker.terminate();
    let exit = tokio::task::spawn_blocking(move || broker.wait_for_exit()).await.expect("an exit");
    assert!(exit.status.success());
    assert_eq!(exit.counter("wills_published"), 0);
    assert_eq!(exit.counter("connections_violated"), 0);
}

async fn disconnect_behind_unread_messages(
    broker: &Broker,
    transport: Transport,
    version: ProtocolVersion,
    qos: u8,
) {
    let id = format!("slow-{}-{version:?}-{qos}", transport.name());
    let topic = format!("unread/{id}");
    let mut options = client_options(broker, transport, version, &id);
    let will_topic = Name::parse("will").expect("a topic name");
    options.connect.will = Some(Will::new(will_topic, id.clone(), QoS::AtLeastOnce));
    let mut slow =
        within_deadline("CONNACK", Client::connect(&options, State::default())).await.expect("CONNACK");
    subscribe(&mut slow, &topic, qos).await;
    let options = client_options(broker, Transport::Tcp, ProtocolVersion::V5, &format!("publisher-of-{id}"));
    let mut publisher = Client::connect(&options, State::default()).await.expect("CONNACK");
    for _ in 0..UNREAD_MESSAGES {
        let unread = Publish { payload: vec![7; UNREAD_SIZE].into(), ..message(&topic, "", 1) };
        publisher.publish(unread).await.expect("an open connection");
    }
    within_deadline("PUBACK", publisher.finish_exchanges()).await.expect("an open connection");
    let _ = slow.disconnect(ReasonCode::Success).await;
    let ended = format!("\"client\":\"{id}\"");
    let line = broker.wait_for_log(
        |line| line.contains("connection ended") && line.contains(&ended),
        "the line of the connection's end",
    );
    assert!(line.contains("the client sent DISCONNECT"), "{line}");
}

/// Number of messages that the client leaves unread. Together they are larger than the broker's write buffer
/// (`pending_bytes_max`) and the buffers of the kernel.
const UNREAD_MESSAGES: usize = 120;
const UNREAD_SIZE: usize = 100_000;
