//! Tests how the broker reacts to signals: it shuts down, reloads certificates, logs its counters, or ignores the
//! signal. No signal that an administrator or logrotate sends ends the broker without an orderly shutdown.

#![allow(clippy::expect_used, clippy::panic)]

mod certificates;
mod start;
mod storm;

use std::time::{Duration, Instant};

use tidegate_client::{Client, ClientError, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::launch_options::LaunchOptions;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{
    client_options, message, publish_all, receive_payloads, subscribe, with_persistent_session,
};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// `nohup` starts a program with SIGHUP ignored, so that the program continues when its terminal is closed. The broker
/// must not start to handle SIGHUP in that case.
#[tokio::test]
async fn sighup_stays_ignored_if_it_was_ignored_at_the_start() {
    let broker = Broker::start_with_launch(Config::every_transport(), |_| {
        LaunchOptions::default().wrapped_in(["env", "--ignore-signal=HUP"])
    });
    broker.signal("HUP");
    broker.signal("USR2");
    let _ = broker.wait_for_log(|line| line.contains("signal ignored"), "the line about SIGUSR2");
    broker.terminate();
    let exit = broker.wait_for_exit();
    assert!(exit.status.success(), "{}", exit.status);
    assert!(!exit.errors.iter().any(|line| line.contains("reloaded")), "{:#?}", exit.errors);
}

#[tokio::test]
async fn sigusr1_logs_the_counters_and_sigusr2_and_sigalrm_are_ignored() {
    let broker = Broker::start();
    let mut client = connect(&broker, Transport::Tcp).await.expect("CONNACK");
    broker.signal("USR1");
    let accepted = |line: &str| line.contains("\"connections_accepted\"") && line.contains("\"value\":1");
    let _ = broker.wait_for_log(accepted, "the counter");
    for signal in ["USR2", "ALRM"] {
        broker.signal(signal);
        let named = format!("\"SIG{signal}\"");
        let line = broker.wait_for_log(|line| line.contains(&named), "the line about the signal");
        assert!(line.contains("signal ignored"), "{line}");
    }
    within_deadline("PINGRESP", client.ping()).await.expect("an open connection");
    broker.stop();
}

#[tokio::test]
async fn sigquit_shuts_the_broker_down() {
    let broker = Broker::start();
    let mut client = connect(&broker, Transport::Tcp).await.expect("CONNACK");
    broker.signal("QUIT");
    let error = within_deadline("DISCONNECT", client.event()).await.expect_err("the connection ends");
    let ClientError::Disconnected(disconnect) = &error else { panic!("{error}") };
    assert_eq!(disconnect.reason, ReasonCode::ServerShuttingDown);
    assert_eq!(broker.wait_for_exit().status.code(), Some(0));
}

#[tokio::test]
async fn a_second_sigterm_or_sigint_ends_the_broker_at_once_without_losing_acknowledged_messages() {
    let mut broker = Broker::start_with(Config::every_transport().with("drain_timeout: 10m\n"));
    for signal in ["TERM", "INT"] {
        let options = with_persistent_session(client_options(
            &broker,
            Transport::Tcp,
            ProtocolVersion::V5,
            &format!("reader-{signal}"),
        ));
        let mut reader = Client::connect(&options, State::default()).await.expect("CONNACK");
        subscribe(&mut reader, "kept", 1).await;
        let _ = reader.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
        let sender = client_options(&broker, Transport::Tcp, ProtocolVersion::V5, "sender");
        publish_all(&sender, "kept", 1, &[signal.to_owned()]).await;
        let _unread =
            within_deadline("a client that does not read", client_that_does_not_read(&broker)).await;

        broker.terminate();
        let _ = broker.wait_for_log(|line| line.contains("\"stopping"), "the beginning of the drain");
        let start = Instant::now();
        broker.signal(signal);
        let exit = broker.wait_for_exit_and_restart();
        assert!(start.elapsed() < Duration::from_secs(30), "{signal}: the exit took {:?}", start.elapsed());
        assert_eq!(exit.status.code(), Some(1), "{signal}");
        let last = exit.errors.last().expect("a log");
        assert!(last.contains("ending at once") && last.contains(&format!("\"SIG{signal}\"")), "{last}");

        let mut reader = Client::connect(&options, State::default()).await.expect("CONNACK");
        let payloads = within_deadline("the message", receive_payloads(&mut reader, 1)).await;
        assert_eq!(payloads, [signal]);
        let _ = reader.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    }
    broker.stop();
}

/// Starts a broker that does not ignore SIGHUP, even if the tests run under `nohup`, which makes child processes ignore
/// it.
fn start_with_default_signals() -> Broker {
    Broker::start_with_launch(Config::every_transport(), |_| {
        LaunchOptions::default().wrapped_in(["env", "--default-signal=HUP"])
    })
}

/// Connects a client whose client identifier the broker assigns.
async fn connect(broker: &Broker, transport: Transport) -> Result<Client, ClientError> {
    let options = client_options(broker, transport, ProtocolVersion::V5, "");
    within_deadline("CONNACK", Client::connect(&options, State::default())).await
}

/// Connects a client with more unread messages than the socket buffers hold. During a shutdown, the broker waits for
/// this client until the drain timeout.
async fn client_that_does_not_read(broker: &Broker) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small receive buffer");
    let address = ([127, 0, 0, 1], broker.port(Transport::Tcp)).into();
    let mut stream = socket.connect(address).await.expect("a connection");
    // An MQTT 3.1.1 CONNECT with client id `late` and no keep alive, then SUBSCRIBE to `a` at QoS 0.
    stream.write_all(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04late").await.expect("a connection");
    stream.write_all(b"\x82\x06\x00\x01\x00\x01a\x00").await.expect("a connection");
    stream.read_exact(&mut [0; 9]).await.expect("CONNACK and SUBACK");
    let mut sender = connect(broker, Transport::Tcp).await.expect("CONNACK");
    for _ in 0..30 {
        sender.publish(message("a", &"x".repeat(500_000), 0)).await.expect("an open connection");
    }
    sender.ping().await.expect("PINGRESP after all messages");
    stream
}
