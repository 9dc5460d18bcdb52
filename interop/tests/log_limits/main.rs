//! Tests that the log never delays the broker. If nobody reads standard error, the broker drops log lines and counts
//! them. Peers cannot fill the log.

#![allow(clippy::expect_used, clippy::panic)]

mod malformed;
mod unusable_output;

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tempfile::TempDir;
use tidegate_interop::broker::{Broker, serve};
use tidegate_interop::certificate::Certificate;
use tidegate_interop::config::Config;
use tidegate_interop::process::EVENT_TIMEOUT;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::test_client::{ClientSetup, Received, TestClient};
use tidegate_interop::tidegate_client::TidegateClient;
use tidegate_interop::transport::Transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_log_that_nobody_reads_delays_neither_clients_nor_the_exit() {
    let broker = Broker::start_with(Config::every_transport().with(TRACE_LEVEL_CONFIG));
    broker.log().pause();
    connect_clients_one_by_one(&broker, 200).await;
    let start = Instant::now();
    broker.terminate();
    assert!(broker.wait_for_exit_status().success());
    assert!(start.elapsed() < Duration::from_secs(20), "the exit took {:?}", start.elapsed());
}

/// The pipe of the log is full when the signals arrive.
#[tokio::test]
async fn signals_are_answered_while_nobody_reads_the_log() {
    let broker = Broker::start_with(Config::every_transport().with(TRACE_LEVEL_CONFIG));
    broker.log().pause();
    connect_clients_one_by_one(&broker, 100).await;
    for signal in ["USR1", "USR2", "HUP", "ALRM", "USR1"] {
        broker.signal(signal);
        connect_clients_one_by_one(&broker, 5).await;
    }
    broker.log().resume();
    let accepted = |line: &str| line.contains("\"connections_accepted\"");
    let _ = broker.wait_for_log(accepted, "the counters that SIGUSR1 logs");
    let _ = broker.wait_for_log(|line| line.contains("\"SIGALRM\""), "the line about SIGALRM");
    broker.stop();
}

#[tokio::test]
async fn dropped_log_lines_are_counted_and_the_last_lines_are_written() {
    let broker = Broker::start_with(Config::every_transport().with(TRACE_LEVEL_CONFIG));
    broker.log().pause();
    connect_clients_one_by_one(&broker, 1500).await;
    broker.log().resume();
    let report = broker.wait_for_log(|line| line.contains("log lines were dropped"), "the report");
    assert!(report.starts_with('{') && report.ends_with('}'), "a line like all others: {report}");
    broker.terminate();
    let exit = broker.wait_for_exit();
    assert!(exit.counter("log_lines_dropped") > 0);
    assert!(exit.errors.iter().any(|line| line.contains("\"stopped\"")), "{:#?}", exit.errors.last());
    let broken = exit.errors.iter().find(|line| serde_json::from_str::<serde_json::Value>(line).is_err());
    assert_eq!(broken, None, "only whole lines are dropped");
}

#[tokio::test]
async fn repeated_lines_about_peers_are_suppressed_and_counted() {
    let broker = Broker::start();
    for _ in 0..ILLEGAL_NAME_COUNT {
        within_deadline("an answer", send_client_hello(&broker, b"xx\x1b[3\n.exampl")).await;
    }
    // The log also says that each of these connections was refused, which is another kind of line.
    let is_report = |line: &str| line.contains("suppressed") && line.contains("Illegal SNI hostname");
    let _ = broker.wait_for_log(is_report, "a report after the time window");
    broker.terminate();
    let exit = broker.wait_for_exit();
    let (reports, written): (Vec<_>, Vec<_>) = exit
        .errors
        .iter()
        .filter(|line| line.contains("\"Illegal SNI hostname"))
        .partition(|line| is_report(line));
    // On a slow machine, the test may take longer than one time window of the limit, so that more lines are written.
    assert!((1..ILLEGAL_NAME_COUNT / 2).contains(&written.len()), "{written:#?}");
    let suppressed = reports.iter().map(|line| {
        let report: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        report["lines"].as_u64().expect("a number")
    });
    let suppressed = usize::try_from(suppressed.sum::<u64>()).expect("few");
    assert_eq!(suppressed + written.len(), ILLEGAL_NAME_COUNT);
    assert!(exit.counter("log_lines_suppressed") >= suppressed);
}

/// `mosquitto_pub -h 127.0.0.1` and many devices send an IP address as the TLS server name. Handshakes with an IP
/// address succeed, so the broker must not log a warning.
#[tokio::test]
async fn an_ip_address_as_server_name_is_not_in_the_log() {
    let broker = Broker::start();
    within_deadline("an answer", send_client_hello(&broker, b"127.0.0.1")).await;
    within_deadline("an answer", send_client_hello(&broker, b"not_a\nname")).await;
    let _ = broker.wait_for_log(|line| line.contains("Illegal SNI hostname"), "the warning about the other");
    assert!(!broker.log().text().contains("IP address"), "{}", broker.log().text());
    broker.stop();
}

/// The pipe of the log has room for some of the log lines of this test. The other lines are still in the broker's queue
/// when all connections have ended.
#[tokio::test]
async fn log_lines_queued_at_the_exit_are_written_when_the_log_is_read_again() {
    let broker = Broker::start_with(Config::every_transport().with(TRACE_LEVEL_CONFIG));
    broker.log().pause();
    connect_clients_one_by_one(&broker, 250).await;
    broker.terminate();
    within_deadline("the end of all other threads", async {
        while thread_count(&broker) > THREADS_AT_EXIT {
            tokio::task::yield_now().await;
        }
    })
    .await;
    broker.log().resume();
    let exit = broker.wait_for_exit();
    assert!(exit.errors.iter().any(|line| line.contains("\"stopped\"")), "{:#?}", exit.errors.last());
    assert_eq!(exit.counter("connections_accepted"), 250);
    assert_eq!(exit.counter("log_lines_dropped"), 0);
}

#[test]
fn an_error_right_before_the_exit_is_logged() {
    let folder = TempDir::new().expect("a temporary folder");
    let config = Config::every_transport();
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port(Transport::Tcp))).expect("a free port");
    let file = folder.path().join("tidegate.yaml");
    fs::write(&file, config.yaml(&Certificate::create(folder.path()))).expect("a configuration file");
    let exit = serve(Some(&file), &folder.path().join("data")).wait_for_exit(EVENT_TIMEOUT);
    assert_eq!(exit.status.code(), Some(1));
    let last = exit.errors.last().expect("a log");
    assert!(last.contains("ERROR") && last.contains("cannot listen on"), "{last}");
}

/// Connects `count` TLS clients one after the other, and checks that each can exchange a message. At log level `trace`,
/// the broker logs about 1.5 KiB per client. The pipe of the log holds 64 KiB. In the queue before the pipe, lines of
/// this level take up to 512 KiB, and the thread that writes the log may hold another 512 KiB.
async fn connect_clients_one_by_one(broker: &Broker, count: usize) {
    for number in 0..count {
        within_deadline("a round trip", async {
            let mut client = TidegateClient::connect(ClientSetup::new(broker, Transport::Tls, "a")).await;
            client.subscribe("a", 1).await;
            client.publish("a", &number.to_string(), 1, false).await;
            assert_eq!(client.next_message().await, Received::new("a", &number.to_string(), 1));
            client.disconnect().await;
        })
        .await;
    }
}

/// Returns the number of threads of the broker's process, or 0 after its end.
fn thread_count(broker: &Broker) -> usize {
    fs::read_dir(format!("/proc/{}/task", broker.process_id())).map_or(0, Iterator::count)
}

/// Starts a TLS handshake with `name` as the server name, and waits for the broker's answer.
async fn send_client_hello(broker: &Broker, name: &[u8]) {
    let mut stream =
        TcpStream::connect((Ipv4Addr::LOCALHOST, broker.port(Transport::Tls))).await.expect("a connection");
    stream.write_all(&client_hello(name)).await.expect("an open connection");
    let _ = stream.read(&mut [0; 100]).await.expect("an answer, or the end of the connection");
}

/// Encodes a ClientHello with any bytes as the server name. Because rustls sends only valid names, the function
/// replaces the name in a ClientHello of rustls.
fn client_hello(name: &[u8]) -> Vec<u8> {
    let placeholder = "x".repeat(name.len());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let server = ServerName::try_from(placeholder.clone()).expect("a name");
    let mut connection = ClientConnection::new(Arc::new(config), server).expect("a connection");
    let mut hello = Vec::new();
    let _ = connection.write_tls(&mut hello).expect("a buffer");
    let at = hello.windows(name.len()).position(|part| part == placeholder.as_bytes()).expect("the name");
    hello.splice(at..at + name.len(), name.iter().copied());
    hello
}

/// Number of threads when all other threads have ended: the main thread, the thread that writes the log, and the thread
/// that handles signals.
const THREADS_AT_EXIT: usize = 3;
const TRACE_LEVEL_CONFIG: &str = "log: { level: trace }\n";
const ILLEGAL_NAME_COUNT: usize = 300;
