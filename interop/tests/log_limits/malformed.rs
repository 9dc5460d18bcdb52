//! Tests that peers that send malformed bytes cannot fill the log, on any transport over TCP.

use std::net::Ipv4Addr;

use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::transport::Transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::connect_clients_one_by_one;

/// At level `debug`, the broker logs each refused CONNECT and each failed handshake. Nobody reads the log meanwhile.
#[tokio::test]
async fn malformed_packets_neither_delay_clients_nor_fill_the_log() {
    let broker = Broker::start_with(Config::every_transport().with("log: { level: debug }\n"));
    broker.log().pause();
    for _ in 0..ROUNDS {
        for transport in TRANSPORTS {
            for bytes in MALFORMED {
                within_deadline("the end of a connection", send(&broker, transport, bytes)).await;
            }
        }
    }
    connect_clients_one_by_one(&broker, 3).await;
    broker.log().resume();
    broker.terminate();
    let exit = broker.wait_for_exit();
    let sent = ROUNDS * TRANSPORTS.len() * MALFORMED.len();
    let is_about_peer = |line: &&String| line.contains("\"connection refused\"");
    let written = exit.errors.iter().filter(is_about_peer).count();
    // On a slow machine, the test may take longer than one time window of the limit, so that more lines are written.
    assert!((1..sent / 2).contains(&written), "{written} lines");
    assert!(exit.counter("log_lines_suppressed") >= sent / 2, "{:#?}", exit.errors.last());
}

/// Sends bytes, and waits until the broker closes the connection.
async fn send(broker: &Broker, transport: Transport, bytes: &[u8]) {
    let address = (Ipv4Addr::LOCALHOST, broker.port(transport));
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // The broker may close the connection before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

const ROUNDS: usize = 100;
const TRANSPORTS: [Transport; 3] = [Transport::Tcp, Transport::Tls, Transport::Ws];
/// A CONNECT of an unknown protocol version, one with an invalid will QoS, one with an unknown property, a PUBLISH
/// before CONNECT, an HTTP request for another path, and bytes of no protocol.
const MALFORMED: [&[u8]; 6] = [
    b"\x10\x0c\x00\x04MQTT\x09\x02\x00\x3c\x00\x00",
    b"\x10\x0c\x00\x04MQTT\x04\x1e\x00\x3c\x00\x00",
    b"\x10\x0f\x00\x04MQTT\x05\x02\x00\x3c\x02\x7f\x00\x00\x00",
    b"\x30\x03\x00\x01a",
    b"GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
];
