//! Tests stored messages that use up the memory: every publish is answered, and the store works again when there is
//! memory.

use tidegate_client::{Client, ClientError, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{client_options, message, subscribe, with_persistent_session};
use tidegate_interop::transport::Transport;
use tidegate_limits::memory;
use tidegate_mqtt::{ProtocolVersion, Publish, ReasonCode};

use crate::{connect, start_with, stop_and_wait};

#[tokio::test]
async fn a_store_without_memory_answers_every_publish_and_works_again_when_there_is_memory() {
    for (durability, size) in
        [("always", 900_000), ("interval", 900_000), ("always", 10_000), ("interval", 10_000)]
    {
        let broker = start_with(150, &format!("persistence:\n  durability: {durability}\n"));
        let mut subscriber = connect_persistent(&broker, "subscriber").await;
        subscribe(&mut subscriber, "stored/#", 1).await;
        let _ = subscriber.drop_without_disconnect();
        let (mut accepted, mut all_accepted) = (Vec::new(), true);
        for number in 0..300 {
            let topics = publish_retained(&broker, number, size).await;
            all_accepted &= topics.len() == BYTES_PER_SENDER / size;
            accepted.extend(topics);
            if !all_accepted {
                break;
            }
        }
        assert!(!all_accepted, "{durability}, {size} bytes: memory was never short");
        // Large messages may be refused before the store is short of memory.
        let is_store_short = is_short(&broker);
        assert!(is_store_short || size >= memory::LARGE_ALLOCATION_MIN, "{durability}, {size} bytes");
        broker.limit_memory(1 << 40);
        if is_store_short {
            broker.wait_for_log(|line| line.contains("the store works again"), "the store works again");
        }
        let mut publisher = connect_persistent(&broker, "publisher").await;
        let id =
            publisher.publish(message("later", "", 1)).await.expect("a connection").expect("an identifier");
        let acknowledged = within_deadline("PUBACK", publisher.acknowledged(id)).await.expect("PUBACK");
        assert!(!acknowledged.reason.is_error(), "{durability}, {size} bytes: {acknowledged:?}");
        assert_retained(&broker, accepted).await;
        assert!(
            within_deadline("the end", stop_and_wait(broker)).await.success(),
            "{durability}, {size} bytes"
        );
    }
}

/// The memory of fetched messages stays with the process, and the memory map stays as large as it was. The store has
/// room all the same.
#[tokio::test]
async fn a_store_without_memory_works_again_when_its_messages_were_fetched() {
    let broker = start_with(120, "");
    let options = client_options(&broker, Transport::Tcp, ProtocolVersion::V5, "subscriber");
    let options = with_persistent_session(options);
    let mut offline = Client::connect(&options, State::default()).await.expect("CONNACK");
    subscribe(&mut offline, "stored/#", 1).await;
    let state = offline.drop_without_disconnect();
    let mut publisher = connect(&broker, Transport::Tcp, "publisher").await;
    while !is_short(&broker) {
        within_deadline("an answer", publish_queued(&mut publisher)).await.expect("PUBACK");
    }
    let mut fetching = Client::connect(&options, state).await.expect("CONNACK");
    // The queue may have dropped messages, if it had no memory to grow, so their number is not known.
    within_deadline("the line of a store that works again", async {
        while !broker.log().text().contains("the store works again") {
            let _ = tokio::time::timeout(POLL_INTERVAL, fetching.message()).await;
        }
    })
    .await;
    let reason = within_deadline("an answer", publish_queued(&mut publisher)).await.expect("PUBACK");
    assert!(!reason.is_error(), "{reason:?}");
    assert!(within_deadline("the end", stop_and_wait(broker)).await.success());
}

async fn publish_queued(client: &mut Client) -> Result<ReasonCode, ClientError> {
    let publish = Publish { payload: vec![7; QUEUED_SIZE].into(), ..message("stored/queued", "", 1) };
    let id = client.publish(publish).await?.expect("an identifier");
    Ok(client.acknowledged(id).await?.reason)
}

/// Publishes retained messages from a separate client, and waits for each answer. Returns the topics of the accepted
/// messages.
async fn publish_retained(broker: &Broker, number: usize, size: usize) -> Vec<String> {
    let options = client_options(broker, Transport::Tcp, ProtocolVersion::V5, &format!("sender-{number}"));
    let options = with_persistent_session(options);
    let Ok(mut client) = within_deadline("CONNACK", Client::connect(&options, State::default())).await else {
        return Vec::new();
    };
    let mut accepted = Vec::new();
    for part in 0..(BYTES_PER_SENDER / size) {
        let topic = format!("stored/{number}/{part}");
        match within_deadline("an answer", publish_one(&mut client, &topic, size)).await {
            Ok(ReasonCode::QuotaExceeded) => {}
            Ok(reason) => {
                assert!(!reason.is_error(), "{reason:?}");
                accepted.push(topic);
            }
            Err(_) => break,
        }
    }
    accepted
}

async fn publish_one(client: &mut Client, topic: &str, size: usize) -> Result<ReasonCode, ClientError> {
    let publish = Publish { payload: vec![7; size].into(), retain: true, ..message(topic, "", 1) };
    let id = client.publish(publish).await?.expect("an identifier");
    Ok(client.acknowledged(id).await?.reason)
}

/// Checks that the messages with these topics are retained.
async fn assert_retained(broker: &Broker, mut topics: Vec<String>) {
    let mut reader = connect(broker, Transport::Tcp, "reader").await;
    subscribe(&mut reader, "stored/#", 0).await;
    while !topics.is_empty() {
        let received = within_deadline("a message", reader.message()).await.expect("an open connection");
        topics.retain(|topic| received.topic != *topic.as_str());
    }
}

/// Whether the store has reported that it has not enough memory.
fn is_short(broker: &Broker) -> bool {
    broker
        .log()
        .text()
        .lines()
        .any(|line| line.contains("the store is full") && line.contains("not enough memory"))
}

async fn connect_persistent(broker: &Broker, client_id: &str) -> Client {
    let options = client_options(broker, Transport::Tcp, ProtocolVersion::V5, client_id);
    let options = with_persistent_session(options);
    within_deadline("CONNACK", Client::connect(&options, State::default())).await.expect("CONNACK")
}

/// Time between two looks at the log while no message arrives.
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_millis(50);
/// Size of a queued message in bytes: so small that its memory is not checked.
const QUEUED_SIZE: usize = 50_000;
/// The most bytes that one client publishes.
const BYTES_PER_SENDER: usize = 1_000_000;
