//! Tests a session that starts over QUIC and is resumed over TLS and then over WSS, each time with messages in flight.
//! No message is lost or delivered twice, in either direction.

#![allow(clippy::expect_used, clippy::panic)]

use tidegate_client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{
    assert_no_more_messages, client_options, message, publish_all, receive_payloads, subscribe,
    with_persistent_session,
};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

const MESSAGE_COUNT: usize = 60;
/// The client's Receive Maximum. The value is far smaller than the number of messages, so that some messages are in
/// flight and others are queued when a connection breaks.
const RECEIVE_MAXIMUM: u16 = 8;

#[tokio::test]
async fn a_session_receives_each_message_once_across_three_transports() {
    within_deadline("the whole test", async {
        let broker = Broker::start();
        let (mut quic, present) = connect_traveller(&broker, Transport::Quic, State::default()).await;
        assert!(!present);
        subscribe(&mut quic, "to/+", 2).await;
        publish_all(&client(&broker, Transport::Tcp, "sender"), "to/client", 2, &all_payloads()).await;

        let mut received = receive_payloads(&mut quic, 5).await;
        let (mut tls, present) = connect_traveller(&broker, Transport::Tls, drop_connection(quic)).await;
        assert!(present);
        received.extend(receive_payloads(&mut tls, 20).await);
        let (mut wss, present) = connect_traveller(&broker, Transport::Wss, drop_connection(tls)).await;
        assert!(present);
        received.extend(receive_payloads(&mut wss, MESSAGE_COUNT - received.len()).await);

        assert_eq!(received, all_payloads());
        assert_no_more_messages(&mut wss, "end").await;
        let _ = wss.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
        broker.stop();
    })
    .await;
}

#[tokio::test]
async fn a_session_publishes_each_message_once_across_three_transports() {
    within_deadline("the whole test", async {
        let broker = Broker::start();
        let mut observer = Client::connect(&client(&broker, Transport::Tcp, "observer"), State::default())
            .await
            .expect("CONNACK");
        subscribe(&mut observer, "from/+", 2).await;

        let (quic, _) = connect_traveller(&broker, Transport::Quic, State::default()).await;
        let state = publish_and_drop_connection(quic, 0..20).await;
        let (tls, present) = connect_traveller(&broker, Transport::Tls, state).await;
        assert!(present);
        let state = publish_and_drop_connection(tls, 20..40).await;
        let (mut wss, present) = connect_traveller(&broker, Transport::Wss, state).await;
        assert!(present);
        for n in 40..MESSAGE_COUNT {
            wss.publish(message("from/client", &n.to_string(), 2)).await.expect("an open connection");
        }
        wss.finish_exchanges().await.expect("all acknowledgements");

        assert_eq!(receive_payloads(&mut observer, MESSAGE_COUNT).await, all_payloads());
        assert_no_more_messages(&mut observer, "end").await;
        broker.stop();
    })
    .await;
}

fn client(broker: &Broker, transport: Transport, client_id: &str) -> Options {
    client_options(broker, transport, ProtocolVersion::V5, client_id)
}

/// Connects the client `traveller` over `transport`. Returns the client and the Session Present flag of CONNACK.
async fn connect_traveller(broker: &Broker, transport: Transport, state: State) -> (Client, bool) {
    let mut options = with_persistent_session(client(broker, transport, "traveller"));
    options.connect.receive_maximum = Some(RECEIVE_MAXIMUM);
    let client = Client::connect(&options, state).await.expect("CONNACK");
    let present = client.connack().session_present;
    (client, present)
}

/// Ends the connection without DISCONNECT, like a network failure, in the middle of QoS 2 exchanges. Returns the
/// client-side session state.
fn drop_connection(client: Client) -> State {
    let state = client.drop_without_disconnect();
    assert!(!state.has_no_open_exchange(), "no message was in flight, so the test proves nothing");
    state
}

/// Publishes messages without waiting for acknowledgements, and then drops the connection. Returns the client-side
/// session state.
async fn publish_and_drop_connection(mut client: Client, numbers: std::ops::Range<usize>) -> State {
    for n in numbers {
        client.publish(message("from/client", &n.to_string(), 2)).await.expect("an open connection");
    }
    drop_connection(client)
}

fn all_payloads() -> Vec<String> {
    (0..MESSAGE_COUNT).map(|n| n.to_string()).collect()
}
