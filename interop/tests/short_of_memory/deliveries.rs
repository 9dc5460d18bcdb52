//! Tests that a large message is delivered over every transport while memory is short: at most the connections of its
//! receivers end.

use tidegate_client::Client;
use tidegate_interop::broker::Broker;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::test_client::{ClientSetup, TestClient};
use tidegate_interop::tidegate_client::{TidegateClient, message, subscribe};
use tidegate_interop::transport::Transport;
use tokio::task::JoinSet;

use crate::{assert_still_served, connect, publish_large, start_with, stop_and_wait};

#[tokio::test]
async fn a_large_message_to_receivers_on_every_transport_ends_at_most_their_connections() {
    for (memory, size) in [(60, 60 << 20), (100, 60 << 20), (200, 60 << 20), (300, 20 << 20)] {
        let broker = start_with(memory, "");
        let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Tcp, "other")).await;
        other.subscribe("a", 1).await;
        let received = deliver_large_message(&broker, size).await;
        let is_received = received.iter().any(|(_, count)| *count == Some(1));
        assert!(is_received || memory < 300, "nobody received the message: {received:?}");
        assert_still_served(&mut other).await;
        assert!(within_deadline("the end", stop_and_wait(broker)).await.success(), "{memory} MiB");
    }
}

/// Publishes a large message to two receivers on every transport, one of which does not read. Returns the number of
/// large messages that each other receiver received, or `None` if the broker ended its connection.
async fn deliver_large_message(broker: &Broker, size: usize) -> Vec<(Transport, Option<usize>)> {
    let mut silent = Vec::new();
    let mut receivers = JoinSet::new();
    for transport in Transport::ALL {
        let name = transport.name();
        silent.push(connect(broker, transport, &format!("silent-{name}")).await);
        within_deadline("SUBACK", subscribe(silent.last_mut().expect("a client"), "large", 0)).await;
        let mut receiver = connect(broker, transport, &format!("reading-{name}")).await;
        within_deadline("SUBACK", subscribe(&mut receiver, "large", 0)).await;
        receivers.spawn(async move { (transport, receive_until_small(&mut receiver, size).await) });
    }
    let mut sender = connect(broker, Transport::Tcp, "large-sender").await;
    let _ = within_deadline("an answer", publish_large(&mut sender, size)).await;
    let mut sender = connect(broker, Transport::Tcp, "small-sender").await;
    sender.publish(message("large", "small", 1)).await.expect("an open connection");
    within_deadline("PUBACK", sender.finish_exchanges()).await.expect("an open connection");
    within_deadline("the small message or the end of each connection", receivers.join_all()).await
}

/// Receives messages until a small one arrives, and returns the number of large messages before it. Returns `None` if
/// the broker ends the connection.
async fn receive_until_small(client: &mut Client, size: usize) -> Option<usize> {
    let mut large_count = 0;
    loop {
        let length = client.message().await.ok()?.payload.len();
        if length < size {
            assert_eq!(length, "small".len());
            return Some(large_count);
        }
        large_count += 1;
    }
}
