//! A session that starts over QUIC with messages in flight goes on over TLS and then over WSS: nothing is lost and
//! nothing comes twice, in either direction.

#![allow(clippy::expect_used, clippy::panic)]

use tidegate_gateway::client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::{kept, message, nothing_more_comes, options, send, subscribe, take};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

const COUNT: usize = 60;
/// Far fewer than messages, so that some are in flight and others queued whenever the connection breaks.
const RECEIVE_MAXIMUM: u16 = 8;

#[tokio::test]
async fn to_the_client() {
    within_deadline("the journey", async {
        let broker = Broker::start();
        let (mut quic, present) = travel(&broker, Transport::Quic, State::default()).await;
        assert!(!present);
        subscribe(&mut quic, "to/+", 2).await;
        send(&client(&broker, Transport::Tcp, "sender"), "to/client", 2, &numbers()).await;

        let mut came = take(&mut quic, 5).await;
        let (mut tls, present) = travel(&broker, Transport::Tls, break_off(quic)).await;
        assert!(present);
        came.extend(take(&mut tls, 20).await);
        let (mut wss, present) = travel(&broker, Transport::Wss, break_off(tls)).await;
        assert!(present);
        came.extend(take(&mut wss, COUNT - came.len()).await);

        assert_eq!(came, numbers());
        nothing_more_comes(&mut wss, "end").await;
        let _ = wss.disconnect(ReasonCode::Success).await.expect("an orderly end");
        broker.stop();
    })
    .await;
}

#[tokio::test]
async fn from_the_client() {
    within_deadline("the journey", async {
        let broker = Broker::start();
        let mut watcher = Client::connect(&client(&broker, Transport::Tcp, "watcher"), State::default())
            .await
            .expect("CONNACK");
        subscribe(&mut watcher, "from/+", 2).await;

        let (quic, _) = travel(&broker, Transport::Quic, State::default()).await;
        let state = send_and_break(quic, 0..20).await;
        let (tls, present) = travel(&broker, Transport::Tls, state).await;
        assert!(present);
        let state = send_and_break(tls, 20..40).await;
        let (mut wss, present) = travel(&broker, Transport::Wss, state).await;
        assert!(present);
        for n in 40..COUNT {
            wss.publish(message("from/client", &n.to_string(), 2)).await.expect("the connection");
        }
        wss.settle().await.expect("the last acknowledgements");

        assert_eq!(take(&mut watcher, COUNT).await, numbers());
        nothing_more_comes(&mut watcher, "end").await;
        broker.stop();
    })
    .await;
}

fn client(broker: &Broker, transport: Transport, client_id: &str) -> Options {
    options(broker, transport, ProtocolVersion::V5, client_id)
}

/// Connects the traveller; says whether its session was present.
async fn travel(broker: &Broker, transport: Transport, state: State) -> (Client, bool) {
    let mut options = kept(client(broker, transport, "traveller"));
    options.connect.receive_maximum = Some(RECEIVE_MAXIMUM);
    let client = Client::connect(&options, state).await.expect("CONNACK");
    let present = client.connack().session_present;
    (client, present)
}

/// Ends a connection as a network does that fails, in the midst of QoS 2 exchanges.
fn break_off(client: Client) -> State {
    let state = client.abandon();
    assert!(!state.is_settled(), "nothing was in flight: the test shows nothing");
    state
}

/// Sends without waiting for acknowledgements, and breaks the connection.
async fn send_and_break(mut client: Client, numbers: std::ops::Range<usize>) -> State {
    for n in numbers {
        client.publish(message("from/client", &n.to_string(), 2)).await.expect("the connection");
    }
    break_off(client)
}

fn numbers() -> Vec<String> {
    (0..COUNT).map(|n| n.to_string()).collect()
}
