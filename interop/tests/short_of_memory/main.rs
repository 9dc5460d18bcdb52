//! Tests that a client whose packets need more memory than is available loses its connection, while other clients are
//! still served and the broker keeps running.

#![allow(clippy::expect_used, clippy::panic)]

mod at_once;
mod deliveries;
mod large_answer;
mod raw;
mod requests;
mod retained;
mod store;

use tidegate_client::{Client, ClientError, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::test_client::{ClientSetup, Received, TestClient};
use tidegate_interop::tidegate_client::{
    TidegateClient, client_options, message, subscribe, with_persistent_session,
};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, Publish, ReasonCode};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use raw::{CONNECT, publish_header, send_large_frame, send_zeros};

#[tokio::test]
async fn a_publish_that_is_too_large_ends_its_connection() {
    for transport in Transport::ALL {
        let broker = start();
        let mut other = TidegateClient::connect(ClientSetup::new(&broker, transport, "other")).await;
        other.subscribe("a", 1).await;
        let mut client = connect(&broker, transport, "large").await;
        let published = within_deadline("the end", publish_large(&mut client, 200 << 20)).await;
        let error = published.expect_err("the connection ends");
        assert!(ended_by_the_broker(&error), "{transport:?}: {error}");
        assert_still_served(&mut other).await;
        stop_and_assert_counted(broker, 1).await;
    }
}

#[tokio::test]
async fn a_single_web_socket_frame_that_is_too_large_ends_its_connection() {
    let broker = start();
    let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Ws, "other")).await;
    other.subscribe("a", 1).await;
    within_deadline("the end", send_large_frame(&broker)).await;
    assert_still_served(&mut other).await;
    stop_and_assert_counted(broker, 1).await;
}

#[tokio::test]
async fn many_incomplete_publishes_end_some_connections() {
    let broker = start();
    let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Tcp, "other")).await;
    other.subscribe("a", 1).await;
    let mut senders = JoinSet::new();
    for number in 0..12 {
        let port = broker.port(Transport::Tcp);
        senders.spawn(async move {
            let mut stream = TcpStream::connect(("localhost", port)).await.expect("a connection");
            let id = format!("sender-{number:02}");
            stream.write_all(&[CONNECT, &[0, 9], id.as_bytes()].concat()).await.expect("an open connection");
            // The header announces a body of 40 MiB. The client sends one byte less, so that the packet stays
            // incomplete.
            let _ = send_zeros(&mut stream, &publish_header(40 << 20), (40 << 20) - 5).await;
            stream
        });
    }
    let streams = within_deadline("the senders", senders.join_all()).await;
    assert_still_served(&mut other).await;
    drop(streams);
    stop_and_assert_counted(broker, 1).await;
}

/// A session queues messages until the memory is used up: first a session that is only in memory, then a persistent
/// session whose messages are stored too.
#[tokio::test]
async fn queued_messages_that_use_up_the_memory_end_only_their_publishers() {
    for is_stored in [false, true] {
        let broker = start();
        let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Tcp, "other")).await;
        other.subscribe("a", 1).await;
        let options = client_options(&broker, Transport::Tcp, ProtocolVersion::V5, "slow");
        let options = if is_stored { with_persistent_session(options) } else { options };
        let mut slow = Client::connect(&options, State::default()).await.expect("CONNACK");
        subscribe(&mut slow, "large", 1).await;
        for number in 0..25 {
            let mut client = connect(&broker, Transport::Tcp, &format!("sender-{number}")).await;
            let _ = within_deadline("an answer", publish_large(&mut client, 20 << 20)).await;
        }
        let _ = slow.drop_without_disconnect();
        other.publish("a", "still here", 0, false).await;
        let message = within_deadline("a message", other.next_message()).await;
        assert_eq!(message, Received::new("a", "still here", 0));
        assert!(within_deadline("the end", stop_and_wait(broker)).await.success());
    }
}

/// The broker keeps one copy of a large message for all clients that do not read. When new connections take over their
/// sessions, there is no memory for further copies.
#[tokio::test]
async fn a_large_message_to_many_clients_is_kept_in_memory_once() {
    let broker = start_with(340, "");
    let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Tcp, "other")).await;
    other.subscribe("a", 1).await;
    let mut slow = Vec::new();
    for number in 0..10 {
        slow.push(connect(&broker, Transport::Tcp, &format!("slow-{number}")).await);
        subscribe(slow.last_mut().expect("a client"), "large", 0).await;
    }
    let mut sender = connect(&broker, Transport::Tcp, "sender").await;
    let mut large = Publish { payload: vec![0; 20 << 20].into(), ..message("large", "", 1) };
    let value = "v".repeat(60_000);
    (0..300).for_each(|_| assert!(large.properties.user_properties.push("n", &value)));
    let id = within_deadline("the end of a publish", sender.publish(large)).await.expect("a connection");
    let acknowledged = sender.acknowledged(id.expect("an identifier"));
    let _ = within_deadline("PUBACK", acknowledged).await.expect("PUBACK");
    for number in 0..10 {
        let _ = connect(&broker, Transport::Tcp, &format!("slow-{number}")).await;
    }
    assert_still_served(&mut other).await;
    drop(slow);
    assert!(within_deadline("the end", stop_and_wait(broker)).await.success());
}

/// Starts a broker that may allocate 300 MiB more than it uses right after its start.
fn start() -> Broker {
    start_with(300, "")
}

/// Like [`start`], with another limit in MiB and additional lines in the configuration.
fn start_with(mebibytes: u64, settings: &str) -> Broker {
    let broker = Broker::start_with(Config::every_transport().with(BROKER_SETTINGS).with(settings));
    broker.limit_memory(mebibytes << 20);
    broker
}

async fn connect(broker: &Broker, transport: Transport, client_id: &str) -> Client {
    let options = client_options(broker, transport, ProtocolVersion::V5, client_id);
    within_deadline("CONNACK", Client::connect(&options, State::default())).await.expect("CONNACK")
}

/// Publishes a message at QoS 1, and waits for its acknowledgement.
async fn publish_large(client: &mut Client, size: usize) -> Result<(), ClientError> {
    let large = Publish { payload: vec![0; size].into(), ..message("large", "", 1) };
    let id = client.publish(large).await?.expect("an identifier");
    client.acknowledged(id).await.map(drop)
}

/// Whether the broker ended the connection. The client may detect the broken connection before it reads DISCONNECT.
fn ended_by_the_broker(error: &ClientError) -> bool {
    match error {
        ClientError::Disconnected(disconnect) => disconnect.reason == ReasonCode::QuotaExceeded,
        error => matches!(error, ClientError::Closed | ClientError::Broken(_)),
    }
}

/// Checks that a client that was connected before can still publish and receive.
async fn assert_still_served(client: &mut TidegateClient) {
    within_deadline("PUBACK", client.publish("a", "still here", 1, false)).await;
    let message = within_deadline("a message", client.next_message()).await;
    assert_eq!(message, Received::new("a", "still here", 1));
}

/// Stops the broker, and checks that it counted at least `at_least` connections that ended for lack of memory.
async fn stop_and_assert_counted(broker: Broker, at_least: usize) {
    broker.terminate();
    let exit = tokio::task::spawn_blocking(move || broker.wait_for_exit()).await.expect("an exit");
    assert!(exit.counter("connections_out_of_memory") >= at_least, "{:#?}", exit.errors);
}

async fn stop_and_wait(broker: Broker) -> std::process::ExitStatus {
    broker.terminate();
    tokio::task::spawn_blocking(move || broker.wait_for_exit().status).await.expect("an exit")
}

const BROKER_SETTINGS: &str = "session:\n  packet_size_max: 268435460\n  queue_bytes_max: 1GiB\n  pending_bytes_max: 256MiB\n  pending_bytes_high: 64MiB\ncores: 2\n";
