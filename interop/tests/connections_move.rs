//! Tests connections that move between cores all the time, as the setting `placement: restless` makes them do. Every
//! message is still delivered once and in order, over each transport whose connections can move, even if other
//! connections take over the sessions. A shutdown ends every connection.

#![allow(clippy::expect_used, clippy::panic)]

use tidegate_client::{Client, ClientError, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{
    assert_no_more_messages, client_options, message, publish_all, receive_payloads, subscribe,
    with_persistent_session,
};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};
use tokio::task::JoinSet;

const MOVABLE_TRANSPORTS: [Transport; 4] = [Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
const MESSAGE_COUNT: usize = 1000;
/// The Receive Maximum of broker and clients. The value is small, so that the cores poll connections often; a
/// connection can move after each poll.
const RECEIVE_MAXIMUM: u16 = 8;

#[tokio::test]
async fn moving_connections_deliver_every_message_once_and_in_order() {
    for durability in ["memory", "always"] {
        let broker = start_broker_that_moves_connections(durability);
        let mut pairs = JoinSet::new();
        for (number, (transport, qos)) in
            MOVABLE_TRANSPORTS.iter().flat_map(|of| [(*of, 1), (*of, 2)]).enumerate()
        {
            // The two clients of a pair use different transports.
            let other = MOVABLE_TRANSPORTS[(number / 2 + 1) % MOVABLE_TRANSPORTS.len()];
            let receiver = client(&broker, transport, &format!("receiver-{number}"));
            let sender = client(&broker, other, &format!("sender-{number}"));
            pairs.spawn(assert_pair_exchanges_messages(receiver, sender, format!("topic/{number}"), qos));
        }
        within_deadline("all messages", pairs.join_all()).await;
        let moves = stop_and_count_moves(broker);
        assert!(moves > MESSAGE_COUNT, "only {moves} moves: too few to prove anything");
    }
}

#[tokio::test]
async fn a_takeover_of_a_moving_connection_loses_no_message() {
    let broker = start_broker_that_moves_connections("always");
    let mut options = with_persistent_session(client(&broker, Transport::Tcp, "taken-over"));
    let mut receiver = Client::connect(&options, State::default()).await.expect("CONNACK");
    subscribe(&mut receiver, "over/+", 2).await;
    let sender_options = client(&broker, Transport::Ws, "sender");
    let sender = tokio::spawn(async move { publish_all(&sender_options, "over/a", 2, &numbers()).await });
    let mut received = Vec::new();
    for turn in 0..40 {
        received.extend(
            within_deadline("the next messages", receive_payloads(&mut receiver, MESSAGE_COUNT / 40)).await,
        );
        options = with_persistent_session(client(
            &broker,
            MOVABLE_TRANSPORTS[(turn + 1) % MOVABLE_TRANSPORTS.len()],
            "taken-over",
        ));
        // The previous connection is still open, but the client does not read from it any more.
        let state = receiver.state().clone();
        let next = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
        assert!(next.connack().session_present);
        receiver = next;
    }
    within_deadline("the sender", sender).await.expect("the sender");
    assert_eq!(received, numbers());
    within_deadline("the last message", assert_no_more_messages(&mut receiver, "end")).await;
    let _ = receiver.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    assert!(stop_and_count_moves(broker) > 0);
}

#[tokio::test]
async fn shutdown_ends_connections_that_move() {
    let broker = start_broker_that_moves_connections("memory");
    let (mut listeners, mut senders) = (JoinSet::new(), JoinSet::new());
    for transport in MOVABLE_TRANSPORTS {
        for number in 0..3 {
            let options = client(&broker, transport, &format!("{}-{number}", transport.name()));
            let mut listener = Client::connect(&options, State::default()).await.expect("CONNACK");
            subscribe(&mut listener, "all", 0).await;
            listeners.spawn(async move { (transport, receive_until_error(listener).await) });
        }
        let options = client(&broker, transport, &format!("{}-sender", transport.name()));
        senders
            .spawn(publish_until_error(Client::connect(&options, State::default()).await.expect("CONNACK")));
    }
    let mut observer = Client::connect(&client(&broker, Transport::Tcp, "observer"), State::default())
        .await
        .expect("CONNACK");
    subscribe(&mut observer, "all", 0).await;
    within_deadline("the first messages", receive_payloads(&mut observer, MESSAGE_COUNT)).await;
    broker.terminate();
    for (transport, error) in within_deadline("the end of every connection", listeners.join_all()).await {
        let ClientError::Disconnected(disconnect) = &error else { panic!("{transport:?}: {error}") };
        assert_eq!(disconnect.reason, ReasonCode::ServerShuttingDown, "{transport:?}");
    }
    within_deadline("the end of the senders", senders.join_all()).await;
    drop(observer);
    let exit = broker.wait_for_exit();
    assert_eq!(exit.status.code(), Some(0));
    assert!(exit.errors.iter().any(|line| line.contains("\"drained\"")), "{:#?}", exit.errors);
}

/// Receives messages until the connection ends.
async fn receive_until_error(mut client: Client) -> ClientError {
    loop {
        if let Err(error) = client.event().await {
            return error;
        }
    }
}

/// Publishes messages until the connection ends.
async fn publish_until_error(mut client: Client) {
    while let Ok(Some(packet_id)) = client.publish(message("all", "x", 1)).await {
        if client.acknowledged(packet_id).await.is_err() {
            return;
        }
    }
}

async fn assert_pair_exchanges_messages(receiver: Options, sender: Options, topic: String, qos: u8) {
    let mut receiver = Client::connect(&receiver, State::default()).await.expect("CONNACK");
    subscribe(&mut receiver, &topic, qos).await;
    let numbers = numbers();
    let (received, ()) = tokio::join!(
        receive_payloads(&mut receiver, MESSAGE_COUNT),
        publish_all(&sender, &topic, qos, &numbers)
    );
    assert_eq!(received, numbers, "{topic} at QoS {qos}");
    assert_no_more_messages(&mut receiver, &format!("end/{topic}")).await;
}

fn start_broker_that_moves_connections(durability: &str) -> Broker {
    let lines = format!(
        "cores: 3\nplacement: restless\npersistence: {{ durability: {durability} }}\nsession: {{ receive_maximum: {RECEIVE_MAXIMUM} }}\n"
    );
    Broker::start_with(Config::every_transport().with(&lines))
}

fn client(broker: &Broker, transport: Transport, client_id: &str) -> Options {
    let mut options = client_options(broker, transport, ProtocolVersion::V5, client_id);
    options.connect.receive_maximum = Some(RECEIVE_MAXIMUM);
    options
}

fn numbers() -> Vec<String> {
    (0..MESSAGE_COUNT).map(|n| n.to_string()).collect()
}

/// Stops the broker and returns how many times connections have moved to another core.
fn stop_and_count_moves(broker: Broker) -> usize {
    broker.terminate();
    broker.wait_for_exit().counter("connections_moved")
}
