//! At its configured size limit, the store refuses messages. The store accepts messages again once queued messages have
//! been delivered.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_client::{Client, Event, Options, State};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::message;
use tidegate_mqtt::{PacketId, ProtocolVersion, ReasonCode};

use crate::harness::{Harness, clean_client, connect, persistent_client};

#[tokio::test(flavor = "current_thread")]
async fn a_store_at_its_size_limit_recovers_when_qos_1_messages_are_delivered() {
    assert_recovers_when_drained(&[1]).await;
}

/// The broker sends a QoS 2 message only after it has stored its packet id. Storing the packet id needs space too, so
/// this message and all messages queued behind it wait.
#[tokio::test(flavor = "current_thread")]
async fn a_store_at_its_size_limit_recovers_even_if_a_qos_2_message_is_first_in_the_queue() {
    assert_recovers_when_drained(&[1, 2]).await;
}

/// Fills the store, drains the queue, and checks that the store accepts messages again. `first` contains the QoS levels
/// of the messages at the front of the queue.
async fn assert_recovers_when_drained(first: &[u8]) {
    let settings = "  size_max: 64MiB\nsession:\n  queue_bytes_max: 1GiB\n";
    let mut harness = Harness::start_with(settings, first).await;
    let mut filler = Filler::new(&clean_client(&harness.broker, ProtocolVersion::V5, "filler")).await;
    tokio::select! {
        () = filler.publish() => {}
        () = harness.wait_until_refused() => {}
    }
    assert!(
        filler.accepted.len() * PAYLOAD_SIZE > 32 << 20,
        "the store was full after only {} messages",
        filler.accepted.len()
    );
    let line = harness
        .broker
        .wait_for_log(|line| line.contains("the store is full"), "the log line of a full store");
    assert!(line.contains("size limit"), "{line}");

    let options = persistent_client(&harness.broker, ProtocolVersion::V5, "subscriber");
    harness.subscriber =
        within_deadline("all accepted messages", filler.drain(&options, harness.subscriber.clone())).await;
    harness.acknowledged_payloads.clear();
    let mut late = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "late")).await;
    harness.wait_until_accepted(&mut late).await;
    harness
        .broker
        .wait_for_log(|line| line.contains("the store works again"), "the log line of a recovered store");
    harness.restart();
    harness.check_stored().await;
    harness.stop();
}

/// A client that fills the store, and a record of the answers to its messages.
struct Filler {
    client: Client,
    /// The numbers of the messages that have no answer yet, by packet id.
    unanswered: BTreeMap<PacketId, usize>,
    accepted: BTreeSet<usize>,
    refused: BTreeSet<usize>,
}

impl Filler {
    async fn new(options: &Options) -> Self {
        let (client, unanswered) = (connect(options).await, BTreeMap::new());
        Self { client, unanswered, accepted: BTreeSet::new(), refused: BTreeSet::new() }
    }

    /// Publishes messages without end. Once the store is full, no more answers arrive, and the future stays pending.
    async fn publish(&mut self) {
        for number in 0.. {
            while !self.client.can_publish() {
                self.client.progress().await.expect("an open connection");
            }
            let text = format!("{number:0width$}", width = PAYLOAD_SIZE);
            let id =
                self.client.publish(message("stored/large", &text, 1)).await.expect("an open connection");
            self.unanswered.insert(id.expect("a packet id"), number);
            while let Some(event) = self.client.take_event() {
                self.record(event);
            }
        }
    }

    fn record(&mut self, event: Event) {
        let Event::Acknowledged(done) = event else { return };
        let number = self.unanswered.remove(&done.packet_id).expect("the packet id of a sent message");
        let is_new = match done.reason {
            ReasonCode::Success => self.accepted.insert(number),
            ReasonCode::QuotaExceeded => self.refused.insert(number),
            other => panic!("{other:?}"),
        };
        assert!(is_new, "message {number} was answered twice");
    }

    /// Resumes the session that queues the messages, and receives until each message has an answer and all accepted
    /// ones have arrived.
    async fn drain(&mut self, options: &Options, state: State) -> State {
        let mut subscriber = Client::connect(options, state).await.expect("CONNACK");
        let mut received = BTreeSet::new();
        while !(self.unanswered.is_empty() && self.accepted.is_subset(&received)) {
            tokio::select! {
                message = subscriber.message() => {
                    let payload = message.expect("an open connection").payload;
                    if payload.len() == PAYLOAD_SIZE {
                        received.insert(String::from_utf8_lossy(&payload).parse().expect("a number"));
                    }
                }
                event = self.client.event() => self.record(event.expect("an open connection")),
            }
        }
        assert!(self.refused.is_disjoint(&received), "refused, but delivered");
        subscriber.finish_exchanges().await.expect("all acknowledgements");
        subscriber.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent")
    }
}

/// Payload size of a message in bytes.
const PAYLOAD_SIZE: usize = 16 * 1024;
