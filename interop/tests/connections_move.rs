//! Connections that go from core to core all the time: every message is there once and in order, over each transport whose
//! connections can go, also when sessions are taken over meanwhile, and a stop ends them all.

#![allow(clippy::expect_used, clippy::panic)]

use tidegate_gateway::client::{Client, ClientError, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::{kept, message, nothing_more_comes, options, send, subscribe, take};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};
use tokio::task::JoinSet;

const MOBILE: [Transport; 4] = [Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
const COUNT: usize = 1000;
/// Few messages at once, so that a connection is polled often.
const WINDOW: u16 = 8;

#[tokio::test]
async fn every_message_comes_once_and_in_order() {
    for durability in ["memory", "always"] {
        let broker = restless(durability);
        let mut pairs = JoinSet::new();
        for (number, (transport, qos)) in MOBILE.iter().flat_map(|of| [(*of, 1), (*of, 2)]).enumerate() {
            // The two sides of a pair are of different transports.
            let other = MOBILE[(number / 2 + 1) % MOBILE.len()];
            let receiver = client(&broker, transport, &format!("receiver-{number}"));
            let sender = client(&broker, other, &format!("sender-{number}"));
            pairs.spawn(pair(receiver, sender, format!("topic/{number}"), qos));
        }
        within_deadline("all messages", pairs.join_all()).await;
        let moves = moves_of(broker);
        assert!(moves > COUNT, "only {moves} moves show nothing");
    }
}

#[tokio::test]
async fn a_session_that_is_taken_over_meanwhile_loses_nothing() {
    let broker = restless("always");
    let mut options = kept(client(&broker, Transport::Tcp, "taken-over"));
    let mut receiver = Client::connect(&options, State::default()).await.expect("CONNACK");
    subscribe(&mut receiver, "over/+", 2).await;
    let sending = client(&broker, Transport::Ws, "sender");
    let sender = tokio::spawn(async move { send(&sending, "over/a", 2, &numbers()).await });
    let mut came = Vec::new();
    for turn in 0..40 {
        came.extend(within_deadline("the next messages", take(&mut receiver, COUNT / 40)).await);
        options = kept(client(&broker, MOBILE[(turn + 1) % MOBILE.len()], "taken-over"));
        // The one before is open still, and not read.
        let state = receiver.state().clone();
        let next = within_deadline("CONNACK", Client::connect(&options, state)).await.expect("CONNACK");
        assert!(next.connack().session_present);
        receiver = next;
    }
    within_deadline("the sender", sender).await.expect("the sender");
    assert_eq!(came, numbers());
    within_deadline("nothing more", nothing_more_comes(&mut receiver, "end")).await;
    let _ = receiver.disconnect(ReasonCode::Success).await.expect("an orderly end");
    assert!(moves_of(broker) > 0);
}

#[tokio::test]
async fn a_stop_tells_all_of_them() {
    let broker = restless("memory");
    let (mut listeners, mut senders) = (JoinSet::new(), JoinSet::new());
    for transport in MOBILE {
        for number in 0..3 {
            let options = client(&broker, transport, &format!("{}-{number}", transport.name()));
            let mut listener = Client::connect(&options, State::default()).await.expect("CONNACK");
            subscribe(&mut listener, "all", 0).await;
            listeners.spawn(async move { (transport, listen(listener).await) });
        }
        let options = client(&broker, transport, &format!("{}-sender", transport.name()));
        senders.spawn(send_for_ever(Client::connect(&options, State::default()).await.expect("CONNACK")));
    }
    let mut watcher = Client::connect(&client(&broker, Transport::Tcp, "watcher"), State::default())
        .await
        .expect("CONNACK");
    subscribe(&mut watcher, "all", 0).await;
    within_deadline("traffic", take(&mut watcher, COUNT)).await;
    broker.terminate();
    for (transport, error) in within_deadline("the end of every connection", listeners.join_all()).await {
        let ClientError::Disconnected(disconnect) = &error else { panic!("{transport:?}: {error}") };
        assert_eq!(disconnect.reason, ReasonCode::ServerShuttingDown, "{transport:?}");
    }
    within_deadline("the end of the senders", senders.join_all()).await;
    drop(watcher);
    let ended = broker.end();
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.errors.iter().any(|line| line.contains("\"drained\"")), "{:#?}", ended.errors);
}

/// Takes messages to the end of the connection.
async fn listen(mut client: Client) -> ClientError {
    loop {
        if let Err(error) = client.event().await {
            return error;
        }
    }
}

async fn send_for_ever(mut client: Client) {
    while let Ok(Some(packet_id)) = client.publish(message("all", "x", 1)).await {
        if client.acknowledged(packet_id).await.is_err() {
            return;
        }
    }
}

async fn pair(receiver: Options, sender: Options, topic: String, qos: u8) {
    let mut receiver = Client::connect(&receiver, State::default()).await.expect("CONNACK");
    subscribe(&mut receiver, &topic, qos).await;
    let numbers = numbers();
    let (came, ()) = tokio::join!(take(&mut receiver, COUNT), send(&sender, &topic, qos, &numbers));
    assert_eq!(came, numbers, "{topic} at QoS {qos}");
    nothing_more_comes(&mut receiver, &format!("end/{topic}")).await;
}

fn restless(durability: &str) -> Broker {
    let lines = format!(
        "cores: 3\nplacement: restless\npersistence: {{ durability: {durability} }}\nsession: {{ receive_maximum: {WINDOW} }}\n"
    );
    Broker::start_with(Config::every_transport().with(&lines))
}

fn client(broker: &Broker, transport: Transport, client_id: &str) -> Options {
    let mut options = options(broker, transport, ProtocolVersion::V5, client_id);
    options.connect.receive_maximum = Some(WINDOW);
    options
}

fn numbers() -> Vec<String> {
    (0..COUNT).map(|n| n.to_string()).collect()
}

/// How often connections went to another core.
fn moves_of(broker: Broker) -> usize {
    broker.terminate();
    broker.end().counted("connections_moved")
}
