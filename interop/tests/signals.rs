//! Tests how the broker reacts to signals: it shuts down, reloads certificates, logs its counters, or ignores the
//! signal. No signal that an administrator or logrotate sends ends the broker without an orderly shutdown.

#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
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

const ENCRYPTED_TRANSPORTS: [Transport; 3] = [Transport::Tls, Transport::Wss, Transport::Quic];

#[tokio::test]
async fn sighup_reloads_certificates_and_open_connections_continue() {
    let mut broker = start_with_default_signals();
    let mut clients = Vec::new();
    for transport in Transport::ALL {
        clients.push(connect(&broker, transport).await.expect("CONNACK"));
    }
    broker.replace_certificate();
    // From here on, new clients trust only the new certificate authority.
    for transport in ENCRYPTED_TRANSPORTS {
        assert!(connect(&broker, transport).await.is_err(), "{transport:?}: not reloaded yet");
    }
    broker.signal("HUP");
    for transport in ENCRYPTED_TRANSPORTS {
        wait_for_listener_line(&broker, transport, "certificate reloaded");
        connect(&broker, transport).await.unwrap_or_else(|error| panic!("{transport:?}: {error}"));
    }
    for client in &mut clients {
        within_deadline("PINGRESP", client.ping()).await.expect("an open connection");
    }
    broker.stop();
}

#[tokio::test]
async fn a_certificate_that_does_not_match_its_key_is_not_loaded_and_the_log_says_what_to_do() {
    let mut broker = start_with_default_signals();
    let key = fs::read(broker.private_key()).expect("a key");
    let authority = fs::read(broker.authority()).expect("an authority");
    broker.replace_certificate();
    // Restores the old private key and the old authority. The server certificate is still the new certificate, which
    // does not match the old key.
    fs::write(broker.private_key(), key).expect("a PEM file");
    fs::write(broker.authority(), authority).expect("a PEM file");
    broker.signal("HUP");
    for transport in ENCRYPTED_TRANSPORTS {
        let line = wait_for_listener_line(&broker, transport, "certificate not reloaded");
        assert!(line.contains("ERROR") && line.contains("send SIGHUP again"), "{line}");
        assert!(line.contains("server.key: does not match the certificate"), "{line}");
        connect(&broker, transport).await.unwrap_or_else(|error| panic!("{transport:?}: {error}"));
    }
    broker.replace_certificate();
    broker.signal("HUP");
    wait_for_listener_line(&broker, Transport::Tls, "certificate reloaded");
    connect(&broker, Transport::Tls).await.expect("the new certificate");
    broker.stop();
}

/// `nohup` starts a program with SIGHUP ignored, so that the program continues when its terminal is closed. If SIGHUP
/// was ignored at the start, the broker must not start to handle SIGHUP.
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

fn wait_for_listener_line(broker: &Broker, transport: Transport, message: &str) -> String {
    let listener = format!("\"listener\":\"{}\"", transport.name());
    broker.wait_for_log(|line| line.contains(message) && line.contains(&listener), message)
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
