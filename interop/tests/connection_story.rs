//! The log tells the story of each connection: who connected from where, who ended the connection, and why.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;
use tidegate_client::{Client, ClientError, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::disk_faults::{Fault, FaultyDisk};
use tidegate_interop::process::EVENT_TIMEOUT;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{client_options, message};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{Connect, Packet, ProtocolVersion, Publish, ReasonCode};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;

const TRANSPORTS: [Transport; 3] = [Transport::Tcp, Transport::Wss, Transport::Quic];
const V5: ProtocolVersion = ProtocolVersion::V5;

#[tokio::test]
async fn the_log_says_how_each_connection_ended() {
    let broker = start("debug", "session: { client_id_len_max: 23B }");
    for transport in TRANSPORTS {
        the_client_ends(&broker, transport).await;
        the_broker_ends(&broker, transport).await;
        the_broker_refuses(&broker, transport).await;
    }
    let mut clients = Vec::new();
    for transport in TRANSPORTS {
        clients.push(connect(&broker, transport, &format!("last-{}", transport.name())).await);
    }
    broker.terminate();
    for transport in TRANSPORTS {
        check_end(&broker, &format!("last-{}", transport.name()), transport, "broker", "the broker stops")
            .await;
    }
    assert!(broker.wait_for_exit().status.success());
}

async fn the_client_ends(broker: &Broker, transport: Transport) {
    let client = connect(broker, transport, &id_of("orderly", transport)).await;
    check(
        broker,
        "client connected",
        &id_of("orderly", transport),
        transport,
        &[("tenant", "default"), ("version", "5.0")],
    )
    .await;
    client.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    check_end(broker, &id_of("orderly", transport), transport, "client", "the client sent DISCONNECT").await;

    let mut client = connect(broker, transport, &id_of("lost", transport)).await;
    client.publish(message("nowhere", "text", 1)).await.expect("an open connection");
    client.finish_exchanges().await.expect("PUBACK");
    drop(client);
    let line = end_line(broker, &id_of("lost", transport), transport).await;
    assert_eq!((&line["packets_received"], &line["packets_sent"]), (&1.into(), &2.into()), "{line}");
    assert!(line["bytes_received"].as_u64() > Some(10) && line["bytes_sent"].as_u64() > Some(4), "{line}");
    assert!(["client", "network"].iter().any(|side| line["ended_by"] == *side), "{line}");
}

async fn the_broker_ends(broker: &Broker, transport: Transport) {
    let mut options = client_options(broker, transport, V5, &id_of("silent", transport));
    options.connect.keep_alive = 1;
    let silent = Client::connect(&options, State::default()).await.expect("CONNACK");
    check_end(
        broker,
        &id_of("silent", transport),
        transport,
        "broker",
        "sent nothing for one and a half times",
    )
    .await;
    drop(silent);

    let former = connect(broker, transport, &id_of("shared", transport)).await;
    let _latter = connect(broker, transport, &id_of("shared", transport)).await;
    check_end(
        broker,
        &id_of("shared", transport),
        transport,
        "broker",
        "another connection took the session over",
    )
    .await;
    drop(former);

    let mut client = connect(broker, transport, &id_of("wrong", transport)).await;
    client.send(&Packet::Connect(Box::new(Connect::new(V5, "again")))).await.expect("an open connection");
    check_end(
        broker,
        &id_of("wrong", transport),
        transport,
        "broker",
        "second CONNECT on one connection [MQTT5-3.1.0-2]",
    )
    .await;
}

async fn the_broker_refuses(broker: &Broker, transport: Transport) {
    let long_id = id_of("an-identifier-that-is-too-long", transport);
    let options = client_options(broker, transport, V5, &long_id);
    let refused = Client::connect(&options, State::default()).await.map(|_| ());
    assert!(matches!(refused, Err(ClientError::Refused(_))), "{refused:?}");
    let line = check(broker, "connection refused", &long_id, transport, &[]).await;
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("identifier")), "{line}");
}

fn id_of(name: &str, transport: Transport) -> String {
    format!("{name}-{}", transport.name())
}

/// MQTT 3.1.1 has no reason code for a message that the full store cannot keep, so the broker ends the connection.
#[tokio::test]
async fn the_log_says_that_a_policy_ended_a_connection() {
    let config = Config::every_transport().with("log: { level: info }\n");
    let (broker, disk) = FaultyDisk::start_broker(config);
    let mut clients = Vec::new();
    for transport in TRANSPORTS {
        let id = format!("full-{}", transport.name());
        let options = client_options(&broker, transport, ProtocolVersion::V3_1_1, &id);
        clients.push((transport, id, Client::connect(&options, State::default()).await.expect("CONNACK")));
    }
    let mut filler = connect(&broker, Transport::Tcp, "filler").await;
    disk.fail_with(Fault::NoSpace);
    let _ = filler.publish(retained("fills the log")).await.expect("an open connection");
    wait_for_line(&broker, &["the store is full"]).await;
    for (transport, id, client) in &mut clients {
        // The broker refuses messages shortly after that line; an earlier one waits for its acknowledgement.
        let refused = async {
            while client.publish(retained("refused")).await.is_ok() && client.ping().await.is_ok() {}
        };
        within_deadline("the end of the connection", refused).await;
        check_end(&broker, id, *transport, "broker", "the broker has no room").await;
    }
    disk.recover();
}

#[tokio::test]
async fn the_log_names_other_protocols_and_the_setting_that_would_help() {
    let broker = start("info", "");
    let cases: [(Transport, &[u8], &str); 6] = [
        (Transport::Tcp, b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY protocol"),
        (Transport::Tcp, b"GET / HTTP/1.1\r\n\r\n", "transport ws"),
        (Transport::Tcp, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "transport tls"),
        (Transport::Tcp, b"SSH-2.0-OpenSSH_9.9\r\n", "SSH"),
        (Transport::Tcp, b"\x10\x0c\x00\x04MQTT\x09\x02\x00\x3c\x00\x00", "MQTT version"),
        (Transport::Tls, b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", "transport tcp"),
    ];
    for (transport, bytes, hint) in cases {
        let mut stream =
            TcpStream::connect(("127.0.0.1", broker.port(transport))).await.expect("a connection");
        let address = stream.local_addr().expect("an address").to_string();
        stream.write_all(bytes).await.expect("an open connection");
        let line = wait_for_line(&broker, &["connection refused", &address]).await;
        assert!(line["hint"].as_str().is_some_and(|text| text.contains(hint)), "{line}");
        assert_eq!(line["level"], "INFO");
    }
}

fn start(level: &str, lines: &str) -> Broker {
    Broker::start_with(Config::every_transport().with(&format!("log: {{ level: {level} }}\n{lines}\n")))
}

async fn connect(broker: &Broker, transport: Transport, id: &str) -> Client {
    let options: Options = client_options(broker, transport, V5, id);
    within_deadline("CONNACK", Client::connect(&options, State::default())).await.expect("CONNACK")
}

fn retained(payload: &str) -> Publish {
    Publish { retain: true, ..message("kept/topic", payload, 1) }
}

/// Waits for the line about the end of a client's connection, and checks who ended it and why.
async fn check_end(broker: &Broker, id: &str, transport: Transport, ended_by: &str, cause: &str) {
    let line = end_line(broker, id, transport).await;
    assert_eq!(line["ended_by"], ended_by, "{line}");
    assert!(line["cause"].as_str().is_some_and(|text| text.contains(cause)), "{line}");
    assert!(line["duration"].is_string(), "{line}");
}

async fn end_line(broker: &Broker, id: &str, transport: Transport) -> Value {
    check(broker, "connection ended", id, transport, &[]).await
}

/// Waits for the line with this message about a client, and checks its address, its listener and other fields.
async fn check(
    broker: &Broker,
    text: &str,
    id: &str,
    transport: Transport,
    fields: &[(&str, &str)],
) -> Value {
    let client = format!("\"client\":\"{id}\"");
    let line = wait_for_line(broker, &[text, &client]).await;
    assert!(line["peer"].as_str().is_some_and(|peer| peer.starts_with("127.0.0.1:")), "{line}");
    assert_eq!((&line["listener"], &line["transport"]), (&transport.name().into(), &transport.name().into()));
    for (field, value) in fields {
        assert_eq!(line[field], *value, "{line}");
    }
    line
}

/// Waits for a line that contains all `texts`, while the clients of this test can send and receive.
async fn wait_for_line(broker: &Broker, texts: &[&str]) -> Value {
    let log = broker.log().clone();
    let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
    let contains_all = move |line: &str| texts.iter().all(|text| line.contains(text));
    let waiting = spawn_blocking(move || log.wait_for(contains_all, EVENT_TIMEOUT));
    let line = waiting.await.expect("the waiting thread does not panic");
    serde_json::from_str(&line.unwrap_or_else(|text| panic!("no such line in:\n{text}")))
        .expect("a line of JSON")
}
